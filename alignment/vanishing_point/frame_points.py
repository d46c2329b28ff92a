"""The direction of travel at the times of frames, or why there is none."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .mount_point import MountPoint
from .pitch_smoothing import SmoothTravel

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

Reason = Literal["no_mount_point", "slow", "not_seen"]
REASONS: tuple[Reason, ...] = ("no_mount_point", "slow", "not_seen")

MAX_AWAY_S = 1.0
"""How far a frame may be from the nearest moment at which the direction was seen."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FramePoints:
    """For each of n frames.

    Attributes
    ----------
    point_deg
        Direction of travel, to the right and down from the optical axis, shape (n, 2); NaN if there is none.
    sd_deg
        Standard errors, with that of the mount point, shape (n, 2).
    reason
        Places in `REASONS`; −1 where there is a point, shape (n,).
    pair
        The pair of pictures whose time is nearest, shape (n,); −1 if there is none within a second.
    """

    point_deg: FloatArray
    sd_deg: FloatArray
    reason: IndexArray
    pair: IndexArray


def no_points(count: int) -> FramePoints:
    """Give what is said of frames of a drive without a mount point."""
    return FramePoints(
        point_deg=np.full((count, 2), np.nan),
        sd_deg=np.full((count, 2), np.nan),
        reason=np.full(count, REASONS.index("no_mount_point"), dtype=np.int64),
        pair=np.full(count, -1, dtype=np.int64),
    )


def frame_points(
    time_s: FloatArray,
    travel: SmoothTravel,
    moving: NDArray[np.bool_],
    mount: MountPoint,
) -> FramePoints:
    """Interpolate between the moments of a track.

    Parameters
    ----------
    time_s
        Times of the frames, ascending, shape (n,), s.
    travel
        The direction at m moments.
    moving
        Whether the car moves fast enough at them, shape (m,).
    mount
        Where straight ahead is.
    """
    pair = _nearest(travel.time_s, time_s)
    near = np.abs(travel.time_s[pair] - time_s) <= MAX_AWAY_S
    seen_s = travel.time_s[travel.measured]
    seen = np.zeros(len(time_s), dtype=np.bool_)
    if len(seen_s):
        seen = np.abs(seen_s[_nearest(seen_s, time_s)] - time_s) <= MAX_AWAY_S
    reason = np.full(len(time_s), -1, dtype=np.int64)
    reason[~seen | ~near] = REASONS.index("not_seen")
    reason[near & ~moving[pair]] = REASONS.index("slow")
    known = reason == -1
    point = np.column_stack(
        [np.interp(time_s, travel.time_s, travel.point_deg[:, axis]) for axis in range(2)]
    )
    error = np.column_stack(
        [np.interp(time_s, travel.time_s, travel.sd_deg[:, axis]) for axis in range(2)]
    )
    return FramePoints(
        point_deg=np.where(known[:, None], point, np.nan),
        sd_deg=np.where(known[:, None], np.hypot(error, mount.se_deg), np.nan),
        reason=reason,
        pair=np.where(near, pair, -1),
    )


def _nearest(times_s: FloatArray, wanted_s: FloatArray) -> IndexArray:
    after = np.clip(np.searchsorted(times_s, wanted_s), 1, max(len(times_s) - 1, 1))
    if len(times_s) < 2:
        return np.zeros(len(wanted_s), dtype=np.int64)
    earlier = wanted_s - times_s[after - 1] < times_s[after] - wanted_s
    return np.asarray(np.where(earlier, after - 1, after), dtype=np.int64)
