"""Conditions of a session, frame by frame."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import IndexArray, SessionData
from .lighting import Lighting, lighting_of
from .motion import near_changes
from .session_arrays import YAW_RATE_FACT
from .speed_bins import TRANSITION_S, UNKNOWN, MotionSource, motion_of, speed_bin
from .traffic import Traffic, TrafficSource, unknown_traffic
from .turns import TurnSource, turns_of

LIGHTINGS: tuple[str, ...] = ("day", "twilight", "night")


@dataclass(frozen=True, kw_only=True, eq=False)
class ConditionTracks:
    """What holds in each of n frames; arrays of shape (n,), −1 where it is unknown.

    Attributes
    ----------
    speed_bin
        Places in `SPEED_BINS`; −1 also around changes.
    stopped
        1 stopped, 0 moving, −1 unknown and around changes: a receiver's speed comes once a second and lags, so that
        a tenth of the time of stops would be driving.
    stopped_source
        What tells that.
    turning
        Places in `TURNS`.
    turning_source
        What tells that.
    lighting
        Places in `LIGHTINGS`: that of the session; −1 in tunnels, which are dark by day.
    session_lighting
        What is known of the light, and what speaks against it.
    traffic
        Places in `TRAFFIC`.
    traffic_source
        What tells that.
    notes
        What can't be said, in sentences.
    """

    speed_bin: IndexArray
    stopped: IndexArray
    stopped_source: MotionSource
    turning: IndexArray
    turning_source: TurnSource
    lighting: IndexArray
    session_lighting: Lighting
    traffic: IndexArray
    traffic_source: TrafficSource
    notes: tuple[str, ...]


def condition_tracks(
    session: SessionData, *, lighting: Lighting | None = None, traffic: Traffic | None = None
) -> ConditionTracks:
    """Give speed, stops, turns, light and traffic of each frame of a session.

    Parameters
    ----------
    session
        The session, with all of its frames.
    lighting
        Its light; `lighting_of` without place and pictures if None.
    traffic
        Its traffic; unknown if None.
    """
    light = lighting_of(session) if lighting is None else lighting
    given = unknown_traffic(len(session)) if traffic is None else traffic
    motion = motion_of(session)
    turning, turning_source = turns_of(session, session.facts.get(YAW_RATE_FACT))
    place = LIGHTINGS.index(light.value) if light.value in LIGHTINGS else UNKNOWN
    lights = np.full(len(session), place, dtype=np.int64)
    for start_s, end_s in light.tunnels_s:
        lights[(session.time_s >= start_s) & (session.time_s <= end_s)] = UNKNOWN
    notes = [note for note in (motion.note, given.cannot_say, *light.flags) if note]
    if turning_source == "none":
        notes.append("There is neither a gyroscope nor a vanishing point: turns are not known.")
    if light.value is None:
        notes.append("Nothing tells the light of this session.")
    return ConditionTracks(
        speed_bin=speed_bin(session),
        stopped=np.where(
            near_changes(motion.stopped, session.time_s, TRANSITION_S), UNKNOWN, motion.stopped
        ),
        stopped_source=motion.source,
        turning=turning,
        turning_source=turning_source,
        lighting=lights,
        session_lighting=light,
        traffic=given.level,
        traffic_source=given.source,
        notes=tuple(notes),
    )
