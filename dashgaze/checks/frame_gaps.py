"""Where frames are missing from a video."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .report import Findings

# An interval longer than this many usual ones is a gap.
GAP_INTERVALS = 1.5
# Single dropped frames are normal for phones; from here on it is worth a look at heat and storage.
_NOTABLE_SHARE = 0.005
_NOTABLE_GAP_S = 0.25


@dataclass(frozen=True, kw_only=True)
class FrameGaps:
    """How evenly frames follow each other.

    Attributes
    ----------
    frame_rate_hz
        One over the median interval.
    gap_count
        Intervals longer than 1.5 median ones.
    lost_count
        Frames that would have filled them.
    lost_share
        Their share of all frames that should be there, 0 … 1.
    longest_s
        Longest interval, s.
    longest_at_s
        When it begins, s.
    """

    frame_rate_hz: float
    gap_count: int
    lost_count: int
    lost_share: float
    longest_s: float
    longest_at_s: float


def find_gaps(time_s: ArrayLike, break_before: ArrayLike | None = None) -> FrameGaps | None:
    """Find where frames are missing.

    Parameters
    ----------
    time_s
        Ascending times of the frames, s, shape (n,).
    break_before
        Whether a new part begins with a frame, shape (n,); the time before it is no gap.

    Returns
    -------
    FrameGaps or None
        None for fewer than three frames.
    """
    times = np.asarray(time_s, dtype=np.float64)
    intervals = np.diff(times)
    starts = times[:-1]
    if break_before is not None:
        inside = ~np.asarray(break_before, dtype=np.bool_)[1:]
        intervals, starts = intervals[inside], starts[inside]
    if len(intervals) < 2:
        return None
    usual_s = float(np.median(intervals))
    if not usual_s > 0:
        return None
    gaps = intervals[intervals > GAP_INTERVALS * usual_s]
    lost = int(np.sum(np.round(gaps / usual_s) - 1))
    longest = int(np.argmax(intervals))
    return FrameGaps(
        frame_rate_hz=1 / usual_s,
        gap_count=len(gaps),
        lost_count=lost,
        lost_share=lost / (len(intervals) + 1 + lost),
        longest_s=float(intervals[longest]),
        longest_at_s=float(starts[longest]),
    )


def note_gaps(
    gaps: FrameGaps, findings: Findings, *, name: str, path: str, least_rate_hz: float
) -> None:
    """Note missing frames and a low frame rate."""
    place = findings.root / path
    if gaps.gap_count:
        notable = gaps.lost_share > _NOTABLE_SHARE or gaps.longest_s > _NOTABLE_GAP_S
        findings.add(
            "warning" if notable else "info",
            "FRAMES-DROPPED",
            f"The {name} video lacks {_counted(gaps.lost_count, 'frame')} "
            f"({gaps.lost_share:.1%}) in {_counted(gaps.gap_count, 'gap')}; the longest is {gaps.longest_s * 1e3:.0f} ms at "
            f"{gaps.longest_at_s:.1f} s, where {1e3 / gaps.frame_rate_hz:.0f} ms are usual.",
            fix="Keep the phone cool, its storage free, and other apps closed." if notable else "",
            path=place,
        )
    if gaps.frame_rate_hz < least_rate_hz:
        findings.add(
            "warning",
            "FRAME-RATE-LOW",
            f"The {name} video has {_below(gaps.frame_rate_hz, least_rate_hz)} frames per second; at least "
            f"{least_rate_hz:.0f} are expected.",
            fix="Lock the frame rate in the camera app; heat and darkness lower it otherwise.",
            path=place,
        )


def _below(rate_hz: float, least_hz: float) -> str:
    """Print a rate with as many digits as show that it is below what is expected."""
    for digits in range(1, 6):
        text = f"{rate_hz:.{digits}f}"
        if float(text) < least_hz:
            return text
    return text


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun if count == 1 else noun + 's'}"
