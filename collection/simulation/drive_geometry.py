"""Where car and head are turned during a simulated drive, and what that means for its cameras."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from .car_motion import CarMotion
from .drive_plan import DrivePlan
from .head_motion import HeadMotion
from .lens import Lens
from .road_view import car_from_road, road_matrix

_STEP_S = 1e-3


class DriveGeometry:
    """The exact geometry of a drive. Times are on the phone's clock.

    Parameters
    ----------
    seed
        Same seed, same motion.
    plan
        When the head turns to the mirrors.
    lens
        The scene camera's.
    road_size_px
        Width and height of the phone's pictures.
    """

    def __init__(
        self, seed: int, plan: DrivePlan, lens: Lens, road_size_px: tuple[int, int]
    ) -> None:
        self._car, self._head = CarMotion(seed), HeadMotion(seed, plan.glances)
        self.lens = lens
        self.road_size_px = road_size_px

    def world_from_car(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give rotations from the car's axes to the world's, shape (n, 3, 3)."""
        return self._car.world_from_car(time_s)

    def car_from_head(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give rotations from the scene camera's axes to the car's, shape (n, 3, 3)."""
        return self._head.car_from_head(time_s)

    def road_from_ego(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the homographies from undistorted ego px to road px, last element 1; (n, 3, 3)."""
        road_from_head = car_from_road().T @ self.car_from_head(time_s)
        found = road_matrix(self.road_size_px) @ road_from_head @ np.linalg.inv(self.lens.matrix)
        return np.asarray(found / found[:, 2:, 2:], dtype=np.float64)

    def road_points(
        self, ego_px: NDArray[np.float64], time_s: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Give the road points of distorted ego points at times, shape (n, 2), px."""
        undistorted = self.lens.rays(ego_px) @ self.lens.matrix.T
        image = np.einsum("nij,nj->ni", self.road_from_ego(time_s), undistorted)
        return np.asarray(image[:, :2] / image[:, 2:], dtype=np.float64)

    def turning_deg_s(self, time_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the rotation rate of the head in the world, as a gyroscope on it feels it.

        That is the head's turning in the car and the car's own, in the scene camera's axes (x right,
        y down, z forward), shape (n, 3).
        """
        before, after = (
            self.world_from_car(time_s + step) @ self.car_from_head(time_s + step)
            for step in (-_STEP_S, _STEP_S)
        )
        turned = Rotation.from_matrix(before.transpose(0, 2, 1) @ after)
        return np.asarray(np.degrees(turned.as_rotvec()) / (2 * _STEP_S), dtype=np.float64)
