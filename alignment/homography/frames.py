"""Coordinates in which the numbers are of the order of one.

Matches in pixels stand in the rows of an array as x, y (source), u, v (target) and the precision 1/s² of
their relative noise s, shape (5, n). Normalised they get what sums over them need: the rows are x, y, 1,
x², x y, y², u, v, 1/s², shape (9, n).
"""

import math

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

X, Y, MONOMIALS, U, V, PRECISION = 0, 1, 6, 6, 7, 8
"""Rows of normalised matches; the monomials of x and y are those before `MONOMIALS`."""


@compiled
def frame_of(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Centre of weighted points and the scale that brings them to an rms distance of √2 from it.

    Returns
    -------
    tuple of (float, float, float)
        Centre x, y and scale, so that x′ = (x − centre) · scale.
    """
    total, sum_x, sum_y = 0.0, 0.0, 0.0
    for k in range(x.size):
        total += weight[k]
        sum_x += weight[k] * x[k]
        sum_y += weight[k] * y[k]
    centre_x, centre_y = sum_x / total, sum_y / total
    squared = 0.0
    for k in range(x.size):
        squared += weight[k] * ((x[k] - centre_x) ** 2 + (y[k] - centre_y) ** 2)
    # points that coincide have no scale; any will do, as nothing can be fitted to them
    return centre_x, centre_y, math.sqrt(2 * total / squared) if squared > 0 else 1.0


@compiled
def smallest_width(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64]
) -> float:
    """Rms distance of weighted points from the line that fits them best."""
    centre_x, centre_y, scale = frame_of(x, y, weight)
    total, xx, xy, yy = 0.0, 0.0, 0.0, 0.0
    for k in range(x.size):
        a, b = (x[k] - centre_x) * scale, (y[k] - centre_y) * scale
        total += weight[k]
        xx += weight[k] * a * a
        xy += weight[k] * a * b
        yy += weight[k] * b * b
    # the smaller eigenvalue of the scatter, from the larger one, which loses no digits
    larger = (xx + yy) / 2 + math.sqrt(((xx - yy) / 2) ** 2 + xy * xy)
    smaller = (xx * yy - xy * xy) / larger if larger > 0 else 0.0
    return math.sqrt(max(smaller, 0.0) / total) / scale


@compiled
def normalise(
    matches_px: NDArray[np.float64], weight: NDArray[np.float64], frames: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bring both views of the matches, shape (5, n), into the frame of their weighted points, (9, n).

    `frames` is filled with centre x, y and scale of the source and of the target, shape (2, 3).
    """
    n = matches_px.shape[1]
    matches = np.empty((9, n))
    for view in range(2):
        x_px, y_px = matches_px[2 * view], matches_px[2 * view + 1]
        centre_x, centre_y, scale = frame_of(x_px, y_px, weight)
        frames[view, 0], frames[view, 1], frames[view, 2] = centre_x, centre_y, scale
        row = U if view else X
        for k in range(n):
            matches[row, k] = (x_px[k] - centre_x) * scale
            matches[row + 1, k] = (y_px[k] - centre_y) * scale
    for k in range(n):
        x, y = matches[X, k], matches[Y, k]
        matches[2, k] = 1.0
        matches[3, k], matches[4, k], matches[5, k] = x * x, x * y, y * y
        matches[PRECISION, k] = matches_px[4, k]
    return matches


@compiled
def to_frames(
    homography: NDArray[np.float64], frames: NDArray[np.float64], normal: NDArray[np.float64]
) -> float:
    """Rewrite a map between pixels as one between the frames, last element 1.

    Returns the denominator of the map between pixels at the source's centre.
    """
    x, y, scale = frames[0, 0], frames[0, 1], frames[0, 2]
    u, v, target_scale = frames[1, 0], frames[1, 1], frames[1, 2]
    depth = homography[2, 0] * x + homography[2, 1] * y + homography[2, 2]
    for row in range(3):
        normal[row, 0] = homography[row, 0] / scale / depth
        normal[row, 1] = homography[row, 1] / scale / depth
        normal[row, 2] = (
            homography[row, 0] * x + homography[row, 1] * y + homography[row, 2]
        ) / depth
    for column in range(3):
        normal[0, column] = (normal[0, column] - u * normal[2, column]) * target_scale
        normal[1, column] = (normal[1, column] - v * normal[2, column]) * target_scale
    return float(depth)


@compiled
def turn_sign(matrix: NDArray[np.float64]) -> None:
    """Write the same map with the opposite sign."""
    for row in range(3):
        for column in range(3):
            matrix[row, column] *= -1.0


@compiled
def to_pixels(
    normal: NDArray[np.float64], frames: NDArray[np.float64], homography: NDArray[np.float64]
) -> None:
    """Rewrite a map between the frames as one between pixels, at an arbitrary scale.

    Its denominator at the source's centre is 1.
    """
    x, y, scale = frames[0, 0], frames[0, 1], frames[0, 2]
    u, v, target_scale = frames[1, 0], frames[1, 1], frames[1, 2]
    for column in range(3):
        homography[0, column] = normal[0, column] / target_scale + u * normal[2, column]
        homography[1, column] = normal[1, column] / target_scale + v * normal[2, column]
        homography[2, column] = normal[2, column]
    for row in range(3):
        homography[row, 0] *= scale
        homography[row, 1] *= scale
        homography[row, 2] -= homography[row, 0] * x + homography[row, 1] * y
