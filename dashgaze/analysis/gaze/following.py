"""Whether gaze follows bends, and how far ahead of the car's turns it runs: over sessions."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.finding import Finding, Plot, Test
from ..contract.study import Study
from ..statistics.comparison import Comparison
from ..statistics.shifts import pooled_shift_test
from .lag_curve import LagCurve, lag_curve
from .lag_figure import lag_figure
from .options import GazeOptions
from .session_following import SessionFollowing, session_following

_ROAD_VIDEO = (
    "Turns of the car are those of the road camera, as its video shows them: no gaze is in them."
)
_GYROSCOPE = (
    "Turns of the car are felt by the glasses' gyroscope, less the head's turns, which are known from gaze. Lest gaze "
    "be held against itself, it is held against the turns from 2 to 5 s before and after it, scaled to the bend "
    "ahead: bends of a second or two do not count, and intervals are wider than with the road video's yaw rate. The first "
    "p is that of the shifts: of 402 simulated studies without following 8.5 % had a p below 0.05 by the interval; of "
    "200, 7 % by the shifts."
)
_MIXED = (
    "All gaze within 25° of the reference counts: what goes to other road users or mirrors does not follow bends, "
    "and makes the factor smaller than that of road gaze alone."
)
_CARRIED = (
    "Eyes that rest on a point of the road are carried against the turn: simulated drivers who follow no bend have a "
    "factor of −0.03. Read one within 0.05 of 0 as none."
)
_NO_LEAD = (
    "A lead needs the car's yaw rate from the road video (`dashgaze vanishing-point`), in five sessions with bends. The "
    "glasses' gyroscope will not do: what gaze does to the head shows in it at the very lags that are in question."
)


def following_findings(
    study: Study, directions: Mapping[str, GazeDirections], options: GazeOptions
) -> tuple[tuple[Finding, ...], tuple[Plot, ...]]:
    """Ask whether gaze follows bends, and with what lead.

    Parameters
    ----------
    study, directions
        Sessions, and their directions by name.
    options
        How.
    """
    questions = (
        ("vanishing_point.following", "Does gaze follow the road into bends?"),
        ("vanishing_point.lead", "How far does gaze run ahead of the car's turns?"),
    )
    kinds = [
        [
            found
            for place, session in enumerate(study.sessions)
            if (gaze := directions.get(session.session_id)) is not None
            and (
                found := session_following(
                    session, gaze, options, direct_only=direct_only, seed=place
                )
            )
            is not None
        ]
        for direct_only in (False, True)
    ]
    if not kinds[0]:
        reason = (
            "No session has the car's yaw rate from the road video, nor the glasses' gyroscope and gaze relative to "
            "the head, which tell the car's turns; a vanishing point in a camera that turns with the car does not "
            "show bends."
        )
        return tuple(
            Finding(key=key, question=question, cannot_say=reason) for key, question in questions
        ), ()
    pooled = [_pooled(kind) for kind in kinds]
    details = tuple(
        (name, each.estimate)
        for name, each in zip(("all frames", "direct frames only"), pooled, strict=True)
        if each.estimate is not None
    )
    told = not pooled[0].cannot_say
    sources = {each.source for each in kinds[0] if not each.slope.cannot_say}
    how = [
        text
        for source, text in (("road video", _ROAD_VIDEO), ("gyroscope", _GYROSCOPE))
        if source in sources
    ]
    follow = pooled[0].finding(
        *questions[0],
        details=details,
        caveats=(*how, _MIXED, _CARRIED) if told else (),
    )
    if "gyroscope" in sources:
        # Few bends decide there, and an interval over sessions is too narrow: see `_GYROSCOPE`.
        follow = replace(follow, tests=tuple(reversed(follow.tests)))
    curve = lag_curve(kinds[0], options)
    lead = _lead_finding(*questions[1], curve, lag_curve(kinds[1], options), follow)
    if curve is None:
        return (follow, lead), ()
    peak = curve.lead.value if lead.estimate is not None else None
    plot = Plot(
        name="lead_of_gaze",
        caption="Correlation of gaze azimuth with the car's yaw rate, by how much later the car turns. Mean over "
        f"{curve.sessions} sessions of {curve.drivers} drivers; the band at zero is what is left when gaze is "
        "shifted in time.",
        draw=lambda: lag_figure(
            curve.lag_s, curve.mean, curve.low, curve.high, shifted=curve.shifted, peak_s=peak
        ),
    )
    return (follow, lead), (plot,)


def _pooled(kind: Sequence[SessionFollowing]) -> Comparison:
    return pooled_shift_test(
        [each.slope for each in kind],
        [each.session_id for each in kind],
        [each.driver_id for each in kind],
        unit="deg/deg",
        naive_p=_naive_p(kind),
    )


def _naive_p(kind: Sequence[SessionFollowing]) -> float | None:
    """Give what a test of the mean correlation over frames says, as if frames were independent."""
    from scipy.special import ndtr

    counted = [each for each in kind if each.count > 3 and abs(each.correlation) < 1]
    if not counted:
        return None
    z = np.array([np.arctanh(each.correlation) for each in counted])
    n = np.array([each.count - 3 for each in counted])
    return float(2 * ndtr(-abs((z * n).sum() / np.sqrt(n.sum()))))


def _lead_finding(
    key: str, question: str, curve: LagCurve | None, direct: LagCurve | None, follow: Finding
) -> Finding:
    if curve is None:
        return Finding(
            key=key,
            question=question,
            cannot_say=_NO_LEAD,
        )
    p = min((test.p for test in follow.tests if test.p is not None), default=1.0)
    if p > 0.05 or curve.mean.max() <= curve.shifted[1]:
        return Finding(
            key=key,
            question=question,
            cannot_say="Gaze does not follow bends beyond chance, so that there is no lead to be told.",
        )
    details = [("all frames", curve.lead)]
    if direct is not None:
        details.append(("direct frames only", direct.lead))
    return Finding(
        key=key,
        question=question,
        estimate=curve.lead,
        tests=(Test(p=p, null="as for following: without it there is no lead"),),
        details=tuple(details),
        caveats=(
            (
                "The lead is where the correlation with the yaw rate is highest. A driver who looks at the point "
                "that the car reaches in T seconds runs ahead by T / 3, as the bearing of that point is the mean of all "
                "turns till there, the near ones counting most."
            ),
        ),
    )
