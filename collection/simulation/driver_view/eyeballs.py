"""Eyeballs, which turn to what is looked at."""

import numpy as np
from numpy.typing import NDArray

from ..scene.atlas import Paint, paint
from ..texture import texture
from .driver_look import DriverLook
from .eyelids import EYEBALL_MM
from .surface import FloatArray, Surface, grid_surface, surface

_OUT, _AROUND = 10, 20
_REACH_DEG = 88.0
_SIDE_PX = 128
_IRIS_DEG, _PUPIL_DEG = 29.5, 11.0
_CORNER_MM = 3.6
_GLINT_MM = 1.7


def eyeball_surface(texture_number: int) -> Surface:
    """Make an eyeball's front, which looks along z, from its centre; m."""
    angle = np.radians(np.linspace(0, _REACH_DEG, _OUT))[:, None]
    turn = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False)
    unit = np.stack(
        np.broadcast_arrays(
            np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)
        ),
        axis=-1,
    )
    far = angle / np.radians(_REACH_DEG) / 2
    places = 0.5 + 0.98 * np.stack([far * np.cos(turn), far * np.sin(turn)], axis=-1)
    number = np.arange(_OUT * _AROUND).reshape(_OUT, _AROUND)
    beside = np.roll(number, -1, axis=1)
    triangles = np.concatenate(
        [
            np.stack([number[:-1], number[1:], beside[:-1]], axis=-1).reshape(-1, 3),
            np.stack([beside[:-1], number[1:], beside[1:]], axis=-1).reshape(-1, 3),
        ]
    )
    made = surface(
        unit.reshape(-1, 3) * EYEBALL_MM * 1e-3, triangles, places.reshape(-1, 2), texture_number
    )
    return Surface(
        points_m=made.points_m,
        triangles=made.triangles,
        uv=made.uv,
        texture=made.texture,
        normals=unit.reshape(-1, 3),
    )


def corners_surface(texture_number: int) -> Surface:
    """Make what is seen beside an eyeball in the corners of the opening, from its centre; m."""
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    rim = np.column_stack([16.5 * np.cos(turn), 9 * np.sin(turn), np.full(12, _CORNER_MM)])
    points = np.concatenate([[[0.0, 0.0, _CORNER_MM]], rim]) * 1e-3
    number = np.arange(1, 13)
    triangles = np.column_stack([np.zeros(12, dtype=np.int64), number, np.roll(number, -1)])
    made = surface(points, triangles, np.full((13, 2), 0.5), texture_number)
    return Surface(
        points_m=made.points_m,
        triangles=made.triangles,
        uv=made.uv,
        texture=made.texture,
        normals=np.tile([0.0, 0.0, 1.0], (13, 1)),
    )


def glint_surface(texture_number: int) -> Surface:
    """Make the spot that a window's light leaves on a cornea, around its middle; m."""
    half = _GLINT_MM * 0.5e-3
    points = np.array([[[x, y, 0.0] for x in (-half, half)] for y in (-half, half)])
    return grid_surface(points, texture_number)


def paint_eye(look: DriverLook, *, seed: int) -> Paint:
    """Paint white, iris and pupil, seen from in front; the distance from the middle is the angle."""
    rng = np.random.default_rng([seed, 44])
    place = (np.arange(_SIDE_PX) + 0.5) / _SIDE_PX - 0.5
    y, x = np.meshgrid(place, place, indexing="ij")
    away_deg = np.hypot(x, y) / 0.49 * _REACH_DEG
    turn = np.arctan2(y, x)
    white = (
        np.array([206.0, 210.0, 218.0])
        * (1 + 0.02 * texture(rng, (_SIDE_PX, _SIDE_PX), (3, 9)))[..., None]
    )
    red = np.clip((away_deg - 45) / 40, 0, 1)[..., None]
    white = white * (1 - red * np.array([0.30, 0.30, 0.12]))
    rays = sum(
        rng.uniform(0.03, 0.09) * np.cos(count * turn + rng.uniform(0, 6))
        for count in (7, 13, 22, 31)
    )
    ring = away_deg / _IRIS_DEG
    iris = np.array(look.iris_bgr) * (1 + rays + 0.35 * (ring - 0.6))[..., None]
    iris = iris * (1 - 0.55 * np.clip((ring - 0.84) / 0.12, 0, 1))[..., None]
    picture = _step(away_deg - _IRIS_DEG)[..., None] * (white - iris) + iris
    pupil = 1 - _step(away_deg - _PUPIL_DEG)[..., None]
    return paint(np.asarray(picture * (1 - pupil) + 9 * pupil, dtype=np.float32))


def _step(value: FloatArray) -> FloatArray:
    return np.asarray(np.clip(value / 2.5 + 0.5, 0, 1), dtype=np.float64)


def eye_rotations(directions: FloatArray) -> NDArray[np.float64]:
    """Give rotations of eyes that look in directions, without torsion about them.

    Parameters
    ----------
    directions
        In head axes, shape (…, 3), of any length.

    Returns
    -------
    NDArray[np.float64]
        Head from eye, shape (…, 3, 3).
    """
    forward = directions / np.linalg.norm(directions, axis=-1, keepdims=True)
    x, y, z = (forward[..., k] for k in range(3))
    level = np.hypot(x, z)
    rotations = np.empty((*forward.shape, 3))
    rotations[..., 0, 0], rotations[..., 1, 0], rotations[..., 2, 0] = z / level, 0.0, -x / level
    # What is left is forward × right.
    rotations[..., 0, 1], rotations[..., 1, 1] = -x * y / level, level
    rotations[..., 2, 1] = -y * z / level
    rotations[..., 2] = forward
    return rotations
