"""The form of maps: how they differ from a mere turn between two cameras, and what is usual of it.

A map between two views of things far away is a rotation. Lenses that are not quite as assumed, and a
scene that is near, stretch it. In the road camera's own rays any map is ::

    A = exp(S) · R ,   S symmetric with trace zero

with a rotation R of three numbers and a stretch S of five. The rotation changes with every frame; the
stretch is nearly the same in all of them, while a single frame, with matches in a part of the view only,
may know little of it. So the usual stretch of a drive, and how much it really varies, are taken from all
frames, and each frame's map is drawn to it as far as its own evidence is weaker (empirical Bayes).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .finite import finite_rows
from .observations import from_triangles, to_triangles
from .road_camera import RoadCamera

FEWEST_MAPS = 30
"""Maps that are needed to know what is usual."""

_STEP = 1e-5
_LEAST_VARIATION = 8e-4
"""Standard deviation of the stretch that is assumed at least: a pixel at a focal length of 1,100 px."""


@dataclass(frozen=True, kw_only=True, eq=False)
class UsualForm:
    """The stretch of a drive's maps.

    Attributes
    ----------
    mean
        Its five numbers (xx, yy, xy, xz, yz), shape (5,).
    variance
        How much they vary beyond the noise of single maps, shape (5,).
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


def usual_form(
    normal_map: NDArray[np.float64], covariance: NDArray[np.float64], road: RoadCamera
) -> UsualForm | None:
    """Find the usual stretch of maps, and its variation.

    Parameters
    ----------
    normal_map
        Elements of n good maps, shape (n, 9).
    covariance
        Triangles of their covariances, shape (n, 36).
    road
        The road camera.

    Returns
    -------
    UsualForm or None
        Medians and spreads that a few wrong maps don't change; None for fewer than 30 maps.
    """
    if len(normal_map) < FEWEST_MAPS:
        return None
    stretch, slope = _stretch_and_slope(normal_map.reshape(-1, 3, 3), road)
    noise = np.einsum("nij,njk,nik->ni", slope, from_triangles(covariance), slope)
    mean = np.median(stretch, axis=0)
    spread = 1.4826 * np.median(np.abs(stretch - mean), axis=0)
    variance = np.maximum(spread**2 - np.median(noise, axis=0), _LEAST_VARIATION**2)
    return UsualForm(mean=mean, variance=variance)


def draw_to_form(
    normal_map: NDArray[np.float64],
    covariance: NDArray[np.float64],
    usual: UsualForm,
    road: RoadCamera,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give maps and their covariances after taking the usual stretch into account.

    Parameters
    ----------
    normal_map, covariance
        As in `usual_form`; rows may be NaN.
    usual
        The usual stretch.
    road
        The road camera.
    """
    drawn, less = normal_map.copy(), covariance.copy()
    known = np.flatnonzero(finite_rows(normal_map))
    if not len(known):
        return drawn, less
    maps, full = normal_map[known].reshape(-1, 3, 3), from_triangles(covariance[known])
    stretch, slope = _stretch_and_slope(maps, road)
    # Kalman's update by a measurement of the stretch
    innovation = slope @ full @ slope.transpose(0, 2, 1) + np.diag(usual.variance)
    gain = np.linalg.solve(innovation, slope @ full).transpose(0, 2, 1)
    step = np.einsum("nij,nj->ni", gain, usual.mean - stretch)
    drawn[known, :8] = normal_map[known, :8] + step
    less[known] = to_triangles(full - gain @ slope @ full)
    return drawn, less


def _stretch_and_slope(
    maps: NDArray[np.float64], road: RoadCamera
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give the stretch of maps, shape (n, 5), and its derivatives by their elements, (n, 5, 8)."""
    stretch = _stretch(maps, road)
    slope = np.empty((len(maps), 5, 8))
    for k in range(8):
        moved = maps.copy()
        moved[:, k // 3, k % 3] += _STEP
        slope[:, :, k] = (_stretch(moved, road) - stretch) / _STEP
    return stretch, slope


def _stretch(maps: NDArray[np.float64], road: RoadCamera) -> NDArray[np.float64]:
    focal = road.focal_px / road.size_px[0]
    rays = maps / np.array([focal, focal, 1.0])[:, None]
    rays = rays / np.cbrt(np.linalg.det(rays))[:, None, None]
    values, vectors = np.linalg.eigh(rays @ rays.transpose(0, 2, 1))
    logarithm = (vectors * (np.log(np.maximum(values, 1e-12)) / 2)[:, None, :]) @ vectors.transpose(
        0, 2, 1
    )
    return np.asarray(logarithm[:, [0, 1, 0, 0, 1], [0, 1, 1, 2, 2]])
