"""The tables of a packed data set, all but its pictures: what `dashgaze pack` writes."""

from dataclasses import replace

from .face_table import FACE_FIELDS
from .field import Field, Table
from .frame_table import EGO, FRAME_TABLE, ROAD
from .gaze_table import GAZE_TABLE
from .session_table import SESSION_TABLE

SESSION_CLOCK = "tracker clock, from the session's first ego frame"
_TICKS = "ticks of 1/90000 s from the first frame of that video"

VIEWS = ("ego", "road", "driver")

_TIME = Field(
    name="time_ns",
    type="int64",
    unit="ns",
    frame=SESSION_CLOCK,
    meaning="The device's time stamp, counted from the session's first ego frame: the wall clock "
    "does not leave the lab.",
)
_PTS = tuple(
    Field(
        name=f"{view}_pts",
        type="int64",
        frame=_TICKS,
        nullable=True,
        meaning=f"Presentation time of that frame in videos/<session>/{view}.mp4; null where "
        "there is no frame. One that could not be decoded has a time and no picture in the video.",
    )
    for view in VIEWS
)


def _relative(table: Table) -> list[Field]:
    """Give the columns of a session's table with time counted from its first ego frame."""
    return [_TIME if field.name == "timestamp_ns" else field for field in table.fields]


def _frame_fields() -> tuple[Field, ...]:
    fields: list[Field] = []
    pts = dict(zip(("time_ns", "road_frame_index", "driver_frame_index"), _PTS, strict=True))
    for field in _relative(FRAME_TABLE):
        fields.append(field)
        if field.name in pts:
            fields.append(pts[field.name])
    return (*fields, *FACE_FIELDS)


DATASET_FRAME_TABLE = Table(
    name="dataset_frames",
    version=2,
    meaning="Configuration `frames`: one row for each ego (scene camera) frame of a session, padding "
    "included. Missing values are null; face columns are null where the driver's consent keeps them "
    "in the lab or no face was looked for.",
    fields=_frame_fields(),
)

DATASET_GAZE_TABLE = Table(
    name="dataset_gaze",
    version=1,
    meaning="Configuration `gaze`: one row for each gaze sample as the device stored it.",
    fields=tuple(_relative(GAZE_TABLE)),
)

LIGHT_COLUMNS = (
    "session_id",
    "frame_index",
    "time_ns",
    "gaze_road_x_px",
    "gaze_road_y_px",
    "gaze_road_in_view",
    "homography_error_px",
    "gaze_azimuth_deg",
    "gaze_elevation_deg",
    "blink",
    "fixation_id",
    "speed_m_s",
)
"""Columns of the configuration `gaze_light`, a view of `frames` that costs no space."""

FIXATION_TABLE = Table(
    name="dataset_fixations",
    version=1,
    meaning="Configuration `fixations`: one row for each fixation.",
    fields=(
        Field(name="session_id", type="string", meaning="The session the fixation belongs to."),
        Field(name="fixation_id", type="int32", meaning="Number of the fixation, as in `frames`."),
        Field(
            name="onset_ns",
            type="int64",
            unit="ns",
            frame=SESSION_CLOCK,
            meaning="Time of its first gaze sample; of its first frame where samples are unknown.",
        ),
        Field(
            name="offset_ns",
            type="int64",
            unit="ns",
            frame=SESSION_CLOCK,
            meaning="Time of its last gaze sample, or frame.",
        ),
        Field(
            name="first_frame_index",
            type="int32",
            nullable=True,
            meaning="First ego frame in it; null where it falls between two frames.",
        ),
        Field(
            name="last_frame_index",
            type="int32",
            nullable=True,
            meaning="Last ego frame in it.",
        ),
        Field(
            name="sample_count",
            type="int32",
            nullable=True,
            meaning="Valid gaze samples in it; null where samples are unknown.",
        ),
        *(
            Field(
                name=f"gaze_ego_{axis}_px",
                type="float64",
                unit="px",
                frame=EGO,
                nullable=True,
                meaning=f"Mean {axis} of its samples, or frames, in the ego view.",
            )
            for axis in "xy"
        ),
        *(
            Field(
                name=f"gaze_road_{axis}_px",
                type="float64",
                unit="px",
                frame=ROAD,
                nullable=True,
                meaning=f"Mean {axis} of its samples, or frames, in the road view; null if none was "
                "carried over.",
            )
            for axis in "xy"
        ),
        Field(
            name="gaze_road_in_view_share",
            type="float32",
            nullable=True,
            meaning="Share of those that lie inside of the road image.",
        ),
        Field(
            name="dispersion_px",
            type="float32",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Root mean square distance of its samples, or frames, from their mean.",
        ),
    ),
)

LOCATION_TABLE = Table(
    name="dataset_location",
    version=1,
    meaning="Configuration `location`: where the car was, only if asked for: coarse, and without the "
    "start and the end of each drive.",
    fields=(
        Field(name="session_id", type="string", meaning="The session the fix belongs to."),
        _TIME,
        Field(
            name="latitude_deg",
            type="float64",
            unit="deg",
            frame="WGS 84",
            meaning="Latitude, rounded.",
        ),
        Field(
            name="longitude_deg",
            type="float64",
            unit="deg",
            frame="WGS 84",
            meaning="Longitude, rounded.",
        ),
    ),
)

_KEPT_BACK = {"recorded_at"}

DATASET_SESSION_TABLE = Table(
    name="dataset_sessions",
    version=1,
    meaning="Configuration `sessions`: one row for each session.",
    fields=(
        *(
            replace(field, nullable=False)
            if field.name in ("driver_id", "consent_scope")
            else field
            for field in SESSION_TABLE.fields
            if field.name not in _KEPT_BACK
        ),
        Field(
            name="split",
            type="string",
            values=("train", "validation", "test"),
            meaning="Where the session belongs in the data set's own split.",
        ),
        Field(
            name="local_hour",
            type="int32",
            nullable=True,
            meaning="Hour of day at the start, local time; the date does not leave the lab.",
        ),
        Field(
            name="road_width_px",
            type="int32",
            unit="px",
            nullable=True,
            meaning="Width of the road picture; that of its calibration where the recording is not at hand; "
            "null where neither is known.",
        ),
        Field(
            name="road_height_px",
            type="int32",
            unit="px",
            nullable=True,
            meaning="Height of the road picture.",
        ),
        Field(
            name="road_focal_px",
            type="float32",
            unit="px",
            nullable=True,
            meaning="Focal length of the road camera, for pictures of that size; its principal point is taken "
            "as their middle. Null where neither calibration nor alignment tells it.",
        ),
        Field(
            name="road_focal_origin",
            type="string",
            nullable=True,
            values=("calibration", "alignment"),
            meaning="Where the focal length comes from: session.yaml, or the homographies.",
        ),
        Field(
            name="driver_width_px",
            type="int32",
            unit="px",
            nullable=True,
            meaning="Width of the driver picture as recorded, which landmarks are given in; null where the "
            "recording is not at hand.",
        ),
        Field(
            name="driver_height_px",
            type="int32",
            unit="px",
            nullable=True,
            meaning="Height of the driver picture.",
        ),
        Field(
            name="gaze_valid_share",
            type="float32",
            nullable=True,
            meaning="Share of valid ego frames that have gaze.",
        ),
        Field(
            name="gaze_road_share",
            type="float32",
            nullable=True,
            meaning="Share of valid ego frames whose gaze was carried to the road view.",
        ),
        Field(
            name="direct_share",
            type="float32",
            nullable=True,
            meaning="Share of valid ego frames whose homography was matched directly; null before "
            "align.",
        ),
        Field(
            name="homography_error_median_px",
            type="float32",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Median of homography_error_px.",
        ),
        Field(
            name="outward_pictures",
            type="string",
            values=("none", "anonymized", "as_recorded"),
            meaning="What of the ego and road pictures is in the data set.",
        ),
        Field(
            name="driver_pictures",
            type="string",
            values=("none", "blurred", "raw"),
            meaning="What of the driver's picture is in the data set.",
        ),
        *(
            Field(
                name=f"{view}_video",
                type="video",
                nullable=True,
                meaning=f"Path of the {view} video from the data set's folder; null if not packed.",
            )
            for view in VIEWS
        ),
    ),
)
