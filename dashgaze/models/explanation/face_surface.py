"""A plain face that maps are drawn on: a surface by formula, looking straight ahead.

Axes are those of `faces.head_pose.FACE_MM`: x to the wearer's right, y down, z forward, mm, from the middle
between the pupils; the surface passes through its five landmarks. It is a smooth mean of no one: rounded
profiles of a head, a ridge for the nose and hollows for the eyes.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from dashgaze.face_detection.head_pose import FACE_MM

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

PICTURE_SIZE_PX = (160, 204)
"""Width and height of the canonical picture; a pixel is a millimetre."""

_ORIGIN_PX = (79.5, 84.0)
_ROW_MM = np.linspace(-78.0, 114.0, 33)
_COLUMNS = 27
# Half width of a face, and how far its middle line lies before the pupils, nose left out, mm.
_HEIGHT_MM = (-80.0, -55.0, -20.0, 0.0, 30.0, 55.0, 80.0, 100.0, 116.0)
_HALF_WIDTH_MM = (50.0, 64.0, 72.0, 72.0, 69.0, 63.0, 52.0, 39.0, 22.0)
_MIDDLE_MM = (-12.0, 6.0, 13.0, 9.0, 12.0, 15.0, 17.0, 16.0, 2.0)
_SIDE_DEPTH_MM = 72.0
_LANDMARK_REACH_MM = 16.0


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceSurface:
    """A mesh of the front of a face.

    Attributes
    ----------
    points_mm
        Shape (n, 3).
    normals
        Outward, of length 1, shape (n, 3).
    triangles
        Three points each, counted from 0, shape (m, 3).
    frontal_px
        Where the points are in the canonical picture, shape (n, 2).
    """

    points_mm: FloatArray
    normals: FloatArray
    triangles: IndexArray
    frontal_px: FloatArray


def frontal_px_from_mm(points_mm: FloatArray) -> FloatArray:
    """Place points in the canonical picture: a face seen from far before it, as a camera sees it.

    The driver's left is the right of the picture.

    Parameters
    ----------
    points_mm
        Shape (…, 2) or (…, 3).
    """
    return np.stack([_ORIGIN_PX[0] - points_mm[..., 0], _ORIGIN_PX[1] + points_mm[..., 1]], axis=-1)


@lru_cache(maxsize=1)
def face_surface() -> FaceSurface:
    """Make the surface: 33 rows of 27 points."""
    y = np.repeat(_ROW_MM, _COLUMNS).reshape(len(_ROW_MM), _COLUMNS)
    around = np.linspace(-0.97, 0.97, _COLUMNS)[None, :]
    x = half_width_mm(y) * np.sin(around * np.pi / 2)
    points = np.stack([x, y, front_mm(x, y)], axis=-1)
    normals = np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1))
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    normals *= np.sign(normals[..., 2:].sum(axis=(0, 1)))
    flat = points.reshape(-1, 3)
    return FaceSurface(
        points_mm=flat,
        normals=normals.reshape(-1, 3),
        triangles=_triangles(len(_ROW_MM), _COLUMNS),
        frontal_px=frontal_px_from_mm(flat),
    )


def half_width_mm(y_mm: FloatArray) -> FloatArray:
    """Give half the width of the face at heights, any shape, mm."""
    return np.asarray(PchipInterpolator(_HEIGHT_MM, _HALF_WIDTH_MM)(y_mm), dtype=np.float64)


def front_mm(x_mm: FloatArray, y_mm: FloatArray) -> FloatArray:
    """Give how far the face reaches forward at places, any shape, mm."""
    points = FACE_MM[:, :2]
    missing = FACE_MM[:, 2] - _smooth_mm(points[:, 0], points[:, 1])
    between = _nearness(points[:, 0], points[:, 1])
    shares = np.linalg.solve(between, missing)
    return np.asarray(_smooth_mm(x_mm, y_mm) + _nearness(x_mm, y_mm) @ shares, dtype=np.float64)


def _smooth_mm(x: FloatArray, y: FloatArray) -> FloatArray:
    across = np.clip(x / half_width_mm(y), -0.999, 0.999)
    middle = PchipInterpolator(_HEIGHT_MM, _MIDDLE_MM)(y)
    base = middle - _SIDE_DEPTH_MM * (1 - np.sqrt(1 - across**2))
    ridge = np.interp(y, (-8.0, 40.0, 52.0), (0.0, 16.0, 0.0))
    wide = 6.0 + 5.0 * np.clip(y / 40.0, 0, 1)
    nose = ridge * np.exp(-0.5 * (x / wide) ** 2)
    sockets = sum(np.exp(-0.5 * (((x - side) / 13) ** 2 + (y / 9) ** 2)) for side in (-31.5, 31.5))
    return np.asarray(base + nose - 4.0 * sockets, dtype=np.float64)


def _nearness(x: FloatArray, y: FloatArray) -> FloatArray:
    """Say how near places are to each landmark, shape (…, 5)."""
    apart = np.stack(np.broadcast_arrays(x, y), axis=-1)[..., None, :] - FACE_MM[:, :2]
    return np.asarray(np.exp(-0.5 * (apart**2).sum(axis=-1) / _LANDMARK_REACH_MM**2))


def _triangles(rows: int, columns: int) -> IndexArray:
    corner = (np.arange(rows - 1)[:, None] * columns + np.arange(columns - 1)).ravel()
    upper = np.stack([corner, corner + 1, corner + columns], axis=1)
    lower = np.stack([corner + 1, corner + columns + 1, corner + columns], axis=1)
    return np.concatenate([upper, lower]).astype(np.int64)
