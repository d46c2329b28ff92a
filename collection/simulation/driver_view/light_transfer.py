"""How much of the light from around reaches each point of a body."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..scene.atlas import Atlas, AtlasBuilder, paint
from ..scene.canvas import Canvas, Lighting
from ..scene.mesh import Mesh
from .surface import FloatArray, Surface

F32 = NDArray[np.float32]

DIRECTIONS = 128

_AWAY_M, _SIDE_PX = 8.0, 144
_LIFT_M = 0.004


def directions() -> FloatArray:
    """Give unit vectors spread evenly over the sphere, shape (DIRECTIONS, 3)."""
    number = np.arange(DIRECTIONS) + 0.5
    y = 1 - 2 * number / DIRECTIONS
    turn = np.pi * (1 + np.sqrt(5)) * number
    flat = np.sqrt(1 - y**2)
    return np.column_stack([flat * np.cos(turn), y, flat * np.sin(turn)])


def light_transfer(body: Surface, others: Sequence[Surface] = ()) -> F32:
    """Give what each point receives of the light from each direction.

    Parameters
    ----------
    body
        Its points receive light, and shade each other.
    others
        What shades them too, in the same axes.

    Returns
    -------
    NDArray[np.float32]
        Shape (v, DIRECTIONS): times the radiance of each direction and summed, it gives the light of each
        point, which is 1 for a point in the open under a uniform radiance of 1.
    """
    toward = directions()
    facing = np.maximum(body.normals @ toward.T, 0) * (4 / DIRECTIONS)
    meshes = [
        replace(each.mesh(np.ones(len(each.points_m))), texture=np.zeros_like(each.texture))
        for each in (body, *others)
    ]
    centre = (body.points_m.max(axis=0) + body.points_m.min(axis=0)) / 2
    radius = float(np.linalg.norm(body.points_m - centre, axis=1).max())
    lifted = body.points_m + _LIFT_M * body.normals - centre
    seen = [_seen(lifted, meshes, centre, radius, each) for each in toward]
    return np.asarray(facing * np.stack(seen, axis=1), dtype=np.float32)


def _seen(
    points_m: FloatArray,
    meshes: Sequence[Mesh],
    centre_m: FloatArray,
    radius_m: float,
    toward: FloatArray,
) -> FloatArray:
    """Say which points are seen from far away in a direction: 0 … 1, shape (v,)."""
    side = np.cross(toward, [0.3, 0.9, 0.2])
    side /= np.linalg.norm(side)
    rotation = np.stack([side, np.cross(-toward, side), -toward])
    focal = 0.48 * _SIDE_PX * _AWAY_M / radius_m
    middle = (_SIDE_PX - 1) / 2
    canvas = Canvas(
        (_SIDE_PX, _SIDE_PX), np.array([[focal, 0, middle], [0, focal, middle], [0, 0, 1.0]])
    )
    shift = np.array([0.0, 0.0, _AWAY_M])
    from_body = np.column_stack([rotation, shift - rotation @ centre_m])
    for mesh in meshes:
        canvas.draw(mesh, _GREY, from_body, Lighting())
    own = points_m @ rotation.T + shift
    column, row = (np.rint(own[:, k] / own[:, 2] * focal + middle).astype(int) for k in (0, 1))
    depth_m = 1 / np.maximum(canvas.nearness, 1e-6)
    hidden = np.zeros(len(points_m))
    # The mean of four pixels: shadows have soft edges.
    for right, down in ((0, 0), (1, 0), (0, 1), (-1, -1)):
        x, y = (np.clip(each, 0, _SIDE_PX - 1) for each in (column + right, row + down))
        hidden += depth_m[y, x] < own[:, 2] - 0.002
    return np.asarray(1 - hidden / 4, dtype=np.float64)


def _grey_atlas() -> Atlas:
    builder = AtlasBuilder()
    builder.add("grey", paint(np.full((2, 2, 3), 128, dtype=np.float32)))
    return builder.build()


_GREY = _grey_atlas()
