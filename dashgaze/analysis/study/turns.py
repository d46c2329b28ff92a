"""Where the car turns."""

from typing import Literal

import numpy as np

from ..contract.study import FloatArray, IndexArray, SessionData
from .motion import smooth
from .speed_bins import UNKNOWN, motion_of

TURNS: tuple[str, ...] = ("straight", "left", "right")
TurnSource = Literal["gyroscope", "vanishing_point", "none"]

_SMOOTHING_S = 8.0
_STRAIGHT_DEG_S, _TURNING_DEG_S = 2.0, 4.0
_STRAIGHT_VANISHING_DEG, _TURN_VANISHING_DEG = 0.75, 1.5
_VANISHING_SMOOTHING_S = 2.0


def turns_of(
    session: SessionData, yaw_rate_deg_s: FloatArray | None
) -> tuple[IndexArray, TurnSource]:
    """Tell where the car turns: places in `TURNS`, −1 unknown or in between, shape (n,), and what tells it.

    The head turns with the car: averaged over 8 s, the glasses' yaw rate is that of the car to about
    2 deg/s. Above 4 deg/s it turns, below 2 it goes straight. Without a gyroscope, a vanishing point more than
    1.5° off its usual place, averaged over 2 s, is a turn, and one within 0.75° of it is none. Standing
    cars do neither.

    Parameters
    ----------
    session
        The session.
    yaw_rate_deg_s
        Of the head, right positive, shape (n,); None if unknown.
    """
    turns = np.full(len(session), UNKNOWN, dtype=np.int64)
    source: TurnSource = "none"
    if yaw_rate_deg_s is not None and len(yaw_rate_deg_s) == len(session):
        track = smooth(np.asarray(yaw_rate_deg_s, dtype=np.float64), session.time_s, _SMOOTHING_S)
        low, high = _STRAIGHT_DEG_S, _TURNING_DEG_S
        source = "gyroscope"
    else:
        x = session.vanishing_point_px[:, 0]
        if session.road_focal_px is None or not np.isfinite(x).any():
            return turns, source
        track = smooth(
            np.degrees((x - np.nanmedian(x)) / session.road_focal_px),
            session.time_s,
            _VANISHING_SMOOTHING_S,
        )
        low, high = _STRAIGHT_VANISHING_DEG, _TURN_VANISHING_DEG
        source = "vanishing_point"
    turns[np.abs(track) < low] = 0
    turns[track < -high] = 1
    turns[track > high] = 2
    turns[motion_of(session).stopped == 1] = UNKNOWN
    return turns, source
