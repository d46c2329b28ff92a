"""The pictures of a simulated drive, frame by frame, as `write_video` takes them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from .drive_geometry import DriveGeometry
from .drive_plan import DrivePlan
from .ego_view import EgoView
from .picture_planes import stacked
from .road_view import RoadView

Pictures = Callable[[int], NDArray[np.uint8]]


def ego_pictures(
    geometry: DriveGeometry,
    plan: DrivePlan,
    phone_s: NDArray[np.float64],
    size_px: tuple[int, int],
    *,
    seed: int,
) -> Pictures:
    """Give what draws the scene camera's frame of a number.

    Parameters
    ----------
    geometry, plan
        What happens in the drive.
    phone_s
        Times of the frames on the phone's clock, shape (n,), s.
    size_px
        Width and height.
    seed
        Of landscape, car and noise.
    """
    view = EgoView(geometry.lens, size_px, seed=seed)
    car, head = geometry.world_from_car(phone_s), geometry.car_from_head(phone_s)

    def picture(index: int) -> NDArray[np.uint8]:
        time_s = float(phone_s[index])
        blurred = any(blur.start_s <= time_s < blur.end_s for blur in plan.blurs)
        return stacked(view.picture(index, time_s, car[index], head[index], blurred=blurred))

    return picture


def road_pictures(geometry: DriveGeometry, phone_s: NDArray[np.float64], *, seed: int) -> Pictures:
    """Give what draws the phone's frame of a number; parameters as in `ego_pictures`."""
    view = RoadView(geometry.road_size_px, seed=seed)
    car = geometry.world_from_car(phone_s)

    def picture(index: int) -> NDArray[np.uint8]:
        return stacked(view.picture(index, float(phone_s[index]), car[index]))

    return picture


def pattern_pictures(size_px: tuple[int, int], seed: int) -> Pictures:
    """Give what draws pictures of a texture that moves slowly: cheap, and no scene."""
    width, height = size_px
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (height // 8 + 2, 2 * width // 8 + 2, 3)).astype(np.uint8)
    texture = np.repeat(np.repeat(coarse, 8, axis=0), 8, axis=1)[:height]

    def picture(index: int) -> NDArray[np.uint8]:
        shift = (2 * index) % width
        return np.ascontiguousarray(texture[:, shift : shift + width])

    return picture
