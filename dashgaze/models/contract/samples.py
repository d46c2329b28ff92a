"""Labelled frames of a packed data set, as arrays."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.str_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """n frames that have pictures, ascending in time within each session; missing is NaN or ``""``.

    Attributes
    ----------
    session_id, driver_id, split
        Where each belongs, shape (n,).
    frame_index
        Ego frame, shape (n,).
    time_s
        Since the session's first ego frame, shape (n,), s.
    gaze_road_px
        Gaze in the road view, shape (n, 2), px of the road picture.
    gaze_road_cov_px2
        Its stated covariance (xx, xy, yy), shape (n, 3), px².
    gaze_in_view
        Whether gaze is inside of the road picture, shape (n,).
    gaze_angle_deg
        Azimuth and elevation, shape (n, 2), degrees, in the axes of the scene camera, which sits on the
        glasses: gaze relative to the head. Right and up are positive.
    road_size_px, driver_size_px
        Width and height of the pictures that points are given in, shape (n, 2).
    landmarks_px
        The five landmarks in the order of `schemas.face_table.LANDMARKS` (left and right are the
        driver's), shape (n, 5, 2), px of the driver picture.
    face_box_px
        Left, top, width, height, shape (n, 4).
    face_confidence
        Shape (n,).
    head_pose_deg
        Yaw, pitch and roll as `schemas.face_table` has them, shape (n, 3), degrees.
    vanishing_point_px
        Of the road picture, shape (n, 2).
    speed_m_s
        Shape (n,).
    fixation, blink
        Shape (n,).
    homography_source
        ``direct``, ``propagated``, ``none`` or ``""``, shape (n,).
    homography_error_px
        Shape (n,).
    lighting, weather, camera_position, eyewear, car
        Conditions of the session, shape (n,).
    """

    session_id: TextArray
    driver_id: TextArray
    split: TextArray
    frame_index: IndexArray
    time_s: FloatArray
    gaze_road_px: FloatArray
    gaze_road_cov_px2: FloatArray
    gaze_in_view: BoolArray
    gaze_angle_deg: FloatArray
    road_size_px: FloatArray
    driver_size_px: FloatArray
    landmarks_px: FloatArray
    face_box_px: FloatArray
    face_confidence: FloatArray
    head_pose_deg: FloatArray
    vanishing_point_px: FloatArray
    speed_m_s: FloatArray
    fixation: BoolArray
    blink: BoolArray
    homography_source: TextArray
    homography_error_px: FloatArray
    lighting: TextArray
    weather: TextArray
    camera_position: TextArray
    eyewear: TextArray
    car: TextArray

    def __post_init__(self) -> None:
        count = len(self.session_id)
        for field in fields(self):
            values = getattr(self, field.name)
            if len(values) != count:
                raise ValueError(f"{field.name} has {len(values)} rows, not {count}")

    def __len__(self) -> int:
        return len(self.session_id)

    def take(self, rows: IndexArray | BoolArray) -> "Samples":
        """Give some of the rows, shape (m,) of indices or (n,) of flags, in that order."""
        return Samples(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @property
    def sessions(self) -> list[str]:
        """Names of the sessions, sorted."""
        return sorted(set(self.session_id.tolist()))

    @property
    def has_location(self) -> BoolArray:
        """Whether gaze in the road view is known, shape (n,)."""
        return _complete(self.gaze_road_px)

    @property
    def has_angle(self) -> BoolArray:
        """Whether the gaze angle is known, shape (n,)."""
        return _complete(self.gaze_angle_deg)

    @property
    def has_face(self) -> BoolArray:
        """Whether box and landmarks are known, shape (n,)."""
        return _complete(self.landmarks_px) & _complete(self.face_box_px)


def _complete(values: FloatArray) -> BoolArray:
    """Tell which rows have no missing value, shape (n,)."""
    known = np.isfinite(values).all(axis=tuple(range(1, values.ndim)))
    return np.asarray(known, dtype=np.bool_)
