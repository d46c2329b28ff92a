"""When each frame of a video is shown."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.progress import Progress, silent


@dataclass(frozen=True, kw_only=True)
class FrameTimes:
    """Presentation times of all frames of a video.

    Attributes
    ----------
    path
        The file.
    time_s
        Container time of each frame, ascending, shape (n,), s: pts × time base.
    keyframe
        Whether decoding can start at the frame, shape (n,).
    pts
        The same times as integers of the stream's time base, shape (n,); what a decoder returns.
    time_base
        Length of one unit of `pts`, s, as (numerator, denominator).
    duplicate_count
        Packets left out because another has the same pts.
    missing_pts_count
        Packets left out because they carry no pts.
    truncated
        Whether the file ends before its index says.
    """

    path: Path
    time_s: NDArray[np.float64]
    keyframe: NDArray[np.bool_]
    pts: NDArray[np.int64]
    time_base: tuple[int, int]
    duplicate_count: int
    missing_pts_count: int
    truncated: bool


def read_frame_times(path: Path, *, progress: Progress = silent) -> FrameTimes:
    """Read when each frame of a video is shown, by demuxing it (nothing is decoded)."""
    raise MediaError(f"{path}: not written yet.")
