"""Each wanted frame is the one that is shown at its time, or a gap; nothing in between."""

from dataclasses import replace
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashgaze.collection.simulation.media_writer import (
    FileOptions,
    cut_file,
    write_sound,
    write_video,
)
from dashgaze.errors import DashgazeError, MediaError
from dashgaze.media import LumaFrame, LumaGap, LumaReader, luma, picture_finder, read_frame_times
from dashgaze.media.luma_plane import Upright

COUNT = 70
SIZE_PX = (128, 96)
DARK, BRIGHT = 40, 190
# Neither its own mirror image nor the same after a turn.
TOP_ROW = [1, 1, 0, 1]


def pattern(index, size_px=SIZE_PX):
    """A picture that shows its index, by the brightness of eight of its twelve blocks."""
    bits = [index >> place & 1 for place in range(8)]
    blocks = np.where([TOP_ROW, bits[:4], bits[4:]], BRIGHT, DARK).astype(np.uint8)
    picture = cv2.resize(blocks, size_px, interpolation=cv2.INTER_NEAREST)
    # Noise gives every packet some weight.
    return picture + np.random.default_rng(index).integers(0, 20, picture.shape, dtype=np.uint8)


def bgr(index, size_px=SIZE_PX):
    return cv2.cvtColor(pattern(index, size_px), cv2.COLOR_GRAY2BGR)


def number(picture):
    """The index that a picture shows; None if it shows none, or does so unclearly."""
    height, width = picture.shape
    y = ((np.arange(3) + 0.5) * height / 3).astype(int)
    x = ((np.arange(4) + 0.5) * width / 4).astype(int)
    values = np.array([[picture[v - 2 : v + 3, u - 2 : u + 3].mean() for u in x] for v in y])
    bright = values > (DARK + BRIGHT) / 2
    if np.abs(np.where(bright, BRIGHT, DARK) - values).max() > 30 or bright[0].tolist() != TOP_ROW:
        return None
    return sum(int(bit) << place for place, bit in enumerate(bright[1:].ravel()))


def shown(items):
    """The index that each item shows; the reason where it is a gap."""
    return [number(item.luma) if isinstance(item, LumaFrame) else item.reason for item in items]


def read(path, indices=None, times=None, **options):
    times = read_frame_times(path) if times is None else times
    with LumaReader(path, times, **options) as reader:
        return list(reader.read(range(len(times.pts)) if indices is None else indices))


def write(path, *, times_s=None, images=bgr, size_px=SIZE_PX, **options):
    times_s = np.arange(COUNT) / 30 if times_s is None else times_s
    return write_video(
        path, times_s=times_s, size_px=size_px, images=images, options=FileOptions(**options)
    )


def encode(path, pictures, *, codec, pix_fmt, form=None, **options):
    """Write pictures at 25 per second with any codec; pixel values are taken as they are."""
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = pictures[0].shape
        stream.pix_fmt = pix_fmt
        for index, picture in enumerate(pictures):
            frame = frame_of(picture, pix_fmt)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def frame_of(picture, pix_fmt):
    frame = av.VideoFrame.from_ndarray(picture, format="gray")
    full = {"src_color_range": "JPEG", "dst_color_range": "JPEG"}
    return frame if pix_fmt == "gray" else frame.reformat(format=pix_fmt, **full)


def uneven_times_s():
    return 0.3 + np.cumsum(np.random.default_rng(5).uniform(0.012, 0.09, COUNT))


@pytest.fixture
def decoded(monkeypatch):
    """Times of all pictures that are decoded, in their order."""
    found = []
    decode = picture_finder._decode

    def counting(container, stream):
        for picture in decode(container, stream):
            found.append(picture.pts)
            yield picture

    monkeypatch.setattr(picture_finder, "_decode", counting)
    return found


FILES = {
    "mp4": (".mp4", {}),
    "mp4 b-frames": (".mp4", {"b_frames": 2, "key_interval": 12}),
    "mp4 one keyframe": (".mp4", {"key_interval": 1000}),
    "fragments b-frames": (".mp4", {"b_frames": 3, "key_interval": 20, "fragmented": True}),
    "mov b-frames": (".mov", {"b_frames": 1}),
    "mkv b-frames": (".mkv", {"b_frames": 2, "key_interval": 12}),
    "mkv live": (".mkv", {"live": True, "key_interval": 12}),
    "webm": (".webm", {"key_interval": 12}),
    "webm live": (".webm", {"live": True, "key_interval": 12}),
}
OPEN_GOP = {"open-gop": "1", "keyint": "12", "min-keyint": "12", "bframes": "3", "scenecut": "0"}
OPEN_GOP_OPTION = ":".join(f"{name}={value}" for name, value in OPEN_GOP.items())
X264 = {"preset": "ultrafast", "threads": "1"}
CODECS = {
    "ts": ("libx264", "yuv420p", "mpegts", {**X264, "bf": "2", "g": "12"}),
    "ts mpeg2": ("mpeg2video", "yuv420p", "mpegts", {"g": "12", "bf": "2", "b": "2M"}),
    "avi": ("mpeg4", "yuv420p", "avi", {"g": "12"}),
    "avi all keyframes": ("mjpeg", "yuvj420p", "avi", {}),
    "hevc": ("libx265", "yuv420p", "mp4", {"x265-params": f"log-level=none:{OPEN_GOP_OPTION}"}),
    "vp9": ("libvpx-vp9", "yuv420p", "webm", {"deadline": "realtime", "cpu-used": "8", "g": "12"}),
    "open gop mp4": ("libx264", "yuv420p", "mp4", {**X264, "x264-params": OPEN_GOP_OPTION}),
    "open gop mkv": ("libx264", "yuv420p", "matroska", {**X264, "x264-params": OPEN_GOP_OPTION}),
    "moving refresh": (
        "libx264",
        "yuv420p",
        "mp4",
        {**X264, "x264-params": "intra-refresh=1:keyint=12:bframes=0"},
    ),
}


@pytest.fixture(scope="module", params=[*FILES, *CODECS])
def video(request, tmp_path_factory):
    """A file of every kind whose frame i shows i, with its frame times."""
    folder = tmp_path_factory.mktemp("videos")
    if request.param in FILES:
        suffix, options = FILES[request.param]
        path = write(folder / f"a{suffix}", times_s=uneven_times_s(), **options)
    else:
        codec, pix_fmt, form, options = CODECS[request.param]
        pictures = [pattern(index) for index in range(COUNT)]
        path = encode(folder / "a", pictures, codec=codec, pix_fmt=pix_fmt, form=form, **options)
    times = read_frame_times(path)
    assert len(times.pts) == COUNT
    return path, times


@pytest.mark.parametrize(
    "threads", [{}, {"thread_type": "NONE"}, {"thread_type": "FRAME", "thread_count": 8}], ids=str
)
def test_every_frame_is_the_one_of_its_time(video, threads):
    path, times = video
    items = read(path, times=times, **threads)
    assert [item.index for item in items] == list(range(COUNT))
    assert shown(items) == list(range(COUNT))


def test_a_start_at_any_frame(video):
    path, times = video
    for index in range(0, COUNT, 3):
        assert shown(read(path, [index], times=times)) == [index]


def test_any_choice_of_frames_in_one_reader_after_the_other(video):
    """Skips, jumps, repeats, and ways back between calls, some of which stop halfway."""
    path, times = video
    random = np.random.default_rng(3)
    with LumaReader(path, times, thread_count=1) as reader:
        for count in (3, 1, 40, 5, 2, 12, 4):
            wanted = np.sort(random.integers(0, COUNT, count))
            items = reader.read(wanted)
            stop = int(random.integers(1, count + 1))
            assert shown(next(items) for _ in range(stop)) == wanted[:stop].tolist()


def test_a_repeated_index_gives_the_same_object(tmp_path):
    path = write(tmp_path / "a.mp4")
    first, again, other, *rest = read(path, [4, 4, 6, 6, 6])
    assert first is again
    assert other is not first
    assert all(item is other for item in rest)
    assert shown([first, other]) == [4, 6]


def test_far_frames_are_jumped_to_and_near_ones_decoded_up_to(tmp_path, decoded):
    path = write(tmp_path / "a.mp4", times_s=np.arange(240) / 30, key_interval=30)
    assert shown(read(path, [2, 213, 233], thread_type="NONE")) == [2, 213, 233]
    assert len(decoded) == 3 + (233 - 210 + 1)
    decoded.clear()
    near = [25, 35, 46, 61]
    assert shown(read(path, near, thread_type="SLICE", thread_count=2)) == near
    assert len(decoded) == 62
    decoded.clear()
    # Without threads nothing was read ahead, and every keyframe on the way is worth a jump.
    assert shown(read(path, near, thread_type="NONE")) == near
    assert len(decoded) == 26 + 6 + 11 + 2
    decoded.clear()
    assert shown(read(path, [100], thread_type="NONE")) == [100]
    assert len(decoded) == 100 - 90 + 1


def test_seeking_that_is_not_exact_is_put_right_near_by(tmp_path, decoded):
    """MPEG-TS is sought by decoding time, which for a keyframe is before what it is asked for."""
    codec, pix_fmt, form, options = CODECS["ts"]
    pictures = [pattern(index) for index in range(200)]
    path = encode(tmp_path / "a.ts", pictures, codec=codec, pix_fmt=pix_fmt, form=form, **options)
    assert shown(read(path, [100, 190], thread_type="NONE")) == [100, 190]
    assert len(decoded) < 80


def test_pictures_before_a_broken_packet_are_not_lost(tmp_path):
    """What the decoder still holds when the file can't be read on comes out."""
    path = write(tmp_path / "a.mp4", b_frames=2, key_interval=1000)

    class Breaking:
        def demux(self, stream):
            for index, packet in enumerate(stream.container.demux(stream)):
                if index == 31:
                    raise av.error.InvalidDataError(1, "broken")
                yield packet

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "FRAME"
        stream.codec_context.thread_count = 4
        found = [picture.pts for picture in picture_finder._decode(Breaking(), stream)]
    assert found == read_frame_times(path).pts[:31].tolist()


def test_wrong_keyframe_flags_lead_to_no_wrong_picture(tmp_path, decoded):
    """Every packet says that it is a keyframe, so seeking lands anywhere."""
    pictures = [pattern(index) for index in range(200)]
    source = encode(tmp_path / "true.mp4", pictures, codec="mpeg4", pix_fmt="yuv420p", g="40")
    path = tmp_path / "false.mp4"
    with av.open(str(source)) as inside, av.open(str(path), "w") as outside:
        stream = outside.add_stream_from_template(inside.streams.video[0])
        for packet in inside.demux(video=0):
            if packet.size:
                packet.stream, packet.is_keyframe = stream, True
                outside.mux(packet)
    times = read_frame_times(path)
    assert times.keyframe.all()
    for index in range(3, 200, 14):
        assert shown(read(path, [index], times=times)) == [index]
    decoded.clear()
    assert shown(read(path, range(0, 200, 20), times=times)) == list(range(0, 200, 20))
    assert len(decoded) < 1000


def test_memory_does_not_grow_and_arrays_are_the_caller_s(tmp_path):
    """Scribbling over a picture spoils none that refers to it."""
    path = write(tmp_path / "a.mp4", b_frames=2, key_interval=1000)
    with LumaReader(path, read_frame_times(path)) as reader:
        for item in reader.read(range(COUNT)):
            assert number(item.luma) == item.index
            assert item.luma.flags.c_contiguous
            assert item.luma.flags.owndata
            item.luma[:] = 255


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
def test_pictures_are_upright(tmp_path, rotation_deg, mirrored):
    def coded(index):
        upright = bgr(index)
        if mirrored:
            upright = upright[:, ::-1]
        return np.ascontiguousarray(np.rot90(upright, k=-rotation_deg // 90))

    size_px = coded(0).shape[1::-1]
    options = {"rotation_deg": rotation_deg, "mirrored": mirrored, "size_px": size_px}
    path = write(tmp_path / "a.mp4", times_s=np.arange(5) / 30, images=coded, **options)
    with LumaReader(path, read_frame_times(path)) as reader:
        assert reader.size_px == SIZE_PX
        for item in reader.read(range(5)):
            assert item.luma.shape == SIZE_PX[::-1]
            assert item.luma.flags.c_contiguous
            assert not item.resized
            assert number(item.luma) == item.index


@pytest.mark.parametrize("size_px", [(322, 182), (130, 98), (161, 91)])
def test_sizes_that_leave_rows_padded(tmp_path, size_px):
    noise = np.random.default_rng(0).integers(0, 256, size_px[::-1], dtype=np.uint8)
    path = encode(tmp_path / "a.mkv", [noise, 255 - noise], codec="ffv1", pix_fmt="yuv420p")
    items = read(path)
    assert all(item.luma.shape == size_px[::-1] for item in items)
    np.testing.assert_array_equal(items[0].luma, noise)
    np.testing.assert_array_equal(items[1].luma, 255 - noise)


def test_ten_bits_become_eight(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (16, 1))
    path = encode(
        tmp_path / "a.mkv",
        [ramp, ramp[:, ::-1].copy()],
        codec="libx264",
        pix_fmt="yuv420p10le",
        qp="0",
    )
    items = read(path)
    assert all(item.luma.dtype == np.uint8 for item in items)
    np.testing.assert_allclose(items[0].luma, ramp, atol=1)
    np.testing.assert_allclose(items[1].luma, ramp[:, ::-1], atol=1)


@pytest.mark.parametrize(
    "pix_fmt",
    [
        "yuv420p",
        "yuvj420p",
        "yuv422p",
        "yuv444p",
        "yuva420p",
        "nv12",
        "nv21",
        "nv16",
        "gray",
        "ya8",
        "yuyv422",
        "uyvy422",
        "p010le",
        "p210le",
        "yuv420p10le",
        "yuv420p10be",
        "yuv422p12le",
        "yuv444p16le",
        "gray10le",
        "gray16le",
        "rgb24",
        "bgra",
        "gbrp",
        "gbrp10le",
        "yuv444p10msble",
    ],
)
def test_all_pixel_formats(pix_fmt):
    ramp = np.tile(np.arange(20, 148, dtype=np.uint8), (32, 1))
    upright = Upright(coded_px=(128, 32), rotation_deg=0, mirrored=False)
    luma = upright.luma(frame_of(ramp, pix_fmt))
    assert luma.shape == (32, 128)
    assert luma.dtype == np.uint8
    # Formats without a luma plane go through FFmpeg's scaler, which may change their range.
    slope, level = np.polyfit(np.arange(20, 148), luma.astype(float).mean(axis=0), 1)
    np.testing.assert_allclose(luma, slope * ramp + level, atol=2.5)
    assert 0.84 < slope < 1.18
    if pix_fmt.startswith(("yuv4", "yuvj", "nv", "p", "gray")) and "be" not in pix_fmt:
        np.testing.assert_allclose(luma, ramp, atol=1)


def mux_sizes(path, sizes_px):
    """Write VP8 whose coded size changes between pictures, each a keyframe."""
    with av.open(str(path), "w") as container:
        track = None
        for index, (width, height) in enumerate(sizes_px):
            encoder = av.CodecContext.create("libvpx", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base = Fraction(1, 25)
            encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
            frame = frame_of(pattern(index, (width, height)), "yuv420p")
            frame.pts, frame.time_base = 0, Fraction(1, 25)
            packets = [*encoder.encode(frame), *encoder.encode(None)]
            if track is None:
                track = container.add_stream("libvpx", rate=25)
                track.width, track.height, track.pix_fmt = width, height, "yuv420p"
            for packet in packets:
                packet.pts = packet.dts = index
                packet.time_base, packet.stream = Fraction(1, 25), track
                container.mux(packet)
    return path


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_another_size_is_scaled_and_another_shape_a_gap(tmp_path, suffix):
    sizes_px = [(160, 120), (320, 240), (80, 60), (160, 90), (162, 120), (160, 120), (120, 160)]
    path = mux_sizes(tmp_path / f"a{suffix}", sizes_px)
    with LumaReader(path, read_frame_times(path)) as reader:
        assert reader.size_px == (160, 120)
        items = list(reader.read(range(7)))
    assert shown(items) == [0, 1, 2, "other_shape", "other_shape", 5, "other_shape"]
    frames = [item for item in items if isinstance(item, LumaFrame)]
    assert [item.luma.shape for item in frames] == [(120, 160)] * 4
    assert [item.resized for item in frames] == [False, True, True, False]


def test_scaling_shifts_nothing(tmp_path):
    """A smooth picture is the same at both sizes, pixel centres included."""

    def slope(size_px):
        y, x = np.mgrid[: size_px[1], : size_px[0]]
        return (20 + 200 * ((x + 0.5) / size_px[0] + (y + 0.5) / size_px[1]) / 2).astype(np.uint8)

    upright = Upright(coded_px=(160, 120), rotation_deg=0, mirrored=False)
    for size_px in ((320, 240), (480, 360), (80, 60)):
        scaled = upright.luma(frame_of(slope(size_px), "gray")).astype(float)
        inner = (scaled - slope((160, 120)))[3:-3, 3:-3]
        assert abs(inner.mean()) < 0.55
        assert np.abs(inner).max() <= 1.5


@pytest.mark.parametrize("threads", [1, 8])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_damage_in_the_middle_stays_there(tmp_path, name, threads):
    whole = write(tmp_path / f"whole_{name}", key_interval=10)
    with av.open(str(whole)) as container:
        packets = [(packet.pts, packet.pos, packet.size) for packet in container.demux(video=0)]
    content = bytearray(whole.read_bytes())
    for _, pos, size in packets[33:36]:
        start = pos + (8 if name.endswith(".mp4") else 16)
        noise = np.random.default_rng(0).integers(0, 256, size - 20, dtype=np.uint8).tobytes()
        content[start : start + len(noise)] = noise
    path = tmp_path / name
    path.write_bytes(content)
    found = shown(read(path, times=read_frame_times(whole), thread_count=threads))
    assert len(found) == COUNT
    assert found[:33] == list(range(33))
    assert found[40:] == list(range(40, COUNT))
    assert found[33:36] != [33, 34, 35]
    if name != "a.webm":  # VP8 can't tell noise from a picture
        assert "undecodable" in found[33:40]


@pytest.mark.parametrize("threads", [1, 2, 8])
@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.mp4", {"index_first": True}),
        ("a.mp4", {"index_first": True, "b_frames": 2}),
        ("a.mp4", {"fragmented": True, "key_interval": 8}),
        ("a.mkv", {}),
        ("a.webm", {}),
    ],
    ids=["mp4", "mp4 b-frames", "fragments", "mkv", "webm"],
)
def test_a_cut_file_gives_what_is_there_and_then_gaps(tmp_path, name, options, threads):
    whole = write(tmp_path / f"whole_{name}", **options)
    path = cut_file(whole, tmp_path / name, share=0.7)
    there = read_frame_times(path)
    count = len(there.pts)
    assert there.truncated
    assert 25 < count < COUNT
    found = shown(read(path, times=read_frame_times(whole), thread_count=threads))
    # Near the cut, what is stored out of order may be there or not.
    near = 3 if "b_frames" in options else 1
    assert found[: count - near] == list(range(count - near))
    assert found[count + near :] == ["undecodable"] * (COUNT - count - near)
    for index in range(count - near, count + near):
        assert found[index] in (index, "undecodable")
    assert shown(read(path, [COUNT - 1], times=read_frame_times(whole))) == ["undecodable"]


def test_frames_hidden_by_an_edit_list_are_passed_over(tmp_path):
    path = write(tmp_path / "a.mp4", times_s=np.arange(-15, 45) / 30, key_interval=60, b_frames=2)
    assert shown(read(path)) == list(range(15, 60))
    assert shown(read(path, [7, 30])) == [22, 45]


def test_of_equal_times_the_first_stored_is_shown(tmp_path):
    times_s = [0.0, 0.0333, 0.0667, 0.0668, 0.1, 0.1332, 0.1333]
    path = write(tmp_path / "a.mkv", times_s=times_s)
    assert shown(read(path)) == [0, 1, 2, 4, 5]


def test_a_time_without_a_picture_is_a_gap(tmp_path):
    path = write(tmp_path / "a.mp4")
    times = read_frame_times(path)
    pts = np.sort(np.append(times.pts, times.pts[30] + 7))
    more = replace(times, pts=pts, keyframe=np.insert(times.keyframe, 31, False))
    found = read(path, [29, 30, 31, 31, 32], times=more)
    assert shown(found) == [29, 30, "undecodable", "undecodable", 31]
    assert found[2] == LumaGap(index=31, reason="undecodable")
    assert found[2] is found[3]


def test_nothing_wanted_is_nothing_read(tmp_path):
    assert read(write(tmp_path / "a.mp4"), []) == []


@pytest.mark.parametrize(
    ("indices", "message"),
    [
        ([-1], "no frame -1"),
        ([3, COUNT], f"no frame {COUNT}; the video has {COUNT}"),
        ([5, 4], "4 follows 5"),
    ],
)
def test_impossible_wishes(tmp_path, indices, message):
    path = write(tmp_path / "a.mp4")
    with pytest.raises(ValueError, match=message):
        read(path, indices)


def test_reading_outside_of_the_block(tmp_path):
    path = write(tmp_path / "a.mp4")
    reader = LumaReader(path, read_frame_times(path))
    with pytest.raises(ValueError, match="with"):
        next(reader.read([0]))
    with reader:
        assert shown(reader.read([5])) == [5]
    with pytest.raises(ValueError, match="with"):
        next(reader.read([6]))


def test_files_that_do_not_fit(tmp_path, pulse, monkeypatch):
    path = write(tmp_path / "a.mp4")
    times = read_frame_times(path)
    with pytest.raises(MediaError, match="does not exist"):
        LumaReader(tmp_path / "no.mp4", times)
    with pytest.raises(MediaError, match="no video, only sound"):
        LumaReader(write_sound(tmp_path / "a.wav", pulse()), times)
    other = write(tmp_path / "a.mkv")
    with pytest.raises(MediaError, match="Read the frame times from this file"):
        read(other, [0], times=times)
    monkeypatch.setattr(luma, "MAX_PIXELS", 128 * 96 - 1)
    with pytest.raises(MediaError, match="128 × 96 px"):
        LumaReader(path, times)


def test_pictures_that_grow_too_large_are_not_decoded(tmp_path, monkeypatch):
    path = mux_sizes(tmp_path / "a.mkv", [(160, 120), (320, 240), (160, 120)])
    monkeypatch.setattr(picture_finder, "MAX_PIXELS", 200 * 150)
    assert shown(read(path)) == [0, "undecodable", 2]


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sources")
    times_s = np.arange(40) / 30
    options = {"times_s": times_s, "key_interval": 10}
    return [
        write(folder / "a.mp4", index_first=True, b_frames=2, **options),
        write(folder / "b.mp4", fragmented=True, **options),
        write(folder / "c.mkv", **options),
        write(folder / "d.webm", **options),
    ]


@settings(
    max_examples=100,
    deadline=10_000,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_corruption_gives_one_item_for_each_index(sources, tmp_path_factory, data):
    source = data.draw(st.sampled_from(sources))
    content = bytearray(source.read_bytes())
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(content) - 1))
        patch = data.draw(st.binary(min_size=1, max_size=40))
        content[place : place + len(patch)] = patch
    path = tmp_path_factory.getbasetemp() / f"corrupt{source.suffix}"
    path.write_bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))])
    try:
        times = read_frame_times(path)
        wanted = np.arange(0, len(times.pts), data.draw(st.integers(1, 12)))
        items = read(path, wanted, times=times, thread_count=data.draw(st.sampled_from([1, 4])))
    except DashgazeError:
        return
    assert [item.index for item in items] == wanted.tolist()
