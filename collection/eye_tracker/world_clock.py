"""Where a video's container time line lies on the device's clock."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .notes import NoteBook

_RATE_NEEDS_S = 10.0
_RATE_NOTE_MS = 5.0
_SCATTER_NOTE_MS = 20.0
_OUTLIER_SIGMAS = 5.0


@dataclass(frozen=True, kw_only=True)
class ContainerClock:
    """Device time of container time: ``t_ns = offset_ns + 1e9 · t_s``.

    Attributes
    ----------
    offset_ns
        Median over the frames.
    rate_ppm
        By how much the device's clock runs faster; None for less than 10 s of video.
    """

    offset_ns: int
    rate_ppm: float | None


def fit_container_clock(
    timestamp_ns: NDArray[np.int64], time_s: NDArray[np.float64], name: str, notes: NoteBook
) -> ContainerClock:
    """Relate a part's container time to its device stamps.

    The vendor takes the first stamp for the first frame; the median over all frames does not
    depend on a single one.

    Parameters
    ----------
    timestamp_ns, time_s
        Device stamps, ascending, and container times of the same frames; shape (n,), n ≥ 1.
    name
        What to call the part in notes.
    """
    base_ns = int(timestamp_ns[0])
    # relative to the first stamp, so that float64 holds nanoseconds
    elapsed_ns = (timestamp_ns - base_ns).astype(np.float64)
    residual_ns = elapsed_ns - 1e9 * time_s
    offset_ns = base_ns + round(float(np.median(residual_ns)))
    duration_s = float(time_s[-1] - time_s[0])
    rate_ppm = None
    around_ns = residual_ns - np.median(residual_ns)
    if len(time_s) >= 3 and duration_s >= _RATE_NEEDS_S:
        slope, intercept = _fit_line(time_s - time_s[0], residual_ns)
        rate_ppm = slope / 1e3
        around_ns = residual_ns - intercept - slope * (time_s - time_s[0])
        apart_ms = slope * duration_s / 1e6
        if abs(apart_ms) > _RATE_NOTE_MS:
            notes.add(
                "WORLD-CLOCK-RATE",
                f"{name}: over {duration_s:.1f} s the device clock moves {apart_ms:+.1f} ms "
                f"against the container's ({rate_ppm:+.1f} ppm).",
            )
    scatter_ms = _spread(around_ns) / 1e6
    if scatter_ms > _SCATTER_NOTE_MS:
        notes.add(
            "WORLD-CLOCK-SCATTER",
            f"{name}: container and device times of the frames scatter by {scatter_ms:.1f} ms; "
            "frames and stamps may not belong together.",
        )
    return ContainerClock(offset_ns=offset_ns, rate_ppm=rate_ppm)


def _fit_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Fit a line by least squares, once more without outliers; slope and intercept."""
    slope, intercept = _least_squares(x, y)
    around = y - intercept - slope * x
    inlier = np.abs(around - np.median(around)) <= _OUTLIER_SIGMAS * _spread(around) + 1.0
    if 2 < inlier.sum() < len(x):
        slope, intercept = _least_squares(x[inlier], y[inlier])
    return slope, intercept


def _least_squares(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    centred = x - x.mean()
    spread = float(centred @ centred)
    slope = float(centred @ (y - y.mean())) / spread if spread > 0 else 0.0
    return slope, float(y.mean() - slope * x.mean())


def _spread(values: NDArray[np.float64]) -> float:
    """Robust standard deviation, from the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
