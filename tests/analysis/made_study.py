"""Studies of simulated drives for tests of the analyses: labels only, and in memory."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from dashgaze.analysis.contract.study import SessionData, Study
from dashgaze.analysis.study.session_arrays import session_data
from dashgaze.collection.simulation.story.effects import Effects
from dashgaze.collection.simulation.story.label_drive import label_drive, lens_of_labels
from dashgaze.collection.simulation.story.label_quality import label_quality
from dashgaze.collection.simulation.story.label_tables import frame_table
from dashgaze.collection.simulation.story.population import PlannedSession, draw_population
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.collection.simulation.story.streams import Stream, stream
from dashgaze.collection.simulation.story.tracker_gaze import TrackerError

_HOURS = {"day": 12, "twilight": 18, "night": 21}
_USUAL = Effects()


@cache
def _lens():
    return lens_of_labels()


def made_session(
    planned: PlannedSession, *, effects: Effects = _USUAL, minutes: float = 4.0, fps: float = 30.0
) -> SessionData:
    """Simulate one session."""
    camera = RoadCamera()
    conditions = planned.conditions
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
    frames = frames.append_column("time_ns", pa.array(stamps - stamps[0]))
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
    return session_data(frames, row)


def study_of(
    effects: Effects = _USUAL,
    sessions: int = 12,
    minutes: float = 4.0,
    seed: int = 7,
    *,
    drivers: int | None = None,
    population: Sequence[PlannedSession] | None = None,
) -> Study:
    """Simulate a study; `population` takes the place of sessions, drivers and seed."""
    planned = population or draw_population(sessions, drivers, seed)
    return Study(
        title="simulated",
        version="1.0.0",
        digest="0" * 64,
        simulated=True,
        sessions=tuple(made_session(each, effects=effects, minutes=minutes) for each in planned),
    )


def plain_session(count: int = 3000, *, fps: float = 30.0, **changes: Any) -> SessionData:
    """Give a day-time session in which nothing happens: 50 km/h, gaze at the middle, all known."""
    everywhere = np.ones(count, dtype=np.bool_)
    nowhere = ~everywhere
    given: dict[str, Any] = {
        "session_id": "session_001",
        "driver_id": "D001",
        "lighting": "day",
        "weather": "clear",
        "camera_position": "under_mirror",
        "eyewear": "none",
        "car": None,
        "passengers": 0,
        "road_size_px": (1280, 720),
        "road_focal_px": 1000.0,
        "road_focal_origin": "calibration",
        "time_s": np.arange(count) / fps,
        "valid": everywhere,
        "gaze_road_px": np.full((count, 2), (639.5, 359.5)),
        "gaze_road_cov_px2": np.zeros((count, 3)),
        "gaze_in_view": everywhere,
        "gaze_angle_deg": np.zeros((count, 2)),
        "gaze_spread_px": np.ones(count),
        "gaze_sample_count": np.full(count, 6),
        "vanishing_point_px": np.full((count, 2), np.nan),
        "speed_m_s": np.full(count, 50 / 3.6),
        "worn": everywhere,
        "blink": nowhere,
        "saccade": nowhere,
        "fixation_id": np.zeros(count, dtype=np.int64),
        "homography_source": np.full(count, "direct"),
        "homography_error_px": np.ones(count),
        "homography_hops": np.zeros(count),
        "head_pose_deg": np.full((count, 3), np.nan),
        "known": frozenset({"worn", "blink", "saccade", "fixation_id", "speed_m_s"}),
    }
    return SessionData(**(given | changes))
