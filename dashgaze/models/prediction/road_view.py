"""The road video beside a driver video: its size, and which of its frames is shown when."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.frame_grid import frame_interval, nearest_frame
from dashgaze.errors import InputError
from dashgaze.media import FrameTimes, read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.progress import Progress, silent

from .options import PredictOptions

_USUAL_INTERVAL_S = 0.1


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadView:
    """The road picture.

    Attributes
    ----------
    size_px
        Width and height as shown.
    times
        Frame times of its video; None if there is none.
    """

    size_px: tuple[int, int]
    times: FrameTimes | None


def open_road(options: PredictOptions, *, progress: Progress = silent) -> RoadView:
    """Find out about the road picture.

    Raises
    ------
    InputError
        If its size is unknown.
    MediaError
        If the video can't be read.
    """
    if options.road is None:
        if options.road_size_px is None:
            raise InputError(
                "The size of the road picture is not known, so gaze has no place in it.",
                fix="Give the road video (`--road road.mp4`) or its size (`--road-size 1920x1080`).",
            )
        return RoadView(size_px=options.road_size_px, times=None)
    times = read_frame_times(options.road, progress=progress)
    size_px = ColourReader(options.road, times).size_px
    if options.road_size_px not in (None, size_px):
        raise InputError(
            f"The pictures of {options.road} have {size_px[0]} x {size_px[1]} px, not those of --road-size.",
            fix="Leave --road-size out.",
            path=options.road,
        )
    return RoadView(size_px=size_px, times=times)


def road_frames(
    road: RoadView, driver_s: NDArray[np.float64], *, offset_s: float, video: Path
) -> NDArray[np.int64]:
    """Find the road frame nearest to each frame of the driver video, shape (n,); -1 where there is none.

    Parameters
    ----------
    road
        The road.
    driver_s
        Times of the driver's frames, shape (n,), s.
    offset_s
        Time in the road video = time in the driver video + this.
    video
        The driver video, for what is said when they have nothing in common.

    Raises
    ------
    InputError
        If there is a road video, and no frame of it is shown at the time of any of the driver's.
    """
    if road.times is None:
        return np.full(len(driver_s), -1, dtype=np.int64)
    road_s = road.times.time_s
    near = nearest_frame(road_s, driver_s + offset_s, within=usual_interval(road_s))
    if not near.found.any():
        raise InputError(
            f"{road.times.path} shows {road_s[0]:.1f} s to {road_s[-1]:.1f} s, and {video}, with an offset of "
            f"{offset_s:g} s, {driver_s[0] + offset_s:.1f} s to {driver_s[-1] + offset_s:.1f} s: they have "
            "no time in common.",
            fix="Give the offset between both: `--offset S`, time in the road video = time in the driver "
            "video + S.",
            path=road.times.path,
        )
    return np.where(near.found, near.index, -1).astype(np.int64)


def usual_interval(times_s: NDArray[np.float64]) -> float:
    """Give the usual time between frames; without two of them a short while."""
    interval_s = frame_interval(times_s)
    return interval_s if np.isfinite(interval_s) else _USUAL_INTERVAL_S
