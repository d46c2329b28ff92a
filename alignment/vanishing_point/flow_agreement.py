"""How flows agree with a focus and a turn, compiled: it is asked a thousand times for each second of a drive.

The formulas are those of `radial_flow`, where they are written down. Consensus is by angle: the deviation of a flow
is the angle between it and the ray from the focus, in units of its standard error.
"""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .radial_flow import LEAST_RADIUS

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

SLACK_RAD = float(np.radians(0.5))
"""What flow deviates beyond noise: the picture is not a pinhole's, the car heaves within the gap."""

CUT = 3.0
"""Flows that deviate by more standard errors do not agree."""


@compiled
def scores(
    from_points: FloatArray, moved: FloatArray, turns: FloatArray, state: FloatArray, noise: float
) -> FloatArray:
    """Give how well many foci and turns are agreed with.

    Parameters
    ----------
    from_points, moved
        Where n flows begin and how far they go, shape (n, 2).
    turns
        B at their ends, shape (n, 2, 3).
    state
        m foci and turns, shape (m, 5).
    noise
        Standard error of a place, per axis.

    Returns
    -------
    FloatArray
        Shape (m,): sums over the flows that agree, each 1 at most.
    """
    found = np.zeros(len(state))
    for row in range(len(state)):
        total = 0.0
        for i in range(len(from_points)):
            flow_x = moved[i, 0] - (
                turns[i, 0, 0] * state[row, 2]
                + turns[i, 0, 1] * state[row, 3]
                + turns[i, 0, 2] * state[row, 4]
            )
            flow_y = moved[i, 1] - (
                turns[i, 1, 0] * state[row, 2]
                + turns[i, 1, 1] * state[row, 3]
                + turns[i, 1, 2] * state[row, 4]
            )
            ray_x, ray_y = from_points[i, 0] - state[row, 0], from_points[i, 1] - state[row, 1]
            radius = max(np.sqrt(ray_x * ray_x + ray_y * ray_y), LEAST_RADIUS)
            side = (ray_x * flow_y - ray_y * flow_x) / radius
            away = (ray_x * flow_x + ray_y * flow_y) / radius
            square = SLACK_RAD * SLACK_RAD * (side * side + away * away)
            deviation = np.abs(side) / np.sqrt(noise * noise + square)
            if deviation < CUT and away > -CUT * noise:
                total += 1 - (deviation / CUT) ** 2
        found[row] = total
    return found


@compiled
def agreement(
    from_points: FloatArray, flow: FloatArray, focus: FloatArray, noise: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, BoolArray, BoolArray]:
    """Give how flows agree with a focus, the turn taken off already.

    Parameters
    ----------
    from_points, flow
        Shape (n, 2).
    focus
        Shape (2,).
    noise
        Standard error of a place, per axis.

    Returns
    -------
    residual
        Flow across the ray, shape (n,).
    jacobian
        Its derivatives by the focus and the turn, shape (n, 5).
    deviation
        Of the direction, in standard errors, shape (n,).
    weight
        Inverse variance, falling to zero at the cut (Tukey's biweight), shape (n,).
    inlier, moving
        Which agree, and which move away from the focus by more than noise, shape (n,).
    """
    n = len(from_points)
    residual, deviation, weight = np.empty(n), np.empty(n), np.zeros(n)
    jacobian = np.empty((n, 5))
    inlier, moving = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for i in range(n):
        flow_x, flow_y = flow[i, 0], flow[i, 1]
        ray_x, ray_y = from_points[i, 0] - focus[0], from_points[i, 1] - focus[1]
        radius = max(np.sqrt(ray_x * ray_x + ray_y * ray_y), LEAST_RADIUS)
        unit_x, unit_y = ray_x / radius, ray_y / radius
        side = unit_x * flow_y - unit_y * flow_x
        away = unit_x * flow_x + unit_y * flow_y
        x, y = from_points[i, 0] + flow_x, from_points[i, 1] + flow_y
        residual[i] = side
        jacobian[i, 0] = (-flow_y + side * unit_x) / radius
        jacobian[i, 1] = (flow_x + side * unit_y) / radius
        jacobian[i, 2] = -unit_x * (1 + y * y) + unit_y * (x * y)
        jacobian[i, 3] = unit_x * (x * y) - unit_y * (1 + x * x)
        jacobian[i, 4] = unit_x * x + unit_y * y
        variance = noise * noise + SLACK_RAD * SLACK_RAD * (side * side + away * away)
        deviation[i] = np.abs(side) / np.sqrt(variance)
        inlier[i] = deviation[i] < CUT and away > -CUT * noise
        moving[i] = away > CUT * noise
        if inlier[i]:
            weight[i] = (1 - (deviation[i] / CUT) ** 2) ** 2 / variance
    return residual, jacobian, deviation, weight, inlier, moving
