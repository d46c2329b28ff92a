"""Whether gaze of one session follows bends."""

from dataclasses import dataclass

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import FloatArray, IndexArray, SessionData
from ..statistics.shifts import LEAST_SHIFTS_LONG, ShiftTest
from ..study.directions import MOVING_M_S
from ..study.motion import frame_step_s
from .car_heading import TurnSource, car_heading
from .options import GazeOptions
from .shifted_slopes import shifted_slopes
from .spread_cells import counted_gaze

MIN_SHIFT_S = 30.0
WIDEST_DEG = 25.0
"""Gaze farther from the reference is not of the road ahead."""

LAGS_S = (-3.0, 4.0)
GRID_S = 0.1
_LEAST_BENDS_DEG = 0.5
_LEAST_TOLD = 0.25


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionFollowing:
    """Following in one session.

    Attributes
    ----------
    session_id, driver_id
        Which.
    source
        What tells the turns.
    slope
        Test of the factor of gaze azimuth on the bearing of the road ahead.
    correlations
        Of gaze azimuth with the car's yaw rate at the lags of `lag_grid_s`; positive lags are gaze ahead. NaN
        where the gyroscope tells the turns.
    shifted
        The same without lag, gaze shifted in time.
    correlation, count
        Of azimuth and what it is held against over frames, and how many frames: for the naive test only.
    """

    session_id: str
    driver_id: str
    source: TurnSource
    slope: ShiftTest
    correlations: FloatArray
    shifted: FloatArray
    correlation: float
    count: float


def lag_grid_s() -> FloatArray:
    """Give the lags that correlations are taken at, s."""
    steps = np.arange(round(LAGS_S[0] / GRID_S), round(LAGS_S[1] / GRID_S) + 1)
    return np.asarray(steps * GRID_S, dtype=np.float64)


def session_following(
    session: SessionData,
    gaze: GazeDirections,
    options: GazeOptions,
    *,
    direct_only: bool = False,
    seed: int = 0,
) -> SessionFollowing | None:
    """Hold gaze of a session against the bends ahead; None if nothing tells the turns of the car.

    With the road video's yaw rate the factor is the slope of gaze azimuth a on the bearing b. With the gyroscope's,
    which has some gaze in it, it is cov(a, z) / cov(b, z) with the turns z at other moments, an instrument:
    without following it is 0 whatever leaks from a into b.

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
    moving = ~(session.speed_m_s <= MOVING_M_S)
    azimuth = np.where(
        counted_gaze(session, gaze, direct_only=direct_only)
        & (np.abs(gaze.from_reference_deg) <= WIDEST_DEG).all(axis=1)
        & moving,
        gaze.from_reference_deg[:, 0],
        np.nan,
    )
    bearing = heading.bearing_ahead_deg(time_s, options.lead_s)
    by_video = heading.source == "road video"
    told = bearing if by_video else heading.turns_apart_deg_s(time_s)
    rows = np.flatnonzero(np.isfinite(azimuth) & np.isfinite(bearing) & np.isfinite(told))
    count = len(time_s)
    part, bend = _told(bearing[rows], told[rows])
    reason = ""
    if count * step_s < LEAST_SHIFTS_LONG * MIN_SHIFT_S:
        reason = f"The session is shorter than {LEAST_SHIFTS_LONG * MIN_SHIFT_S:.0f} s."
    elif len(rows) * step_s < options.least_cell_s:
        reason = f"There is less than {options.least_cell_s:.0f} s of gaze on a moving car."
    elif bend < (_LEAST_BENDS_DEG if by_video else _LEAST_BENDS_DEG * _LEAST_TOLD):
        reason = "The road has no bends."
    elif not by_video and bend < _LEAST_TOLD * float(np.std(bearing[rows])):
        reason = "The bends are too short, or too few, to be told from the head's turns."
    if reason:
        return _without(session, heading.source, reason)
    # Moments that have both are shifted among themselves: each shift has as many of them, and none puts gaze of driving
    # against a car at rest.
    against = shifted_slopes(azimuth[rows], told[rows])
    rng = np.random.default_rng([options.seed, seed, 17])
    shifts = _shifts(rng, len(rows), step_s, options.repeats)
    correlations, shifted = np.full(len(lag_grid_s()), np.nan), np.zeros(0)
    if by_video:
        turning = shifted_slopes(azimuth, heading.yaw_rate_deg_s)
        places = np.round(lag_grid_s() / step_s).astype(np.int64) % count
        correlations = turning.correlation[places]
        chance = turning.correlation[_shifts(rng, count, step_s, options.repeats)]
        shifted = np.nan_to_num(chance)
    return SessionFollowing(
        session_id=session.session_id,
        driver_id=session.driver_id,
        source=heading.source,
        slope=ShiftTest(
            observed=float(against.slope[0]) / part,
            shifted=against.slope[shifts] / part,
            repeats=options.repeats,
            min_shift_s=MIN_SHIFT_S,
        ),
        correlations=correlations,
        shifted=shifted,
        correlation=float(against.correlation[0]),
        count=float(against.count[0]),
    )


def _shifts(rng: np.random.Generator, count: int, step_s: float, repeats: int) -> IndexArray:
    """Draw shifts of at least half a minute, or of a quarter of what there is."""
    least = min(int(np.ceil(MIN_SHIFT_S / step_s)), count // 4)
    return np.asarray(rng.integers(least, count - least + 1, repeats), dtype=np.int64)


def _told(bearing: FloatArray, told: FloatArray) -> tuple[float, float]:
    """Give the slope of the bearing on what tells of it, and the SD of what that tells, deg."""
    if len(told) < 2 or float(np.var(told)) <= 0:
        return 0.0, 0.0
    around = told - told.mean()
    slope = float(around @ bearing) / float(around @ around)
    return slope, abs(slope) * float(np.std(told))


def _without(session: SessionData, source: TurnSource, reason: str) -> SessionFollowing:
    nan = float("nan")
    return SessionFollowing(
        session_id=session.session_id,
        driver_id=session.driver_id,
        source=source,
        slope=ShiftTest(
            observed=nan,
            shifted=np.zeros(0),
            repeats=0,
            min_shift_s=MIN_SHIFT_S,
            cannot_say=reason,
        ),
        correlations=np.full(len(lag_grid_s()), np.nan),
        shifted=np.zeros(0),
        correlation=nan,
        count=0.0,
    )
