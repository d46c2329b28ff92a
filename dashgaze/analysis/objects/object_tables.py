"""Tables of gaze on objects: by session, by driver, by traffic and class, and what to expect."""

from collections.abc import Sequence

import numpy as np

from ..contract.finding import Estimate, TableOfRows
from ..study.traffic import TRAFFIC
from .expected_hits import expected_hit_share
from .hits import RULES
from .object_shares import What, share_of
from .ratio_to_chance import MAIN_RULE, ratio_to_chance
from .session_hits import SessionHits

Cell = str | float | int | None
_MAIN_PLACE = RULES.index(MAIN_RULE)
_WHATS: tuple[What, ...] = ("looks", "fixations", "chance")


def session_table(sessions: Sequence[SessionHits], rule_words: str) -> TableOfRows:
    """Give a row for each session: shares by the three rules, chance, and its own ratio.

    Parameters
    ----------
    sessions
        The sessions.
    rule_words
        What the main rule is called.
    """
    rows = []
    for each in sessions:
        chance = each.chance.look_share[:, 0]
        rows.append(
            (
                each.session_id,
                each.driver_id,
                round(float(each.seconds[0]) / 60, 2),
                *(_rounded(value) for value in each.counts.look_share[:, 0]),
                *(_rounded(value) for value in each.counts.fixation_share[:, 0]),
                *(_rounded(value) for value in chance),
                round(float(each.matched_seconds[0]) / 60, 2),
                _rounded(each.area[0]),
                _rounded(float(np.exp(each.log_ratio(_MAIN_PLACE, 0)))),
                round(each.boxes_a_picture, 2),
                each.error_deg,
                each.bend_source,
            )
        )
    return TableOfRows(
        name="objects_by_session",
        caption="Shares of looks and of fixations on objects, by chance, and the ratio to chance "
        f"({rule_words}) of the looks that have other moments like theirs.",
        columns=(
            "session",
            "driver",
            "gaze (min)",
            *(f"looks, {rule}" for rule in RULES),
            *(f"fixations, {rule}" for rule in RULES),
            *(f"chance, {rule}" for rule in RULES),
            "with chance (min)",
            "area",
            "ratio to chance",
            "boxes a picture",
            "tracker error (deg)",
            "bends from",
        ),
        rows=tuple(rows),
    )


def driver_table(sessions: Sequence[SessionHits]) -> TableOfRows:
    """Give a row for each driver: shares by the main rule, and the ratio to chance."""
    rows: list[tuple[Cell, ...]] = []
    for driver in sorted({each.driver_id for each in sessions}):
        own = [each for each in sessions if each.driver_id == driver]
        rows.append((driver, *_summary(own, "all")))
    return TableOfRows(
        name="objects_by_driver",
        caption=f"Gaze on objects by driver (rule: {MAIN_RULE}). Intervals (95 %) are over the driver's sessions, from five on.",
        columns=("driver", *_SUMMARY_COLUMNS),
        rows=tuple(rows),
    )


def traffic_table(sessions: Sequence[SessionHits], kinds: Sequence[str]) -> TableOfRows:
    """Give a row for all, for each level of traffic and for each class."""
    rows: list[tuple[Cell, ...]] = [("all", *_summary(sessions, "all"))]
    rows += [(f"{level} traffic", *_summary(sessions, f"traffic {level}")) for level in TRAFFIC]
    rows += [(f"class {kind}", *_summary(sessions, f"class {kind}")) for kind in kinds]
    return TableOfRows(
        name="objects_by_traffic",
        caption=f"Gaze on objects by traffic and by class (rule: {MAIN_RULE}), with 95 % intervals over drivers and sessions.",
        columns=("gaze", *_SUMMARY_COLUMNS),
        rows=tuple(rows),
    )


_SUMMARY_COLUMNS = (
    "sessions",
    "drivers",
    "gaze (min)",
    "looks (%)",
    "fixations (%)",
    "looks by chance (%)",
    "ratio to chance",
)


def _summary(sessions: Sequence[SessionHits], group: str) -> tuple[Cell, ...]:
    own = [(each, place) for each in sessions if (place := each.place(group)) is not None]
    cells: list[Cell] = [
        len(own),
        len({each.driver_id for each, _ in own}),
        round(sum(float(each.seconds[place]) for each, place in own) / 60, 1),
    ]
    for what in _WHATS:
        cells.append(_with_interval(share_of(sessions, MAIN_RULE, what, group), 100.0, 1))
    ratio = ratio_to_chance(sessions, group).comparison.estimate
    return (*cells, _with_interval(ratio, 1.0, 2))


def _with_interval(found: Estimate | None, scale: float, digits: int) -> str | None:
    if found is None or found.value is None:
        return None
    value, low, high = (
        None if each is None else f"{scale * each:.{digits}f}"
        for each in (found.value, found.low, found.high)
    )
    return value if low is None or high is None else f"{value} ({low} to {high})"


def expectation_table(sessions: Sequence[SessionHits]) -> TableOfRows:
    """Give what share of looks at the middle of an object would hit its box, by the tracker's error."""
    sizes = np.array([each.median_size_deg for each in sessions])
    width, height = np.nanmedian(sizes, axis=0) if np.isfinite(sizes).any() else (np.nan, np.nan)
    rows = []
    for error in (0.5, 1.0, 2.0, 4.0):
        cells: list[float | None] = [error]
        for size in ((3.0, 2.0), (float(width), float(height))):
            for margin in (0.0, 1.0):
                cells.append(_rounded(expected_hit_share(*size, error, margin_deg=margin)))
        rows.append(tuple(cells))
    usual = f"{width:.1f}° × {height:.1f}°"
    return TableOfRows(
        name="objects_expected_hits",
        caption="What share of looks at the middle of an object hits its box, for the eye tracker's error "
        f"(standard deviation in each axis). Half of the boxes here are smaller than {usual}.",
        columns=(
            "error (deg)",
            "3° × 2°",
            "3° × 2° + 1°",
            f"median box {usual}",
            f"median box {usual} + 1°",
        ),
        rows=tuple(rows),
    )


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
