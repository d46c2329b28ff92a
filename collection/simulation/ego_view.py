"""What the scene camera on a simulated driver's head sees."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .car_inside import CAR, draw_inside
from .grain import Grain
from .landscape import SKY, Traffic
from .lens import Lens
from .node_grid import NodeGrid
from .picture_planes import Plane, Planes, covered, look, look_at

FULL_PX = (1088, 1080)
"""What matrix and distortion of the camera belong to."""

_BLUR_PX = 16.0
_NOISE = 2.0
_TONE = np.clip(np.arange(256) * 0.9 + 8, 16, 235).astype(np.uint8)


class EgoView:
    """Draws the road through the windscreen, and the inside of the car around it.

    Parameters
    ----------
    lens
        The camera's.
    size_px
        Width and height of the pictures, even. Other than 1088 × 1080 is the same view, scaled.
    seed
        Of landscape, car and sensor noise.
    """

    def __init__(self, lens: Lens, size_px: tuple[int, int], *, seed: int) -> None:
        self._grid = NodeGrid(size_px)
        nodes = self._grid.points_px
        full = (nodes + 0.5) * np.array(FULL_PX) / np.array(size_px) - 0.5
        self._rays = lens.rays(full.reshape(-1, 2)).reshape(*nodes.shape[:2], 3)
        self._inside = draw_inside(seed)
        self._traffic = Traffic(seed)
        self._grain = Grain(size_px, seed=seed, sigma=_NOISE)

    def picture(
        self,
        index: int,
        time_s: float,
        world_from_car: NDArray[np.float64],
        car_from_head: NDArray[np.float64],
        *,
        blurred: bool,
    ) -> Planes:
        """Draw a frame.

        Parameters
        ----------
        index
            Its number, for the noise.
        time_s
            Its time on the phone's clock.
        world_from_car, car_from_head
            Rotations, shape (3, 3).
        blurred
            Whether the camera is out of focus.
        """
        in_car = self._rays @ car_from_head.T
        at_sky = self._grid.spread(SKY.places(in_car @ world_from_car.T))
        at_car = self._grid.spread(CAR.places(in_car))
        seen = covered(
            look(self._traffic.at(time_s), at_sky),
            look_at(self._inside.y, at_car),
            look_at(self._inside.opaque, at_car),
        )
        y = _out_of_focus(seen.y) if blurred else seen.y
        return seen._replace(y=self._grain(np.asarray(cv2.LUT(y, _TONE), dtype=np.uint8), index))


def _out_of_focus(y: Plane) -> Plane:
    height, width = y.shape
    small = cv2.resize(y, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), _BLUR_PX / 4)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
