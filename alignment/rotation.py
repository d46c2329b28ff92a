"""Turns of the head, and what they do to a homography.

The road view and the ego view of things far away differ by a rotation and the two lenses ::

    road_from_ego = K_road · R · K_ego⁻¹

so that, between two frames, a head that turns by the rotation vector ω (radians, in the axes of the
scene camera: x right, y down, z forward) changes it by ::

    road_from_ego[later] = road_from_ego[earlier] · K_ego · exp([ω]×) · K_ego⁻¹
"""

import numpy as np
from numpy.typing import NDArray

from .finite import finite_rows

_SMALL_RAD = 1e-8


def rotation_matrix(vector_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn a rotation vector into a matrix (Rodrigues' formula), shape (3,) to (3, 3)."""
    x, y, z = vector_rad
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = float(np.sqrt(x * x + y * y + z * z))
    if angle < _SMALL_RAD:
        return np.asarray(np.eye(3) + cross)
    return np.asarray(
        np.eye(3) + np.sin(angle) / angle * cross + (1 - np.cos(angle)) / angle**2 * (cross @ cross)
    )


def rotation_vector(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the rotation vector of a rotation matrix, for angles below π; radians, shape (3,)."""
    axis = np.array(
        [matrix[2, 1] - matrix[1, 2], matrix[0, 2] - matrix[2, 0], matrix[1, 0] - matrix[0, 1]]
    )
    sine, cosine = np.linalg.norm(axis) / 2, (np.trace(matrix) - 1) / 2
    if sine < _SMALL_RAD:
        return axis / 2
    angle: NDArray[np.float64] = axis * (np.arctan2(sine, cosine) / (2 * sine))
    return angle


def nearest_rotation(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the rotation nearest to a matrix that is one up to a positive or negative factor."""
    left, _, right = np.linalg.svd(matrix * np.sign(np.linalg.det(matrix)))
    return np.asarray(left @ right, dtype=np.float64)


def turned(
    road_from_ego: NDArray[np.float64],
    vector_rad: NDArray[np.float64],
    ego_matrix: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give the homography after the head has turned, shape (3, 3), last element 1."""
    later = road_from_ego @ ego_matrix @ rotation_matrix(vector_rad) @ np.linalg.inv(ego_matrix)
    return np.asarray(later / later[2, 2], dtype=np.float64)


def head_turns(
    frame_ns: NDArray[np.int64],
    sample_ns: NDArray[np.int64],
    gyro_deg_s: NDArray[np.float64],
    *,
    max_gap_ms: float = 50.0,
) -> NDArray[np.float64]:
    """Integrate the gyroscope between frames.

    Parameters
    ----------
    frame_ns
        Times of the frames, ascending, shape (n,).
    sample_ns
        Times of the samples, ascending, shape (m,).
    gyro_deg_s
        Rotation rates about the scene camera's axes, shape (m, 3).
    max_gap_ms
        Longest interval between two samples over which a rate is believed.

    Returns
    -------
    NDArray[np.float64]
        Turn of the head from the frame before to each frame, radians, shape (n, 3). NaN for the first
        frame, and where samples are missing.
    """
    turns = np.full((len(frame_ns), 3), np.nan)
    known = finite_rows(gyro_deg_s)
    sample_ns, rate = sample_ns[known], np.radians(gyro_deg_s[known])
    if len(sample_ns) < 2 or len(frame_ns) < 2:
        return turns
    seconds = (sample_ns - sample_ns[0]) / 1e9
    at = (frame_ns - sample_ns[0]) / 1e9
    steps = np.diff(seconds)
    angle = np.zeros((len(seconds), 3))
    angle[1:] = np.cumsum((rate[1:] + rate[:-1]) / 2 * steps[:, None], axis=0)
    turns[1:] = np.diff(
        np.column_stack([np.interp(at, seconds, column) for column in angle.T]), axis=0
    )
    # Number of long intervals up to each frame; where it grows, a rate was missing.
    holes = np.concatenate([[0], np.cumsum(steps * 1e3 > max_gap_ms)])
    before = np.searchsorted(seconds, at, side="right") - 1
    after = np.searchsorted(seconds, at, side="left")
    covered = (before >= 0) & (after < len(seconds))
    first = holes[np.clip(before, 0, len(holes) - 1)]
    last = holes[np.clip(after, 0, len(holes) - 1)]
    whole = covered[1:] & covered[:-1] & (last[1:] == first[:-1])
    turns[1:][~whole] = np.nan
    return turns
