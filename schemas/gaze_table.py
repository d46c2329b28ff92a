"""The raw gaze table: every gaze sample (``derived/gaze.parquet``)."""

from .field import Field, Table
from .frame_table import EGO, HEAD, ROAD, TRACKER

GAZE_TABLE = Table(
    name="gaze",
    version=1,
    meaning="One row for each gaze sample as the device stored it. The frame table's gaze is a "
    "view of this one, not a replacement.",
    fields=(
        Field(name="session_id", type="string", meaning="The session the sample belongs to."),
        Field(
            name="timestamp_ns",
            type="int64",
            unit="ns",
            frame=TRACKER,
            meaning="The device's time stamp of the sample.",
        ),
        Field(
            name="frame_index",
            type="int32",
            nullable=True,
            meaning="The ego frame nearest in time (ties to the earlier one); null if none lies "
            "within one frame interval.",
        ),
        Field(
            name="gaze_ego_x_px",
            type="float32",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Gaze point, x; may lie outside of the image.",
        ),
        Field(
            name="gaze_ego_y_px",
            type="float32",
            unit="px",
            frame=EGO,
            nullable=True,
            meaning="Gaze point, y.",
        ),
        Field(
            name="gaze_azimuth_deg",
            type="float32",
            unit="deg",
            frame=HEAD,
            nullable=True,
            meaning="Horizontal gaze angle, right positive.",
        ),
        Field(
            name="gaze_elevation_deg",
            type="float32",
            unit="deg",
            frame=HEAD,
            nullable=True,
            meaning="Vertical gaze angle, up positive.",
        ),
        Field(name="worn", type="bool", meaning="Whether the glasses were worn."),
        Field(
            name="blink_id",
            type="int32",
            nullable=True,
            meaning="Number of the blink that the sample lies in; null outside.",
        ),
        Field(
            name="fixation_id",
            type="int32",
            nullable=True,
            meaning="Number of the fixation that the sample lies in; null outside.",
        ),
        Field(
            name="gaze_road_x_px",
            type="float32",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="The sample carried to the road view, x, by the maps of the frames before and after "
            "it; null without.",
        ),
        Field(
            name="gaze_road_y_px",
            type="float32",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="The sample carried to the road view, y.",
        ),
        Field(
            name="gaze_road_in_view",
            type="bool",
            nullable=True,
            meaning="Whether that point lies inside the road image.",
        ),
        Field(
            name="gaze_road_error_px",
            type="float32",
            unit="px",
            frame=ROAD,
            nullable=True,
            meaning="Estimated error of that point (1 sigma per axis), without the eye tracker's own.",
        ),
    ),
)
