"""OpenCV's rational camera model with up to eight coefficients, and its exact inverse.

`distort_points` takes rays to pixels, `undistort_points` pixels to rays. A ray is a normalised point
(x, y), the direction (x, y, 1) in camera axes: x right, y down, z forward.

With r² = x² + y² the model is ::

    g  = (1 + k1 r² + k2 r⁴ + k3 r⁶) / (1 + k4 r² + k5 r⁴ + k6 r⁶)
    x″ = x g + 2 p1 x y + p2 (r² + 2 x²)
    y″ = y g + p1 (r² + 2 y²) + 2 p2 x y
    u  = fx x″ + cx,   v = fy y″ + cy

Its inverse is found here by Newton's method, and not by ``cv2.undistortPoints``, which takes five steps
of a slowly converging iteration unless told otherwise (7 px short in the corners of a Pupil
Invisible), is told otherwise in different ways by OpenCV 4 and 5, and doesn't say where it failed.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

MAX_STEPS = 40
"""Newton steps before a point is given up; Pupil Invisible and Neon cameras need 5."""

TOLERANCE_PX = 1e-6
"""Re-distortion error at which a point is done; one more step would reach float64's limit."""

_COEFFICIENT_COUNTS = (0, 4, 5, 8)
# Points worked on at once: their dozen temporary arrays stay in the processor's cache.
_BLOCK = 1 << 13
# A leading coefficient below this bends nothing within any field of view.
_NO_TERM = 1e-15


def distort_points(
    points: ArrayLike, matrix: ArrayLike, distortion: ArrayLike
) -> NDArray[np.float64]:
    """Project rays into the image, as ``cv2.projectPoints`` does.

    Parameters
    ----------
    points
        Normalised points (x, y), shape (n, 2).
    matrix
        Camera matrix, shape (3, 3), px; fx, fy, cx and cy are used.
    distortion
        k1, k2, p1, p2 [, k3 [, k4, k5, k6]], shape (0,), (4,), (5,) or (8,).

    Returns
    -------
    NDArray[np.float64]
        Pixels (u, v), pixel centres at integers, shape (n, 2), px. NaN for points that are not finite
        and beyond the fold (see `fold_radius`), where two rays would share a pixel.
    """
    rays = _as_points(points)
    focal_px, centre_px = _pinhole(matrix)
    k = _coefficients(distortion)
    bent = np.full_like(rays, np.nan)
    inside = np.hypot(rays[:, 0], rays[:, 1]) < fold_radius(k)  # false for NaN
    with np.errstate(over="ignore", invalid="ignore"):  # rays at the end of float64's range
        x, y, *_ = _bend(rays[inside, 0], rays[inside, 1], k)
    bent[inside, 0] = x
    bent[inside, 1] = y
    return bent * focal_px + centre_px


def undistort_points(
    points_px: ArrayLike, matrix: ArrayLike, distortion: ArrayLike
) -> NDArray[np.float64]:
    """Find the rays that pixels look along: the inverse of `distort_points` to 1e-6 px.

    Parameters
    ----------
    points_px
        Distorted pixels (u, v), shape (n, 2), px; may lie outside of the image.
    matrix, distortion
        As in `distort_points`.

    Returns
    -------
    NDArray[np.float64]
        Normalised points (x, y), shape (n, 2). NaN for pixels that are not finite and for those that
        no ray reaches.
    """
    pixels = _as_points(points_px)
    focal_px, centre_px = _pinhole(matrix)
    k = _coefficients(distortion)
    tolerance = TOLERANCE_PX / float(focal_px.max())
    limit = fold_radius(k)
    target = (pixels - centre_px) / focal_px
    rays = np.full_like(target, np.nan)
    wanted = np.flatnonzero(np.isfinite(target).all(axis=1))
    # a point that runs away overflows on its way; it ends as NaN
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        for start in range(0, len(wanted), _BLOCK):
            block = wanted[start : start + _BLOCK]
            rays[block] = _unbend(target[block], k, limit, tolerance)
    return rays


def fold_radius(distortion: ArrayLike) -> float:
    """Radius of normalised points up to which the lens model has an inverse; inf if everywhere.

    Beyond it a fitted polynomial turns back, or has a pole, and no longer describes a lens. Only the
    radial part is looked at; the tangential one is small.

    Parameters
    ----------
    distortion
        As in `distort_points`.
    """
    return _fold_radius(*_coefficients(distortion).tolist())


@lru_cache(maxsize=16)
def _fold_radius(
    k1: float, k2: float, _p1: float, _p2: float, k3: float, k4: float, k5: float, k6: float
) -> float:
    s = np.polynomial.Polynomial([0.0, 1.0])  # r²
    above = np.polynomial.Polynomial([1.0, k1, k2, k3])
    below = np.polynomial.Polynomial([1.0, k4, k5, k6])
    # d(r g)/dr = 0, without its denominator
    slope = (above + 2 * s * above.deriv()) * below - 2 * s * above * below.deriv()
    roots = np.concatenate([slope.trim(_NO_TERM).roots(), below.trim(_NO_TERM).roots()])
    real = roots.real[np.abs(roots.imag) <= 1e-9 * np.abs(roots)]
    return float(np.sqrt(min(real[real > 0], default=np.inf)))


class _Bent(NamedTuple):
    """Distorted normalised points and the model's derivatives there, arrays of shape (n,)."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    dx_dx: NDArray[np.float64]
    dx_dy: NDArray[np.float64]  # equal to dy_dx
    dy_dy: NDArray[np.float64]


def _bend(x: NDArray[np.float64], y: NDArray[np.float64], k: NDArray[np.float64]) -> _Bent:
    k1, k2, p1, p2, k3, k4, k5, k6 = k
    xx, xy, yy = x * x, x * y, y * y
    s = xx + yy
    below = 1 + s * (k4 + s * (k5 + s * k6))
    g = (1 + s * (k1 + s * (k2 + s * k3))) / below
    dg_ds = (k1 + s * (2 * k2 + s * 3 * k3) - g * (k4 + s * (2 * k5 + s * 3 * k6))) / below
    return _Bent(
        x=x * g + 2 * p1 * xy + p2 * (s + 2 * xx),
        y=y * g + p1 * (s + 2 * yy) + 2 * p2 * xy,
        dx_dx=g + 2 * xx * dg_ds + 2 * p1 * y + 6 * p2 * x,
        dx_dy=2 * xy * dg_ds + 2 * p1 * x + 2 * p2 * y,
        dy_dy=g + 2 * yy * dg_ds + 6 * p1 * y + 2 * p2 * x,
    )


def _unbend(
    target: NDArray[np.float64], k: NDArray[np.float64], limit: float, tolerance: float
) -> NDArray[np.float64]:
    """Solve for the points that the model bends to `target`, shape (n, 2); NaN where it can't."""
    found = np.full_like(target, np.nan)
    open_ = np.arange(len(target))
    goal_x, goal_y = target.T
    x, y = _pull_inside(goal_x.copy(), goal_y.copy(), limit)
    for _ in range(MAX_STEPS):
        bent = _bend(x, y, k)
        miss_x, miss_y = bent.x - goal_x, bent.y - goal_y
        determinant = bent.dx_dx * bent.dy_dy - bent.dx_dy * bent.dx_dy
        done = (np.hypot(miss_x, miss_y) <= tolerance) & (determinant > 0)
        found[open_[done], 0] = x[done]
        found[open_[done], 1] = y[done]
        go_on = ~done & (determinant != 0) & np.isfinite(determinant)
        if not go_on.any():
            break
        x -= (bent.dy_dy * miss_x - bent.dx_dy * miss_y) / determinant
        y -= (bent.dx_dx * miss_y - bent.dx_dy * miss_x) / determinant
        open_, goal_x, goal_y = open_[go_on], goal_x[go_on], goal_y[go_on]
        x, y = _pull_inside(x[go_on], y[go_on], limit)
    return found


def _pull_inside(
    x: NDArray[np.float64], y: NDArray[np.float64], limit: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Move points beyond the fold back inside, where the model's inverse is the lens's."""
    if np.isinf(limit):
        return x, y
    radius = np.hypot(x, y)
    scale = np.where(radius < limit, 1.0, 0.99 * limit / np.maximum(radius, limit))
    return x * scale, y * scale


def _as_points(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"points have to have the shape (n, 2), not {array.shape}")
    return array


def _pinhole(matrix: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take (fx, fy) and (cx, cy) out of a camera matrix."""
    m = np.asarray(matrix, dtype=np.float64)
    if m.shape != (3, 3) or not np.isfinite(m).all() or m[0, 0] <= 0 or m[1, 1] <= 0:
        raise ValueError(
            f"a camera matrix has to be 3 × 3 with positive focal lengths, not {m.tolist()}"
        )
    return m[[0, 1], [0, 1]], m[:2, 2]


def _coefficients(distortion: ArrayLike) -> NDArray[np.float64]:
    """Fill up to eight coefficients with zeros, which leave the shorter models as they are."""
    k = np.asarray(distortion, dtype=np.float64)
    if k.ndim != 1 or len(k) not in _COEFFICIENT_COUNTS or not np.isfinite(k).all():
        raise ValueError(
            f"distortion has to be 0, 4, 5 or 8 finite numbers in OpenCV's order, not {k.tolist()}"
        )
    return np.pad(k, (0, 8 - len(k)))
