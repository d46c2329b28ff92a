"""What stands in the truth.json and the manifest of a simulated drive."""

import json
from dataclasses import asdict

from dashgaze.schemas.manifest import (
    SESSION_SCHEMA,
    Consent,
    EyeTracker,
    Phone,
    SessionManifest,
)

from ..scene.cameras import EGO_SIZE_PX
from ..story.tracker_gaze import SessionError
from .drive import Drive
from .films import matrices
from .recording import Recording

TRUTH_NAME = "truth.json"

EASIER_THAN_REALITY = (
    "The road is flat, without junctions or slopes; houses, trees and people are few textures again and again.",
    "Shutters are global: no picture is skewed by motion. Only the turning head blurs, not the ride.",
    "Both lenses are exactly what the calibration says; the phone's is a pinhole without stabilisation.",
    "No reflections in the windscreen, no glare, no shadows that move, mirrors show a still picture.",
    "The windscreen bends no light; phone and camera stay where they were mounted.",
    "Sound and pictures of a device have no offset; rooms, seats and microphones stay the same.",
    "The driver's hands are not seen, and the face has no expression.",
    "Gaze follows the planted effects and nothing else; the tracker is never taken off.",
)
"""What no figure from simulated drives can tell; written into every truth.json."""


def manifest(recording: Recording) -> SessionManifest:
    """Give the session's manifest."""
    conditions = recording.drive.conditions
    return SessionManifest(
        schema_id=SESSION_SCHEMA,
        session_id=recording.name,
        driver_id=conditions.driver.driver_id,
        recorded_at=recording.clocks.recorded_at.isoformat(),
        car="simulated",
        camera_position=conditions.camera_position,
        weather=conditions.weather,
        lighting=conditions.lighting,
        eyewear=conditions.eyewear,
        passengers=conditions.passengers,
        consent=Consent(version="simulated", scope="raw"),
        phone=Phone(
            model="simulated",
            road="phone/road.mp4",
            driver="phone/driver.mp4",
            location="phone/location.csv",
        ),
        eye_tracker=EyeTracker(kind="pupil_invisible", path="eye_tracker"),
    )


def facts(recording: Recording) -> dict[str, object]:
    """Give the content of truth.json."""
    drive, clocks = recording.drive, recording.clocks
    bias = SessionError(recording.story.seed, drive.tracker_error, recording.story.blinks).bias_deg
    return {
        "simulated": "by dashgaze: every picture, sound and number is made up",
        "seed": drive.seed,
        "asked": asked(drive),
        "clocks": {
            "relation": "t_tracker = offset_s + (1 + drift_ppm * 1e-6) * t_phone",
            "offset_s": clocks.offset_s,
            "drift_ppm": clocks.drift_ppm,
            "tracker_epoch_ns_at_t_tracker_0": clocks.first_frame_ns,
        },
        "counts": {
            "world_frames": len(recording.world_s),
            "road_frames": len(recording.road_s),
            "driver_frames": len(recording.driver_s),
            "gaze_samples": len(recording.gaze_s),
        },
        "conditions": asdict(drive.conditions),
        "effects": asdict(drive.effects),
        "tracker_bias_deg": {"azimuth": float(bias[0]), "elevation": float(bias[1])},
        "road_camera": {
            "size": list(drive.road_camera.size_px),
            "matrix": drive.road_camera.matrix.tolist(),
            "car_from_road": matrices(recording.story.car_from_road)[0].tolist(),
        },
        "ego_camera": {
            "size": list(EGO_SIZE_PX),
            "matrix": recording.lens.matrix.tolist(),
            "distortion": recording.scene_camera.distortion.tolist(),
        },
        "driver_camera": {
            "size": list(recording.driver_camera.size_px),
            "matrix": recording.driver_camera.matrix.tolist(),
            "car_from_camera": recording.driver_camera.car_from_camera.tolist(),
        },
        "axes": "x right, y down, z forward, m; the world's z is north and its ground y = 0; "
        "world_from_ego and world_from_road in frames.parquet are 3 × 4, row by row",
        "homography": "H (row-major, H[8] = 1) maps undistorted ego px to road px for what is "
        "infinitely far away; gaze_road_* has the parallax of its target's distance",
        "easier_than_reality": list(EASIER_THAN_REALITY),
    }


def asked(drive: Drive) -> dict[str, object]:
    """Give what a drive was asked to be, as it stands in its truth.json."""
    return dict(json.loads(json.dumps(asdict(drive))))
