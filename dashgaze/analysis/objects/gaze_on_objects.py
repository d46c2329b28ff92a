"""Gaze on objects: shares by three rules, always beside what chance would give."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dashgaze.errors import InputError

from ..contract.direction import GazeDirections
from ..contract.finding import FEWEST_SESSIONS, Estimate, Finding, Section, TableOfRows, Test
from ..contract.study import Study
from ..statistics.between import between_sessions
from ..statistics.cells import CellTable
from ..statistics.comparison import Comparison
from ..statistics.shares import ShareTable, mean_share
from ..statistics.shifts import ShiftTest, pooled_shift_test
from ..statistics.within import mean_of_sessions, within_sessions
from ..study.traffic import TRAFFIC
from .box_traffic import traffic_of_boxes
from .expected_hits import expected_hit_share
from .hits import RULES, Rule
from .object_figures import object_plots
from .options import ObjectOptions
from .session_hits import SessionHits, session_hits

KEY = "objects"
RULE_WORDS: dict[Rule, str] = {
    "box": "gaze in the box",
    "margin": "gaze in the box or its margin",
    "probability": "mass of gaze, with its error, in the box",
}
_MOST_KINDS = 8
_MAIN: Rule = "probability"
UNPROVEN = (
    "Of 60 simulated studies in which nobody looked at road users as such, this test called 26 an effect (mean ratio "
    "0.97): speed and standing change both where gaze goes and how near the others are. Read the size, not the test."
)


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
        findings=_findings(results),
        plots=object_plots(results.sessions, _pooled(results), kinds=results.kinds),
        tables=(_session_table(results), _expectation_table(results)),
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


def log_ratio_cells(
    sessions: Sequence[SessionHits], group: str, rule: Rule = _MAIN, *, condition: str | float = 0.0
) -> CellTable:
    """Give the log ratio to chance of each session as cells.

    Parameters
    ----------
    sessions
        The sessions.
    group
        ``all``, ``class …`` or ``traffic …``.
    rule
        Of hits.
    condition
        What the cells are to be called.
    """
    rows = []
    for each in sessions:
        column = each.place(group)
        if column is not None:
            value = each.log_ratio(RULES.index(rule), column)
            minutes = float(each.seconds[column]) / 60
            rows.append((each.session_id, each.driver_id, condition, value, minutes))
    return CellTable.of(rows)


def ratio_to_chance(
    sessions: Sequence[SessionHits], group: str = "all", rule: Rule = _MAIN
) -> Comparison:
    """Give the ratio to chance over sessions, tested against 1; parameters as of `log_ratio_cells`.

    Sessions count alike, however long they are.
    """
    cells = log_ratio_cells(sessions, group, rule)
    cells = replace(cells, weight=np.where(cells.weight > 0, 1.0, 0.0))
    found = mean_of_sessions(cells, log=True, unit="ratio", least_minutes=0.5)
    if found.estimate is None:
        return replace(found, cannot_say=_why_no_ratio(sessions))
    if group != "all" or not found.tests:
        return found
    return replace(found, tests=(*found.tests, *_shift_tests(sessions, rule)))


def _shift_tests(sessions: Sequence[SessionHits], rule: Rule) -> tuple[Test, ...]:
    place = RULES.index(rule)
    tests, names, drivers = [], [], []
    for each in sessions:
        shares = each.shifted_shares(place, 0)
        if not np.isfinite(each.log_ratio(place, 0)):
            continue
        half = 0.5 / max(float(each.counts.of_fixations[0]), 1.0)
        tests.append(
            ShiftTest(
                observed=float(np.log(each.counts.look_share[place, 0] + half)),
                shifted=np.log(shares + half),
                repeats=len(shares),
                min_shift_s=0.0,
            )
        )
        names.append(each.session_id)
        drivers.append(each.driver_id)
    return pooled_shift_test(tests, names, drivers).tests[-1:] if tests else ()


def _why_no_ratio(sessions: Sequence[SessionHits]) -> str:
    reasons = sorted({each.cannot_say for each in sessions if each.cannot_say})
    return (
        " ".join(reasons) or "In no session does chance give enough looks on boxes to compare with."
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


def _share_table(sessions: Sequence[SessionHits], rule: Rule, what: str) -> ShareTable:
    """Give counts whose trials are fixations (or half seconds): frames of one look are one look."""
    place = RULES.index(rule)
    rows = []
    for each in sessions:
        trials = float(each.counts.of_fixations[0]) or 2 * float(each.seconds[0])
        if what == "chance":
            shares = each.shifted_shares(place, 0)
            share = float(shares.mean()) if len(shares) else float("nan")
        elif what == "fixations":
            share = float(each.counts.fixation_share[place, 0])
        else:
            share = float(each.counts.look_share[place, 0])
        if np.isfinite(share):
            rows.append((each.session_id, each.driver_id, 0.0, share * trials, trials))
    return ShareTable.of(rows)


def _share(sessions: Sequence[SessionHits], rule: Rule, what: str) -> Comparison:
    return mean_share(_share_table(sessions, rule, what), least_trials=1.0)


def _findings(results: ObjectResults) -> tuple[Finding, ...]:
    sessions = results.sessions
    caveats = _caveats(results)
    findings = []
    area = _area(sessions)
    for rule in RULES:
        ratio = ratio_to_chance(sessions, rule=rule)
        details = [("area of the picture that boxes cover", area)]
        for what in ("fixations", "chance"):
            given = _share(sessions, rule, what).estimate
            if given is not None:
                name = "share of fixations" if what == "fixations" else "share of looks by chance"
                details.append((name, given))
        if ratio.estimate is not None:
            details.append(("ratio to chance", ratio.estimate))
        question = f"How much of gaze is on objects ({RULE_WORDS[rule]})?"
        findings.append(
            _share(sessions, rule, "looks").finding(
                f"{KEY}.share.{rule}", question, details=tuple(details), caveats=caveats
            )
        )
        findings.append(
            _unproven(
                ratio.finding(
                    f"{KEY}.ratio.{rule}",
                    f"Is more of gaze on objects than by chance ({RULE_WORDS[rule]})?",
                )
            )
        )
    for level in TRAFFIC:
        findings.append(
            _unproven(
                ratio_to_chance(sessions, f"traffic {level}").finding(
                    f"{KEY}.ratio.traffic.{level}",
                    f"Is more of gaze on objects than by chance in {level} traffic?",
                    caveats=(f"Traffic by {results.traffic_source}.",),
                )
            )
        )
    findings.append(
        _heavy_against_light(sessions).finding(
            f"{KEY}.ratio.traffic.heavy_to_light",
            "Does heavy traffic draw more of gaze than light traffic, over chance?",
        )
    )
    for kind in results.kinds:
        findings.append(
            _unproven(
                ratio_to_chance(sessions, f"class {kind}").finding(
                    f"{KEY}.ratio.class.{kind}",
                    f"Is more of gaze on the class {kind} than by chance?",
                )
            )
        )
    return tuple(findings)


def _unproven(finding: Finding) -> Finding:
    return finding if finding.cannot_say else replace(finding, unproven=UNPROVEN)


def _heavy_against_light(sessions: Sequence[SessionHits]) -> Comparison:
    light = log_ratio_cells(sessions, "traffic light", condition="light")
    heavy = log_ratio_cells(sessions, "traffic heavy", condition="heavy")
    both = CellTable(
        **{
            name: np.concatenate([getattr(light, name), getattr(heavy, name)])
            for name in ("session_id", "driver_id", "condition", "value")
        },
        weight=np.ones(len(light) + len(heavy)),
    )
    good = both.usable(0.5)
    paired = np.intersect1d(good.under("light").session_id, good.under("heavy").session_id)
    compare = within_sessions if len(paired) >= FEWEST_SESSIONS else between_sessions
    return compare(both, "light", "heavy", unit="ratio of ratios", least_minutes=0.5)


def _area(sessions: Sequence[SessionHits]) -> Estimate:
    areas = [float(each.counts.area[0]) for each in sessions]
    return Estimate(
        value=float(np.mean(areas)),
        unit="share",
        method="mean over sessions",
        sessions=len(areas),
        drivers=len({each.driver_id for each in sessions}),
    )


def _pooled(results: ObjectResults) -> dict[str, Estimate]:
    """Give the estimates that the figures show."""
    shown = {}
    sessions = results.sessions
    for rule in RULES:
        for what in ("looks", "fixations", "chance"):
            found = _share(sessions, rule, what).estimate
            if found is not None:
                shown[f"{what} {rule}"] = found
    for group in (
        "all",
        *(f"traffic {x}" for x in TRAFFIC),
        *(f"class {x}" for x in results.kinds),
    ):
        found = ratio_to_chance(sessions, group).estimate
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
    caveats.append("A raw share alone says nothing: compare it with chance.")
    return tuple(caveats)


def _session_table(results: ObjectResults) -> TableOfRows:
    rows = []
    for each in results.sessions:
        looks, fixations = each.counts.look_share[:, 0], each.counts.fixation_share[:, 0]
        chance = [each.shifted_shares(place, 0) for place in range(len(RULES))]
        ratio = float(np.exp(each.log_ratio(RULES.index(_MAIN), 0)))
        rows.append(
            (
                each.session_id,
                each.driver_id,
                round(float(each.seconds[0]) / 60, 2),
                *(_rounded(value) for value in looks),
                *(_rounded(value) for value in fixations),
                *(_rounded(values.mean()) if len(values) else None for values in chance),
                _rounded(each.counts.area[0]),
                _rounded(ratio),
                round(each.boxes_a_picture, 2),
                each.error_deg,
            )
        )
    return TableOfRows(
        name="objects_by_session",
        caption="Shares of looks and of fixations on objects, by chance, and the ratio to chance "
        f"({RULE_WORDS[_MAIN]}).",
        columns=(
            "session",
            "driver",
            "gaze (min)",
            *(f"looks, {rule}" for rule in RULES),
            *(f"fixations, {rule}" for rule in RULES),
            *(f"chance, {rule}" for rule in RULES),
            "area",
            "ratio to chance",
            "boxes a picture",
            "tracker error (deg)",
        ),
        rows=tuple(rows),
    )


def _expectation_table(results: ObjectResults) -> TableOfRows:
    sizes = np.array([each.median_size_deg for each in results.sessions])
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
            f"there is. Chance is the same gaze with boxes of another time, at least {options.least_shift_s:g} s away in "
            "the same session (boxes move in a circle), in the same level of traffic. The ratio to chance compares the "
            "share with the geometric mean over shifts; sessions count alike, and intervals are over sessions and drivers."
        ),
        (
            "The eye tracker's error thins out hits: the rule by probability does not undo that, it blurs once more. Its "
            "share is that of gaze whose true place lies in a box if gaze were spread evenly around; its ratio to "
            "chance is pulled towards 1, never away from it."
        ),
    )


def _rounded(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None
