"""What of the drive changes both where gaze goes and where the others are: standing, speed, and the bend."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..contract.study import FloatArray, IndexArray, SessionData
from ..study.motion import frame_step_s, smooth
from ..study.session_arrays import CAR_YAW_RATE_FACT, YAW_RATE_FACT
from ..study.speed_bins import FASTEST_M_S, motion_of

BendSource = Literal["road video", "gyroscope", "none"]

LEAD_S = 1.5
"""So far ahead the road is taken, where drivers look and where a car ahead is."""

_SEEN_SMOOTHING_S, _FELT_SMOOTHING_S = 1.0, 8.0
_LEAST_KNOWN = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class Surroundings:
    """What holds in each of n frames; arrays of shape (n,).

    Attributes
    ----------
    stopped
        1 standing, 0 moving, −1 unknown.
    speed_km_h
        NaN where it is unknown.
    bend_deg
        Bearing of the road 1.5 s ahead from the car's own direction, right positive; 0 while standing, NaN where it is
        unknown.
    speed_known
        Whether speed is known of most frames: else it can't be kept alike.
    bend_source
        What tells the bend.
    """

    stopped: IndexArray
    speed_km_h: FloatArray
    bend_deg: FloatArray
    speed_known: bool
    bend_source: BendSource

    @property
    def unknown(self) -> tuple[str, ...]:
        """Name what can't be kept alike, or not well."""
        names = () if self.speed_known else ("speed",)
        return names if self.bend_source == "road video" else (*names, "bends")


def surroundings_of(session: SessionData) -> Surroundings:
    """Tell standing, speed and bend of each frame of a session.

    Bends are those that the road video shows, where the data set has them. Else they are the glasses' yaw rate,
    averaged over 8 s, so that the head's own turns fall out: much of a short bend falls out too.

    Parameters
    ----------
    session
        The session, with all of its frames.
    """
    speed = session.speed_m_s
    sane = (speed >= 0) & (speed <= FASTEST_M_S)
    speed_known = bool(len(session)) and float(np.mean(sane)) >= _LEAST_KNOWN
    motion = motion_of(session)
    bend_deg, source = _bend_deg(session)
    if speed_known:
        bend_deg = np.where(motion.stopped == 1, 0.0, bend_deg)
    return Surroundings(
        stopped=motion.stopped,
        speed_km_h=np.where(sane, 3.6 * speed, np.nan),
        bend_deg=bend_deg,
        speed_known=speed_known,
        bend_source=source,
    )


def _bend_deg(session: SessionData) -> tuple[FloatArray, BendSource]:
    seen = _rate(session, CAR_YAW_RATE_FACT)
    if seen is not None:
        rate = smooth(seen, session.time_s, _SEEN_SMOOTHING_S)
        if np.mean(np.isfinite(rate)) >= _LEAST_KNOWN:
            return _bearing_ahead_deg(rate, session.time_s), "road video"
    felt = _rate(session, YAW_RATE_FACT)
    if felt is not None:
        rate = smooth(felt, session.time_s, _FELT_SMOOTHING_S)
        if np.mean(np.isfinite(rate)) >= _LEAST_KNOWN:
            # At a steady turn the road 1.5 s ahead lies half as far off as the car turns in that time.
            return rate * LEAD_S / 2, "gyroscope"
    return np.full(len(session), np.nan), "none"


def _rate(session: SessionData, name: str) -> FloatArray | None:
    found = session.facts.get(name)
    if found is None or len(found) != len(session) or not len(session):
        return None
    return np.asarray(found, dtype=np.float64)


def _bearing_ahead_deg(rate_deg_s: FloatArray, time_s: FloatArray) -> FloatArray:
    """Give the mean heading of the next 1.5 s less that of now; NaN where the rate is unknown."""
    step_s = frame_step_s(time_s)
    ahead = max(round(LEAD_S / step_s), 1)
    heading = np.cumsum(np.nan_to_num(rate_deg_s)) * step_s
    padded = np.concatenate([heading, np.full(ahead, heading[-1])])
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    mean = (sums[ahead + 1 :] - sums[: len(heading)]) / (ahead + 1)
    return np.asarray(np.where(np.isfinite(rate_deg_s), mean - heading, np.nan), dtype=np.float64)
