"""Tables of scores of saliency maps, and their means over sessions."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ..contract.finding import Estimate, TableOfRows
from ..contract.study import BoolArray
from ..statistics.cells import CellTable
from ..statistics.comparison import Comparison
from ..statistics.within import mean_of_sessions
from .map_scores import METRICS, SOURCES, SessionScores

FEWEST_FRAMES = 10
"""Frames of a session in a group below which it does not count there."""

UNITS = {"information_gain_bits": "bits", "kl_nats": "nats"}


def over_sessions(
    scored: Sequence[SessionScores],
    value: Callable[[SessionScores], float],
    *,
    unit: str = "",
    null: float = 0.0,
) -> Comparison:
    """Give the mean over sessions of a number of each."""
    table = CellTable.of(
        (each.frames.session_id, each.frames.driver_id, 0.0, value(each), 1.0) for each in scored
    )
    return mean_of_sessions(table, unit=unit, null=null, least_minutes=0.0)


def mean_score(
    scored: Sequence[SessionScores],
    source: str,
    metric: str,
    groups: Mapping[str, BoolArray] | None = None,
) -> Comparison:
    """Give the mean over sessions of a score, of some of their frames if groups are given."""

    def value(each: SessionScores) -> float:
        rows = None if groups is None else groups.get(each.frames.session_id)
        if groups is not None and (rows is None or int(rows.sum()) < FEWEST_FRAMES):
            return float("nan")
        return each.mean(source, metric, rows)

    return over_sessions(scored, value, unit=UNITS.get(metric, ""))


def source_table(scored: Sequence[SessionScores]) -> TableOfRows:
    """Give all scores of the maps and of the baselines."""
    return TableOfRows(
        name="saliency_scores",
        caption="Scores of the maps, and of what knows nothing of the frame, on the same frames. Means over "
        f"{len(scored)} sessions of {driver_count(scored)} drivers, with 95 % intervals.",
        columns=("source", *METRICS.values()),
        rows=tuple(
            (words, *(_shown(mean_score(scored, source, metric).estimate) for metric in METRICS))
            for source, words in SOURCES.items()
        ),
    )


def session_table(scored: Sequence[SessionScores]) -> TableOfRows:
    """Give the scores of the maps session by session."""
    return TableOfRows(
        name="saliency_sessions",
        caption="Scores of the maps session by session.",
        columns=(
            "session",
            "driver",
            "frames with gaze",
            "with a map",
            "scored",
            "empty maps",
            *METRICS.values(),
            "NSS of other drivers' gaze",
        ),
        rows=tuple(
            (
                each.frames.session_id,
                each.frames.driver_id,
                each.eligible,
                each.with_map,
                len(each.frames),
                each.empty,
                *(_rounded(each.mean("maps", metric)) for metric in METRICS),
                _rounded(each.mean("others", "nss")),
            )
            for each in scored
        ),
    )


def driver_table(scored: Sequence[SessionScores]) -> TableOfRows:
    """Give the scores of the maps driver by driver."""
    drivers: dict[str, list[SessionScores]] = {}
    for each in scored:
        drivers.setdefault(each.frames.driver_id, []).append(each)
    return TableOfRows(
        name="saliency_drivers",
        caption="Scores of the maps driver by driver: means of their sessions, descriptive.",
        columns=("driver", "sessions", *METRICS.values()),
        rows=tuple(
            (
                name,
                len(mine),
                *(
                    _rounded(float(np.mean([each.mean("maps", metric) for each in mine])))
                    for metric in METRICS
                ),
            )
            for name, mine in sorted(drivers.items())
        ),
    )


def group_table(
    scored: Sequence[SessionScores],
    name: str,
    caption: str,
    groups_of: Callable[..., Mapping[str, BoolArray]],
) -> TableOfRows | None:
    """Give scores by groups of frames; None if no frame is in any."""
    by_group: dict[str, dict[str, BoolArray]] = {}
    for each in scored:
        for group, rows in groups_of(each.frames).items():
            by_group.setdefault(group, {})[each.frames.session_id] = rows
    rows_shown = []
    for group, sessions in by_group.items():
        counted = [int(rows.sum()) for rows in sessions.values()]
        if not any(counted):
            continue
        cells = [
            _shown(mean_score(scored, source, metric, sessions).estimate)
            for metric in ("information_gain_bits", "nss", "shuffled_auc")
            for source in ("maps", "others", "centre")
            if (metric, source) != ("information_gain_bits", "others")
        ]
        enough = sum(count >= FEWEST_FRAMES for count in counted)
        rows_shown.append((group, sum(counted), enough, *cells))
    if not rows_shown:
        return None
    return TableOfRows(
        name=name,
        caption=f"{caption} Means over sessions with at least {FEWEST_FRAMES} such frames, with 95 % intervals. "
        "Places where gaze is rare score low for all that knows where gaze is usual: compare along a row.",
        columns=(
            "gaze",
            "frames",
            "sessions",
            "IG of maps (bits)",
            "IG of centre (bits)",
            "NSS of maps",
            "NSS of others' gaze",
            "NSS of centre",
            "s-AUC of maps",
            "s-AUC of others' gaze",
            "s-AUC of centre",
        ),
        rows=tuple(rows_shown),
    )


def _shown(estimate: Estimate | None) -> str | None:
    if estimate is None or estimate.value is None:
        return None
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.3f}"
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def _rounded(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None


def driver_count(scored: Sequence[SessionScores]) -> int:
    """Count the drivers."""
    return len({each.frames.driver_id for each in scored})
