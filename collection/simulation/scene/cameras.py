"""The two cameras that look ahead: the phone's, and the eye tracker's scene camera."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RectBivariateSpline

from ..lens import Lens
from ..node_grid import NodeGrid
from ..picture_planes import Plane, Planes
from .canvas import Canvas
from .exposure import Exposure
from .rain import Streaks
from .world import Standing, World

FloatArray = NDArray[np.float64]

EGO_SIZE_PX = (1088, 1080)
"""What matrix and distortion of the scene camera belong to."""

_SHARPNESS = 0.6
"""Pixels of the straight picture to one of the scene camera's in its middle: somewhat softer than a real
one, and drawn in half of the time."""

_WIDEST = 0.95
"""Tangent up to which the straight picture reaches to each side; the outermost corners, 5 % of the picture,
repeat its border."""

_WHOLE = np.empty(0, dtype=np.uint16)
"""Says to `cv2.remap` that places are whole pixels."""


class RoadCamera:
    """The phone's rear camera: a pinhole that does not move in the car.

    Parameters
    ----------
    world
        What it sees.
    size_px
        Width and height, even.
    matrix
        Camera matrix, shape (3, 3), px.
    car_from_road
        Its pose in the car, shape (3, 4).
    seed
        Of its noise.
    """

    def __init__(
        self,
        world: World,
        size_px: tuple[int, int],
        matrix: FloatArray,
        car_from_road: FloatArray,
        *,
        seed: int,
    ) -> None:
        self._world, self._car_from_road = world, car_from_road
        self._canvas = Canvas(size_px, matrix)
        daylight = world.daylight
        self._exposure = Exposure(size_px, lighting=daylight.lighting, seed=seed)
        self._streaks = _streaks(world, size_px, seed)

    def picture(
        self,
        index: int,
        time_s: float,
        standing: list[Standing],
        *,
        distance_m: float,
        world_from_car: FloatArray,
    ) -> Plane:
        """Film a frame: I420 planes on top of each other, shape (3 h / 2, w), in memory that is used again.

        Parameters
        ----------
        index, time_s
            Number of the frame, and its time on the phone's clock.
        standing
            Who is where.
        distance_m, world_from_car
            Place of the car on the route, and its pose, shape (3, 4).
        """
        self._world.draw(
            self._canvas,
            standing,
            time_s=time_s,
            distance_m=distance_m,
            world_from_car=world_from_car,
            car_from_camera=self._car_from_road,
            with_inside=False,
        )
        light = self._canvas.planes()
        if self._streaks is not None:
            light = light._replace(y=self._streaks(light.y, index))
        return self._exposure(light, index, time_s)

    @property
    def nearness(self) -> NDArray[np.float32]:
        """1 / depth of the last picture's pixels, 1/m; 0 for the sky."""
        return self._canvas.nearness


class EgoCamera:
    """The scene camera on the driver's head: it moves, blurs when turned, and its lens bends lines.

    Parameters
    ----------
    world
        What it sees.
    lens
        Its lens, for pictures of 1088 × 1080 px.
    seed
        Of its noise.
    """

    def __init__(self, world: World, lens: Lens, *, seed: int) -> None:
        self._world = world
        width, height = EGO_SIZE_PX
        rays = np.clip(_rays(lens), -_WIDEST, _WIDEST)
        focal = _SHARPNESS * float(lens.matrix[0, 0])
        low = np.floor(rays.min(axis=(0, 1)) * focal) - 2
        size = 2 * ((np.ceil(rays.max(axis=(0, 1)) * focal) + 3 - low) // 2 + 1)
        self.matrix = np.array([[focal, 0, -low[0]], [0, focal, -low[1]], [0, 0, 1.0]])
        self._canvas = Canvas((int(size[0]), int(size[1])), self.matrix)
        places = (rays * focal - low).astype(np.float32)
        # Chroma pixels lie between four of brightness, in both pictures.
        between = (places[::2, ::2] + places[1::2, 1::2]) / 4 - 0.25
        # Of colour the nearest pixel will do, as video has half of it anyway.
        nearest = np.rint(between).astype(np.int16)
        self._places = _fixed_point(places)
        self._half_places = np.ascontiguousarray(nearest)
        self._focal_px = focal
        half = (height // 2, width // 2)
        self._bent = Planes(
            *(np.empty(shape, dtype=np.uint8) for shape in ((height, width), half, half))
        )
        self._exposure = Exposure(EGO_SIZE_PX, lighting=world.daylight.lighting, seed=seed)
        self._streaks = _streaks(world, EGO_SIZE_PX, seed)

    def picture(
        self,
        index: int,
        time_s: float,
        standing: list[Standing],
        *,
        distance_m: float,
        world_from_car: FloatArray,
        car_from_ego: FloatArray,
        turning_rad_s: FloatArray,
    ) -> Plane:
        """Film a frame: I420 planes on top of each other, shape (3 h / 2, w), in memory that is used again.

        Parameters
        ----------
        index, time_s, standing, distance_m, world_from_car
            As for `RoadCamera`.
        car_from_ego
            The camera's pose in the car, shape (3, 4).
        turning_rad_s
            Its rotation rate in its own axes, shape (3,).
        """
        self._world.draw(
            self._canvas,
            standing,
            time_s=time_s,
            distance_m=distance_m,
            world_from_car=world_from_car,
            car_from_camera=car_from_ego,
            with_inside=True,
        )
        flow = self._focal_px * np.array([-turning_rad_s[1], turning_rad_s[0]])
        light = self._exposure.blurred(self._canvas.planes(), flow)
        bent = self._bent
        whole, part = self._places
        # No place lies beyond the straight picture, so that nothing is ever read beyond its border.
        cv2.remap(light.y, whole, part, cv2.INTER_LINEAR, bent.y, cv2.BORDER_CONSTANT)
        for plane, seen in ((light.u, bent.u), (light.v, bent.v)):
            cv2.remap(
                plane, self._half_places, _WHOLE, cv2.INTER_NEAREST, seen, cv2.BORDER_REPLICATE
            )
        if self._streaks is not None:
            bent = bent._replace(y=self._streaks(bent.y, index))
        return self._exposure(bent, index, time_s)


def _rays(lens: Lens) -> FloatArray:
    """Give the rays (x, y, 1) of the scene camera's pixels as x and y, shape (h, w, 2).

    Found at every eighth pixel and interpolated, to 1e-4 px: all million of them would take a quarter of a
    minute.
    """
    width, height = EGO_SIZE_PX
    nodes = NodeGrid(EGO_SIZE_PX).points_px
    at_nodes = lens.rays(nodes.reshape(-1, 2)).reshape(*nodes.shape[:2], 3)
    down, right = nodes[:, 0, 1], nodes[0, :, 0]
    rows, columns = np.arange(height), np.arange(width)
    return np.stack(
        [RectBivariateSpline(down, right, at_nodes[..., axis])(rows, columns) for axis in (0, 1)],
        axis=-1,
    )


def _fixed_point(places: NDArray[np.float32]) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    """Give places, shape (h, w, 2), as OpenCV looks them up fastest."""
    x, y = (np.ascontiguousarray(places[..., axis]) for axis in (0, 1))
    whole, part = cv2.convertMaps(x, y, cv2.CV_16SC2)
    return np.asarray(whole, dtype=np.int16), np.asarray(part, dtype=np.uint16)


def _streaks(world: World, size_px: tuple[int, int], seed: int) -> Streaks | None:
    if world.daylight.weather != "rain":
        return None
    strength = 34.0 if world.daylight.lighting == "day" else 18.0
    return Streaks(size_px, np.random.default_rng([seed, 10]), strength)
