"""Frame times are presentation times, and those that a decoder returns."""

import av
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import (
    FileOptions,
    cut_file,
    write_sound,
    write_video,
)
from dashgaze.errors import MediaError
from dashgaze.media import Sound, read_frame_times

TICK_S = {".mp4": 1 / 90_000, ".mov": 1 / 90_000, ".mkv": 1e-3, ".webm": 1e-3}


def noise(index):
    return np.random.default_rng(index).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def uneven_times_s(count=60, start_s=0.0):
    return start_s + np.cumsum(np.random.default_rng(5).uniform(0.012, 0.09, count))


def decoded_pts(path):
    with av.open(str(path)) as container:
        return [frame.pts for frame in container.decode(video=0)]


@pytest.mark.parametrize("start_s", [0.0, 0.7])
@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".mp4", FileOptions()),
        (".mp4", FileOptions(b_frames=2, key_interval=12)),
        (".mp4", FileOptions(b_frames=3, key_interval=20, fragmented=True)),
        (".mov", FileOptions(b_frames=1)),
        (".mkv", FileOptions(b_frames=2, key_interval=12)),
        (".webm", FileOptions()),
    ],
    ids=["mp4", "mp4 b-frames", "mp4 fragments b-frames", "mov b-frames", "mkv b-frames", "webm"],
)
def test_times_are_those_written_and_those_decoded(tmp_path, suffix, options, start_s):
    times_s = uneven_times_s(start_s=start_s)
    path = write_video(tmp_path / f"a{suffix}", times_s=times_s, images=noise, options=options)
    found = read_frame_times(path)
    assert found.path == path
    np.testing.assert_allclose(found.time_s, times_s, rtol=0, atol=0.51 * TICK_S[suffix])
    assert found.pts.tolist() == decoded_pts(path)
    numerator, denominator = found.time_base
    np.testing.assert_allclose(found.time_s, found.pts * numerator / denominator, rtol=1e-15)
    assert (found.duplicate_count, found.missing_pts_count) == (0, 0)
    assert not found.truncated
    assert not found.counted


def test_keyframes_are_where_decoding_can_start(tmp_path):
    path = write_video(
        tmp_path / "a.mp4",
        times_s=np.arange(50) / 30,
        images=noise,
        options=FileOptions(b_frames=2, key_interval=12),
    )
    found = read_frame_times(path)
    with av.open(str(path)) as container:
        key = [frame.key_frame for frame in container.decode(video=0)]
    assert found.keyframe.tolist() == key
    assert np.flatnonzero(found.keyframe).tolist() == [0, 12, 24, 36, 48]


@pytest.mark.parametrize("b_frames", [0, 2])
def test_frames_hidden_by_an_edit_list_are_left_out(tmp_path, b_frames):
    # MP4 has no negative times: an edit hides the 15 frames before zero.
    times_s = np.arange(-15, 45) / 30
    options = FileOptions(b_frames=b_frames, key_interval=60)
    path = write_video(tmp_path / "a.mp4", times_s=times_s, images=noise, options=options)
    found = read_frame_times(path)
    np.testing.assert_allclose(found.time_s, np.arange(45) / 30, rtol=0, atol=1e-5)
    assert found.pts.tolist() == decoded_pts(path)


def test_hidden_reference_frames_of_vp8_are_no_frames(tmp_path):
    shown = write_video(tmp_path / "shown.webm", times_s=np.arange(30) / 30, images=noise)
    path = tmp_path / "some_hidden.webm"
    with av.open(str(shown)) as source, av.open(str(path), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for index, packet in enumerate(source.demux(video=0)):
            if not packet.size:
                continue
            data = bytearray(bytes(packet))
            if index in (7, 19):
                data[0] &= ~0x10  # show_frame
            copy = av.Packet(bytes(data))
            copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            copy.is_keyframe, copy.stream = packet.is_keyframe, stream
            target.mux(copy)
    found = read_frame_times(path)
    assert found.pts.tolist() == decoded_pts(path)
    assert len(found.pts) == 28
    assert found.missing_pts_count == 0


def test_duplicate_times_are_counted_and_kept_once(tmp_path):
    # Two pairs fall on the same millisecond of MKV.
    times_s = [0.0, 0.0333, 0.0667, 0.0668, 0.1, 0.1332, 0.1333]
    found = read_frame_times(write_video(tmp_path / "a.mkv", times_s=times_s, images=noise))
    assert found.time_s.tolist() == [0.0, 0.033, 0.067, 0.1, 0.133]
    assert found.duplicate_count == 2


def test_sound_beside_the_video_changes_nothing(tmp_path, pulse):
    times_s = uneven_times_s(start_s=0.1)
    silent = read_frame_times(write_video(tmp_path / "a.mp4", times_s=times_s))
    loud = read_frame_times(write_video(tmp_path / "b.mp4", times_s=times_s, sound=pulse()))
    assert loud.pts.tolist() == silent.pts.tolist()


@pytest.mark.parametrize("share", [0.9, 0.5, 0.2])
@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".mp4", FileOptions(index_first=True)),
        (".mp4", FileOptions(fragmented=True)),
        (".mkv", FileOptions()),
        (".webm", FileOptions()),
    ],
    ids=["mp4", "mp4 fragments", "mkv", "webm"],
)
def test_a_cut_file_gives_the_frames_that_are_there(tmp_path, suffix, options, share):
    times_s = np.arange(120) / 30
    whole = write_video(tmp_path / f"whole{suffix}", times_s=times_s, images=noise, options=options)
    found = read_frame_times(cut_file(whole, tmp_path / f"cut{suffix}", share=share))
    assert found.truncated
    # Fragments are a second long here, so up to one of four is lost on top.
    assert 120 * share - 31 <= len(found.pts) <= 120 * share + 2
    assert found.pts.tolist() == read_frame_times(whole).pts[: len(found.pts)].tolist()
    assert not read_frame_times(whole).truncated


def test_a_file_without_video_is_told(tmp_path):
    sound = Sound(samples=np.zeros(4800, dtype=np.float32), rate_hz=48_000, start_s=0.0)
    with pytest.raises(MediaError, match="has no video, only sound"):
        read_frame_times(write_sound(tmp_path / "a.wav", sound))


def test_times_counted_by_the_format_are_flagged(tmp_path):
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        for index in range(5):
            frame = av.VideoFrame.from_ndarray(noise(index), format="bgr24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found = read_frame_times(path)
    assert found.counted
    np.testing.assert_allclose(found.time_s, np.arange(5) / 25)


def test_progress_rises_to_one(tmp_path):
    path = write_video(tmp_path / "a.mp4", times_s=np.arange(2500) / 30)
    calls = []
    read_frame_times(path, progress=lambda phase, share: calls.append((phase, share)))
    shares = [share for _, share in calls]
    assert len(shares) >= 3
    assert shares == sorted(shares)
    assert (shares[0] >= 0, shares[-1]) == (True, 1.0)
    assert {phase for phase, _ in calls} == {"reading frame times"}
