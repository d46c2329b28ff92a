"""From evidence to a verdict, with reasons."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..time_map import ClockLine, TimeMap
from .recovery import runs
from .result import SyncResult, Verdict, Witness

# Thresholds: `scripts/bench_sync.py` on simulated drives and on recordings that share nothing.
OK_SHARE = 0.35
FAILED_SHARE = 0.2
MIN_WINDOWS = 5
OK_PEAK_RATIO = 1.6
FAILED_PEAK_RATIO = 1.2
OK_MAD_MS = 1.5
OK_END_SE_MS = 8.0
STEP_S = 0.005
STRAY_S = 0.01
STRAY_HEIGHT = 7.0
STRAY_WINDOWS = 3
STRAY_WINDOWS_AT_ENDS = 2
BARE_S = 45.0
BARE_SHARE = 0.15


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a verdict rests on; windows as arrays of shape (n,).

    Attributes
    ----------
    lines
        The map from the ruling clock.
    time_s, residual_s, height
        Of each window: its time, its distance from the map, and how its peak stands out.
    used
        Which windows support the map.
    peak_ratio
        Best peak of the stacked correlation over the best one elsewhere.
    span_s
        Common stretch, s.
    witness
        The second witness.
    max_drift_ppm
        Largest drift that was searched.
    """

    lines: tuple[ClockLine, ...]
    time_s: NDArray[np.float64]
    residual_s: NDArray[np.float64]
    height: NDArray[np.float64]
    used: NDArray[np.bool_]
    peak_ratio: float
    span_s: tuple[float, float]
    witness: Witness | None
    max_drift_ppm: float


def refuse(reason: str, *, total: int = 0) -> SyncResult:
    """Give a result without a map."""
    return SyncResult(verdict="failed", reasons=(reason,), windows_total=total)


def judge(evidence: Evidence) -> SyncResult:
    """Reach a verdict: failed without a map, doubtful or ok with one."""
    total, used = len(evidence.used), int(np.count_nonzero(evidence.used))
    share = used / total
    failures = []
    if used < MIN_WINDOWS or share < FAILED_SHARE:
        failures.append(
            f"Only {used} of {total} windows of sound agree; unrelated recordings do as well."
        )
    if evidence.peak_ratio < FAILED_PEAK_RATIO:
        failures.append(
            f"Another offset fits about as well (peak ratio {evidence.peak_ratio:.2f}), as with "
            "a steady engine or nothing in common."
        )
    steps_s = _steps(evidence.lines)
    doubts = _doubts(evidence, share, steps_s)
    verdict: Verdict = "failed" if failures else "doubtful" if doubts else "ok"
    mad_ms = float(np.median(np.abs(evidence.residual_s[evidence.used]))) * 1e3 if used else None
    return SyncResult(
        verdict=verdict,
        reasons=tuple(failures or doubts),
        lines=() if failures else evidence.lines,
        windows_total=total,
        windows_used=used,
        peak_ratio=evidence.peak_ratio,
        residual_mad_ms=mad_ms,
        overlap_s=evidence.span_s[1] - evidence.span_s[0],
        steps_s=() if failures else steps_s,
        witness=evidence.witness,
    )


def _doubts(evidence: Evidence, share: float, steps_s: tuple[float, ...]) -> list[str]:
    doubts = []
    if share < OK_SHARE:
        doubts.append(f"Only {share:.0%} of the windows of sound agree; {OK_SHARE:.0%} are usual.")
    if evidence.peak_ratio < OK_PEAK_RATIO:
        doubts.append(
            f"Another offset fits almost as well (peak ratio {evidence.peak_ratio:.2f}, expected "
            f"{OK_PEAK_RATIO} or more)."
        )
    for at_s in steps_s:
        before, after = (
            line
            for pair in pairwise(evidence.lines)
            if pair[0].phone_end_s == at_s
            for line in pair
        )
        size_ms = _jump_s(before, after) * 1e3
        doubts.append(
            f"The offset jumps by {size_ms:+.0f} ms about {at_s:.0f} s into the recording: one "
            "device lost sound without a trace, and its pictures may not have moved with it."
        )
    residual_ms = np.abs(evidence.residual_s[evidence.used]) * 1e3
    if len(residual_ms) and float(np.median(residual_ms)) > OK_MAD_MS:
        doubts.append(f"The windows scatter by {float(np.median(residual_ms)):.1f} ms.")
    ends = TimeMap(evidence.lines).standard_error_ms(np.array(evidence.span_s))
    if float(ends.max()) > OK_END_SE_MS:
        doubts.append(f"At the ends of the drive the clocks are known to {ends.max():.0f} ms only.")
    if any(abs(line.drift_ppm) > 0.98 * evidence.max_drift_ppm for line in evidence.lines):
        doubts.append(
            f"The drift lies at the limit of {evidence.max_drift_ppm:.0f} ppm that was searched."
        )
    strays = (np.abs(evidence.residual_s) > STRAY_S) & (evidence.height >= STRAY_HEIGHT)
    for start, stop in runs(strays, STRAY_WINDOWS, at_ends=STRAY_WINDOWS_AT_ENDS):
        doubts.append(
            f"From {evidence.time_s[start]:.0f} to {evidence.time_s[stop - 1]:.0f} s the sound "
            "fits another offset better."
        )
    length_s = evidence.span_s[1] - evidence.span_s[0]
    for start_s, end_s in _unsupported(evidence):
        if end_s - start_s > max(BARE_S, BARE_SHARE * length_s):
            doubts.append(
                f"From {start_s:.0f} to {end_s:.0f} s nothing in the sound supports the map: "
                "a loss of sound there would go unseen."
            )
    witness = evidence.witness
    if witness is not None and witness.agrees is False and witness.disagreement_ms is not None:
        doubts.append(
            f"The second witness ({witness.method}) disagrees by {witness.disagreement_ms:+.0f} ms."
        )
    return doubts


def _unsupported(evidence: Evidence) -> list[tuple[float, float]]:
    """Stretches of the common time without a window that supports the map, s."""
    known_s = evidence.time_s[evidence.used]
    edges_s = [evidence.span_s[0], *known_s.tolist(), evidence.span_s[1]]
    return list(pairwise(edges_s))


def _steps(lines: tuple[ClockLine, ...]) -> tuple[float, ...]:
    """Edges at which the map jumps, as against bends, which are a drift that changes."""
    return tuple(a.phone_end_s for a, b in pairwise(lines) if abs(_jump_s(a, b)) > STEP_S)


def _jump_s(before: ClockLine, after: ClockLine) -> float:
    edge_s = before.phone_end_s
    return (after.offset_s + after.rate * edge_s) - (before.offset_s + before.rate * edge_s)
