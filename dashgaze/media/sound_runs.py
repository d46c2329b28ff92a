"""From decoded frames to runs of sound without a hole.

A recorder stamps each buffer of sound. Where a stamp disagrees with the number of samples so far,
either the stamp jitters or rounds (nothing was lost), or samples are missing or double. The two are
told apart by whether the disagreement lasts.
"""

from collections.abc import Sequence

import numpy as np

from .sound_run import SETTLING_FRAMES, DecodedFrame, Level, Run

# Stamps may disagree with the sample count by this much before samples count as lost or double.
# Rounding to milliseconds (Matroska, WebM) stays under it by far; lost buffers are 10 ms and more.
TOLERANCE_S = 0.005
# A clock is not judged by less.
_CLOCK_SPAN_S = 60.0
# Stamps that leave a hole this long in one file are damaged, not the time of anything.
_LONGEST_HOLE_S = 3600.0


class RunSplitter:
    """Takes decoded frames in stored order and starts a new run where sound is lost or double."""

    def __init__(self, rate_hz: int) -> None:
        self.level = Level()
        self.runs: list[Run] = []
        self._rate_hz = rate_hz
        self._held: list[DecodedFrame] = []
        self._held_s = 0.0

    def add(self, frame: DecodedFrame) -> None:
        """Take the next frame."""
        if not self.runs or self.runs[-1].native_hz != frame.rate_hz:
            self.close()
            self._start_run(frame, continues=False, zero_s=None)
            return
        deviation_s = self._deviation_s(frame, self._held_s)
        if deviation_s is None:
            in_doubt = bool(self._held)
        else:
            in_doubt = abs(deviation_s) > TOLERANCE_S
        if in_doubt:
            self._hold(frame)
        else:
            self._accept_held()
            self.runs[-1].append(frame)

    def close(self) -> None:
        """Decide about the frames that are still in doubt."""
        while self._held:
            self._decide()

    def _deviation_s(self, frame: DecodedFrame, held_s: float) -> float | None:
        next_s = self.runs[-1].next_s
        return None if frame.time_s is None or next_s is None else frame.time_s - next_s - held_s

    def _hold(self, frame: DecodedFrame) -> None:
        self._held.append(frame)
        self._held_s += frame.duration_s
        if len(self._held) >= SETTLING_FRAMES:
            self._decide()

    def _accept_held(self) -> None:
        for frame in self._held:
            self.runs[-1].append(frame)
        self._held, self._held_s = [], 0.0

    def _decide(self) -> None:
        """Take the frames in doubt for jitter, or start a new run with the first of them."""
        before_s = np.cumsum([0.0, *(frame.duration_s for frame in self._held)])
        deviations_s = [
            deviation_s
            for frame, held_s in zip(self._held, before_s, strict=False)
            if (deviation_s := self._deviation_s(frame, held_s)) is not None
        ]
        typical_s = float(np.median(deviations_s))
        run = self.runs[-1]
        if run.next_s is None or abs(typical_s) <= TOLERANCE_S:
            self._accept_held()
            return
        slow = abs(typical_s - run.recent_drift_s) <= TOLERANCE_S
        first, *rest = self._held
        self._held, self._held_s = [], 0.0
        self._start_run(first, continues=slow, zero_s=run.next_s + typical_s)
        for frame in rest:
            self.add(frame)

    def _start_run(self, frame: DecodedFrame, *, continues: bool, zero_s: float | None) -> None:
        run = Run(frame.rate_hz, self._rate_hz, self.level, continues=continues, zero_s=zero_s)
        self.runs.append(run)
        run.append(frame)


def credible_runs(
    runs: Sequence[Run], *, unknown_start_s: float
) -> tuple[list[tuple[float, Run]], float]:
    """Leave out runs whose stamps lead hours away, as damaged ones do.

    Parameters
    ----------
    runs
        All runs of a track.
    unknown_start_s
        Where to put a run of which no frame carries a stamp.

    Returns
    -------
    credible
        The start of each credible run, s, and the run, ascending: those around the longest.
    astray_s
        Length of the others, s.
    """
    placed = sorted(
        ((unknown_start_s if run.start_s is None else run.start_s, run) for run in runs),
        key=lambda start_and_run: start_and_run[0],
    )
    groups: list[list[tuple[float, Run]]] = []
    end_s = -np.inf
    for start_s, run in placed:
        if start_s - end_s > _LONGEST_HOLE_S:
            groups.append([])
        groups[-1].append((start_s, run))
        end_s = max(end_s, start_s + run.duration_s)
    credible = max(groups, key=lambda group: _length_s([run for _, run in group]), default=[])
    return credible, _length_s(runs) - _length_s([run for _, run in credible])


def clock_ppm(runs: Sequence[Run]) -> float | None:
    """Give how much faster the stamps advance than the samples count, parts per million.

    Fitted by least squares over the longest stretch that no jump interrupts; None if none is as
    long as a minute.
    """
    chains: list[list[Run]] = []
    for run in runs:
        if chains and run.continues:
            chains[-1].append(run)
        else:
            chains.append([run])
    longest = max(chains, key=_length_s, default=[])
    if _length_s(longest) < _CLOCK_SPAN_S:
        return None
    starts = np.cumsum([0, *(run.count for run in longest)])
    counted_s = np.concatenate(
        [
            (np.array(run.offsets) + start) / run.native_hz
            for run, start in zip(longest, starts, strict=False)
        ]
    )
    disagreement_s = np.concatenate(
        [
            np.array(run.zeros_s) - start / run.native_hz
            for run, start in zip(longest, starts, strict=False)
        ]
    )
    if len(counted_s) < 2:
        return None
    centred = counted_s - counted_s.mean()
    slope = float(centred @ disagreement_s / (centred @ centred))
    return round(slope * 1e6, 6) + 0.0  # never minus zero


def _length_s(chain: Sequence[Run]) -> float:
    return sum(run.duration_s for run in chain)
