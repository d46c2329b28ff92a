"""From the phone's clock to the tracker's and back."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, kw_only=True)
class ClockLine:
    """One stretch of a time map: ``t_tracker = offset_s + (1 + drift_ppm · 1e-6) · t_phone``.

    Attributes
    ----------
    phone_start_s, phone_end_s
        The stretch on the phone's clock, s.
    offset_s
        Tracker time at phone time zero, s.
    drift_ppm
        By how much the tracker's clock runs faster, parts per million.
    offset_se_ms
        Standard error of the mapped time at the middle of the stretch, ms; NaN if unknown.
    drift_se_ppm
        Standard error of the drift, parts per million; NaN if unknown.
    """

    phone_start_s: float
    phone_end_s: float
    offset_s: float
    drift_ppm: float
    offset_se_ms: float = float("nan")
    drift_se_ppm: float = float("nan")

    @property
    def rate(self) -> float:
        """Tracker seconds per phone second."""
        return 1.0 + self.drift_ppm * 1e-6

    @property
    def middle_s(self) -> float:
        """Middle of the stretch on the phone's clock, s."""
        return (self.phone_start_s + self.phone_end_s) / 2


class TimeMap:
    """A piecewise linear map between the clocks; outside of all stretches the nearest continues.

    Parameters
    ----------
    lines
        One or more stretches, ascending and without overlap.
    """

    def __init__(self, lines: Sequence[ClockLine]) -> None:
        if not lines:
            raise ValueError("a time map needs at least one stretch")
        for before, after in itertools.pairwise(lines):
            if after.phone_start_s < before.phone_end_s:
                raise ValueError("the stretches of a time map have to ascend without overlap")
        self.lines = tuple(lines)
        self._offset_s = np.array([line.offset_s for line in lines])
        self._rate = np.array([line.rate for line in lines])
        # Between two stretches the nearer one holds.
        self._phone_edge_s = np.array(
            [(a.phone_end_s + b.phone_start_s) / 2 for a, b in itertools.pairwise(lines)]
        )
        before = self._offset_s[:-1] + self._rate[:-1] * self._phone_edge_s
        after = self._offset_s[1:] + self._rate[1:] * self._phone_edge_s
        # At a step the two maps leave or doubly cover a stretch of tracker time; split it evenly.
        self._tracker_edge_s = (before + after) / 2

    def tracker_s(self, phone_s: ArrayLike) -> NDArray[np.float64]:
        """Map phone times to tracker times, s, any shape."""
        t = np.asarray(phone_s, dtype=np.float64)
        i = np.searchsorted(self._phone_edge_s, t, side="right")
        return np.asarray(self._offset_s[i] + self._rate[i] * t)

    def phone_s(self, tracker_s: ArrayLike) -> NDArray[np.float64]:
        """Map tracker times to phone times, s, any shape."""
        t = np.asarray(tracker_s, dtype=np.float64)
        i = np.searchsorted(self._tracker_edge_s, t, side="right")
        return np.asarray((t - self._offset_s[i]) / self._rate[i])

    def standard_error_ms(self, phone_s: ArrayLike) -> NDArray[np.float64]:
        """Give the standard error of the mapped time at phone times, ms, any shape; NaN if unknown."""
        t = np.asarray(phone_s, dtype=np.float64)
        i = np.searchsorted(self._phone_edge_s, t, side="right")
        offset = np.array([line.offset_se_ms for line in self.lines])[i]
        slope = np.array([line.drift_se_ppm for line in self.lines])[i]
        middle = np.array([line.middle_s for line in self.lines])[i]
        return np.asarray(np.hypot(offset, slope * 1e-3 * (t - middle)))

    def inverted(self) -> "TimeMap":
        """Give the same map with the roles of the clocks exchanged."""
        lines = []
        for line in self.lines:
            rate = 1.0 / line.rate
            edges = [line.offset_s + line.rate * t for t in (line.phone_start_s, line.phone_end_s)]
            lines.append(
                ClockLine(
                    phone_start_s=edges[0],
                    phone_end_s=edges[1],
                    offset_s=-line.offset_s * rate,
                    drift_ppm=(rate - 1.0) * 1e6,
                    offset_se_ms=line.offset_se_ms * rate,
                    drift_se_ppm=line.drift_se_ppm * rate * rate,
                )
            )
        # A step back in time makes stretches overlap on the other clock; cut at the middle.
        for i, (a, b) in enumerate(itertools.pairwise(lines)):
            if b.phone_start_s < a.phone_end_s:
                edge = (a.phone_end_s + b.phone_start_s) / 2
                lines[i] = _with_range(a, a.phone_start_s, edge)
                lines[i + 1] = _with_range(b, edge, b.phone_end_s)
        return TimeMap(lines)


def _with_range(line: ClockLine, start_s: float, end_s: float) -> ClockLine:
    return ClockLine(
        phone_start_s=start_s,
        phone_end_s=end_s,
        offset_s=line.offset_s,
        drift_ppm=line.drift_ppm,
        offset_se_ms=line.offset_se_ms,
        drift_se_ppm=line.drift_se_ppm,
    )
