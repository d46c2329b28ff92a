"""What the sounds say of the time map: the correlation around it, and how far single windows are off.

``time_map.json`` keeps the figures and the verdict; the curve behind them is computed here again, from the
sound along the map that stands. It can be drawn for a map set by hand as well.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.sync.recovery import supporting
from dashgaze.alignment.sync.stack import aligned_curves
from dashgaze.alignment.sync.whitening import RATE_HZ, Whitened
from dashgaze.alignment.sync.windows import Blocks, correlate_blocks, find_windows
from dashgaze.alignment.time_map import TimeMap
from dashgaze.progress import Progress

LEAST_OVERLAP_S = 5.0
"""Recordings that share less are not compared, s."""

_CURVE_POINTS = 301
_PEAK_REACH_S = 0.008


@dataclass(frozen=True, kw_only=True, eq=False)
class SyncEvidence:
    """Correlation of the two sounds along the time map.

    Attributes
    ----------
    lag_ms
        How much later the tracker's sound is than the map says, shape (m,), ms.
    curve
        Correlation, all windows laid over each other, as a share of its peak: of each range of lags the
        value farthest from zero; shape (m,).
    peak_lag_ms
        Where the curve is highest, ms.
    peak_ratio
        That peak over the highest one further than 8 ms away from the map; None if there is none.
    window_time_s
        Middles of the windows on the phone's clock, shape (n,), s.
    residual_ms
        How far each window is off the map, shape (n,), ms.
    supports
        Whether it supports the map, shape (n,).
    """

    lag_ms: NDArray[np.float64]
    curve: NDArray[np.float64]
    peak_lag_ms: float
    peak_ratio: float | None
    window_time_s: NDArray[np.float64]
    residual_ms: NDArray[np.float64]
    supports: NDArray[np.bool_]

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        return {
            "peak_lag_ms": self.peak_lag_ms,
            "peak_ratio": self.peak_ratio,
            "window_count": len(self.supports),
            "supporting_count": int(np.count_nonzero(self.supports)),
            "windows": [
                {"phone_s": round(t, 2), "residual_ms": round(r, 3), "supports": bool(s)}
                for t, r, s in zip(
                    self.window_time_s.tolist(),
                    self.residual_ms.tolist(),
                    self.supports,
                    strict=True,
                )
            ],
        }


def compare_sounds(
    tracker: Whitened, phone: Whitened, time_map: TimeMap, progress: Progress
) -> SyncEvidence | None:
    """Correlate two sounds along a time map.

    Parameters
    ----------
    tracker, phone
        Whitened sounds, each on its own clock.
    time_map
        From the phone's clock to the tracker's.
    progress
        Where to report to.

    Returns
    -------
    SyncEvidence or None
        None where they share less than five seconds, or nothing is heard in them.
    """
    edges_s = time_map.phone_s(np.array([tracker.start_s, tracker.end_s]))
    span_s = (max(phone.start_s, float(edges_s[0])), min(phone.end_s, float(edges_s[1])))
    if span_s[1] - span_s[0] < LEAST_OVERLAP_S:
        return None
    blocks = correlate_blocks(
        tracker, phone, lambda t: time_map.tracker_s(t) - t, span_s, progress=progress
    )
    if not len(blocks.time_s):
        return None
    windows = find_windows(blocks)
    expected_s = time_map.tracker_s(windows.time_s) - windows.time_s
    residual_s = windows.shift_s - expected_s
    return _evidence(
        blocks,
        time_map,
        windows.time_s,
        residual_s,
        np.asarray(supporting(residual_s, windows.height), dtype=np.bool_)
        if len(residual_s)
        else np.zeros(0, dtype=np.bool_),
    )


def _evidence(
    blocks: Blocks,
    time_map: TimeMap,
    window_time_s: NDArray[np.float64],
    residual_s: NDArray[np.float64],
    supports: NDArray[np.bool_],
) -> SyncEvidence | None:
    stack = aligned_curves(blocks, time_map).sum(axis=0)
    reach = len(stack) // 2
    highest = float(np.abs(stack).max())
    if not highest > 0:
        return None
    top = int(np.argmax(stack))
    guard = round(_PEAK_REACH_S * RATE_HZ)
    away = np.concatenate([stack[: reach - guard], stack[reach + guard + 1 :]])
    near = float(stack[reach - guard : reach + guard + 1].max())
    lag_ms, curve = _thinned(stack / highest, reach)
    return SyncEvidence(
        lag_ms=lag_ms,
        curve=curve,
        peak_lag_ms=(top - reach) / RATE_HZ * 1e3,
        peak_ratio=near / float(away.max()) if len(away) and float(away.max()) > 0 else None,
        window_time_s=window_time_s,
        residual_ms=residual_s * 1e3,
        supports=supports,
    )


def _thinned(
    curve: NDArray[np.float64], reach: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give a curve in fewer points, of which each is the extreme of its range: no peak is lost."""
    edges = np.linspace(0, len(curve), _CURVE_POINTS + 1).round().astype(np.int64)
    places = np.array([a + int(np.argmax(np.abs(curve[a:b]))) for a, b in pairwise(edges.tolist())])
    return (places - reach) / RATE_HZ * 1e3, curve[places]
