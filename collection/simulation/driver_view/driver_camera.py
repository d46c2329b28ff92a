"""The phone's front camera."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
CameraPosition = Literal["under_mirror", "windscreen_centre", "windscreen_corner"]

EYES_AT_REST_CAR_M = (0.36, -1.17, 0.05)
"""Between the driver's eyes, right-hand drive; car axes (x right, y down, z forward), m."""

NECK_AT_REST_CAR_M = (0.36, -1.02, -0.05)
"""What the head turns about."""

_PHONES_CAR_M: dict[CameraPosition, tuple[float, float, float]] = {
    "under_mirror": (0.0, -1.27, 0.52),
    "windscreen_centre": (0.0, -1.03, 0.86),
    "windscreen_corner": (0.55, -1.24, 0.55),
}
# Seen from the windscreen's middle, 0.9 m away, a face would be 80 px wide at 66°: that phone films at the
# longer end of what front cameras have, so that a crop of 224 px is no more than doubled anywhere.
_FOV_DEG: dict[CameraPosition, float] = {
    "under_mirror": 66.0,
    "windscreen_centre": 50.0,
    "windscreen_corner": 66.0,
}
_AIMED = 0.7
"""How far a phone is turned from straight back towards the driver: drivers aim it roughly."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DriverCamera:
    """A pinhole camera in the car.

    Attributes
    ----------
    size_px
        Width and height, even.
    matrix
        Camera matrix, shape (3, 3), px.
    car_from_camera
        From its axes (x right in the picture, y down, z into it) to the car's, shape (3, 4), m.
    """

    size_px: tuple[int, int]
    matrix: FloatArray
    car_from_camera: FloatArray

    @property
    def camera_from_car(self) -> FloatArray:
        """The way back, shape (3, 4)."""
        rotation = self.car_from_camera[:, :3].T
        return np.column_stack([rotation, -rotation @ self.car_from_camera[:, 3]])

    def pixels(self, points_car_m: FloatArray) -> FloatArray:
        """Project points, shape (…, 3) in car axes, to (…, 2) px; NaN behind the camera."""
        back = self.camera_from_car
        camera = points_car_m @ back[:, :3].T + back[:, 3]
        depth = np.where(camera[..., 2:] > 0, camera[..., 2:], np.nan)
        image = (camera / depth) @ self.matrix.T
        return np.asarray(image[..., :2], dtype=np.float64)


def front_camera(
    position: CameraPosition, size_px: tuple[int, int] = (640, 480), *, fov_deg: float | None = None
) -> DriverCamera:
    """Put the phone to a place on the windscreen.

    Parameters
    ----------
    position
        As in the session's manifest.
    size_px
        Width and height, even.
    fov_deg
        Horizontal field of view; by default that of the position, 50 or 66.
    """
    origin = np.array(_PHONES_CAR_M[position])
    to_eyes = np.array(EYES_AT_REST_CAR_M) - origin
    azimuth = _AIMED * np.arctan2(to_eyes[0], -to_eyes[2])
    fall = _AIMED * np.arctan2(to_eyes[1], np.hypot(to_eyes[0], to_eyes[2]))
    forward = np.array(
        [np.sin(azimuth) * np.cos(fall), np.sin(fall), -np.cos(azimuth) * np.cos(fall)]
    )
    right = np.cross([0.0, 1.0, 0.0], forward)
    right /= np.linalg.norm(right)
    width, height = size_px
    across = _FOV_DEG[position] if fov_deg is None else fov_deg
    focal_px = width / 2 / np.tan(np.radians(across) / 2)
    return DriverCamera(
        size_px=size_px,
        matrix=np.array(
            [[focal_px, 0, (width - 1) / 2], [0, focal_px, (height - 1) / 2], [0, 0, 1]]
        ),
        car_from_camera=np.column_stack([right, np.cross(forward, right), forward, origin]),
    )
