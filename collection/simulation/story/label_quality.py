"""How well gaze is carried to the road view in drives without pictures, and what goes missing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .conditions import Conditions
from .label_drive import LabelDrive
from .streams import Stream

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

DIRECT, PROPAGATED, NONE = 0, 1, 2
SOURCES = ("direct", "propagated", "none")

_TURNED_DEG, _LOST_DEG = 22.0, 33.0
_SIGMA_PX, _SIGMA_LOG_SD = 0.45, 0.4
_DRIFT_PX = 0.35
_INLIERS, _INLIERS_LOG_SD = 260.0, 0.25
_LIGHT_INLIERS = {"day": 1.0, "twilight": 0.8, "night": 0.45}
_LIGHT_SIGMA = {"day": 1.0, "twilight": 1.2, "night": 2.2}
_BLURRED_PER_MINUTE = {"day": 0.8, "twilight": 1.2, "night": 2.5}
_BRIDGED_S = 0.7
_DROPPED_PER_MINUTE = 0.35


@dataclass(frozen=True, kw_only=True)
class LabelQuality:
    """For each of n frames.

    Attributes
    ----------
    source
        Place in `SOURCES`.
    inliers, hops
        As in the frame table; not meaningful where the source is none.
    sigma_px
        Error of carrying gaze over, 1 σ for each axis.
    error_px
        The error itself, shape (n, 2).
    gaze_dropped
        Whether the tracker delivered no samples.
    """

    source: NDArray[np.intp]
    inliers: NDArray[np.int32]
    hops: NDArray[np.int32]
    sigma_px: FloatArray
    error_px: FloatArray
    gaze_dropped: BoolArray


def label_quality(
    seed: int, drive: LabelDrive, conditions: Conditions, *, fps: float
) -> LabelQuality:
    """Make up how the alignment went.

    Maps are propagated while the head is turned by more than 22°, and in short stretches of blur, which
    are more frequent at night; there are none while it is turned by more than 33°, and in the middle of
    long blurs. Errors of direct maps are about half a pixel by day and twice that at night; in
    propagated ones they grow with the root of the distance to the next direct one. Errors are as stated.

    Parameters
    ----------
    seed
        Of the story.
    drive, conditions
        What happens.
    fps
        Frames a second.
    """
    rng = np.random.default_rng([seed, int(Stream.TABLE), 1])
    count = len(drive.phone_s)
    turned = np.abs(drive.head_yaw_deg)
    source = np.where(turned > _TURNED_DEG, PROPAGATED, DIRECT)
    minutes = count / fps / 60
    blurred, lost = np.zeros(count, dtype=np.bool_), np.zeros(count, dtype=np.bool_)
    margin = round(_BRIDGED_S * fps)
    for start, length in _stretches(rng, count, _BLURRED_PER_MINUTE[conditions.lighting] * minutes):
        frames = round(length * 0.6 * fps)
        blurred[start : start + frames] = True
        inner = start + margin, start + frames - margin
        lost[slice(*inner) if inner[0] < inner[1] else slice(0)] = True
    source[blurred] = PROPAGATED
    source[lost | (turned > _LOST_DEG)] = NONE
    direct = np.flatnonzero(source == DIRECT)
    hops = _distance_to(direct, count)
    light = _LIGHT_SIGMA[conditions.lighting]
    sigma_px = light * _SIGMA_PX * np.exp(_SIGMA_LOG_SD * rng.standard_normal(count))
    sigma_px = np.hypot(sigma_px, light * _DRIFT_PX * np.sqrt(hops))
    inliers = _INLIERS * _LIGHT_INLIERS[conditions.lighting]
    supported = inliers * np.exp(_INLIERS_LOG_SD * rng.standard_normal(count))
    dropped = np.zeros(count, dtype=np.bool_)
    for start, length in _stretches(rng, count, _DROPPED_PER_MINUTE * minutes):
        dropped[start : start + round(length * fps)] = True
    return LabelQuality(
        source=source,
        inliers=supported.astype(np.int32),
        hops=np.minimum(hops, count).astype(np.int32),
        sigma_px=sigma_px,
        error_px=rng.standard_normal((count, 2)) * sigma_px[:, None],
        gaze_dropped=dropped,
    )


def _stretches(rng: np.random.Generator, count: int, expected: float) -> list[tuple[int, float]]:
    """Draw first frames and lengths in seconds (exponential, mean 1) of some stretches."""
    number = int(rng.poisson(expected))
    starts = rng.integers(0, count, number).tolist()
    return list(zip(starts, rng.exponential(1.0, number).tolist(), strict=True))


def _distance_to(rows: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Give how many frames each one is away from the nearest of some rows, shape (count,)."""
    if not len(rows):
        return np.full(count, count, dtype=np.intp)
    frames = np.arange(count)
    after = np.minimum(np.searchsorted(rows, frames), len(rows) - 1)
    before = np.maximum(after - 1, 0)
    return np.asarray(
        np.minimum(np.abs(rows[after] - frames), np.abs(frames - rows[before])), dtype=np.intp
    )
