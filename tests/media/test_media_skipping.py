"""What is not decoded: frames before a keyframe that nobody wants, and the smoothing of block edges in drafts."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.media import LumaFrame, LumaReader, picture_finder, read_frame_times
from dashgaze.media.colour import ColourPicture, ColourReader

SIZE_PX = (192, 108)
KEY_INTERVAL = 10
COUNT = 60


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    scene = rng.integers(30, 220, (27, 64, 3), dtype=np.uint8)
    scene = np.kron(scene, np.ones((4, 4, 1), dtype=np.uint8))

    def image(index: int) -> NDArray[np.uint8]:
        noise = np.random.default_rng(index).normal(0, 3, (*SIZE_PX[::-1], 3))
        return np.clip(scene[:, index // 2 : index // 2 + SIZE_PX[0]] + noise, 0, 255).astype(
            np.uint8
        )

    # With the loop filter, which the writer's usual options leave out.
    options = {"preset": "veryfast", "tune": "zerolatency", "threads": "1"}
    return write_video(
        tmp_path_factory.mktemp("skipping") / "film.mp4",
        times_s=np.arange(COUNT) / 30,
        size_px=SIZE_PX,
        images=image,
        options=FileOptions(
            key_interval=KEY_INTERVAL, video_bit_rate=300_000, video_options=options
        ),
    )


def lumas(path: Path, indices: list[int], **how: Any) -> list[NDArray[np.uint8]]:
    with LumaReader(path, read_frame_times(path), **how) as reader:
        items = list(reader.read(indices))
    assert all(isinstance(item, LumaFrame) for item in items)
    return [item.luma for item in items if isinstance(item, LumaFrame)]


@pytest.mark.parametrize(("threads", "decoded"), [(1, 42), (2, 57)])
def test_one_thread_goes_to_the_next_keyframe_at_once(
    film: Path, monkeypatch: pytest.MonkeyPatch, threads: int, decoded: int
) -> None:
    wanted = [first + place for first in range(0, COUNT, KEY_INTERVAL) for place in (0, 3, 6)]
    whole = lumas(film, list(range(COUNT)), thread_count=threads)
    given = 0
    decode = picture_finder._decode

    def counted(*arguments: Any) -> Iterator[Any]:
        nonlocal given
        for picture in decode(*arguments):
            given += 1
            yield picture

    monkeypatch.setattr(picture_finder, "_decode", counted)
    found = lumas(film, wanted, thread_count=threads)
    # Of each ten pictures the last three are wanted by nobody: they are decoded only where a jump costs more.
    assert given == decoded
    assert all(
        np.array_equal(each, whole[index]) for each, index in zip(found, wanted, strict=True)
    )


def test_a_draft_is_off_by_a_few_levels_and_the_same_frame(film: Path) -> None:
    indices = list(range(0, COUNT, 3))
    exact, draft = lumas(film, indices), lumas(film, indices, draft=True)
    gaps = [np.abs(a.astype(int) - b).mean() for a, b in zip(exact, draft, strict=True)]
    assert 0 < max(gaps) < 4
    for number, picture in enumerate(draft):
        distance = [np.abs(picture.astype(int) - each).mean() for each in exact]
        assert int(np.argmin(distance)) == number


def test_colour_is_smoothed_unless_a_draft_is_asked_for(film: Path) -> None:
    times = read_frame_times(film)

    def planes(index: int, **how: Any) -> list[NDArray[np.float64]]:
        with ColourReader(film, times, **how) as reader:
            picture = reader.read(index)
            assert isinstance(picture, ColourPicture)
            return [plane.astype(np.float64) for plane in picture.planes]

    full, draft = planes(7, draft=False), planes(7, draft=True)
    apart = [np.abs(one - other) for one, other in zip(full, draft, strict=True)]
    assert apart[0].max() > 0
    assert all(each.mean() < 4 for each in apart)
    assert all((one == other).all() for one, other in zip(full, planes(7), strict=True))
