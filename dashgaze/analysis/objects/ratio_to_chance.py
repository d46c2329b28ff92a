"""Ratio of gaze on objects to chance, over sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..contract.finding import FEWEST_SESSIONS
from ..statistics.comparison import Comparison
from ..statistics.ratio import ObservedExpected, ratio_of_ratios, ratio_of_sums
from .hits import RULES, Rule
from .session_hits import SessionHits

MAIN_RULE: Rule = "probability"
LEAST_MATCHED_S = 30.0
"""Looks that have chance which a session needs to count."""

LEAST_CHANCE_LOOKS = 10.0
"""Independent looks on objects that chance has to give over all sessions."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RatioToChance:
    """A ratio to chance, and whether what it is held against is well known.

    Attributes
    ----------
    comparison
        The ratio.
    unknown
        What could not be kept alike, or not well: ``speed``, ``bends``; empty if its test can be relied on.
    """

    comparison: Comparison
    unknown: tuple[str, ...] = ()


def ratio_to_chance(
    sessions: Sequence[SessionHits],
    group: str = "all",
    rule: Rule = MAIN_RULE,
    *,
    fixations: bool = False,
) -> RatioToChance:
    """Give the ratio to chance over sessions, tested against 1.

    Where speed and bends are known of at least five sessions and of half of them, the others are left out, as
    their chance may be that of other speeds.

    Parameters
    ----------
    sessions
        The sessions.
    group
        ``all``, ``class …`` or ``traffic …``.
    rule
        Of hits.
    fixations
        Whether fixations are compared instead of looks.
    """
    usable = [each for each in sessions if _counts(each, group)]
    kept, unknown, caveats = _well_known(usable)
    table = _table(kept, group, rule, fixations=fixations)
    looks = sum(
        each.independent(place)
        * np.nan_to_num(each.observed_expected(RULES.index(rule), place, fixations=fixations)[1])
        for each in kept
        if (place := each.place(group)) is not None
    )
    if looks < LEAST_CHANCE_LOOKS:
        return RatioToChance(comparison=Comparison(cannot_say=_why_not(sessions, group)))
    found = ratio_of_sums(table)
    return RatioToChance(comparison=_with(found, caveats), unknown=unknown)


def heavy_against_light(
    sessions: Sequence[SessionHits], light: str = "light", heavy: str = "heavy"
) -> RatioToChance:
    """Give the ratio to chance in heavy traffic over that in light traffic, of sessions that have both."""
    names = (f"traffic {light}", f"traffic {heavy}")
    both = [each for each in sessions if all(_counts(each, name) for name in names)]
    kept, unknown, caveats = _well_known(both)
    if not kept:
        reason = f"No session has enough gaze both in {light} and in {heavy} traffic."
        return RatioToChance(comparison=Comparison(cannot_say=reason))
    found = ratio_of_ratios(*(_table(kept, name, MAIN_RULE) for name in names))
    return RatioToChance(comparison=_with(found, caveats), unknown=unknown)


def _counts(each: SessionHits, group: str) -> bool:
    place = each.place(group)
    return place is not None and bool(each.matched_seconds[place] >= LEAST_MATCHED_S)


def _well_known(
    sessions: Sequence[SessionHits],
) -> tuple[list[SessionHits], tuple[str, ...], tuple[str, ...]]:
    """Give sessions whose chance is at the same speed and in the same bend, if they are enough; else all of them."""
    good = [each for each in sessions if not each.unknown]
    rest = len(sessions) - len(good)
    if not rest:
        return good, (), ()
    if len(good) >= max(FEWEST_SESSIONS, rest):
        told = f"{rest} sessions of which speed or bends are not known are left out."
        return good, (), (told,)
    names = {name for each in sessions for name in each.unknown}
    return list(sessions), tuple(name for name in ("speed", "bends") if name in names), ()


def _table(
    sessions: Sequence[SessionHits], group: str, rule: Rule, *, fixations: bool = False
) -> ObservedExpected:
    rows = []
    for each in sessions:
        place = each.place(group)
        if place is None:
            continue
        pair = each.observed_expected(RULES.index(rule), place, fixations=fixations)
        if np.isfinite(pair).all():
            rows.append((each.session_id, each.driver_id, *pair))
    return ObservedExpected(
        session_id=np.array([row[0] for row in rows], dtype=np.str_),
        driver_id=np.array([row[1] for row in rows], dtype=np.str_),
        observed=np.array([row[2] for row in rows], dtype=np.float64),
        expected=np.array([row[3] for row in rows], dtype=np.float64),
    )


def _with(found: Comparison, caveats: tuple[str, ...]) -> Comparison:
    return replace(found, caveats=(*found.caveats, *caveats))


def _why_not(sessions: Sequence[SessionHits], group: str) -> str:
    refused = [each for each in sessions if each.cannot_say]
    if refused and (len(refused) == len(sessions) or group == "all"):
        first = refused[0]
        return (
            f"{len(refused)} of {len(sessions)} sessions have no chance to compare with. {first.session_id}: "
            f"{first.cannot_say}"
        )
    if not any(each.place(group) is not None for each in sessions):
        return "No session has enough of such gaze."
    if not any(_counts(each, group) for each in sessions):
        return (
            f"In no session do {LEAST_MATCHED_S:g} s of such gaze have other moments like theirs: too little driving at "
            "the same speed and in the same bend."
        )
    return f"Chance gives fewer than {LEAST_CHANCE_LOOKS:g} looks on objects in all: too few to compare with."
