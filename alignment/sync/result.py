"""What the sync by sound found."""

from dataclasses import dataclass
from typing import Literal

from ..time_map import ClockLine, TimeMap

Verdict = Literal["ok", "doubtful", "failed"]


@dataclass(frozen=True, kw_only=True)
class Witness:
    """An independent look at the offset.

    Attributes
    ----------
    method
        ``events``, ``envelope`` or ``motion``.
    disagreement_ms
        Its offset minus the map's, ms; None where it can't tell.
    strength
        Height of its peak over the spread of its curve; None where it can't tell.
    agrees
        Whether it confirms the map; None where it can't tell.
    """

    method: str
    disagreement_ms: float | None
    strength: float | None
    agrees: bool | None


@dataclass(frozen=True, kw_only=True)
class SyncResult:
    """Verdict, map and evidence; the map takes b's (phone's) time to a's (tracker's).

    Attributes
    ----------
    verdict
        ok, doubtful or failed.
    reasons
        Why, in sentences.
    lines
        Stretches of the map; empty if and only if failed.
    windows_total, windows_used
        Windows compared, and those that support the map.
    peak_ratio
        Best peak of the stacked correlation over the best one elsewhere; None without a map.
    residual_mad_ms
        Median absolute deviation of the supporting windows from the map, ms.
    overlap_s
        Common stretch on b's clock, s.
    steps_s
        Times on b's clock at which the map jumps, s: sound was lost without a trace.
    witness
        The second witness; None where none could be asked.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    lines: tuple[ClockLine, ...] = ()
    windows_total: int = 0
    windows_used: int = 0
    peak_ratio: float | None = None
    residual_mad_ms: float | None = None
    overlap_s: float | None = None
    steps_s: tuple[float, ...] = ()
    witness: Witness | None = None

    @property
    def inlier_share(self) -> float | None:
        """Share of windows that support the map; None without windows."""
        return self.windows_used / self.windows_total if self.windows_total else None

    @property
    def time_map(self) -> TimeMap | None:
        """The map from b's clock to a's; None if failed."""
        return TimeMap(self.lines) if self.lines else None
