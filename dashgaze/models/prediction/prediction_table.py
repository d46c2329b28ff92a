"""The table of predictions (``predictions.parquet``)."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.schemas.face_table import FACE_FIELDS, LANDMARKS
from dashgaze.schemas.field import Field, Table

from .answering import Block

_ROAD = (
    "road view: pixels of the road picture as players show it, origin top left, centres at integers"
)
_HEAD = "axes of the head: gaze relative to the driver's glasses"

REASONS = (
    "no_face",
    "others_only",
    "lost",
    "too_old",
    "not_looked_at",
    "undecodable",
    "other_shape",
    "no_answer",
)
"""Why a frame has no answer."""

PREDICTION_TABLE = Table(
    name="predictions",
    version=1,
    meaning="One row for each frame of the driver video, answered or not.",
    fields=(
        Field(
            name="driver_frame_index",
            type="int32",
            meaning="The frame of the driver video, in presentation order.",
        ),
        Field(
            name="time_s",
            type="float64",
            unit="s",
            frame="container time of the driver video",
            meaning="When it is shown.",
        ),
        Field(
            name="road_frame_index",
            type="int32",
            nullable=True,
            meaning="The frame of the road video nearest in time; null without one.",
        ),
        *(
            Field(
                name=f"{axis}_px",
                type="float32",
                unit="px",
                frame=_ROAD,
                nullable=True,
                meaning=f"Predicted gaze, {axis}; may lie outside of the picture. Null with a reason.",
            )
            for axis in "xy"
        ),
        *(
            Field(
                name=f"{axis}_sd_px",
                type="float32",
                unit="px",
                frame=_ROAD,
                nullable=True,
                meaning=f"Standard deviation of {axis} as the network states it; null if it states none.",
            )
            for axis in "xy"
        ),
        Field(
            name="in_view",
            type="bool",
            nullable=True,
            meaning="Whether predicted gaze lies inside of the road picture.",
        ),
        *(
            Field(
                name=f"{angle}{kind}_deg",
                type="float32",
                unit="deg",
                frame=_HEAD,
                nullable=True,
                meaning=meaning,
            )
            for angle, kind, meaning in (
                ("azimuth", "", "Predicted direction of gaze, right positive; null if not given."),
                ("elevation", "", "Predicted direction of gaze, up positive; null if not given."),
                ("azimuth", "_sd", "Its stated standard deviation."),
                ("elevation", "_sd", "Its stated standard deviation."),
            )
        ),
        *FACE_FIELDS,
        Field(
            name="face_age_frames",
            type="int32",
            nullable=True,
            meaning="How many frames ago the detector saw the face; 0 if in this one.",
        ),
        Field(
            name="unusualness",
            type="float32",
            nullable=True,
            meaning="How unlike training frames it is: a hundredth of those, about, exceeds 1.",
        ),
        Field(
            name="reason",
            type="string",
            nullable=True,
            values=REASONS,
            meaning="Why there is no answer; null where there is one.",
        ),
    ),
)


class PredictionRows:
    """Collects n rows, at first all without an answer.

    Parameters
    ----------
    index, time_s
        The frames, ascending, shape (n,).
    road_size_px
        Width and height of the road picture.
    """

    def __init__(
        self,
        index: NDArray[np.int64],
        time_s: NDArray[np.float64],
        *,
        road_size_px: tuple[int, int],
    ) -> None:
        self.index, self.time_s, self.road_size_px = index, time_s, road_size_px
        self.reason: list[str | None] = [None] * len(index)
        self.road_index = np.full(len(index), -1, dtype=np.int64)
        self._place = {each: row for row, each in enumerate(index.tolist())}
        self._values: dict[str, NDArray[np.float64]] = {
            field.name: np.full(len(index), np.nan)
            for field in PREDICTION_TABLE.fields
            if field.type == "float32" or field.name == "face_age_frames"
        }

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """Give a column of numbers; NaN where there is none."""
        return self._values[name]

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which rows have a place on the road, shape (n,)."""
        known: NDArray[np.bool_] = np.isfinite(self["x_px"]) & np.isfinite(self["y_px"])
        return known

    def without(self, index: int, reason: str) -> None:
        """Say why a frame has no answer."""
        self.reason[self._place[index]] = reason

    def add(self, block: Block) -> None:
        """Add answers."""
        rows = np.array([self._place[each.index] for each in block.frames])
        said, values = block.predictions, self._values
        faces = [each.face for each in block.frames]
        boxes, points = np.array([each.box for each in faces]), [each.landmarks for each in faces]
        for place, axis in enumerate("xy"):
            values[f"{axis}_px"][rows] = said.xy_px[:, place]
            if said.xy_cov_px2 is not None:
                values[f"{axis}_sd_px"][rows] = np.sqrt(said.xy_cov_px2[:, 2 * place])
            for number, name in enumerate(LANDMARKS):
                values[f"{name}_{axis}_px"][rows] = np.array(points)[:, number, place]
        for place, angle in enumerate(("azimuth", "elevation")):
            if said.angle_deg is not None:
                values[f"{angle}_deg"][rows] = said.angle_deg[:, place]
            if said.angle_sd_deg is not None:
                values[f"{angle}_sd_deg"][rows] = said.angle_sd_deg[:, place]
        for place, name in enumerate(("x", "y", "width", "height")):
            values[f"face_{name}_px"][rows] = boxes[:, place]
        for place, name in enumerate(("yaw", "pitch", "roll")):
            values[f"head_{name}_deg"][rows] = [each.head_pose_deg[place] for each in block.frames]
        values["face_confidence"][rows] = [each.confidence for each in faces]
        values["face_age_frames"][rows] = [each.age_frames for each in faces]
        values["unusualness"][rows] = block.unusualness
        for row, point in zip(rows.tolist(), said.xy_px.tolist(), strict=True):
            self.reason[row] = None if np.isfinite(point).all() else "no_answer"

    def in_view(self) -> NDArray[np.bool_]:
        """Tell which predictions lie inside of the road picture, shape (n,)."""
        width, height = self.road_size_px
        x, y = self["x_px"], self["y_px"]
        with np.errstate(invalid="ignore"):
            inside: NDArray[np.bool_] = (
                (x >= -0.5) & (x < width - 0.5) & (y >= -0.5) & (y < height - 0.5)
            )
        return inside

    def to_table(self) -> pa.Table:
        """Give the table, after `PREDICTION_TABLE`."""
        schema = PREDICTION_TABLE.to_arrow()
        whole: dict[str, tuple[Any, NDArray[np.bool_] | None]] = {
            "driver_frame_index": (self.index.astype(np.int32), None),
            "time_s": (self.time_s, None),
            "road_frame_index": (self.road_index.astype(np.int32), self.road_index < 0),
            "in_view": (self.in_view(), ~self.answered),
        }
        arrays = []
        for field in schema:
            if field.name == "reason":
                arrays.append(pa.array(self.reason, field.type))
            elif field.name in whole:
                values, missing = whole[field.name]
                arrays.append(pa.array(values, field.type, mask=missing))
            else:
                numbers = self._values[field.name]
                known = np.isfinite(numbers)
                kept = np.where(known, numbers, 0.0).astype(field.type.to_pandas_dtype())
                arrays.append(pa.array(kept, field.type, mask=~known))
        return pa.Table.from_arrays(arrays, schema=schema)
