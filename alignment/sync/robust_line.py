"""Lines through the shifts of windows, some of which are wrong; and where one line won't do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MIN_SCALE_S = 0.0003
"""Windows are never trusted to scatter by less, s: 0.3 ms are 10 cm of air."""

MAX_SCALE_S = 0.0015
"""Windows that scatter more than this around a line don't belong to it, s."""

_CUT = 3.5
_MIN_SEGMENT_WINDOWS = 4
_MIN_GAIN = 25.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """``shift = offset_s + drift · t`` with what it rests on.

    Attributes
    ----------
    offset_s
        Shift at time zero, s.
    drift
        Shift per second.
    middle_s
        Weighted mean time of the supporting windows, s: where the line is known best.
    offset_se_s
        Standard error of the line at `middle_s`, s.
    drift_se
        Standard error of the drift.
    scale_s
        Robust spread of the supporting windows around the line, s.
    used
        Which windows support it, shape (n,) over all windows given.
    """

    offset_s: float
    drift: float
    middle_s: float
    offset_se_s: float
    drift_se: float
    scale_s: float
    used: NDArray[np.bool_]

    def at(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Shift at times, s."""
        return self.offset_s + self.drift * time_s


def fit_line(
    time_s: NDArray[np.float64],
    shift_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    max_drift: float,
) -> Line | None:
    """Fit a line that most of the weight of some of the windows agrees on.

    Lines through pairs of windows are compared by how much truncated squared error they leave
    (MSAC: Torr & Zisserman, CVIU 78(1), 2000); the best is refitted by weighted least squares to
    its own windows until they no longer change.

    Parameters
    ----------
    time_s, shift_s, weight
        Windows, shape (n,) each.
    max_drift
        Largest drift considered.

    Returns
    -------
    Line or None
        None if fewer than three windows agree.
    """
    if len(time_s) < 3:
        return None
    first, second = _pairs(len(time_s))
    span = time_s[second] - time_s[first]
    drift = (shift_s[second] - shift_s[first]) / span
    keep = np.abs(drift) <= max_drift
    if not np.any(keep):
        return None
    drift, first = drift[keep], first[keep]
    offset = shift_s[first] - drift * time_s[first]
    cost = np.empty(len(drift))
    for start in range(0, len(drift), 1024):
        rows = np.s_[start : start + 1024]
        residual = shift_s - offset[rows, None] - drift[rows, None] * time_s
        cost[rows] = np.minimum((residual / MAX_SCALE_S) ** 2, _CUT**2) @ weight
    best = int(np.argmin(cost))
    return _refit(time_s, shift_s, weight, float(offset[best]), float(drift[best]), max_drift)


def _pairs(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of windows to draw lines through: far enough apart to fix a slope, and not too many."""
    least = max(1, n // 8)
    if n <= 64:
        first, second = np.triu_indices(n, least)
        return first.astype(np.int64), second.astype(np.int64)
    distances = np.unique(np.linspace(least, n - 1, 24).astype(np.int64))
    first = np.concatenate([np.arange(n - d) for d in distances])
    second = np.concatenate([np.arange(d, n) for d in distances])
    return first, second


def _refit(
    time_s: NDArray[np.float64],
    shift_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    offset: float,
    drift: float,
    max_drift: float,
) -> Line | None:
    scale = MAX_SCALE_S
    used = np.zeros(len(time_s), dtype=np.bool_)
    middle = 0.0
    for _ in range(20):
        residual = shift_s - offset - drift * time_s
        now = np.abs(residual) <= _CUT * scale
        if np.count_nonzero(now) < 3:
            return None
        scale = float(np.clip(1.4826 * np.median(np.abs(residual[now])), MIN_SCALE_S, MAX_SCALE_S))
        t, y, w = time_s[now], shift_s[now], weight[now]
        middle = float(np.average(t, weights=w))
        level = float(np.average(y, weights=w))
        spread = float(np.sum(w * (t - middle) ** 2))
        if spread > 0:
            slope = float(np.sum(w * (t - middle) * (y - level))) / spread
            drift = float(np.clip(slope, -max_drift, max_drift))
        offset = level - drift * middle
        if np.array_equal(now, used):
            break
        used = now
    residual = (shift_s - offset - drift * time_s)[used]
    t, w = time_s[used], weight[used]
    variance = float(np.sum(w * residual**2) / np.sum(w)) * len(t) / max(1, len(t) - 2)
    variance = max(variance, MIN_SCALE_S**2) * _correlation_factor(residual)
    spread = float(np.sum(w * (t - middle) ** 2))
    return Line(
        offset_s=offset,
        drift=drift,
        middle_s=middle,
        offset_se_s=float(np.sqrt(variance * np.sum(w**2)) / np.sum(w)),
        drift_se=float(np.sqrt(variance * np.sum(w**2 * (t - middle) ** 2)) / spread)
        if spread > 0
        else float("inf"),
        scale_s=scale,
        used=used,
    )


def _correlation_factor(residual: NDArray[np.float64]) -> float:
    """How many windows count as one, from their lag-one correlation; windows overlap by half."""
    if len(residual) < 8:
        return 2.0
    power = float(np.dot(residual, residual))
    rho = float(np.dot(residual[1:], residual[:-1])) / power if power > 0 else 0.5
    rho = float(np.clip(rho, 0.33, 0.9))
    return (1 + rho) / (1 - rho)


def split_lines(
    time_s: NDArray[np.float64],
    shift_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    *,
    max_drift: float,
) -> list[tuple[float, float, Line]]:
    """Fit one line, or several one after another where the windows demand it.

    A stretch is split where two lines leave much less truncated squared error than one: by more
    than a Bayesian information criterion asks for three more parameters, with a wide margin for
    neighbouring windows that err together.

    Returns
    -------
    list of (start_s, end_s, Line)
        In order of time; `used` of each line is over all windows. Empty if no line fits.
    """
    whole = fit_line(time_s, shift_s, weight, max_drift=max_drift)
    if whole is None:
        return []
    pieces: list[tuple[float, float, Line]] = []
    pending = [(0, len(time_s))]
    while pending:
        low, high = pending.pop()
        part = np.s_[low:high]
        line = fit_line(time_s[part], shift_s[part], weight[part], max_drift=max_drift)
        if line is None:
            continue
        cut = _best_cut(time_s[part], shift_s[part], weight[part], line, max_drift)
        if cut is not None:
            # Last in, first out: the earlier half is looked at first.
            pending += [(low + cut, high), (low, low + cut)]
            continue
        used = np.zeros(len(time_s), dtype=np.bool_)
        used[part] = line.used
        pieces.append((float(time_s[low]), float(time_s[high - 1]), _with_used(line, used)))
    return pieces


def _best_cut(
    time_s: NDArray[np.float64],
    shift_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    line: Line,
    max_drift: float,
) -> int | None:
    """Index to split at, or None if one line does."""
    n, least = len(time_s), _MIN_SEGMENT_WINDOWS
    if n < 2 * least:
        return None
    scale = max(line.scale_s, MIN_SCALE_S)
    one = _cost(time_s, shift_s, weight, line, scale)
    need = _MIN_GAIN + 3 * float(np.log(n))
    if one < need:
        return None
    best, best_cost = None, one - need
    step = max(1, n // 48)
    cuts = list(range(least, n - least + 1, step))
    for refined in (False, True):
        for cut in cuts:
            cost = 0.0
            for part in (np.s_[:cut], np.s_[cut:]):
                side = fit_line(time_s[part], shift_s[part], weight[part], max_drift=max_drift)
                if side is None or np.count_nonzero(side.used) < least:
                    cost = np.inf
                    break
                cost += _cost(time_s[part], shift_s[part], weight[part], side, scale)
            if cost < best_cost:
                best, best_cost = cut, cost
        if best is None or refined or step == 1:
            break
        cuts = [c for c in range(best - step + 1, best + step) if least <= c <= n - least]
    return best


def _cost(
    time_s: NDArray[np.float64],
    shift_s: NDArray[np.float64],
    weight: NDArray[np.float64],
    line: Line,
    scale_s: float,
) -> float:
    residual = shift_s - line.at(time_s)
    return float(np.minimum((residual / scale_s) ** 2, _CUT**2) @ weight)


def _with_used(line: Line, used: NDArray[np.bool_]) -> Line:
    return Line(
        offset_s=line.offset_s,
        drift=line.drift,
        middle_s=line.middle_s,
        offset_se_s=line.offset_se_s,
        drift_se=line.drift_se,
        scale_s=line.scale_s,
        used=used,
    )
