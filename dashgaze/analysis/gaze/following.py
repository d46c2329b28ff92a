"""Whether gaze follows bends, and how far ahead of the car's turns it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.finding import FEWEST_SESSIONS, Estimate, Finding, Plot, Test
from ..contract.study import FloatArray, SessionData, Study
from ..statistics.bootstrap import cluster_bootstrap
from ..statistics.comparison import Comparison
from ..statistics.shifts import LEAST_SHIFTS_LONG, ShiftTest, pooled_shift_test
from ..study.directions import MOVING_M_S
from ..study.motion import frame_step_s
from .car_heading import car_heading
from .lag_figure import lag_figure
from .options import GazeOptions
from .shifted_slopes import shifted_slopes
from .spread_cells import counted_gaze

MIN_SHIFT_S = 30.0
WIDEST_DEG = 25.0
"""Gaze farther from the reference is not of the road ahead."""

LAGS_S = (-3.0, 4.0)
_LEAST_BENDS_DEG = 0.5
_GRID_S = 0.1
_GYROSCOPE = (
    "Bends are felt by the glasses' gyroscope, less the head's turns in the car. A vanishing point in the picture "
    "of a camera that is fixed to the car does not show them."
)
_MIXED = (
    "All gaze within 25° of the reference counts: what goes to other road users or mirrors does not follow bends, "
    "and makes the factor smaller than that of road gaze alone."
)
UNPROVEN = (
    "Of 40 simulated studies in which nobody followed bends, this test called 17 an effect: some gaze gets into the "
    "turns of the car, which are computed from it. Read the size, not the test."
)


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionFollowing:
    """Following in one session.

    Attributes
    ----------
    session_id, driver_id
        Which.
    slope
        Test of the factor of gaze azimuth on the bearing of the road ahead.
    correlations
        Of gaze azimuth with the car's yaw rate at the lags of `lag_grid_s`; positive lags are gaze ahead.
    shifted
        The same without lag, gaze shifted in time.
    correlation, count
        Of azimuth and bearing over frames, and how many frames: for the naive test only.
    """

    session_id: str
    driver_id: str
    slope: ShiftTest
    correlations: FloatArray
    shifted: FloatArray
    correlation: float
    count: float


@dataclass(frozen=True, kw_only=True, eq=False)
class LagCurve:
    """Mean correlation over lags.

    Attributes
    ----------
    lag_s, mean, low, high
        Shape (l,); the interval is that of the mean at each lag.
    lead
        Where the mean is highest, s, with its interval.
    shifted
        Ends of the interval of 95 % of the mean with gaze shifted in time.
    sessions, drivers
        How many.
    """

    lag_s: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray
    lead: Estimate
    shifted: tuple[float, float]
    sessions: int
    drivers: int


def lag_grid_s() -> FloatArray:
    """Give the lags that correlations are taken at, s."""
    steps = np.arange(round(LAGS_S[0] / _GRID_S), round(LAGS_S[1] / _GRID_S) + 1)
    return np.asarray(steps * _GRID_S, dtype=np.float64)


def session_following(
    session: SessionData,
    gaze: GazeDirections,
    options: GazeOptions,
    *,
    direct_only: bool = False,
    seed: int = 0,
) -> SessionFollowing | None:
    """Hold gaze of a session against the bends ahead; None without a gyroscope or gaze from the head.

    Parameters
    ----------
    session, gaze
        The session, and its directions.
    options
        How.
    direct_only
        Whether only gaze of direct homographies is held against them.
    seed
        Added to that of the options, for other shifts in each session.
    """
    heading = car_heading(session, gaze)
    if heading is None:
        return None
    time_s = session.time_s
    step_s = frame_step_s(time_s)
    azimuth = np.where(
        counted_gaze(session, gaze, direct_only=direct_only)
        & (np.abs(gaze.from_reference_deg) <= WIDEST_DEG).all(axis=1)
        & ~(session.speed_m_s <= MOVING_M_S),
        gaze.from_reference_deg[:, 0],
        np.nan,
    )
    bearing = heading.bearing_ahead_deg(time_s, options.lead_s)
    nothing = ShiftTest(
        observed=float("nan"), shifted=np.zeros(0), repeats=0, min_shift_s=MIN_SHIFT_S
    )
    both = np.isfinite(azimuth) & np.isfinite(bearing)
    count = len(time_s)
    reason = ""
    if count * step_s < LEAST_SHIFTS_LONG * MIN_SHIFT_S:
        reason = f"The session is shorter than {LEAST_SHIFTS_LONG * MIN_SHIFT_S:.0f} s."
    elif np.count_nonzero(both) * step_s < options.least_cell_s:
        reason = f"There is less than {options.least_cell_s:.0f} s of gaze on a moving car."
    elif float(np.std(bearing[both])) < _LEAST_BENDS_DEG:
        reason = "The road has no bends."
    if reason:
        nan = float("nan")
        return SessionFollowing(
            session_id=session.session_id,
            driver_id=session.driver_id,
            slope=ShiftTest(**{**nothing.__dict__, "cannot_say": reason}),
            correlations=np.full(len(lag_grid_s()), np.nan),
            shifted=np.zeros(0),
            correlation=nan,
            count=0.0,
        )
    against = shifted_slopes(azimuth, bearing)
    turning = shifted_slopes(azimuth, heading.yaw_rate_deg_s)
    least = int(np.ceil(MIN_SHIFT_S / step_s))
    rng = np.random.default_rng([options.seed, seed, 17])
    shifts = rng.integers(least, count - least + 1, options.repeats)
    places = np.round(lag_grid_s() / step_s).astype(np.int64) % count
    return SessionFollowing(
        session_id=session.session_id,
        driver_id=session.driver_id,
        slope=ShiftTest(
            observed=float(against.slope[0]),
            shifted=np.nan_to_num(against.slope[shifts]),
            repeats=options.repeats,
            min_shift_s=MIN_SHIFT_S,
        ),
        correlations=turning.correlation[places],
        shifted=np.nan_to_num(turning.correlation[shifts]),
        correlation=float(against.correlation[0]),
        count=float(against.count[0]),
    )


def lag_curve(sessions: Sequence[SessionFollowing], options: GazeOptions) -> LagCurve | None:
    """Average correlations over sessions; None with fewer than five that have bends.

    The band is that of means over drivers that are drawn again, each with all of its sessions.
    """
    kept = [each for each in sessions if np.isfinite(each.correlations).all()]
    if len(kept) < FEWEST_SESSIONS:
        return None
    curves = np.array([each.correlations for each in kept])
    mean = curves.mean(axis=0)
    names = sorted({each.driver_id for each in kept})
    # With few drivers, sessions are drawn instead: it holds for these drivers only then.
    by_driver = len(names) >= FEWEST_SESSIONS
    owner = np.array(
        [names.index(each.driver_id) if by_driver else place for place, each in enumerate(kept)]
    )
    units = int(owner.max()) + 1
    rng = np.random.default_rng([options.seed, 23])
    drawn = rng.integers(0, units, (options.repeats, units))
    weights = np.array([np.bincount(each, minlength=units)[owner] for each in drawn])
    means = weights @ curves / weights.sum(axis=1, keepdims=True)
    low, high = np.percentile(means, [2.5, 97.5], axis=0)
    groups: dict[str, list[FloatArray]] = {name: [] for name in names}
    for each in kept:
        groups[each.driver_id].append(each.correlations)
    lead = cluster_bootstrap(
        groups,
        lambda drawn: _peak_s(np.mean(np.array(drawn), axis=0)),
        repeats=options.repeats,
        seed=options.seed,
        unit="s",
    )
    chance = np.percentile(np.mean([each.shifted for each in kept], axis=0), [2.5, 97.5]).tolist()
    return LagCurve(
        lag_s=lag_grid_s(),
        mean=mean,
        low=low,
        high=high,
        lead=replace(lead, method=f"highest mean cross-correlation; {lead.method}"),
        shifted=(chance[0], chance[1]),
        sessions=len(kept),
        drivers=len(names),
    )


def _peak_s(curve: FloatArray) -> float:
    """Give the lag of the highest correlation, by a parabola over the half second around it."""
    lags = lag_grid_s()
    top = int(np.argmax(curve))
    reach = round(0.5 / _GRID_S)
    around = slice(max(top - reach, 0), min(top + reach + 1, len(curve)))
    a, b, _ = np.polyfit(lags[around] - lags[top], curve[around], 2).tolist()
    shift = -b / (2 * a) if a < 0 else 0.0
    return float(lags[top] + np.clip(shift, -0.5, 0.5))


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
            "No session has the glasses' gyroscope and gaze relative to the head, which tell the car's turns; "
            "a vanishing point in a camera that turns with the car does not show bends."
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
    follow = replace(
        pooled[0].finding(
            *questions[0],
            details=details,
            caveats=(_GYROSCOPE, _MIXED) if told else (),
        ),
        unproven=UNPROVEN if told else "",
    )
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
            cannot_say=f"Fewer than {FEWEST_SESSIONS} sessions have bends that can be felt.",
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
        unproven=UNPROVEN,
        details=tuple(details),
        caveats=(
            (
                "The lead is where the correlation with the yaw rate is highest. A driver who looks at the point "
                "that the car reaches in T seconds runs ahead by T / 3, as the bearing of that point is the mean of all "
                "turns till there, the near ones counting most."
            ),
        ),
    )
