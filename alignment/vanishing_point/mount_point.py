"""Where straight ahead is in the picture: it depends on how the phone was mounted, and holds for a drive."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .travel import REFUSALS
from .travel_track import TravelTrack

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

BLOCK_S = 4.0
"""Length of a block: the car's bouncing, of about a second, averages out in it."""

STRAIGHT_DEG_S = 3.0
"""Turning faster is no straight driving."""

_LEAST_COVER = 0.4
_MAX_BLOCK_SE_DEG = 0.6
_BOUNCE_S = 0.6
# Pairs closer than that see the same bounce of the car and count as one.
_FLOOR_DEG = 0.03
_HUBER = 1.5
_MEDIAN_LOSS = 1.2533
_FEWEST_FOR_SPREAD = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Blocks:
    """Straight driving, in blocks of four seconds.

    Attributes
    ----------
    time_s
        Middles of those that are used, shape (k,), s.
    point_deg
        Robust mean of each: to the right and down from the optical axis, shape (k, 2).
    se_deg
        Standard errors of them, shape (k, 2).
    gated
        How many others were left out, by what was wrong with most of their pairs.
    """

    time_s: FloatArray
    point_deg: FloatArray
    se_deg: FloatArray
    gated: dict[str, int]

    def __len__(self) -> int:
        return len(self.time_s)


@dataclass(frozen=True, kw_only=True, eq=False)
class MountPoint:
    """Direction of travel in straight driving.

    Attributes
    ----------
    point_deg
        To the right and down from the optical axis, shape (2,).
    se_deg
        Standard errors, from the spread of the blocks, shape (2,).
    spread_deg
        Robust standard deviation of the blocks, shape (2,); NaN for fewer than four.
    """

    point_deg: FloatArray
    se_deg: FloatArray
    spread_deg: FloatArray

    @property
    def tangents(self) -> FloatArray:
        """The same in the camera's axes, shape (2,)."""
        return np.asarray(np.tan(np.radians(self.point_deg)), dtype=np.float64)


def straight_blocks(track: TravelTrack, moving: BoolArray) -> Blocks:
    """Average the focus of expansion over blocks of straight driving.

    Parameters
    ----------
    track
        Travel over the drive.
    moving
        Whether the car moves fast enough, shape (m,).
    """
    reasons = pair_reasons(track, moving)
    used = np.array([reason == "" for reason in reasons], dtype=np.bool_)
    degrees = np.degrees(np.arctan(track.focus))
    variance = np.degrees(np.degrees(np.diagonal(track.covariance, axis1=1, axis2=2)))
    time_s, points, errors, gated = [], [], [], Counter[str]()
    block = np.floor(track.time_s / BLOCK_S).astype(np.int64)
    for number in np.unique(block):
        rows = np.flatnonzero(block == number)
        kept = rows[used[rows]]
        if track.gap_s[kept].sum() < _LEAST_COVER * BLOCK_S:
            wrong = Counter(reasons[row] for row in rows if reasons[row])
            gated[wrong.most_common(1)[0][0] if wrong else "too_short"] += 1
            continue
        mean, error = _robust_mean(degrees[kept], variance[kept], float(track.gap_s[kept].mean()))
        if (error > _MAX_BLOCK_SE_DEG).any():
            gated["scattered"] += 1
            continue
        time_s.append(float(track.time_s[kept].mean()))
        points.append(mean)
        errors.append(error)
    return Blocks(
        time_s=np.array(time_s, dtype=np.float64),
        point_deg=np.array(points).reshape(-1, 2),
        se_deg=np.array(errors).reshape(-1, 2),
        gated=dict(sorted(gated.items())),
    )


def pair_reasons(track: TravelTrack, moving: BoolArray) -> list[str]:
    """Say of each pair why it is not used for the mount point; "" if it is."""
    yaw = np.abs(track.rate_deg_s[:, 1])
    reasons = []
    for row in range(len(track)):
        if not moving[row]:
            reasons.append("slow")
        elif track.refusal[row] >= 0:
            reasons.append(str(REFUSALS[track.refusal[row]]))
        elif yaw[row] > STRAIGHT_DEG_S:
            reasons.append("turning")
        else:
            reasons.append("")
    return reasons


def find_mount_point(blocks: Blocks) -> MountPoint | None:
    """Give the geometric median of the blocks; None without any.

    Its standard error is that of a median, from the blocks' median absolute deviation, or what the blocks'
    own errors make it, whichever is larger.
    """
    count = len(blocks)
    if not count:
        return None
    point = _geometric_median(blocks.point_deg)
    spread = np.full(2, np.nan)
    error = np.sqrt((blocks.se_deg**2).mean(axis=0) / count)
    if count >= _FEWEST_FOR_SPREAD:
        spread = 1.4826 * np.median(np.abs(blocks.point_deg - point), axis=0)
        error = np.maximum(error, spread / np.sqrt(count))
    return MountPoint(
        point_deg=point,
        se_deg=np.asarray(np.hypot(_MEDIAN_LOSS * error, _FLOOR_DEG), dtype=np.float64),
        spread_deg=spread,
    )


def _robust_mean(
    values: FloatArray, variance: FloatArray, step_s: float
) -> tuple[FloatArray, FloatArray]:
    """Give Huber's mean and its standard error, axis by axis, shape (n, 2) to (2,) each."""
    mean = np.median(values, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(values - mean), axis=0), _FLOOR_DEG)
    weight = 1 / (variance + spread**2)
    for _ in range(10):
        away = np.abs(values - mean) / np.sqrt(variance + spread**2)
        pull = weight * np.minimum(1.0, _HUBER / np.maximum(away, 1e-9))
        mean = (pull * values).sum(axis=0) / pull.sum(axis=0)
    independent = max(len(values) * min(1.0, step_s / _BOUNCE_S), 1.0)
    return mean, np.asarray(spread / np.sqrt(independent), dtype=np.float64)


def _geometric_median(points: FloatArray) -> FloatArray:
    """Weiszfeld's iteration (Tohoku Math. J. 43, 1937)."""
    point = np.median(points, axis=0)
    for _ in range(100):
        away = np.maximum(np.hypot(*(points - point).T), 1e-6)
        step = (points / away[:, None]).sum(axis=0) / (1 / away).sum() - point
        point = point + step
        if np.hypot(*step) < 1e-7:
            break
    return np.asarray(point, dtype=np.float64)
