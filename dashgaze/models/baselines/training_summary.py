"""What simple baselines keep of the training frames."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.models.contract.samples import Samples
from dashgaze.models.contract.scale import unit_from_px

from .geometric_median import geometric_median
from .session_rows import complete

FloatArray = NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class TrainingSummary:
    """Middles of gaze in training; points in −1 … 1 of the road picture, angles in degrees.

    Attributes
    ----------
    location_mean, location_median
        Mean and geometric median over frames.
    angle_mean, angle_median
        The same of gaze angles; None without angles.
    location_by_camera
        Geometric median of each camera position.
    vanishing_offset
        Geometric median of gaze minus vanishing point; None where no frame has both.
    frames, sessions, drivers
        What it was made of.
    """

    location_mean: Point
    location_median: Point
    angle_mean: Point | None
    angle_median: Point | None
    location_by_camera: dict[str, Point]
    vanishing_offset: Point | None
    frames: int
    sessions: int
    drivers: int

    def to_json(self) -> dict[str, Any]:
        """Give the fields as what `json.dumps` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "TrainingSummary":
        """Undo `to_json`."""
        points = ("location_mean", "location_median", "angle_mean", "angle_median")
        read = dict(values)
        for name in (*points, "vanishing_offset"):
            read[name] = None if read[name] is None else (read[name][0], read[name][1])
        read["location_by_camera"] = {
            name: (point[0], point[1]) for name, point in values["location_by_camera"].items()
        }
        return cls(**read)


def summarise_training(train: Samples) -> TrainingSummary:
    """Find the middles of gaze in training frames.

    Raises
    ------
    InputError
        If no frame has gaze in the road view.
    """
    known = train.has_location
    if not known.any():
        raise InputError(
            f"None of the {len(train)} training frames has gaze in the road view.",
            fix="Give frames of the training split of a data set that was aligned.",
        )
    points = unit_from_px(train.gaze_road_px, train.road_size_px)
    aspect = float(np.median(train.road_size_px[:, 1] / train.road_size_px[:, 0]))
    angles = train.gaze_angle_deg[train.has_angle]
    offset = points - unit_from_px(train.vanishing_point_px, train.road_size_px)
    offset = offset[complete(offset)]
    return TrainingSummary(
        location_mean=_pair(points[known].mean(axis=0)),
        location_median=picture_median(points[known], aspect),
        angle_mean=_pair(angles.mean(axis=0)) if len(angles) else None,
        angle_median=_pair(geometric_median(angles)) if len(angles) else None,
        location_by_camera={
            position: picture_median(points[known & (train.camera_position == position)], aspect)
            for position in sorted(set(train.camera_position[known].tolist()) - {""})
        },
        vanishing_offset=picture_median(offset, aspect) if len(offset) else None,
        frames=int(known.sum()),
        sessions=len(set(train.session_id[known].tolist())),
        drivers=len(set(train.driver_id[known].tolist())),
    )


def picture_median(points: FloatArray, aspect: float) -> Point:
    """Geometric median of points in −1 … 1, distances being those of the picture.

    Parameters
    ----------
    points
        Shape (n, 2).
    aspect
        The picture's height over its width.
    """
    scale = np.array([1.0, aspect])
    return _pair(geometric_median(points * scale) / scale)


def _pair(values: FloatArray) -> Point:
    return float(values[0]), float(values[1])
