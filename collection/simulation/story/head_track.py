"""How a simulated driver's head moves in the car, following gaze."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import lfilter

from ..swing import Swing
from .car_layout import NECK_PIVOT_M, SCENE_CAMERA_M, place_m
from .fixation_plan import FixationPlan
from .poses import Poses, turns
from .ride import Ride

FloatArray = NDArray[np.float64]

YAW_SHARE, PITCH_SHARE = 0.62, 0.45
"""Of gaze eccentricity beyond the dead zone, that the head takes over."""
YAW_DEAD_DEG, PITCH_DEAD_DEG = 6.0, 5.0
DELAY_S = 0.04
FASTEST_DEG_S = 120.0
"""No turn of the head in the car is faster, tremor and sway included."""

_STEP_S = 0.02
_SLOWNESS_S = 0.105
"""Time constant of each of three low-pass filters in a row."""
_FASTEST_FOLLOWING_DEG_S = 108.0
_LEAN_DEG_PER_M_S2 = 0.9
_REST_SD_DEG = np.array([1.2, 1.0, 0.6])
_CAMERA_PITCH_DEG = -3.0


class HeadTrack:
    """Poses of head and scene camera in the car, as smooth functions of time.

    The goal of the head is 62 % of the gaze's azimuth (45 % of its elevation) beyond a dead zone of 6°
    (5°). It is followed with 40 ms of delay through three equal low-pass filters, so that the head is
    twice differentiable; where that would be faster than the limit, all of the drive is slowed down.
    Sway, tremor and leaning into bends are added.

    Parameters
    ----------
    rng
        Random numbers.
    plan
        What is looked at.
    ride
        Of the own car: bends make the head lean.
    """

    def __init__(self, rng: np.random.Generator, plan: FixationPlan, ride: Ride) -> None:
        self._ride = ride
        self._rest_deg = rng.standard_normal(3).clip(-2, 2) * _REST_SD_DEG
        self._rest_m = rng.standard_normal(3).clip(-2, 2) * np.array([0.006, 0.008, 0.01])
        self._yaw = Swing(rng, ((0.8, 0.061), (0.5, 0.17), (0.03, 4.3), (0.012, 8.1)))
        self._pitch = Swing(rng, ((0.6, 0.053), (0.4, 0.21), (0.04, 4.7), (0.015, 8.7)))
        self._roll = Swing(rng, ((0.7, 0.047), (0.25, 0.33), (0.03, 5.9)))
        self._sway_m = tuple(
            Swing(rng, ((size, 0.043), (size / 2, 0.19), (size / 40, 2.7)))
            for size in (0.008, 0.003, 0.007)
        )
        self._following = _follow(plan)

    def angles_deg(self, time_s: ArrayLike) -> FloatArray:
        """Give yaw to the right, pitch up and roll clockwise of the head, shape (n, 3), deg."""
        times = np.asarray(time_s, dtype=np.float64)
        distance_m = self._ride.distance_m(times)
        sideways = self._ride.route.curvature_per_m(distance_m) * self._ride.speed_m_s(times) ** 2
        own = np.column_stack(
            [
                self._yaw(times),
                self._pitch(times),
                self._roll(times) + _LEAN_DEG_PER_M_S2 * sideways,
            ]
        )
        own[:, :2] += self._following(times)
        return np.asarray(own + self._rest_deg, dtype=np.float64)

    def car_from_head(self, time_s: ArrayLike) -> Poses:
        """Give the head's poses: origin at the neck pivot, axes x right, y down, z forward."""
        times = np.asarray(time_s, dtype=np.float64)
        sway_m = np.column_stack([swing(times) for swing in self._sway_m])
        pivot_m = place_m(NECK_PIVOT_M) + self._rest_m + sway_m
        return Poses(turns(*self.angles_deg(times).T), pivot_m)

    def car_from_ego(self, time_s: ArrayLike) -> Poses:
        """Give the poses of the scene camera, which looks 3° down from straight ahead."""
        return self.car_from_head(time_s) @ HEAD_FROM_EGO


HEAD_FROM_EGO = Poses(
    turns(np.zeros(1), np.array([_CAMERA_PITCH_DEG]), np.zeros(1)), place_m(SCENE_CAMERA_M)[None]
)
"""The pose of the scene camera on the head."""


def _follow(plan: FixationPlan) -> CubicSpline:
    """Give yaw and pitch that follow gaze, as a function of time."""
    goals = np.column_stack(
        [
            YAW_SHARE * _beyond(plan.azimuth_deg, YAW_DEAD_DEG),
            PITCH_SHARE * _beyond(plan.elevation_deg, PITCH_DEAD_DEG),
        ]
    )
    grid_s = np.arange(plan.start_s[0] - 1.0, plan.start_s[-1] + 1.0, _STEP_S)
    number = np.searchsorted(plan.start_s, grid_s - DELAY_S, side="right") - 1
    goal = goals[np.clip(number, 0, len(goals) - 1)]
    slowness_s = _SLOWNESS_S
    while True:
        followed = goal
        keep = np.exp(-_STEP_S / slowness_s)
        for _ in range(3):
            state = keep * followed[:1]
            followed, _ = lfilter([1 - keep], [1, -keep], followed, axis=0, zi=state)
        fastest = np.linalg.norm(np.diff(followed, axis=0), axis=1).max() / _STEP_S
        if fastest <= _FASTEST_FOLLOWING_DEG_S:
            return CubicSpline(grid_s, followed)
        slowness_s *= 1.02 * fastest / _FASTEST_FOLLOWING_DEG_S


def _beyond(angle_deg: FloatArray, dead_deg: float) -> FloatArray:
    beyond = np.sign(angle_deg) * np.maximum(np.abs(angle_deg) - dead_deg, 0.0)
    return np.asarray(beyond, dtype=np.float64)
