"""Fixations and saccades found in raw gaze by a velocity threshold (I-VT).

For recordings whose device gave none. The steps and numbers are those of the detector that Pupil Labs
run for the Pupil Invisible (its published form; it knows no scene motion): resample to 200 Hz, smooth,
call fixation what is slower than a threshold, bridge microsaccades, drop what is too short. Saccades
are what is left between two fixations.

References
----------
Salvucci, D. D. and Goldberg, J. H.: Identifying fixations and saccades in eye-tracking protocols.
ETRA 2000. doi:10.1145/355017.355028
Savitzky, A. and Golay, M. J. E.: Smoothing and differentiation of data by simplified least squares
procedures. Analytical Chemistry 36(8), 1964. doi:10.1021/ac60214a047
"""

import itertools
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .camera import undistort_points

# Pupil Labs' detector for the Pupil Invisible (pl-rec-export 1.0; see the module's docstring)
RATE_HZ = 200
"""Rate that gaze is resampled to: the nominal rate of the device."""
SMOOTHING_WINDOW = 11
"""Length of the Savitzky-Golay filter, samples of 1 / RATE_HZ."""
SMOOTHING_ORDER = 3
"""Order of its polynomial."""
VELOCITY_PX_S = 900.0
"""Gaze slower than this, in distorted scene camera pixels, is a fixation: about 67 deg/s."""
MICROSACCADE_DEG = 1.5
MICROSACCADE_MS = 60.0
"""A pause between two fixations that is neither larger nor longer than these is bridged."""
MIN_FIXATION_MS = 60.0
"""Fixations have to be longer than this."""

MAX_GAP_MS = 50.0
"""Ours: samples further apart than this are not connected. Ten samples at 200 Hz; the slowest phones
deliver gaze every 20 ms or so, and no fixation may span what was not seen."""


@dataclass(frozen=True, kw_only=True)
class EyeMovements:
    """Fixations, and the saccades between them, as half-open intervals in ns, ascending.

    Attributes
    ----------
    fixation_start_ns, fixation_end_ns
        Shape (n,).
    saccade_start_ns, saccade_end_ns
        Shape (m,). Only between two fixations with nothing missing in between.
    method
        Name of the method with its threshold, such as ``ivt_900px_s``.
    """

    fixation_start_ns: NDArray[np.int64]
    fixation_end_ns: NDArray[np.int64]
    saccade_start_ns: NDArray[np.int64]
    saccade_end_ns: NDArray[np.int64]
    method: str


def find_fixations(
    timestamp_ns: NDArray[np.int64],
    points_px: NDArray[np.float64],
    *,
    usable: NDArray[np.bool_],
    matrix: ArrayLike,
    distortion: ArrayLike,
    velocity_px_s: float = VELOCITY_PX_S,
    microsaccade_deg: float = MICROSACCADE_DEG,
    microsaccade_ms: float = MICROSACCADE_MS,
    min_fixation_ms: float = MIN_FIXATION_MS,
    max_gap_ms: float = MAX_GAP_MS,
) -> EyeMovements:
    """Find fixations and saccades in gaze samples.

    Nothing is interpolated over samples that can't be used, nor over gaps: both end a fixation.

    Parameters
    ----------
    timestamp_ns
        Ascending times, shape (n,), ns.
    points_px
        Distorted scene camera pixels, shape (n, 2), px.
    usable
        Samples that show where the eyes looked, shape (n,): worn, finite, outside of blinks.
    matrix, distortion
        The scene camera, as for `dashgaze.alignment.camera.undistort_points`.
    velocity_px_s
        Threshold, px/s.
    microsaccade_deg, microsaccade_ms
        Largest amplitude and longest duration of a pause that is bridged, both included.
    min_fixation_ms
        Fixations that last no longer than this are dropped.
    max_gap_ms
        Longest time between two connected samples, included.
    """
    path = _smooth_path(timestamp_ns, points_px, usable, max_gap_ms)
    first, last = _slow_runs(path, velocity_px_s)
    first, last = _bridge(path, first, last, matrix, distortion, microsaccade_deg, microsaccade_ms)
    # A grid point stands for the step after it, but not for more than was seen.
    start_ns = path.time_ns[first]
    end_ns = np.minimum(path.time_ns[last] + _STEP_NS, path.seen_until_ns[last])
    long_enough = end_ns - start_ns > min_fixation_ms * 1e6
    start_ns, end_ns = start_ns[long_enough], end_ns[long_enough]
    stretch = path.stretch[first[long_enough]]
    connected = stretch[1:] == stretch[:-1]
    return EyeMovements(
        fixation_start_ns=start_ns,
        fixation_end_ns=end_ns,
        saccade_start_ns=end_ns[:-1][connected],
        saccade_end_ns=start_ns[1:][connected],
        method=f"ivt_{velocity_px_s:g}px_s",
    )


def gaps_between(
    start_ns: NDArray[np.int64], end_ns: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the intervals between consecutive fixations, which are saccades where gaze was seen.

    Parameters
    ----------
    start_ns, end_ns
        Fixations, ascending, shape (n,), ns.

    Returns
    -------
    start_ns, end_ns
        Shape (m,) with m < n; touching and overlapping fixations have nothing between them.
    """
    apart = start_ns[1:] > end_ns[:-1]
    return end_ns[:-1][apart], start_ns[1:][apart]


_STEP_NS = 1_000_000_000 // RATE_HZ


class _Path(NamedTuple):
    """Gaze on a regular grid, stretch after stretch; arrays of shape (n,)."""

    time_ns: NDArray[np.int64]
    points_px: NDArray[np.float64]  # shape (n, 2), smoothed
    speed_px_s: NDArray[np.float64]
    stretch: NDArray[np.int64]
    seen_until_ns: NDArray[np.int64]  # just after the last sample of the stretch


def _smoothed(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth columns, shape (n, 2), by polynomials fitted to the samples around each (Savitzky and Golay 1964).

    The first and last samples are smoothed by the polynomials of the first and the last whole window. SciPy's
    function of this kind gives the same; importing it takes half a second.
    """
    half = SMOOTHING_WINDOW // 2
    powers = np.vander(np.arange(-half, half + 1.0), SMOOTHING_ORDER + 1)
    # Row k gives the polynomial's value at the k-th sample of a window.
    fit = powers @ np.linalg.pinv(powers)
    smooth = np.empty_like(samples)
    for column, values in zip(smooth.T, samples.T, strict=True):
        column[half:-half] = np.convolve(values, fit[half], mode="valid")
        column[:half] = fit[:half] @ values[:SMOOTHING_WINDOW]
        column[-half:] = fit[-half:] @ values[-SMOOTHING_WINDOW:]
    return smooth


def _smooth_path(
    timestamp_ns: NDArray[np.int64],
    points_px: NDArray[np.float64],
    usable: NDArray[np.bool_],
    max_gap_ms: float,
) -> _Path:
    times, points, speeds, counts, ends = [], [], [], [], []
    for begin, stop in _stretches(timestamp_ns, usable, max_gap_ms):
        seen_ns, seen_px = timestamp_ns[begin:stop], points_px[begin:stop]
        grid_ns = np.arange(seen_ns[0], seen_ns[-1] + 1, _STEP_NS)
        if len(grid_ns) < SMOOTHING_WINDOW:  # too short for a fixation, too
            continue
        raw = np.column_stack([np.interp(grid_ns, seen_ns, column) for column in seen_px.T])
        smooth = _smoothed(raw)
        times.append(grid_ns)
        points.append(smooth)
        speeds.append(np.hypot(*np.gradient(smooth, 1 / RATE_HZ, axis=0).T))
        counts.append(len(grid_ns))
        ends.append(seen_ns[-1] + 1)
    if not times:
        nothing = np.zeros(0, dtype=np.int64)
        return _Path(nothing, np.zeros((0, 2)), np.zeros(0), nothing, nothing)
    return _Path(
        time_ns=np.concatenate(times),
        points_px=np.concatenate(points),
        speed_px_s=np.concatenate(speeds),
        stretch=np.repeat(np.arange(len(counts)), counts),
        seen_until_ns=np.repeat(ends, counts),
    )


def _stretches(
    timestamp_ns: NDArray[np.int64], usable: NDArray[np.bool_], max_gap_ms: float
) -> list[tuple[int, int]]:
    """Cut the samples where one is not usable or the next is too far away: [begin, stop)."""
    if not len(timestamp_ns):
        return []
    apart = np.diff(timestamp_ns) > max_gap_ms * 1e6
    edges = np.flatnonzero(apart | (usable[1:] != usable[:-1])) + 1
    bounds = np.concatenate([[0], edges, [len(timestamp_ns)]]).tolist()
    return [(begin, stop) for begin, stop in itertools.pairwise(bounds) if usable[begin]]


def _slow_runs(path: _Path, velocity_px_s: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the first and last grid points of each run below the threshold."""
    slow = path.speed_px_s < velocity_px_s
    if not len(slow):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    change = (slow[1:] != slow[:-1]) | (path.stretch[1:] != path.stretch[:-1])
    edges = np.flatnonzero(change) + 1
    first = np.concatenate([[0], edges])
    last = np.concatenate([edges, [len(slow)]]) - 1
    return first[slow[first]], last[slow[first]]


def _bridge(
    path: _Path,
    first: NDArray[np.int64],
    last: NDArray[np.int64],
    matrix: ArrayLike,
    distortion: ArrayLike,
    microsaccade_deg: float,
    microsaccade_ms: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Join runs with no more than a microsaccade between them."""
    before, after = last[:-1], first[1:]
    pause_ms = (after - before - 1) * _STEP_NS / 1e6
    amplitude_deg = _angle_deg(
        undistort_points(path.points_px[before], matrix, distortion),
        undistort_points(path.points_px[after], matrix, distortion),
    )
    joined = (
        (path.stretch[before] == path.stretch[after])
        & (pause_ms <= microsaccade_ms)
        & (amplitude_deg <= microsaccade_deg)
    )
    opens = np.concatenate([[True], ~joined])[: len(first)]
    closes = np.concatenate([~joined, [True]])[: len(last)]
    return first[opens], last[closes]


def _angle_deg(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle between the rays of normalised points, shape (n,), deg."""
    ones = np.ones((len(a), 1))
    u, v = np.hstack([a, ones]), np.hstack([b, ones])
    cross = np.linalg.norm(np.cross(u, v), axis=1)
    angle: NDArray[np.float64] = np.degrees(np.arctan2(cross, (u * v).sum(axis=1)))
    return angle
