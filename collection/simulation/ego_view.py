"""What the scene camera on a simulated driver's head sees."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .car_inside import CAR, WINDSCREEN_DEG, draw_inside
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
        at_car = CAR.places(in_car)
        places = self._grid.spread(at_car)
        y = look_at(self._inside.y, places)
        u, v = (np.full((y.shape[0] // 2, y.shape[1] // 2), 128, dtype=np.uint8) for _ in "uv")
        part = self._grid.around(_in_windscreen(at_car))
        if part is not None:
            at_sky = self._grid.spread(SKY.places(in_car @ world_from_car.T))
            world = look(self._traffic.at(time_s), at_sky[part])
            road = covered(world, y[part], look_at(self._inside.opaque, places[part]))
            half = (
                slice(part[0].start // 2, part[0].stop // 2),
                slice(part[1].start // 2, part[1].stop // 2),
            )
            y[part], u[half], v[half] = road
        if blurred:
            y, u, v = _out_of_focus(y, _BLUR_PX), *(_out_of_focus(c, _BLUR_PX / 2) for c in (u, v))
        return Planes(self._grain(np.asarray(cv2.LUT(y, _TONE), dtype=np.uint8), index), u, v)


def _in_windscreen(at_car: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which nodes lie in the rectangle around the windscreen."""
    corners = CAR.points(*np.array(WINDSCREEN_DEG).T)
    inside = (at_car >= corners.min(axis=0)) & (at_car <= corners.max(axis=0))
    return np.asarray(inside.all(axis=-1))


def _out_of_focus(plane: Plane, sigma_px: float) -> Plane:
    height, width = plane.shape
    small = cv2.resize(plane, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), sigma_px / 4)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
