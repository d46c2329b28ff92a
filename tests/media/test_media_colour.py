"""Colour pictures against what FFmpeg itself makes of the same files."""

import av
import numpy as np
import pytest

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.errors import MediaError
from dashgaze.media import LumaGap, LumaReader, read_frame_times
from dashgaze.media.colour import ColourReader

SIZE = (96, 64)
TURNS = {0: 0, 90: 1, 180: 2, 270: 3}


def picture(index):
    """Four corners of different colours, which change from frame to frame; BGR."""
    image = np.zeros((64, 96, 3), dtype=np.uint8)
    image[:32, :48] = (200, 40, 30 + 10 * index)
    image[:32, 48:] = (30, 180, 40)
    image[32:, :48] = (20, 40, 220)
    image[32:, 48:] = 120
    return image


@pytest.fixture
def video(tmp_path):
    def write(name="a.mp4", count=6, **options):
        return write_video(
            tmp_path / name, times_s=np.arange(count) / 25, size_px=SIZE, images=picture,
            options=FileOptions(**options),
        )  # fmt: skip

    return write


def read(path, index):
    with ColourReader(path, read_frame_times(path)) as reader:
        return reader.read(index)


def planes_of(path, index):
    with av.open(str(path)) as container:
        frame = list(container.decode(video=0))[index]
    width, height = frame.width, frame.height
    flat = frame.to_ndarray(format="yuv420p").ravel()
    luma, chroma = width * height, width * height // 4
    return (
        flat[:luma].reshape(height, width),
        flat[luma : luma + chroma].reshape(height // 2, width // 2),
        flat[luma + chroma :].reshape(height // 2, width // 2),
    )


def test_planes_are_those_of_the_decoder(video):
    path = video()
    found = read(path, 3)
    assert found.index == 3
    for mine, theirs in zip(found.planes, planes_of(path, 3), strict=True):
        assert (mine == theirs).all()


@pytest.mark.parametrize("rotation_deg", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_pictures_are_upright(video, rotation_deg, mirrored):
    path = video(rotation_deg=rotation_deg, mirrored=mirrored)
    found = read(path, 2)
    for mine, theirs in zip(found.planes, planes_of(path, 2), strict=True):
        turned = np.rot90(theirs, TURNS[rotation_deg])
        assert (mine == (turned[:, ::-1] if mirrored else turned)).all()
    with LumaReader(path, read_frame_times(path)) as reader:
        (item,) = reader.read([2])
    assert (item.luma == found.y).all()
    with ColourReader(path, read_frame_times(path)) as reader:
        assert reader.size_px == found.y.shape[::-1]


def test_frames_can_be_asked_for_in_any_order(video):
    path = video()
    with ColourReader(path, read_frame_times(path)) as reader:
        forth = [reader.read(index).y.copy() for index in range(6)]
        back = [reader.read(index).y.copy() for index in reversed(range(6))]
        assert reader.read(0) is reader.read(0)
    assert all((a == b).all() for a, b in zip(forth, reversed(back), strict=True))


def write_format(path, form, image):
    with av.open(str(path), "w") as container:
        # phones write H.264 of full range; the lossless codec has no such format
        codec = "libx264" if form == "yuvj420p" else "ffv1"
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height, stream.pix_fmt = image.shape[1], image.shape[0], form
        if codec == "libx264":
            stream.options = {"qp": "2"}
        for index in range(2):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(
                format=form,
                dst_colorspace="ITU709",
                dst_color_range="JPEG" if form == "yuvj420p" else "MPEG",
            )
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("form", ["yuv444p", "yuv420p10le", "yuv422p", "bgr0", "yuvj420p"])
def test_other_formats_are_brought_to_one(tmp_path, form):
    path = write_format(tmp_path / "a.mkv", form, picture(3))
    found = read(path, 1)
    rgb = picture(3)[..., ::-1] / 255
    bright = rgb @ [0.2126, 0.7152, 0.0722]
    assert np.abs(found.y[8:24, 8:40] - (16 + 219 * bright[8:24, 8:40])).max() <= 3
    blue = 128 + 224 * (rgb[..., 2] - bright) / 1.8556
    red = 128 + 224 * (rgb[..., 0] - bright) / 1.5748
    assert found.u[6, 10] == pytest.approx(blue[12, 20], abs=3)
    assert found.v[20, 10] == pytest.approx(red[40, 20], abs=3)


def test_odd_sizes_round_their_colour_up(tmp_path):
    found = read(write_format(tmp_path / "a.mkv", "yuv420p", picture(0)[:63, :95]), 1)
    assert found.y.shape == (63, 95)
    assert found.u.shape == found.v.shape == (32, 48)


def test_what_can_t_be_decoded_is_a_gap(video):
    path = video(key_interval=100, count=12)
    with av.open(str(path)) as container:
        packets = [(each.pos, each.size) for each in container.demux(video=0) if each.size]
    content = bytearray(path.read_bytes())
    place, size = packets[5]
    content[place + 8 : place + size] = np.random.default_rng(1).bytes(size - 8)
    path.write_bytes(content)
    times = read_frame_times(path)
    with ColourReader(path, times) as reader, LumaReader(path, times) as other:
        mine = [isinstance(reader.read(index), LumaGap) for index in range(12)]
        theirs = [isinstance(item, LumaGap) for item in other.read(range(12))]
    assert mine == theirs


def test_wrong_use_is_told(video):
    path = video()
    reader = ColourReader(path, read_frame_times(path))
    with pytest.raises(ValueError, match="within its `with` block"):
        reader.read(0)
    with reader, pytest.raises(ValueError, match="there is no frame 6"):
        reader.read(6)


def test_a_file_without_video(tmp_path):
    from dashgaze.collection.simulation.media_writer import write_sound
    from dashgaze.media import Sound

    path = write_sound(
        tmp_path / "a.wav", Sound(samples=np.zeros(800, np.float32), rate_hz=8000, start_s=0.0)
    )
    times = read_frame_times(write_video(tmp_path / "b.mp4", times_s=[0.0, 0.1]))
    with pytest.raises(MediaError, match="only sound"):
        ColourReader(path, times)
