"""By how much gaze is off where it is known what was looked at."""

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Unit = Literal["deg", "px"]

OFFSET_SCHEMA = "dashgaze/gaze-offset/1"
METHOD = (
    "median of gaze − target over each target from 0.4 s after it appears; mean of these without "
    "those further than 3.5 robust standard deviations from their median; error: Student's t, 95 %"
)

SETTLE_S = 0.4
"""How long the eyes may take to arrive at a target that has just appeared."""

LEAST_TARGETS = 6
LEAST_SHARE = 0.5
_GAP_S = 0.25
_LEAST_SAMPLES = 5
_OUTLIER_SIGMAS = 3.5
_SIGMA_OF_MAD = 1.4826


@dataclass(frozen=True, kw_only=True)
class OffsetLimits:
    """From where on an offset is refused.

    Attributes
    ----------
    spread
        Most scatter of gaze on one target that still is a fixation.
    scatter
        Most scatter of the targets' differences around their mean.
    error
        Largest half width of the 95 % interval.
    """

    spread: float
    scatter: float
    error: float


DEGREES = OffsetLimits(spread=1.5, scatter=3.0, error=1.5)


@dataclass(frozen=True, kw_only=True)
class GazeOffset:
    """An offset of gaze, or why there is none.

    Attributes
    ----------
    verdict
        ok or refused.
    reasons
        Why it was refused.
    unit
        deg: azimuth (right positive) and elevation (up positive); px: of the film (right, down).
    offset
        Mean of gaze − target, on both axes: subtract it from gaze to correct it. None if refused.
    error_95
        Half widths of its 95 % interval; None if refused.
    scatter
        Standard deviation of the targets around it, both axes; None with fewer than two.
    shown, used
        Targets that were shown, and those that it rests on.
    """

    verdict: Literal["ok", "refused"]
    reasons: tuple[str, ...]
    unit: Unit
    offset: tuple[float, float] | None
    error_95: tuple[float, float] | None
    scatter: tuple[float, float] | None
    shown: int
    used: int

    def to_json(self) -> dict[str, Any]:
        """Give it as ``field/gaze_offset.json`` has it."""
        return {
            "schema": OFFSET_SCHEMA,
            "what": "corrected gaze = gaze − offset; no gaze was changed",
            "method": METHOD,
            **asdict(self),
        }


def estimate_offset(
    *,
    gaze_ns: NDArray[np.int64],
    gaze: NDArray[np.float64],
    target_ns: NDArray[np.int64],
    target_id: NDArray[np.object_],
    target: NDArray[np.float64],
    unit: Unit,
    limits: OffsetLimits,
) -> GazeOffset:
    """Estimate a constant offset of gaze from targets that were looked at.

    Parameters
    ----------
    gaze_ns, gaze
        Times (n,), on the clock of `target_ns`, and gaze (n, 2); NaN where there is none.
    target_ns, target_id, target
        Times of pictures that had a target (m,), rising, its name, and where it was (m, 2).
    unit
        Of `gaze` and `target`.
    limits
        From where on it is refused.

    Returns
    -------
    GazeOffset
        With a verdict.
    """
    differences, shown = _differences(gaze_ns, gaze, target_ns, target_id, target, limits)
    kept = _without_outliers(differences)
    reasons = []
    if len(kept) < LEAST_TARGETS:
        reasons.append(
            f"{len(kept)} targets were looked at steadily; {LEAST_TARGETS} or more are needed."
        )
    if shown and len(kept) < LEAST_SHARE * shown:
        reasons.append(f"Only {len(kept)} of {shown} targets agree: the others were not looked at.")
    scatter = error = None
    if len(kept) >= 2:
        deviation = kept.std(axis=0, ddof=1)
        factor = float(stats.t.ppf(0.975, len(kept) - 1)) / math.sqrt(len(kept))
        scatter, error = _pair(deviation), _pair(factor * deviation)
        if max(scatter) > limits.scatter:
            reasons.append(
                f"The targets scatter by {max(scatter):.2f} {unit}; {limits.scatter:g} at most can be "
                "an offset."
            )
        if max(error) > limits.error:
            reasons.append(
                f"The offset is known to ± {max(error):.2f} {unit} only; ± {limits.error:g} is wanted."
            )
    refused = bool(reasons) or error is None
    return GazeOffset(
        verdict="refused" if refused else "ok",
        reasons=tuple(reasons),
        unit=unit,
        offset=None if refused else _pair(kept.mean(axis=0)),
        error_95=None if refused else error,
        scatter=scatter,
        shown=shown,
        used=len(kept),
    )


def _differences(
    gaze_ns: NDArray[np.int64],
    gaze: NDArray[np.float64],
    target_ns: NDArray[np.int64],
    target_id: NDArray[np.object_],
    target: NDArray[np.float64],
    limits: OffsetLimits,
) -> tuple[NDArray[np.float64], int]:
    """Give the difference for each target that was looked at (k, 2), and how many were shown."""
    if not len(target_ns):
        return np.empty((0, 2)), 0
    base_ns = int(target_ns[0])
    shown_s, gaze_s = (target_ns - base_ns) / 1e9, (gaze_ns - base_ns) / 1e9
    new = np.flatnonzero((np.diff(shown_s) > _GAP_S) | (target_id[1:] != target_id[:-1])) + 1
    found, shown = [], 0
    for part in np.split(np.arange(len(shown_s)), new):
        start_s, end_s = shown_s[part[0]] + SETTLE_S, shown_s[part[-1]]
        if end_s <= start_s:
            continue
        shown += 1
        inside = (gaze_s >= start_s) & (gaze_s <= end_s) & np.isfinite(gaze).all(axis=1)
        if inside.sum() < _LEAST_SAMPLES:
            continue
        place = np.stack(
            [np.interp(gaze_s[inside], shown_s[part], target[part, axis]) for axis in (0, 1)],
            axis=1,
        )
        apart = gaze[inside] - place
        middle = np.median(apart, axis=0)
        spread = _SIGMA_OF_MAD * np.median(np.abs(apart - middle), axis=0)
        if spread.max() <= limits.spread:
            found.append(middle)
    return np.array(found, dtype=np.float64).reshape(-1, 2), shown


def _without_outliers(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out targets that something else was looked at instead of."""
    if len(differences) < 3:
        return differences
    away = np.abs(differences - np.median(differences, axis=0))
    sigma = _SIGMA_OF_MAD * np.median(away, axis=0)
    return differences[(away <= _OUTLIER_SIGMAS * np.maximum(sigma, 1e-9)).all(axis=1)]


def _pair(values: NDArray[np.float64]) -> tuple[float, float]:
    return round(float(values[0]), 6), round(float(values[1]), 6)
