"""The direction of travel from moment to moment: the mount point, and how the car's body moves about it.

Straight ahead is fixed to the car, so that it stays where it is in the picture of a camera that turns with the car;
what moves it is the body's pitch. Two things tell that: the camera's turn about its x axis, from flow, exact from
one moment to the next; and the focus of expansion, without drift, but moved by the car's heaving and noisy. Both
go into a Kalman filter, smoothed backwards (Rauch, Tung and Striebel, AIAA J. 3, 1965, doi 10.2514/3.3166), around
the mount point.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mount_point import MountPoint
from .travel_track import TravelTrack

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_MEMORY_S = (4.0, 4.0)
_WANDER_DEG = (0.15, 0.5)
# How far the direction strays from the mount point, to the side (slip) and in height (pitch), and for how long.
_HEAVE_DEG, _LEAST_HEAVE_DEG, _MOST_HEAVE_DEG = 0.4, 0.1, 1.5
# What the focus of expansion moves beyond its own error: the car goes up and down.
_ALIKE = (6.0, 3.0)
# Pairs in a row that err alike (the car sways and heaves for longer than a gap) and count as one.
_BEND_S = 0.15
# On bends the camera, ahead of the rear axle, moves sideways, and turn and travel are told apart less well.
_LEAN_PRIOR, _LEAN_NOISE_DEG_S = 0.03, 0.1
_TURN_LEAK = 0.02
_OUTLIER = 2.5
_LONGEST_LINK_S = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class SmoothTravel:
    """Direction of travel at the times of a track.

    Attributes
    ----------
    time_s
        Shape (m,), s.
    point_deg
        To the right and down from the optical axis, shape (m, 2).
    sd_deg
        Standard errors, without that of the mount point, shape (m, 2).
    measured
        Whether the moment has a focus of its own that counts, shape (m,).
    heave_deg
        How far the focus of expansion moves beyond its own error, to the side and in height, shape (2,).
    """

    time_s: FloatArray
    point_deg: FloatArray
    sd_deg: FloatArray
    measured: BoolArray
    heave_deg: FloatArray


def smooth_travel(track: TravelTrack, moving: BoolArray, mount: MountPoint) -> SmoothTravel:
    """Smooth the direction of travel over a drive.

    Parameters
    ----------
    track
        Travel between pairs of pictures.
    moving
        Whether the car moves fast enough, shape (m,).
    mount
        Where straight ahead is.
    """
    measured = track.seen & moving
    away = np.degrees(np.arctan(track.focus)) - mount.point_deg
    own = np.degrees(np.degrees(np.diagonal(track.covariance, axis1=1, axis2=2)))
    yaw = np.where(np.isfinite(track.rate_deg_s[:, 1]), track.rate_deg_s[:, 1], 0.0)
    pitch, pitch_variance = _pitch_steps(track, yaw)
    steps = np.column_stack([np.zeros(len(track)), pitch])
    step_variance = np.column_stack([np.zeros(len(track)), pitch_variance])
    link_s = np.diff(track.time_s, prepend=track.time_s[:1])
    bend = (_BEND_S * yaw) ** 2
    values, errors = np.zeros((len(track), 2)), np.zeros((len(track), 2))
    heave = np.full(2, _HEAVE_DEG)
    for axis in range(2):
        for _ in range(3):
            noise = _ALIKE[axis] * (own[:, axis] + heave[axis] ** 2 + bend)
            values[:, axis], errors[:, axis] = _smoothed(
                np.where(measured, away[:, axis], np.nan), noise, steps[:, axis],
                step_variance[:, axis], link_s, memory_s=_MEMORY_S[axis],
                wander_deg=_WANDER_DEG[axis],
            )  # fmt: skip
            if measured.sum() > 20:
                left = (away[:, axis] - values[:, axis])[measured]
                variance = (1.4826 * np.median(np.abs(left))) ** 2 - np.median(own[measured, axis])
                heave[axis] = np.clip(
                    np.sqrt(max(variance, 0.0)), _LEAST_HEAVE_DEG, _MOST_HEAVE_DEG
                )
    return SmoothTravel(
        time_s=track.time_s,
        point_deg=values + mount.point_deg,
        sd_deg=errors,
        measured=measured,
        heave_deg=heave,
    )


def lean_of(track: TravelTrack) -> float:
    """Find how much of a turn to the side the camera sees as one upwards, because it hangs askew.

    Over a drive, pitch and bends have nothing to do with each other. Shrunk towards none.
    """
    rate = track.rate_deg_s[:, :2]
    block = np.floor(track.time_s / 2.0).astype(np.int64)
    means = np.array(
        [
            rate[rows].mean(axis=0)
            for number in np.unique(block)
            if np.isfinite(rate[rows := np.flatnonzero(block == number)]).all()
        ]
    ).reshape(-1, 2)
    upwards, sideways = means[:, 0], means[:, 1]
    prior = (_LEAN_NOISE_DEG_S / _LEAN_PRIOR) ** 2
    return float((upwards * sideways).sum() / ((sideways**2).sum() + prior))


def _pitch_steps(track: TravelTrack, yaw_deg_s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Give by how much the horizon moves down from each moment to the next, deg, and the variance of it.

    The turn of a pair goes from the first picture to the second; from the middle of one pair to that of the next
    it is half of each.
    """
    turn = np.degrees(track.turn_rad[:, 0]) - lean_of(track) * yaw_deg_s * track.gap_s
    error = np.degrees(track.turn_sd_rad[:, 0])
    known = np.isfinite(turn) & np.isfinite(error)
    turn = np.where(known, turn, 0.0)
    variance = np.where(known, error**2 + (_TURN_LEAK * yaw_deg_s * track.gap_s) ** 2, 0.25)
    step, step_variance = np.zeros(len(track)), np.zeros(len(track))
    step[1:] = (turn[1:] + turn[:-1]) / 2
    step_variance[1:] = (variance[1:] + variance[:-1]) / 2
    apart = np.diff(track.time_s, prepend=track.time_s[:1]) > _LONGEST_LINK_S
    return np.where(apart, 0.0, step), np.where(apart, 1.0, step_variance)


def _smoothed(
    seen: FloatArray, noise: FloatArray, step: FloatArray, step_variance: FloatArray,
    link_s: FloatArray, *, memory_s: float, wander_deg: float,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Filter forwards and smooth backwards one axis; seen is NaN where nothing is."""
    m = len(seen)
    before, before_var = np.zeros(m), np.zeros(m)
    after, after_var = np.zeros(m), np.zeros(m)
    keep = np.exp(-link_s / memory_s)
    value, variance = 0.0, wander_deg**2
    for row in range(m):
        value = keep[row] * value + step[row]
        variance = (
            keep[row] ** 2 * variance + wander_deg**2 * (1 - keep[row] ** 2) + step_variance[row]
        )
        before[row], before_var[row] = value, variance
        if np.isfinite(seen[row]):
            gap = seen[row] - value
            total = variance + noise[row]
            # What is off by more than 2.5 standard errors pulls no harder than that (Huber).
            soft = min(1.0, _OUTLIER * np.sqrt(total) / max(abs(gap), 1e-9))
            gain = variance / (variance + noise[row] / soft)
            value, variance = value + gain * gap, (1 - gain) * variance
        after[row], after_var[row] = value, variance
    for row in range(m - 2, -1, -1):
        back = after_var[row] * keep[row + 1] / before_var[row + 1]
        after[row] += back * (after[row + 1] - before[row + 1])
        after_var[row] += back**2 * (after_var[row + 1] - before_var[row + 1])
    return after, np.sqrt(np.maximum(after_var, 0.0))
