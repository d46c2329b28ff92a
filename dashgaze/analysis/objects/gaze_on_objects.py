"""Gaze on objects: shares by three rules, always beside what chance would give."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dashgaze.errors import InputError

from ..contract.direction import GazeDirections
from ..contract.finding import Estimate, Finding, Section
from ..contract.study import Study
from ..study.traffic import TRAFFIC
from .box_traffic import traffic_of_boxes
from .hits import RULES
from .object_figures import object_plots
from .object_findings import KEY, RULE_WORDS, object_findings
from .object_shares import share_of
from .object_tables import driver_table, expectation_table, session_table, traffic_table
from .options import ObjectOptions
from .other_moments import BEND_DEG, SPEED_SHARE
from .ratio_to_chance import MAIN_RULE, ratio_to_chance
from .session_hits import SessionHits, session_hits
from .surroundings import LEAD_S

_MOST_KINDS = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectResults:
    """What the sessions of a study say.

    Attributes
    ----------
    sessions
        Those that have boxes and gaze.
    kinds
        Classes that are counted apart, the most frequent ones.
    left_out
        Why others are not among them, by name.
    notes
        What a reader has to know of the boxes.
    traffic_source
        What tells traffic.
    """

    sessions: tuple[SessionHits, ...]
    kinds: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    traffic_source: str


def gaze_on_objects(
    study: Study, directions: Mapping[str, GazeDirections], options: ObjectOptions
) -> Section:
    """Tell how much of gaze is on objects, by hit rule, and how that compares with chance.

    Parameters
    ----------
    study
        The sessions, with all of their frames.
    directions
        Of sessions that have any; those without are left out.
    options
        Boxes and how they are counted.

    Raises
    ------
    InputError
        If the boxes are of other sessions, or of other frames than the study's.
    """
    results = object_results(study, directions, options)
    if not results.sessions:
        why = "; ".join(f"{name}: {reason}" for name, reason in results.left_out)
        return Section(
            key=KEY,
            title="Gaze on objects",
            findings=(
                Finding(
                    key=f"{KEY}.share",
                    question="How much of gaze is on objects?",
                    cannot_say=f"No session has both boxes and gaze. {why}".strip(),
                ),
            ),
        )
    return Section(
        key=KEY,
        title="Gaze on objects",
        findings=object_findings(
            results.sessions,
            kinds=results.kinds,
            traffic_source=results.traffic_source,
            caveats=_caveats(results),
        ),
        plots=object_plots(results.sessions, _pooled(results), kinds=results.kinds),
        tables=(
            session_table(results.sessions, RULE_WORDS[MAIN_RULE]),
            driver_table(results.sessions),
            traffic_table(results.sessions, results.kinds),
            expectation_table(results.sessions),
        ),
        text=_text(results, options),
    )


def object_results(
    study: Study, directions: Mapping[str, GazeDirections], options: ObjectOptions
) -> ObjectResults:
    """Count hits and chance of every session; parameters as of `gaze_on_objects`."""
    names = {session.session_id for session in study.sessions}
    unknown = sorted(set(options.boxes) - names)
    if unknown:
        raise InputError(
            f"There are boxes of {unknown[0]!r}, which is no session of this study.",
            fix="Place boxes at the frames of the same data set and split.",
        )
    kinds = _kinds(options)
    found, left_out, sources = [], [], set()
    notes: list[str] = []
    for number, session in enumerate(study.sessions):
        placed = options.boxes.get(session.session_id)
        if placed is None or session.session_id not in directions:
            reason = "no boxes" if placed is None else "no gaze in the road view that counts"
            left_out.append((session.session_id, reason))
            continue
        if len(placed.picture_of_row) != len(session):
            raise InputError(
                f"Boxes of {session.session_id} are placed at {len(placed.picture_of_row)} frames; it has {len(session)}.",
                fix="Place them again, at all frames of the session.",
            )
        traffic = options.traffic.get(session.session_id) or traffic_of_boxes(placed, session)
        sources.add(traffic.source)
        hits = session_hits(
            session,
            directions[session.session_id],
            placed,
            traffic.level,
            kinds,
            options,
            seed=options.seed * 100_003 + number,
        )
        if not hits.counts.of_looks[0]:
            left_out.append((session.session_id, "no gaze in view while pictures were searched"))
            continue
        found.append(_enough(hits, options.least_cell_s))
        notes += placed.notes
    return ObjectResults(
        sessions=tuple(found),
        kinds=kinds,
        left_out=tuple(left_out),
        notes=tuple(dict.fromkeys(notes)),
        traffic_source=" and ".join(sorted(sources)),
    )


def _kinds(options: ObjectOptions) -> tuple[str, ...]:
    counts: Counter[str] = Counter()
    for placed in options.boxes.values():
        names, number = np.unique(placed.boxes.kind, return_counts=True)
        counts.update(dict(zip(names.tolist(), number.tolist(), strict=True)))
    return tuple(name for name, _ in counts.most_common(_MOST_KINDS))


def _enough(hits: SessionHits, least_s: float) -> SessionHits:
    """Leave out groups of which a session has too little; all of it counts however short it is."""
    kept = hits.seconds >= least_s
    kept[0] = True
    names = tuple(name if keep else "" for name, keep in zip(hits.groups, kept, strict=True))
    return replace(hits, groups=names)


def _pooled(results: ObjectResults) -> dict[str, Estimate]:
    """Give the estimates that the figures show."""
    shown = {}
    sessions = results.sessions
    for rule in RULES:
        for what in ("looks", "fixations", "chance"):
            found = share_of(sessions, rule, what)
            if found is not None:
                shown[f"{what} {rule}"] = found
    for group in (
        "all",
        *(f"traffic {x}" for x in TRAFFIC),
        *(f"class {x}" for x in results.kinds),
    ):
        found = ratio_to_chance(sessions, group).comparison.estimate
        if found is not None:
            shown[group] = found
    return shown


def _caveats(results: ObjectResults) -> tuple[str, ...]:
    caveats = list(results.notes)
    assumed = sum(each.error_is_assumed for each in results.sessions)
    if assumed:
        caveats.append(
            f"The eye tracker's error of {assumed} sessions was not validated: "
            f"{results.sessions[0].error_deg:g}° in each axis is assumed."
        )
    short = [each for each in results.sessions if each.cannot_say]
    if short:
        caveats.append(
            f"{len(short)} sessions have no chance level. {short[0].session_id}: {short[0].cannot_say}"
        )
    if results.left_out:
        name, reason = results.left_out[0]
        caveats.append(f"{len(results.left_out)} sessions are left out; {name}: {reason}.")
    caveats.append(
        "A raw share alone says nothing: gaze on the road counts as gaze on a far car that happens to be there, so that "
        "shares go with traffic and speed. Compare it with chance."
    )
    return tuple(caveats)


def _text(results: ObjectResults, options: ObjectOptions) -> tuple[str, ...]:
    return (
        (
            "A look hits an object by three rules: gaze lies in its box; in the box or within "
            f"{options.margin_deg:g}° of it; or, by probability, as much as the mass of a normal distribution around "
            "gaze lies in what is seen of the box. Its covariance is that of carrying gaze to the road view, plus the eye "
            "tracker's error. Where boxes cover one another the nearer one is looked at. Shares are of looks in view "
            "on frames whose pictures were searched, and of fixations, which are on an object if at least half of "
            "their looks are on the same one."
        ),
        (
            "Objects are near the vanishing point, and so is gaze: a blank stare is on objects the more, the more traffic "
            "there is, and gaze on the road counts as gaze on a far car that happens to be there. So a share is no "
            "measure of interest in objects, not even of a class, and differences of shares are none either: compare "
            "with chance."
        ),
        (
            "Chance is the same gaze with boxes of other moments of the same session, at least "
            f"{options.least_apart_s:g} s away, that are like its own: standing against standing, at nearly its speed (within "
            f"{100 * SPEED_SHARE:.0f} % of speed and 10 km/h together), and with the road {LEAD_S:g} s ahead within {BEND_DEG:g}° of its "
            "bearing; by level of traffic, in the same level. Each pair of moments counts as much one way as the other. "
            "Speed, standing and bends change both where gaze goes and how near the others are: without this, drivers who "
            "look at nobody are told from chance. The ratio is the sum of shares over that of shares by chance, of looks that have such moments; sessions of a driver count alike, and so do drivers, whose "
            "scatter makes the interval."
        ),
        (
            "The eye tracker's error thins out hits: the rule by probability does not undo that, it blurs once more. Its "
            "share is that of gaze whose true place lies in a box if gaze were spread evenly around; its ratio to "
            "chance is pulled towards 1, never away from it."
        ),
    )
