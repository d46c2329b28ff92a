"""The vanishing point table: where the car is heading (``derived/vanishing_points.parquet``)."""

from .field import Field, Table
from .frame_table import ROAD

VANISHING_POINT_TABLE = Table(
    name="vanishing_points",
    version=1,
    meaning="One row for each frame of phone/road.mp4: where the direction of travel is in the picture, or why "
    "nobody knows.",
    fields=(
        Field(name="session_id", type="string", meaning="The session the frame belongs to."),
        Field(
            name="road_frame_index",
            type="int32",
            meaning="The frame of phone/road.mp4, in presentation order.",
        ),
        Field(
            name="time_s",
            type="float64",
            unit="s",
            frame="phone clock",
            meaning="Presentation time of the frame.",
        ),
        *(
            Field(
                name=f"vanishing_point_{axis}_px",
                type="float64",
                unit="px",
                frame=ROAD,
                nullable=True,
                meaning=f"Vanishing point of the level direction of travel, {axis}: where what lies infinitely "
                "far ahead is seen. Smoothed over time. It may lie outside of the picture.",
            )
            for axis in "xy"
        ),
        *(
            Field(
                name=f"vanishing_point_sd_{axis}_px",
                type="float32",
                unit="px",
                frame=ROAD,
                nullable=True,
                meaning=f"Its standard error in {axis}, with that of the mount point, which all frames share.",
            )
            for axis in "xy"
        ),
        Field(
            name="none_reason",
            type="string",
            nullable=True,
            values=("no_mount_point", "slow", "not_seen"),
            meaning="Why there is none: straight driving was never seen, the car is slower than 4 m/s (or, "
            "without speed, nothing comes nearer), or the direction was not seen within a second.",
        ),
        *(
            Field(
                name=f"focus_{axis}_px",
                type="float32",
                unit="px",
                frame=ROAD,
                nullable=True,
                meaning=f"Focus of expansion of the pair of pictures nearest in time, {axis}: raw, moved by the "
                "car's heaving as well.",
            )
            for axis in "xy"
        ),
        Field(
            name="focus_inlier_count",
            type="int32",
            nullable=True,
            meaning="Points of that pair whose flow agrees.",
        ),
        Field(
            name="focus_refusal",
            type="string",
            nullable=True,
            values=("few_points", "still", "turn_only", "no_consensus", "one_sided", "uncertain"),
            meaning="Why that pair shows no focus: too few points; a still picture; turning only; flows that do "
            "not agree; flow on one side only; a standard error above 2.5°.",
        ),
        *(
            Field(
                name=f"{name}_rate_deg_s",
                type="float32",
                unit="deg/s",
                frame="road camera axes: x right, y down, z forward",
                nullable=True,
                meaning=f"How fast the camera turns {words}, from that pair.",
            )
            for name, words in (("yaw", "to the right"), ("pitch", "upwards"))
        ),
    ),
)
