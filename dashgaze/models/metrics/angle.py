"""Errors of gaze angles relative to the head."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashgaze.densities.scores import (
    FloatArray,
    Scores,
    mean_or_nan,
    median_or_nan,
    rms_or_nan,
    share_or_nan,
)
from dashgaze.models.contract.scale import direction

SHARE_THRESHOLDS_DEG = (5.0, 10.0)


@dataclass(frozen=True, kw_only=True)
class AngleScores(Scores):
    """Errors over frames, each frame counting the same.

    Attributes
    ----------
    frames
        Frames whose truth is known.
    answered, coverage
        Those of them that have a prediction, and their share. Errors are over them.
    without_truth
        Frames left out because their truth is unknown.
    mean_angle_deg
        Mean angle between true and predicted direction (eq. 12.9); the headline.
    rms_angle_deg, median_angle_deg
        Of the same angle.
    mae_azimuth_deg, mae_elevation_deg, rmse_azimuth_deg, rmse_elevation_deg
        Mean absolute and root mean square errors of an axis; azimuth differences taken the short way round.
    share_within
        Share of *all* frames with truth whose angle is below a limit, by limit in degrees; a frame
        without an answer is a miss.
    """

    frames: int
    answered: int
    coverage: float
    without_truth: int
    mean_angle_deg: float
    rms_angle_deg: float
    median_angle_deg: float
    mae_azimuth_deg: float
    mae_elevation_deg: float
    rmse_azimuth_deg: float
    rmse_elevation_deg: float
    share_within: dict[str, float]


def angular_error_deg(truth_deg: FloatArray, predicted_deg: FloatArray) -> FloatArray:
    """Angle between directions given as azimuth and elevation.

    ``atan2(‖a × b‖, a·b)`` of the unit vectors, which stays exact near 0° and 180°, where the arc cosine
    of eq. 12.9 loses half of its digits.

    Parameters
    ----------
    truth_deg, predicted_deg
        Azimuth and elevation, shape (n, 2), degrees.

    Returns
    -------
    ndarray
        Shape (n,), degrees, in 0 … 180; NaN where either is missing.
    """
    truth, predicted = direction(truth_deg), direction(predicted_deg)
    across = np.linalg.norm(np.cross(truth, predicted), axis=1)
    angle: FloatArray = np.degrees(np.arctan2(across, np.sum(truth * predicted, axis=1)))
    return angle


def score_angle(
    truth_deg: FloatArray,
    predicted_deg: FloatArray,
    *,
    thresholds_deg: Sequence[float] = SHARE_THRESHOLDS_DEG,
) -> AngleScores:
    """Score gaze angles.

    Parameters
    ----------
    truth_deg, predicted_deg
        Azimuth and elevation, shape (n, 2), degrees; NaN where unknown.
    thresholds_deg
        Limits for `AngleScores.share_within`.

    References
    ----------
    DashGaze, eq. 12.9.
    """
    known = np.isfinite(truth_deg).all(axis=1)
    truth, predicted = truth_deg[known], predicted_deg[known]
    error = angular_error_deg(truth, predicted)
    answered = np.isfinite(error)
    azimuth = _wrapped_deg((predicted - truth)[answered, 0])
    elevation = (predicted - truth)[answered, 1]
    return AngleScores(
        frames=len(truth),
        answered=int(answered.sum()),
        coverage=share_or_nan(answered),
        without_truth=int((~known).sum()),
        mean_angle_deg=mean_or_nan(error),
        rms_angle_deg=rms_or_nan(error),
        median_angle_deg=median_or_nan(error),
        mae_azimuth_deg=mean_or_nan(np.abs(azimuth)),
        mae_elevation_deg=mean_or_nan(np.abs(elevation)),
        rmse_azimuth_deg=rms_or_nan(azimuth),
        rmse_elevation_deg=rms_or_nan(elevation),
        share_within={f"{limit:g}": share_or_nan(error < limit) for limit in thresholds_deg},
    )


def _wrapped_deg(angle_deg: FloatArray) -> FloatArray:
    """Bring differences of angles to −180 … 180."""
    return (angle_deg + 180.0) % 360.0 - 180.0
