"""Simulated studies for calibrate_tests.py, in memory: measured gaze as `SessionData`, and planned fixations."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.analysis.contract.study import SessionData, Study
from dashgaze.analysis.study.session_arrays import (
    CAR_YAW_RATE_FACT,
    YAW_RATE_FACT,
    session_data,
)
from dashgaze.collection.simulation.lens import Lens
from dashgaze.collection.simulation.story.effects import Effects
from dashgaze.collection.simulation.story.fixation_plan import plan_fixations
from dashgaze.collection.simulation.story.glances import ROAD, STOPPED_M_S, draw_timeline
from dashgaze.collection.simulation.story.label_drive import label_drive, lens_of_labels
from dashgaze.collection.simulation.story.label_quality import label_quality
from dashgaze.collection.simulation.story.label_tables import frame_table, yaw_rate_deg_s
from dashgaze.collection.simulation.story.object_choice import made_up_objects
from dashgaze.collection.simulation.story.population import PlannedSession
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.collection.simulation.story.ride import Ride, route_length_m
from dashgaze.collection.simulation.story.route import Route
from dashgaze.collection.simulation.story.streams import Stream, stream
from dashgaze.collection.simulation.story.tracker_gaze import TrackerError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

TRUE_YAW_RATE_FACT = "true_car_yaw_rate_deg_s"
"""Name in `SessionData.facts` of the car's yaw rate, right positive, without error: not of the data set."""

# As `dashgaze vanishing-point` measures it in two simulated drives: 0.12 and 0.34 deg/s, and 0 to 4 % too little.
_YAW_RATE_SD_DEG_S, _YAW_RATE_PART = 0.35, 0.98
_HOURS = {"day": 12, "twilight": 18, "night": 21}
_OBJECTS = (1, 2)


@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedGaze:
    """The fixations of one session as `Effects` defines them; arrays of shape (m,), those on the road only.

    `hits` and `trials` count fixations on other road users among all.
    """

    session: PlannedSession
    azimuth_deg: FloatArray
    bearing_deg: FloatArray
    speed_m_s: FloatArray
    duration_s: FloatArray
    hits: int
    trials: int

    @property
    def moving(self) -> BoolArray:
        """Whether the car moves."""
        return np.asarray(self.speed_m_s >= STOPPED_M_S, dtype=np.bool_)


def planned_gaze(
    planned: PlannedSession, worlds: Sequence[Effects], minutes: float
) -> list[PlannedGaze]:
    """Plan one session's fixations in several worlds: the same drive, which takes most of the time."""
    seconds, conditions = minutes * 60.0, planned.conditions
    route = Route(stream(planned.seed, Stream.ROUTE), route_length_m(seconds))
    ride = Ride(planned.seed, route, conditions, seconds)
    found = []
    for effects in worlds:
        rng = stream(planned.seed, Stream.GAZE)
        timeline = draw_timeline(rng, ride, conditions, effects, seconds)
        plan = plan_fixations(rng, timeline, ride, conditions, effects, made_up_objects)
        middle_s = plan.middle_s
        inside = (middle_s >= 0) & (middle_s <= seconds)
        road = inside & (plan.kind == ROAD)
        found.append(
            PlannedGaze(
                session=planned,
                azimuth_deg=plan.azimuth_deg[road],
                bearing_deg=plan.bearing_deg[road],
                speed_m_s=np.asarray(ride.speed_m_s(middle_s[road]), dtype=np.float64),
                duration_s=np.diff(plan.start_s)[road],
                hits=int((inside & np.isin(plan.kind, _OBJECTS)).sum()),
                trials=int(inside.sum()),
            )
        )
    return found


def measured_study(
    population: Sequence[PlannedSession], effects: Effects, minutes: float, fps: float
) -> Study:
    """Simulate a study of measured gaze, as it would be read from a packed data set."""
    return Study(
        title="simulated",
        version="1.0.0",
        digest="0" * 64,
        simulated=True,
        sessions=tuple(_measured(each, effects, minutes, fps) for each in population),
    )


def _measured(planned: PlannedSession, effects: Effects, minutes: float, fps: float) -> SessionData:
    camera, conditions = RoadCamera(), planned.conditions
    drive = label_drive(
        planned.seed,
        conditions,
        minutes * 60.0,
        effects,
        fps=fps,
        error=TrackerError(),
        camera=camera,
    )
    frames = frame_table(
        planned.session_id,
        0,
        drive,
        label_quality(planned.seed, drive, conditions, fps=fps),
        stream(planned.seed, Stream.SESSION),
        lens=_lens(),
        camera=camera,
        fps=fps,
        seed=planned.seed,
    )
    stamps = frames.column("timestamp_ns").to_numpy()
    row: dict[str, Any] = {
        "session_id": planned.session_id,
        "driver_id": conditions.driver.driver_id,
        "car": "simulated, labels only",
        "camera_position": conditions.camera_position,
        "weather": conditions.weather,
        "lighting": conditions.lighting,
        "eyewear": conditions.eyewear,
        "passengers": conditions.passengers,
        "consent_version": "simulated",
        "phone_model": "simulated",
        "sync_verdict": None,
        "local_hour": _HOURS[conditions.lighting],
        "road_width_px": camera.size_px[0],
        "road_height_px": camera.size_px[1],
        "road_focal_px": camera.focal_px,
        "road_focal_origin": "calibration",
        "duration_s": float(stamps[-1] - stamps[0]) / 1e9,
        "frame_count": len(stamps),
    }
    session = session_data(frames.append_column("time_ns", pa.array(stamps - stamps[0])), row)
    return replace(session, facts=session.facts | {TRUE_YAW_RATE_FACT: yaw_rate_deg_s(drive)})


def with_turns(study: Study, seed: int, *, dealt: bool, seen: bool) -> Study:
    """Give a study in which cars turn otherwise, or in which the road video tells how they turn.

    Parameters
    ----------
    study
        As `measured_study` gives it.
    seed
        Of what is dealt, and of errors.
    dealt
        Whether each session gets another session's turns. What the head does in the car stays, so that what
        leaks from gaze into the gyroscope's turns does too; but no gaze can follow, and none is carried along.
    seen
        Whether the road video's yaw rate is known.
    """
    rng = np.random.default_rng([seed, 11])
    own = [np.asarray(each.facts[TRUE_YAW_RATE_FACT]) for each in study.sessions]
    others = list(own)
    if dealt:
        circle = rng.permutation(len(own))  # each gets the turns of the next one in it
        for place, following in zip(circle, np.roll(circle, -1), strict=True):
            others[place] = own[following]
    sessions = []
    for session, mine, other in zip(study.sessions, own, others, strict=True):
        felt = np.asarray(session.facts[YAW_RATE_FACT], dtype=np.float64) - mine + other
        facts: dict[str, Any] = session.facts | {YAW_RATE_FACT: felt, TRUE_YAW_RATE_FACT: other}
        if seen:
            error = _YAW_RATE_SD_DEG_S * rng.standard_normal(len(other))
            facts[CAR_YAW_RATE_FACT] = _YAW_RATE_PART * other + error
        else:
            facts.pop(CAR_YAW_RATE_FACT, None)
        sessions.append(replace(session, facts=facts))
    return replace(study, sessions=tuple(sessions))


@cache
def _lens() -> Lens:
    return lens_of_labels()
