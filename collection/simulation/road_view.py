"""What the phone on a simulated windscreen sees of the road."""

import numpy as np
from numpy.typing import NDArray

from .car_inside import draw_bonnet
from .grain import Grain
from .landscape import SKY, Traffic
from .node_grid import NodeGrid
from .picture_planes import Planes, covered, look
from .swing import turns

FIELD_DEG = 60.0
_MOUNT_DEG = (1.3, -0.8, 0.6)
_NOISE = 1.5


def road_matrix(size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Give the camera matrix of the phone, a pinhole camera 60° wide, shape (3, 3), px."""
    width, height = size_px
    focal_px = width / 2 / np.tan(np.radians(FIELD_DEG) / 2)
    return np.array([[focal_px, 0, (width - 1) / 2], [0, focal_px, (height - 1) / 2], [0, 0, 1]])


def car_from_road() -> NDArray[np.float64]:
    """Give the rotation from the phone's axes to the car's, shape (3, 3): it is mounted a bit askew."""
    yaw, pitch, roll = (np.array([each]) for each in _MOUNT_DEG)
    return np.asarray(turns(yaw, pitch, roll)[0], dtype=np.float64)


class RoadView:
    """Draws the road, and the bonnet at the bottom.

    Parameters
    ----------
    size_px
        Width and height of the pictures, even.
    seed
        Of landscape, bonnet and sensor noise.
    """

    def __init__(self, size_px: tuple[int, int], *, seed: int) -> None:
        self._grid = NodeGrid(size_px)
        nodes = self._grid.points_px
        pixels = np.concatenate([nodes, np.ones((*nodes.shape[:2], 1))], axis=-1)
        matrix = road_matrix(size_px)
        self._rays = pixels @ np.linalg.inv(matrix).T @ car_from_road().T
        # The camera loses what is finer than its pixels.
        finer = SKY.px_per_deg / (matrix[0, 0] * np.radians(1))
        self._traffic = Traffic(seed, smooth_px=0.4 * finer)
        self._bonnet = draw_bonnet(seed, size_px)
        self._grain = Grain(size_px, seed=seed + 1, sigma=_NOISE)

    def picture(self, index: int, time_s: float, world_from_car: NDArray[np.float64]) -> Planes:
        """Draw the frame of a number, a time on the phone's clock and a rotation, shape (3, 3)."""
        places = self._grid.spread(SKY.places(self._rays @ world_from_car.T))
        world = look(self._traffic.at(time_s), places)
        seen = covered(world, self._bonnet.y, self._bonnet.opaque)
        return seen._replace(y=self._grain(seen.y, index))
