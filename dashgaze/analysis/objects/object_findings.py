"""Findings of gaze on objects."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..contract.finding import Estimate, Finding
from ..statistics.shares import mean_share
from ..study.traffic import TRAFFIC
from .hits import RULES, Rule
from .object_shares import What, share_of, share_table
from .ratio_to_chance import MAIN_RULE, RatioToChance, heavy_against_light, ratio_to_chance
from .session_hits import SessionHits

KEY = "objects"
RULE_WORDS: dict[Rule, str] = {
    "box": "gaze in the box",
    "margin": "gaze in the box or its margin",
    "probability": "mass of gaze, with its error, in the box",
}
UNPROVEN = {
    "speed": (
        "Speed is not known, so that chance is of other speeds, and standing is not told from moving: both change "
        "where gaze goes and how near the others are. Of 20 simulated studies without speed, in which nobody looked at the "
        "others as such, 13 were called an effect. Read the size, not the test."
    ),
    "bends": (
        "Bends are not known from the road video (`dashgaze vanishing-point`), so that the others may be aside where gaze "
        "goes aside, too. Read the size, not the test."
    ),
}


def object_findings(
    sessions: Sequence[SessionHits],
    *,
    kinds: Sequence[str],
    traffic_source: str,
    caveats: tuple[str, ...],
) -> tuple[Finding, ...]:
    """Give shares and ratios to chance: by rule, by traffic, by class.

    Parameters
    ----------
    sessions
        Those that have boxes and gaze; at least one.
    kinds
        Classes that are counted apart.
    traffic_source
        What tells traffic.
    caveats
        What a reader of the shares has to know.
    """
    findings = []
    area = _area(sessions)
    for rule in RULES:
        found = ratio_to_chance(sessions, rule=rule)
        by_fixations = ratio_to_chance(sessions, rule=rule, fixations=True)
        details = [("area of the picture that boxes cover", area)]
        for name, given in (
            ("share of fixations", share_of(sessions, rule, "fixations")),
            ("share of looks by chance", share_of(sessions, rule, "chance")),
            ("ratio to chance", found.comparison.estimate),
            ("ratio to chance, by fixations", by_fixations.comparison.estimate),
        ):
            if given is not None:
                details.append((name, given))
        question = f"How much of gaze is on objects ({RULE_WORDS[rule]})?"
        findings.append(
            mean_share(share_table(sessions, rule, "looks"), least_trials=1.0).finding(
                f"{KEY}.share.{rule}", question, details=tuple(details), caveats=caveats
            )
        )
        findings.append(
            _finding(
                found,
                f"{KEY}.ratio.{rule}",
                f"Is more of gaze on objects than by chance ({RULE_WORDS[rule]})?",
            )
        )
    traffic = (f"Traffic by {traffic_source}.",)
    for level in TRAFFIC:
        group = f"traffic {level}"
        findings.append(
            _finding(
                ratio_to_chance(sessions, group),
                f"{KEY}.ratio.traffic.{level}",
                f"Is more of gaze on objects than by chance in {level} traffic?",
                caveats=traffic,
                details=_shares(sessions, MAIN_RULE, group),
            )
        )
    findings.append(
        _finding(
            heavy_against_light(sessions),
            f"{KEY}.ratio.traffic.heavy_to_light",
            "Does heavy traffic draw more of gaze than light traffic, over chance?",
            caveats=(
                *traffic,
                "Chance is higher in heavy traffic: as many looks at objects on purpose are a smaller ratio there.",
            ),
        )
    )
    for kind in kinds:
        group = f"class {kind}"
        findings.append(
            _finding(
                ratio_to_chance(sessions, group),
                f"{KEY}.ratio.class.{kind}",
                f"Is more of gaze on the class {kind} than by chance?",
                details=_shares(sessions, MAIN_RULE, group),
            )
        )
    return tuple(findings)


def _shares(
    sessions: Sequence[SessionHits], rule: Rule, group: str
) -> tuple[tuple[str, Estimate], ...]:
    """Give the shares behind a ratio, by name."""
    names: dict[What, str] = {
        "looks": "share of looks",
        "fixations": "share of fixations",
        "chance": "share of looks by chance",
    }
    found = [(name, share_of(sessions, rule, what, group)) for what, name in names.items()]
    return tuple((name, given) for name, given in found if given is not None)


def _finding(
    ratio: RatioToChance,
    key: str,
    question: str,
    *,
    caveats: tuple[str, ...] = (),
    details: tuple[tuple[str, Estimate], ...] = (),
) -> Finding:
    found = ratio.comparison.finding(key, question, caveats=caveats, details=details)
    if found.cannot_say or not ratio.unknown:
        return found
    return replace(found, unproven=UNPROVEN[ratio.unknown[0]])


def _area(sessions: Sequence[SessionHits]) -> Estimate:
    areas = [float(each.area[0]) for each in sessions]
    return Estimate(
        value=float(np.mean(areas)),
        unit="share",
        method="mean over sessions",
        sessions=len(areas),
        drivers=len({each.driver_id for each in sessions}),
    )
