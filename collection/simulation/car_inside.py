"""What a simulated driver sees of the car: its inside around the windscreen, and the phone its bonnet."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .panorama import Panorama
from .texture import texture

CAR = Panorama(azimuth_deg=104, elevation_deg=64, px_per_deg=8)

WINDSCREEN_DEG = ((-27.0, -11.0), (0.0, -10.0), (27.0, -11.0), (24.0, 14.5), (-24.0, 14.5))
"""Corners of the windscreen: azimuth and elevation, degrees."""

_BONNET_FROM = 0.87

Plane = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, eq=False)
class Cover:
    """A grey picture with holes in it.

    Attributes
    ----------
    y
        Its brightness, shape (h, w).
    opaque
        How much it hides what is behind it, shape (h, w), 0 … 255.
    """

    y: Plane
    opaque: Plane


def draw_inside(seed: int) -> Cover:
    """Draw the inside of the car on `CAR`; the windscreen is a hole in it."""
    rng = np.random.default_rng([seed, 6])
    grain = texture(rng, CAR.size_px, (2, 6, 30))
    _, elevation = CAR.grid_deg()
    picture = np.where(elevation > 15, 150.0, np.where(elevation < -10.5, 58.0, 84.0))[:, None]
    picture = np.ascontiguousarray(picture * (1 + 0.10 * grain), dtype=np.float32)
    _shapes(rng, picture)
    for azimuth_deg in (-38, -12, 12, 40):  # vents
        for down_deg in np.arange(13.5, 18, 0.9):
            _fill(picture, _box(azimuth_deg, 8, -down_deg, 0.4), 22)
    for azimuth_deg in (-9, 3):  # instruments, above a wheel
        cv2.circle(picture, _pixel(azimuth_deg, -21), 34, 18, -1)
        for tick in np.arange(0, 5, 0.25):
            ray = np.array([np.cos(tick + 2.2), np.sin(tick + 2.2)])
            start, end = (np.rint(_at(azimuth_deg, -21) + r * ray).astype(int) for r in (24, 31))
            cv2.line(picture, start.tolist(), end.tolist(), 225, 1)
    cv2.ellipse(picture, _pixel(-3, -39), (190, 150), 0, 180, 360, 26, 22)
    cv2.ellipse(picture, _pixel(-3, -39), (200, 160), 0, 180, 360, 92, 2)
    opening = CAR.points(*np.array(WINDSCREEN_DEG).T)
    opaque = np.full(picture.shape, 255, dtype=np.uint8)
    _fill(opaque, opening, 0)
    cv2.polylines(picture, [np.rint(opening).astype(np.int32)], True, 20, 9)
    mirror = _box(17, 13, 9.5, 6)
    _fill(opaque, mirror, 255)
    _fill(picture, mirror, 105)
    cv2.polylines(picture, [np.rint(mirror).astype(np.int32)], True, 16, 4)
    return Cover(y=np.clip(picture, 16, 235).astype(np.uint8), opaque=opaque)


def draw_bonnet(seed: int, size_px: tuple[int, int]) -> Cover:
    """Draw the bonnet at the bottom of the phone's picture, where it never moves."""
    rng = np.random.default_rng([seed, 7])
    width, height = size_px
    across = np.linspace(-1, 1, width)[None]
    edge = height * (_BONNET_FROM + 0.06 * across**2)
    depth = np.arange(height)[:, None] - edge
    gloss = 70 + 0.5 * np.clip(depth, 0, 60) + 40 * np.exp(-((across - 0.25) ** 2) / 0.05)
    bright = gloss * (1 + 0.16 * texture(rng, size_px, (2, 9, 30)))
    bright += 70 * ((np.abs(np.abs(across) - 0.45) < 0.006) & (depth > 4))  # its folds
    opaque = 255 * np.clip(depth + 0.5, 0, 1)
    return Cover(
        y=np.clip(bright, 16, 235).astype(np.uint8), opaque=np.rint(opaque).astype(np.uint8)
    )


def _shapes(rng: np.random.Generator, picture: NDArray[np.float32]) -> None:
    """Draw seams, buttons and labels, which have corners as a road has."""
    for _ in range(420):
        azimuth, elevation = rng.uniform(-102, 102), rng.uniform(-62, 62)
        wide, high = rng.uniform(0.6, 7), rng.uniform(0.3, 3)
        tone = rng.uniform(0.5, 1.7) * float(picture[_pixel(azimuth, elevation)[::-1]])
        _fill(picture, _box(azimuth, wide, elevation, high), tone)


def _fill(picture: NDArray[np.float32] | Plane, corners: NDArray[np.float64], tone: float) -> None:
    cv2.fillPoly(picture, [np.rint(corners * 16).astype(np.int32)], tone, cv2.LINE_8, 4)


def _box(
    azimuth_deg: float, width_deg: float, bottom_deg: float, height_deg: float
) -> NDArray[np.float64]:
    left, right = azimuth_deg - width_deg / 2, azimuth_deg + width_deg / 2
    top_deg = bottom_deg + height_deg
    return CAR.points([left, right, right, left], [bottom_deg, bottom_deg, top_deg, top_deg])


def _at(azimuth_deg: float, elevation_deg: float) -> NDArray[np.float64]:
    return np.asarray(CAR.points(azimuth_deg, elevation_deg), dtype=np.float64)


def _pixel(azimuth_deg: float, elevation_deg: float) -> tuple[int, int]:
    x, y = np.rint(_at(azimuth_deg, elevation_deg)).astype(int).tolist()
    return x, y
