"""Errors of gaze points in the road view."""

import math
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

PCK_THRESHOLDS_PX = (50.0, 100.0, 200.0)
"""Usual distances for the share of good answers, px of the road picture."""

ASSUMED_FIELD_OF_VIEW_DEG = 69.4
"""Across the road picture, where no focal length is known: a lens of 26 mm on 36 mm of film, which is
what makers of phones state for main cameras (2·atan(18/26))."""


@dataclass(frozen=True, kw_only=True)
class LocationScores(Scores):
    """Errors over frames, each frame counting the same (see `sessions` for means over sessions).

    Attributes
    ----------
    frames
        Frames whose truth is known.
    answered, coverage
        Those of them that have a prediction, and their share. Errors are over them.
    without_truth
        Frames left out because their truth is unknown.
    mean_euclid_px
        ``(1/n) Σ ‖p − t‖``, eq. 12.10 as printed; the headline.
    rms_euclid_px
        ``√((1/n) Σ ‖p − t‖²)``.
    median_euclid_px
        Median of ‖p − t‖.
    mae_x_px, mae_y_px, rmse_x_px, rmse_y_px
        Mean absolute and root mean square errors of an axis.
    bias_x_px, bias_y_px
        Means of p − t.
    mean_percent_of_width
        Mean of 100·‖p − t‖ / picture width.
    mean_deg
        Mean angle between the rays through p and t.
    focal_assumed
        Whether some of these angles rest on `ASSUMED_FIELD_OF_VIEW_DEG`.
    share_within
        Share of *all* frames with truth whose answer is within a distance (PCK), by distance in px; a
        frame without an answer is a miss.
    """

    frames: int
    answered: int
    coverage: float
    without_truth: int
    mean_euclid_px: float
    rms_euclid_px: float
    median_euclid_px: float
    mae_x_px: float
    mae_y_px: float
    rmse_x_px: float
    rmse_y_px: float
    bias_x_px: float
    bias_y_px: float
    mean_percent_of_width: float
    mean_deg: float
    focal_assumed: bool
    share_within: dict[str, float]


@dataclass(frozen=True, kw_only=True)
class DistanceBin(Scores):
    """Errors of the frames whose truth is at some distance from a point.

    Attributes
    ----------
    low_px, high_px
        Range of the distance, ``low ≤ d < high``; high is infinite (None in JSON) for the last.
    frames, answered
        Frames in it, and those with a prediction.
    mean_euclid_px
        Over those answered.
    """

    low_px: float
    high_px: float
    frames: int
    answered: int
    mean_euclid_px: float


def euclidean_error_px(truth_px: FloatArray, predicted_px: FloatArray) -> FloatArray:
    """Distance of predictions from the truth.

    Parameters
    ----------
    truth_px, predicted_px
        Shape (n, 2), px.

    Returns
    -------
    ndarray
        ‖p − t‖, shape (n,), px; NaN where either is missing.
    """
    difference = predicted_px - truth_px
    distance: FloatArray = np.hypot(difference[:, 0], difference[:, 1])
    return distance


def assumed_focal_px(
    size_px: FloatArray, field_of_view_deg: float = ASSUMED_FIELD_OF_VIEW_DEG
) -> FloatArray:
    """Focal lengths of pictures with a usual field of view.

    The angle is that of the picture's longer side, ``f = longer / (2·tan(fov/2))``, so that upright
    pictures get the same lens.

    Parameters
    ----------
    size_px
        Width and height, shape (n, 2), px.
    field_of_view_deg
        Angle across the longer side, degrees.

    Returns
    -------
    ndarray
        Shape (n,), px.
    """
    longer: FloatArray = np.max(size_px, axis=1)
    return longer / (2.0 * math.tan(math.radians(field_of_view_deg) / 2.0))


def ray_error_deg(
    truth_px: FloatArray, predicted_px: FloatArray, size_px: FloatArray, focal_px: FloatArray
) -> FloatArray:
    """Angle between the rays through two points of a pinhole picture.

    The optical axis is taken to meet the picture's centre; lens distortion is ignored.

    Parameters
    ----------
    truth_px, predicted_px
        Shape (n, 2), px.
    size_px
        Width and height, shape (n, 2), px.
    focal_px
        Shape (n,), px.

    Returns
    -------
    ndarray
        ``atan2(‖a × b‖, a·b)``, shape (n,), degrees; NaN where anything is missing.
    """
    centre = (size_px - 1.0) / 2.0
    truth = np.column_stack([truth_px - centre, focal_px])
    predicted = np.column_stack([predicted_px - centre, focal_px])
    across = np.linalg.norm(np.cross(truth, predicted), axis=1)
    angle: FloatArray = np.degrees(np.arctan2(across, np.sum(truth * predicted, axis=1)))
    return angle


def score_location(
    truth_px: FloatArray,
    predicted_px: FloatArray,
    size_px: FloatArray,
    *,
    focal_px: FloatArray | None = None,
    thresholds_px: Sequence[float] = PCK_THRESHOLDS_PX,
) -> LocationScores:
    """Score gaze points in the road view.

    Parameters
    ----------
    truth_px
        Gaze, shape (n, 2), px; NaN where unknown.
    predicted_px
        Answers, shape (n, 2), px; NaN where there is none.
    size_px
        Width and height of the road pictures, shape (n, 2), px.
    focal_px
        Focal lengths of the road pictures, shape (n,), px; assumed where NaN, and everywhere if None.
    thresholds_px
        Distances for `LocationScores.share_within`.

    References
    ----------
    DashGaze, eq. 12.10. PCK: Yang and Ramanan, IEEE TPAMI 35(12), 2013, here with a fixed distance.
    """
    known = np.isfinite(truth_px).all(axis=1)
    truth, predicted, size = truth_px[known], predicted_px[known], size_px[known]
    given = np.full(len(truth_px), np.nan) if focal_px is None else focal_px
    focal = given[known]
    assumed = ~np.isfinite(focal)
    focal = np.where(assumed, assumed_focal_px(size), focal)
    difference = predicted - truth
    error = euclidean_error_px(truth, predicted)
    answered = np.isfinite(error)
    x, y = difference[answered].T
    return LocationScores(
        frames=len(truth),
        answered=int(answered.sum()),
        coverage=share_or_nan(answered),
        without_truth=int((~known).sum()),
        mean_euclid_px=mean_or_nan(error),
        rms_euclid_px=rms_or_nan(error),
        median_euclid_px=median_or_nan(error),
        mae_x_px=mean_or_nan(np.abs(x)),
        mae_y_px=mean_or_nan(np.abs(y)),
        rmse_x_px=rms_or_nan(x),
        rmse_y_px=rms_or_nan(y),
        bias_x_px=mean_or_nan(x),
        bias_y_px=mean_or_nan(y),
        mean_percent_of_width=mean_or_nan(100.0 * error / size[:, 0]),
        mean_deg=mean_or_nan(ray_error_deg(truth, predicted, size, focal)),
        focal_assumed=bool((assumed & answered).any()),
        share_within={f"{limit:g}": share_or_nan(error <= limit) for limit in thresholds_px},
    )


def error_by_distance(
    truth_px: FloatArray,
    predicted_px: FloatArray,
    origin_px: FloatArray,
    *,
    edges_px: Sequence[float] = (0.0, 100.0, 200.0, 400.0, 800.0),
) -> list[DistanceBin]:
    """Mean error by how far the truth is from a point, such as the picture's centre or vanishing point.

    Most gaze is near the vanishing point, so that a mean over all frames says little of the rest.

    Parameters
    ----------
    truth_px, predicted_px
        Shape (n, 2), px.
    origin_px
        Shape (n, 2), px; frames where it is unknown are in no bin.
    edges_px
        Ascending lower ends of the bins; the last bin has no upper end.
    """
    distance = euclidean_error_px(origin_px, truth_px)
    error = euclidean_error_px(truth_px, predicted_px)
    bins = []
    for low, high in zip(edges_px, [*edges_px[1:], math.inf], strict=True):
        inside = (distance >= low) & (distance < high)
        bins.append(
            DistanceBin(
                low_px=float(low),
                high_px=float(high),
                frames=int(inside.sum()),
                answered=int(np.isfinite(error[inside]).sum()),
                mean_euclid_px=mean_or_nan(error[inside]),
            )
        )
    return bins
