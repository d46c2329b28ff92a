"""The world of a simulated drive: sky, hills, houses and trees along a road, and a few cars on it.

It is a picture all around, infinitely far away: who turns sees another part of it, who drives on sees the
same. So there is no parallax, neither of the road nor of the cars on it, and two cameras at one moment
differ by a rotation and their lenses alone.
"""

from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from .panorama import Panorama
from .picture_planes import Plane, Planes, planes_of
from .texture import texture

SKY = Panorama(azimuth_deg=64, elevation_deg=26, px_per_deg=16)
"""As much of it as the cameras can get to see; straight on is where the road leads."""

_EYE_HEIGHT_M = 1.25
_HALF_ROAD_M = 4.0
_GROUND_PX_PER_M = 24
_FRACTION_BITS = 4  # of drawn corners

Colour = tuple[float, float, float]


@lru_cache(maxsize=4)
def draw_landscape(seed: int) -> Planes:
    """Draw it as it is without cars, on `SKY`."""
    rng = np.random.default_rng([seed, 1])
    picture = _sky(rng)
    _hills(rng, picture)
    _ground(rng, picture)
    _road(rng, picture)
    for azimuth_deg in sorted(_roadside(rng), key=abs):
        draw = _house if rng.random() < 0.45 else _tree
        draw(rng, picture, azimuth_deg)
    grain = texture(rng, SKY.size_px, (2, 5))[..., None]
    return planes_of(np.clip(picture + 3 * grain, 0, 255).astype(np.uint8))


class Traffic:
    """The landscape with cars that come up the road and pass.

    Parameters
    ----------
    seed
        Of the landscape and the cars.
    smooth_px
        How much finer structure than its own pixels the camera loses (standard deviation).
    """

    COUNT, PERIOD_S = 3, 9.0
    FAR_M, NEAR_M = 130.0, 9.0

    def __init__(self, seed: int, *, smooth_px: float = 0.0) -> None:
        empty = draw_landscape(seed)
        if smooth_px:
            empty = Planes(*(_smoothed(each, smooth_px) for each in empty))
        self._empty = empty
        self._planes = Planes(*(each.copy() for each in empty))
        self._dirty: list[tuple[int, tuple[slice, slice]]] = []
        rng = np.random.default_rng([seed, 2])
        self._phases = (np.arange(self.COUNT) + rng.uniform(0, 0.6, self.COUNT)) / self.COUNT
        self._cars = [_car(rng) for _ in range(self.COUNT)]

    def at(self, time_s: float) -> Planes:
        """Give the picture at a time on the phone's clock; good until the next call."""
        for number, place in self._dirty:
            self._planes[number][place] = self._empty[number][place]
        self._dirty = []
        for phase, car in sorted(
            zip(self._phases, self._cars, strict=True), key=lambda each: self._way(each[0], time_s)
        ):
            self._paste(car, self._way(phase, time_s))
        return self._planes

    def _way(self, phase: float, time_s: float) -> float:
        """How much of its way a car has come, 0 … 1."""
        return float((phase + time_s / self.PERIOD_S) % 1.0)

    def _paste(self, car: Plane, way: float) -> None:
        distance_m = self.FAR_M + (self.NEAR_M - self.FAR_M) * way
        corners = _project([-3.1, -1.2], [distance_m, distance_m])
        left, bottom = corners[0]
        scale = float(corners[1, 0] - left) / car.shape[1]
        top = bottom - scale * car.shape[0]
        x, y = int(np.floor(left)), int(np.floor(top))
        width, height = (int(np.ceil(scale * each)) + 2 for each in car.shape[::-1])
        if x < 0 or y < 0 or x + width > SKY.size_px[0] or y + height > SKY.size_px[1]:
            return
        place = slice(y, y + height), slice(x, x + width)
        matrix = np.array([[scale, 0, left - x], [0, scale, top - y]])
        cv2.warpAffine(
            car, matrix, (width, height), dst=self._planes.y[place],
            flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_TRANSPARENT,
        )  # fmt: skip
        grey = slice(y // 2, (y + height) // 2), slice(x // 2, (x + width) // 2)
        self._planes.u[grey] = self._planes.v[grey] = 128
        self._dirty += [(0, place), (1, grey), (2, grey)]


def _smoothed(plane: Plane, sigma_px: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma_px), dtype=np.uint8)


def _project(across_m: object, ahead_m: object) -> NDArray[np.float64]:
    """Find places on the ground on the picture, shape (n, 2), px."""
    across, ahead = np.asarray(across_m, float), np.asarray(ahead_m, float)
    azimuth = np.degrees(np.arctan2(across, ahead))
    elevation = -np.degrees(np.arctan2(_EYE_HEIGHT_M, np.hypot(across, ahead)))
    return SKY.points(azimuth, elevation)


def _fill(picture: NDArray[np.float32], corners: NDArray[np.float64], colour: Colour) -> None:
    fixed = np.rint(corners * (1 << _FRACTION_BITS)).astype(np.int32)
    cv2.fillPoly(picture, [fixed], colour, cv2.LINE_8, _FRACTION_BITS)


def _sky(rng: np.random.Generator) -> NDArray[np.float32]:
    _, elevation = SKY.grid_deg()
    height = np.clip(elevation / 26, 0, 1)[:, None, None]
    blue = np.array([205, 170, 130]) * height + np.array([225, 215, 200]) * (1 - height)
    clouds = np.clip(texture(rng, SKY.size_px, (24, 60, 150)) - 0.15, 0, 1.2)[..., None]
    broken = clouds * (1 + 0.25 * texture(rng, SKY.size_px, (4, 11))[..., None])
    return np.asarray(blue + broken * (np.array([245, 245, 245]) - blue), dtype=np.float32)


def _hills(rng: np.random.Generator, picture: NDArray[np.float32]) -> None:
    _, elevation = SKY.grid_deg()
    width = SKY.size_px[0]
    for lift_deg, rough_deg, colour in ((3.2, 1.6, (150, 135, 118)), (1.3, 1.1, (92, 112, 96))):
        ridge = lift_deg + rough_deg * texture(rng, (width, 1), (40, 130, 330))[0]
        part = elevation[:, None] < ridge
        shade = 1 + 0.16 * texture(rng, SKY.size_px, (3, 9, 30))
        hill = np.asarray(colour, dtype=np.float32) * shade[..., None]
        picture[part] = hill[part]


def _ground(rng: np.random.Generator, picture: NDArray[np.float32]) -> None:
    """Draw fields, and the road's surface, from a tile of ground that repeats."""
    azimuth, elevation = SKY.grid_deg()
    below = np.flatnonzero(elevation < -0.6)
    distance = _EYE_HEIGHT_M / np.tan(np.radians(-elevation[below]))[:, None]
    turn = np.radians(azimuth)
    across, ahead = distance * np.sin(turn), distance * np.cos(turn)
    tile = texture(rng, (1024, 1024), (2, 6, 20, 70))
    coarse = texture(rng, SKY.size_px, (3, 8, 24))[below]
    x, y = (np.asarray(each * _GROUND_PX_PER_M, dtype=np.float32) for each in (across, ahead))
    fine = cv2.remap(tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    near = np.clip(12 / distance, 0, 1)  # farther off a tile's pixels are less than the picture's
    grain = near * fine + (1 - 0.6 * near) * coarse
    on_road = np.abs(across) < _HALF_ROAD_M
    bright = np.where(on_road, 1 + 0.10 * grain, 1 + 0.22 * grain)[..., None]
    colour = np.where(on_road[..., None], (96, 96, 98), (62, 118, 104))
    picture[below] = colour * bright
    edge = (elevation <= 0) & (elevation >= -0.6)
    picture[edge] = (
        np.asarray((70, 112, 100)) * (1 + 0.15 * texture(rng, SKY.size_px, (4, 12)))[edge, :, None]
    )


def _road(rng: np.random.Generator, picture: NDArray[np.float32]) -> None:
    """Draw lane marks, and what makes tarmac uneven: patches, covers, shadows."""
    for _ in range(70):
        ahead, across = 4 + 60 * rng.random() ** 2, rng.uniform(-3.2, 3.2)
        long, wide = rng.uniform(0.3, 3.5), rng.uniform(0.15, 0.8)
        tone = rng.uniform(62, 135)
        _patch(picture, (across, ahead), (wide, long), (tone, tone, tone))
    for side in (-1, 1):
        _patch(picture, (side * 3.6, 3.2), (0.16, 130.0), (215, 220, 220))
    for ahead in np.arange(3.4, 130, 6.0):
        _patch(picture, (0.0, ahead), (0.15, 3.0), (225, 230, 230))


def _patch(
    picture: NDArray[np.float32],
    start_m: tuple[float, float],
    size_m: tuple[float, float],
    colour: Colour,
) -> None:
    """Draw a rectangle that lies on the ground."""
    across, ahead = start_m
    steps = np.linspace(0, size_m[1], 24)
    left = _project(across - size_m[0] / 2, ahead + steps)
    right = _project(across + size_m[0] / 2, ahead + steps)
    _fill(picture, np.concatenate([left, right[::-1]]), colour)


def _roadside(rng: np.random.Generator) -> list[float]:
    """Choose azimuths of houses and trees, none on the road."""
    places = np.concatenate([np.arange(-62, -7, 3.2), np.arange(7, 62, 3.2)])
    return [float(each) for each in places + rng.uniform(-1.4, 1.4, len(places))]


def _box(
    azimuth_deg: float, width_deg: float, bottom_deg: float, top_deg: float
) -> NDArray[np.float64]:
    left, right = azimuth_deg - width_deg / 2, azimuth_deg + width_deg / 2
    return SKY.points([left, right, right, left], [bottom_deg, bottom_deg, top_deg, top_deg])


def _house(rng: np.random.Generator, picture: NDArray[np.float32], azimuth_deg: float) -> None:
    near = 0.5 + abs(azimuth_deg) / 40
    width, height, bottom = near * rng.uniform(3, 5.5), near * rng.uniform(2, 4.5), -0.9 * near
    wall = rng.uniform(110, 225)
    tint = wall * rng.uniform(0.82, 1.05, 3)
    _fill(picture, _box(azimuth_deg, width, bottom, bottom + height), (tint[0], tint[1], tint[2]))
    roof = SKY.points(
        azimuth_deg + width * np.array([-0.56, 0, 0.56]),
        bottom + height + np.array([0, near * rng.uniform(1, 2.2), 0]),
    )
    _fill(picture, roof, (rng.uniform(40, 70), rng.uniform(45, 85), rng.uniform(80, 150)))
    floors, columns = int(rng.integers(2, 5)), int(rng.integers(3, 7))
    for floor in range(floors):
        for column in range(columns):
            across = azimuth_deg + width * ((column + 0.5) / columns - 0.5)
            up = bottom + height * (floor + 0.3) / floors
            pane = _box(across, 0.5 * width / columns, up, up + 0.45 * height / floors)
            tone = rng.uniform(25, 110)
            _fill(picture, pane, (tone * 1.1, tone, tone * 0.9))


def _tree(rng: np.random.Generator, picture: NDArray[np.float32], azimuth_deg: float) -> None:
    near = 0.5 + abs(azimuth_deg) / 40
    height = near * rng.uniform(2.5, 5.5)
    _fill(picture, _box(azimuth_deg, 0.22 * near, -0.9 * near, height), (45, 60, 78))
    middle = np.array([azimuth_deg, height * 0.75])
    for _ in range(130):
        at = middle + rng.normal(0, (0.55 * near, 0.28 * height))
        corner = SKY.points(at[0], at[1])
        size = rng.uniform(0.12, 0.4) * near * SKY.px_per_deg
        tone = rng.uniform(35, 105)
        outline = corner + size * _blob(rng)
        _fill(picture, outline, (tone * 0.6, tone, tone * 0.75))


def _blob(rng: np.random.Generator) -> NDArray[np.float64]:
    turn = np.sort(rng.uniform(0, 2 * np.pi, 7))
    return np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(0.5, 1.1, (7, 1))


def _car(rng: np.random.Generator) -> Plane:
    """Draw a car from the front, shape (120, 150)."""
    body = 60 + 130 * rng.random() + 9 * texture(rng, (150, 120), (3, 9))
    picture = np.ascontiguousarray(body, dtype=np.float32)
    draw: Callable[..., object] = cv2.rectangle
    draw(picture, (22, 10), (128, 50), 45, -1)
    draw(picture, (4, 100), (30, 119), 25, -1)
    draw(picture, (120, 100), (146, 119), 25, -1)
    draw(picture, (45, 66), (105, 86), 40, -1)
    for x in (22, 128):
        cv2.circle(picture, (x, 74), 11, 235, -1)
    draw(picture, (58, 92), (92, 102), 215, -1)
    return np.clip(picture, 16, 235).astype(np.uint8)
