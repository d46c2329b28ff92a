"""What a distance between two cameras does to matches: plane and parallax, with infinity for the plane.

In the rays of the road camera (p = (px - centre) / f) something far away that the ego view shows along r
is seen at ::

    q = (Rr)₁₂ / (Rr)₃

with the turn R between the cameras. Something at a depth Z along the road camera's axis, seen from the head,
lies from there on a line through the epipole t₁₂ / t₃ ::

    p = (q + ρ t₁₂) / (1 + ρ t₃) ,   ρ = |baseline| / Z ≥ 0 ,   |t| = 1

where t is the direction from the phone to the head and ρ the thing's nearness. With d = t₁₂ - p t₃ and
u = p - q this is u = ρ d: a match tells its nearness along d, and across d, where u should be zero, whether
R and t are right, and itself. (Hartley & Zisserman, Multiple View Geometry, 2nd ed., sec. 13.3; Irani &
Anandan, ECCV 1996: parallax with a plane at infinity.)
"""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

ROBUST_SIGMAS = 3.0
"""Matches so many standard deviations off the line have lost three quarters of their weight (Geman &
McClure)."""

Normal = tuple[
    NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64],
    NDArray[np.float64],
]  # fmt: skip


@compiled
def residuals(
    ego_rays: NDArray[np.float64],
    road_rays: NDArray[np.float64],
    first: NDArray[np.int64],
    turns: NDArray[np.float64],
    direction: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give what matches say once turns and baseline are known.

    Parameters
    ----------
    ego_rays, road_rays
        n matches, frame by frame: rays (x, y, 1) in either camera as their (x, y), shape (n, 2).
    first
        The first match of each of m frames, and n, shape (m + 1,).
    turns
        Turn from ego to road camera of each frame, shape (m, 3, 3).
    direction
        From the phone to the head, in the road camera's axes, shape (3,), of length 1.

    Returns
    -------
    NDArray[np.float64]
        Shape (n, 5): the far position q (2), the residual across the epipolar line, the one along it, and
        |d|, the movement for a nearness of 1. All in road rays; the nearness is along / |d|.
    """
    result = np.full((len(ego_rays), 5), np.nan)
    for m in range(len(first) - 1):
        turn = turns[m]
        for i in range(first[m], first[m + 1]):
            x, y = ego_rays[i, 0], ego_rays[i, 1]
            depth = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2]
            if not depth > 0:
                continue
            qx = (turn[0, 0] * x + turn[0, 1] * y + turn[0, 2]) / depth
            qy = (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2]) / depth
            px, py = road_rays[i, 0], road_rays[i, 1]
            dx, dy = direction[0] - px * direction[2], direction[1] - py * direction[2]
            length = max(np.sqrt(dx * dx + dy * dy), 1e-6)
            ux, uy = px - qx, py - qy
            result[i, 0], result[i, 1] = qx, qy
            result[i, 2] = (dx * uy - dy * ux) / length
            result[i, 3] = (dx * ux + dy * uy) / length
            result[i, 4] = length
    return result


@compiled
def normal_equations(
    ego_rays: NDArray[np.float64],
    road_rays: NDArray[np.float64],
    sigma: NDArray[np.float64],
    prior: NDArray[np.float64],
    first: NDArray[np.int64],
    turns: NDArray[np.float64],
    direction: NDArray[np.float64],
) -> Normal:
    """Linearise residuals in the turns, the baseline's direction and the road camera's focal length.

    Residuals are those across the epipolar line, and those along it from what is expected there; where
    the nearness would be negative, from infinity.

    Parameters
    ----------
    ego_rays, road_rays, first, turns, direction
        As in `residuals`.
    sigma
        Noise of each match, road rays, shape (n,).
    prior
        Expected nearness of each match, and its variance, shape (n, 2).

    Returns
    -------
    own, right
        Of each frame's turn (rotation vector in road axes, applied after it): shape (m, 3, 3) and (m, 3).
    mixed
        Of turns with shared parameters (direction, 3, and log focal length), shape (m, 3, 4).
    shared
        Of these with each other, and their right side in the last column, shape (4, 5).
    cost
        Robust sum of squares of each frame, shape (m,).
    """
    count = len(first) - 1
    own, right = np.zeros((count, 3, 3)), np.zeros((count, 3))
    mixed, shared, cost = np.zeros((count, 3, 4)), np.zeros((4, 5)), np.zeros(count)
    seen = residuals(ego_rays, road_rays, first, turns, direction)
    across, along = np.zeros(7), np.zeros(7)
    limit = ROBUST_SIGMAS * ROBUST_SIGMAS
    for m in range(count):
        for i in range(first[m], first[m + 1]):
            if not seen[i, 4] > 0:  # false for NaN
                continue
            qx, qy, e, a, length = seen[i, 0], seen[i, 1], seen[i, 2], seen[i, 3], seen[i, 4]
            px, py = road_rays[i, 0], road_rays[i, 1]
            dx = (direction[0] - px * direction[2]) / length
            dy = (direction[1] - py * direction[2]) / length
            # of q by the turn: dq = (ω × (q, 1))₁₂ - q (ω × (q, 1))₃
            jx0, jx1, jx2 = -qx * qy, 1 + qx * qx, -qy
            jy0, jy1, jy2 = -(1 + qy * qy), qx * qy, qx
            across[0] = dx * jy0 - dy * jx0
            across[1] = dx * jy1 - dy * jx1
            across[2] = dx * jy2 - dy * jx2
            along[0] = dx * jx0 + dy * jy0
            along[1] = dx * jx1 + dy * jy1
            along[2] = dx * jx2 + dy * jy2
            # of -e by the direction: d turns by δd, e changes by (a / |d|) (d̂ × …)
            by_x, by_y = -a / length * dy, a / length * dx
            across[3], across[4] = by_x, by_y
            across[5] = -px * by_x - py * by_y
            across[6] = dx * py - dy * px + direction[2] * (px * by_x + py * by_y)
            along[3] = along[4] = along[5] = 0.0
            along[6] = dx * px + dy * py
            variance = sigma[i] * sigma[i]
            square = e * e / variance
            rest, rest_variance = a - length * prior[i, 0], variance + length * length * prior[i, 1]
            if a < 0:  # nothing is further away than infinitely far
                rest, rest_variance = a, variance
                square += a * a / variance
            share = 1 / (1 + square / limit)
            rest_share = 1 / (1 + rest * rest / rest_variance / limit)
            cost[m] += square * share + rest * rest / rest_variance * rest_share * share
            weight = share * share / variance
            rest_weight = share * share * rest_share * rest_share / rest_variance
            for j in range(3):
                right[m, j] += weight * across[j] * e + rest_weight * along[j] * rest
                for k in range(3):
                    own[m, j, k] += (
                        weight * across[j] * across[k] + rest_weight * along[j] * along[k]
                    )
                for k in range(4):
                    mixed[m, j, k] += (
                        weight * across[j] * across[3 + k] + rest_weight * along[j] * along[3 + k]
                    )
            for j in range(4):
                shared[j, 4] += weight * across[3 + j] * e + rest_weight * along[3 + j] * rest
                for k in range(4):
                    shared[j, k] += (
                        weight * across[3 + j] * across[3 + k]
                        + rest_weight * along[3 + j] * along[3 + k]
                    )
    return own, right, mixed, shared, cost
