"""The videos of a simulated drive."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.media import Sound

from .drive_pictures import Pictures
from .media_writer import FileOptions, write_video

_TICK_S = 1 / 90000

FAST = FileOptions(video_options={"preset": "ultrafast"})
FINE = FileOptions(video_options={"preset": "superfast"})
"""The slowest way of x264 that gives the same bytes each time: slower ones look ahead (mbtree), and then
bytes differ now and then while other encoders are at work."""


@dataclass(frozen=True, kw_only=True)
class Video:
    """What is in a video; the attributes are those of `write_video`."""

    times_s: NDArray[np.float64]
    size_px: tuple[int, int]
    images: Pictures
    sound: Sound | None
    options: FileOptions


def write_videos(videos: Mapping[Path, Video]) -> None:
    """Write all at once: drawing and encoders leave Python to others most of the time.

    Raises
    ------
    OutputError
        If a file can't be written.
    """

    def write(path: Path, video: Video) -> None:
        write_video(
            path,
            times_s=video.times_s,
            size_px=video.size_px,
            images=video.images,
            sound=video.sound,
            options=video.options,
        )

    with ThreadPoolExecutor(len(videos)) as pool:
        for done in [pool.submit(write, path, video) for path, video in videos.items()]:
            done.result()


def frame_times(
    rng: np.random.Generator, seconds: float, fps: float, *, start_s: float = 0.0
) -> NDArray[np.float64]:
    """Give frame times on the container's grid, with jitter and a few dropped frames.

    Parameters
    ----------
    rng
        Random numbers.
    seconds
        Length of the video.
    fps
        Rate of its frames.
    start_s
        Time of the first one.

    Returns
    -------
    NDArray[np.float64]
        Container times, shape (n,), s.
    """
    count = int(seconds * fps)
    times = np.arange(count) / fps + np.clip(rng.normal(0, 0.002, count), -0.01, 0.01)
    keep = rng.random(count) >= 0.003
    keep[0] = True
    ticks = np.round((times - times[0])[keep] / _TICK_S) + round(start_s / _TICK_S)
    return np.asarray(ticks * _TICK_S, dtype=np.float64)
