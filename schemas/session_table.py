"""The sessions table: one row per session of the data set."""

from .field import Field, Table
from .manifest import CAMERA_POSITIONS, CONSENT_SCOPES, EYEWEAR, LIGHTING, WEATHER

SESSION_TABLE = Table(
    name="sessions",
    version=1,
    meaning="One row for each session: conditions, devices, lengths, and how its clocks and "
    "events were obtained.",
    fields=(
        Field(name="session_id", type="string", meaning="Name of the session, unique."),
        Field(name="driver_id", type="string", nullable=True, meaning="Pseudonym of the driver."),
        Field(
            name="recorded_at",
            type="string",
            nullable=True,
            meaning="ISO 8601 with offset: the phone's wall clock at time zero of road.mp4.",
        ),
        Field(name="car", type="string", nullable=True, meaning="Make and model of the car."),
        Field(
            name="camera_position",
            type="string",
            nullable=True,
            values=CAMERA_POSITIONS,
            meaning="Where the phone was mounted.",
        ),
        Field(name="weather", type="string", nullable=True, values=WEATHER, meaning="The weather."),
        Field(name="lighting", type="string", nullable=True, values=LIGHTING, meaning="The light."),
        Field(
            name="eyewear",
            type="string",
            nullable=True,
            values=EYEWEAR,
            meaning="What the driver wears beside the eye tracker.",
        ),
        Field(
            name="passengers",
            type="int32",
            nullable=True,
            meaning="People in the car beside the driver.",
        ),
        Field(
            name="consent_version",
            type="string",
            nullable=True,
            meaning="Version of the consent form that the driver signed.",
        ),
        Field(
            name="consent_scope",
            type="string",
            nullable=True,
            values=CONSENT_SCOPES,
            meaning="What of the driver may leave the lab.",
        ),
        Field(name="phone_model", type="string", nullable=True, meaning="Model of the phone."),
        Field(
            name="eye_tracker_kind",
            type="string",
            values=("pupil_invisible", "neon"),
            meaning="Type of eye tracker.",
        ),
        Field(
            name="scene_camera_origin",
            type="string",
            values=("calibration.bin", "scene_camera.json", "default"),
            meaning="Where the scene camera's intrinsics come from.",
        ),
        Field(
            name="frame_count",
            type="int32",
            meaning="Rows of the frame table.",
        ),
        Field(
            name="valid_frame_count",
            type="int32",
            meaning="Rows of the frame table whose ego frame is valid.",
        ),
        Field(
            name="duration_s",
            type="float64",
            unit="s",
            frame="tracker clock",
            meaning="Time from the first to the last ego frame.",
        ),
        Field(
            name="gaze_sample_count", type="int64", meaning="Gaze samples in the raw gaze table."
        ),
        Field(
            name="fixation_method",
            type="string",
            nullable=True,
            meaning="What found the fixations; null where there are none.",
        ),
        Field(
            name="blink_method",
            type="string",
            nullable=True,
            meaning="What found the blinks; null where they are unknown.",
        ),
        Field(
            name="sync_verdict",
            type="string",
            nullable=True,
            values=("ok", "doubtful", "failed"),
            meaning="Verdict on the clocks; null before the sync stage.",
        ),
        Field(
            name="sync_method",
            type="string",
            nullable=True,
            meaning="How the clocks were aligned: sound, or manual.",
        ),
        Field(
            name="sync_offset_se_ms",
            type="float32",
            unit="ms",
            nullable=True,
            meaning="Standard error of the clock alignment at mid-drive.",
        ),
        Field(
            name="sync_drift_ppm",
            type="float32",
            unit="ppm",
            nullable=True,
            meaning="By how much the tracker's clock runs faster than the phone's.",
        ),
    ),
)
