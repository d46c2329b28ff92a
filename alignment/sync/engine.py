"""Sync by sound: from two recordings to a time map with a verdict.

1. Both sounds are whitened (`whitening`).
2. Blocks of the shorter one are looked for all over the longer one (`anchors`): a coarse line.
3. Short windows around that line are compared blindly (`windows`).
4. A robust line, or several, goes through what they say (`robust_line`).
5. What is left unexplained is searched again nearby: sound may be missing (`recovery`).
6. A second witness is asked (`envelope`), and a verdict reached (`verdict`).

The two recordings play the same part whichever is named first: inside, the longer one rules.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from dashgaze.media import Sound
from dashgaze.progress import Progress, part_of, silent

from ..time_map import ClockLine, TimeMap
from .anchors import CoarseLine, coarse_lines
from .options import OffsetPrior, SyncOptions
from .recovery import search_again, supporting
from .result import SyncResult
from .robust_line import Line, fit_line, split_lines
from .stack import aligned_curves, high_band_shift_s, peak_ratio, windows_by_stack
from .verdict import Evidence, judge, refuse
from .whitening import Whitened, whiten
from .windows import Blocks, Windows, correlate_blocks, find_windows
from .witness import confirmed_by_events, envelope_witness

MIN_OVERLAP_S = 15.0
"""Recordings that share less are refused, s."""

PATH_SE_MS = 1.0
"""What sound itself leaves open, ms (1 sigma): differences in path; 0.34 m are 1 ms."""

LOW_BAND_SE_MS = 1.2
"""What is added where no sound above the phone's high-pass was in common, ms (1 sigma)."""

PATH_DRIFT_SE_S = 0.0003
"""By how much such differences change from one end of a stretch to the other, s (1 sigma)."""


def sync_sounds(
    a: Sound,
    b: Sound,
    *,
    options: SyncOptions | None = None,
    prior: OffsetPrior | None = None,
    events_a_s: Sequence[float] = (),
    progress: Progress = silent,
) -> SyncResult:
    """Align two recordings of one scene by their sound.

    Parameters
    ----------
    a, b
        The recordings (tracker and phone), on their own time lines, at a common multiple of 8 kHz.
    options
        What to search for.
    prior
        What the wall clocks say; looked at first, never trusted alone.
    events_a_s
        When claps or chirps were logged, on a's time line, s: the best second witness.
    progress
        Is told how far the work is.

    Returns
    -------
    SyncResult
        Lines map b's time to a's: ``t_a = offset + (1 + drift) · t_b``. Swapping a and b gives the
        inverse map, exactly.
    """
    options = options or SyncOptions()
    swapped = _rules(a, b)
    ruled, ruling = (b, a) if swapped else (a, b)
    progress("whitening", 0.0)
    pair = _Pair(ruled=whiten(ruled), ruling=whiten(ruling))
    reason = _unusable(pair, ("b", "a") if swapped else ("a", "b"))
    if reason:
        return SyncResult(verdict="failed", reasons=(reason,))
    result: SyncResult | None = None
    for shift_range_s in _ranges(options, prior, swapped):
        found = _align(pair, ruled, ruling, shift_range_s, options, part_of(progress, 0.05, 1.0))
        if result is None or _rank(found) > _rank(result):
            result = found
        if found.verdict == "ok":
            break
    if result is None:
        raise ValueError("no range to search")
    result = _inverted(result) if swapped else result
    progress("done", 1.0)
    return confirmed_by_events(result, a, b, events_a_s) if events_a_s else result


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """Whitened recordings: `ruling` is the longer one, on whose clock all is computed."""

    ruled: Whitened
    ruling: Whitened

    def overlap(self, line: CoarseLine) -> tuple[float, float]:
        """Give the common stretch under a line, on the ruling clock, s."""
        rate = 1 + line.drift_ppm * 1e-6
        start_s = (self.ruled.start_s - line.offset_s) / rate
        end_s = (self.ruled.end_s - line.offset_s) / rate
        return max(self.ruling.start_s, start_s), min(self.ruling.end_s, end_s)


def _rules(a: Sound, b: Sound) -> bool:
    """Whether a takes the part of the ruling recording: the longer, else by content."""
    if len(a.samples) != len(b.samples):
        return len(a.samples) > len(b.samples)
    digests = [
        hashlib.blake2b(np.ascontiguousarray(sound.samples).data).digest() for sound in (a, b)
    ]
    return digests[0] > digests[1]


def _unusable(pair: _Pair, names: tuple[str, str]) -> str:
    for sound, name in zip((pair.ruled, pair.ruling), names, strict=True):
        which = {"a": "first", "b": "second"}[name]
        if sound.heard_s < MIN_OVERLAP_S:
            return (
                f"The {which} recording holds {sound.heard_s:.1f} s of sound above digital "
                f"silence; at least {MIN_OVERLAP_S:.0f} s are needed."
            )
    return ""


def _ranges(
    options: SyncOptions, prior: OffsetPrior | None, swapped: bool
) -> list[tuple[float, float] | None]:
    """Ranges of the shift to search, one after another, until one gives an ok."""
    full = None if options.search_s is None else (-options.search_s, options.search_s)
    if prior is None:
        return [full]
    reach_s = max(5.0, 3 * prior.sigma_s)
    middle_s = -prior.offset_s if swapped else prior.offset_s
    near = (middle_s - reach_s, middle_s + reach_s)
    if full is not None:
        near = (max(near[0], full[0]), min(near[1], full[1]))
    return [near, full] if near[0] < near[1] else [full]


def _rank(result: SyncResult) -> tuple[int, float]:
    return {"failed": 0, "doubtful": 1, "ok": 2}[result.verdict], result.inlier_share or 0.0


def _align(
    pair: _Pair,
    ruled: Sound,
    ruling: Sound,
    shift_range_s: tuple[float, float] | None,
    options: SyncOptions,
    progress: Progress,
) -> SyncResult:
    coarse = coarse_lines(
        pair.ruled,
        pair.ruling,
        shift_range_s=shift_range_s,
        max_drift_ppm=options.max_drift_ppm,
        progress=part_of(progress, 0.0, 0.6),
    )
    if not coarse:
        return refuse("No stretch of sound was found in both recordings.")
    span_s = pair.overlap(coarse[0])
    if span_s[1] - span_s[0] < MIN_OVERLAP_S:
        return refuse(
            f"The best match leaves only {max(0.0, span_s[1] - span_s[0]):.1f} s of common time; "
            f"at least {MIN_OVERLAP_S:.0f} s are needed."
        )
    max_drift = options.max_drift_ppm * 1e-6
    blocks, windows = _compare(pair, coarse[0], span_s, part_of(progress, 0.6, 0.85))
    # With the drift known better, the windows are compared once more, and are sharper.
    first = fit_line(windows.time_s, windows.shift_s, windows.weight(), max_drift=max_drift)
    if first is not None and abs(first.drift * 1e6 - coarse[0].drift_ppm) > 5:
        better = replace(coarse[0], offset_s=first.offset_s, drift_ppm=first.drift * 1e6)
        blocks, windows = _compare(pair, better, span_s, part_of(progress, 0.85, 0.9))
    blocks, windows = search_again(pair.ruled, pair.ruling, blocks, windows, max_drift=max_drift)
    pieces = split_lines(windows.time_s, windows.shift_s, windows.weight(), max_drift=max_drift)
    if not pieces:
        return refuse("The windows of both recordings agree on no line.", total=len(windows.time_s))
    time_map = TimeMap(_clock_lines(pieces, span_s))
    curves = aligned_curves(blocks, time_map)
    sharper = windows_by_stack(blocks, curves, windows, time_map)
    again = split_lines(sharper.time_s, sharper.shift_s, sharper.weight(), max_drift=max_drift)
    if len(again) == len(pieces):
        windows, pieces = sharper, again
    lines = _clock_lines(pieces, span_s)
    time_map = TimeMap(lines)
    residual_s = windows.time_s + windows.shift_s - time_map.tracker_s(windows.time_s)
    used = supporting(residual_s, windows.height)
    high_shift_s = high_band_shift_s(blocks, time_map)
    lines = tuple(
        replace(line, offset_se_ms=float(np.hypot(line.offset_se_ms, LOW_BAND_SE_MS)))
        if high_shift_s is None
        else replace(line, offset_s=line.offset_s + high_shift_s)
        for line in lines
    )
    time_map = TimeMap(lines)
    progress("asking a second witness", 0.9)
    witness = envelope_witness(ruled, ruling, time_map)
    return judge(
        Evidence(
            lines=lines,
            time_s=windows.time_s,
            residual_s=residual_s,
            height=windows.height,
            used=used,
            peak_ratio=peak_ratio(curves),
            span_s=span_s,
            witness=witness,
            max_drift_ppm=options.max_drift_ppm,
        )
    )


def _compare(
    pair: _Pair, line: CoarseLine, span_s: tuple[float, float], progress: Progress = silent
) -> tuple[Blocks, Windows]:
    blocks = correlate_blocks(pair.ruled, pair.ruling, line.shift_at, span_s, progress=progress)
    return blocks, find_windows(blocks)


def _clock_lines(
    pieces: list[tuple[float, float, Line]], span_s: tuple[float, float]
) -> tuple[ClockLine, ...]:
    """Stretches that fill the common time; they meet midway between their windows."""
    edges = [span_s[0]]
    edges += [(a[1] + b[0]) / 2 for a, b in pairwise(pieces)]
    edges.append(span_s[1])
    lines = []
    for (start_s, end_s), (_, _, line) in zip(pairwise(edges), pieces, strict=True):
        middle_s = (start_s + end_s) / 2
        away_s = middle_s - line.middle_s
        drift_se = float(np.hypot(line.drift_se, PATH_DRIFT_SE_S / max(end_s - start_s, 1.0)))
        offset_se_s = float(np.hypot(line.offset_se_s, drift_se * away_s))
        lines.append(
            ClockLine(
                phone_start_s=start_s,
                phone_end_s=end_s,
                offset_s=line.offset_s,
                drift_ppm=line.drift * 1e6,
                offset_se_ms=float(np.hypot(offset_se_s * 1e3, PATH_SE_MS)),
                drift_se_ppm=drift_se * 1e6,
            )
        )
    return tuple(lines)


def _inverted(result: SyncResult) -> SyncResult:
    """Exchange the roles of the recordings."""
    time_map = result.time_map
    if time_map is None:
        return result
    witness = result.witness
    if witness is not None and witness.disagreement_ms is not None:
        witness = replace(witness, disagreement_ms=-witness.disagreement_ms)
    overlap_s = result.overlap_s
    return replace(
        result,
        lines=time_map.inverted().lines,
        steps_s=tuple(float(t) for t in time_map.tracker_s(np.array(result.steps_s))),
        overlap_s=None if overlap_s is None else overlap_s * time_map.lines[0].rate,
        witness=witness,
    )
