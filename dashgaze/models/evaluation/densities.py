"""Answers as densities over the road picture, and what these are worth."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.densities.density import score_density
from dashgaze.densities.grid import gaussian_source
from dashgaze.densities.training_density import TrainingDensity
from dashgaze.models.contract.samples import Samples
from dashgaze.models.metrics.uncertainty import positive_definite

from .answers import Answers
from .frames import evenly

FloatArray = NDArray[np.float64]

LEAST_ERRORS = 20
"""So many errors of other sessions are needed for their covariance."""


def score_densities(
    answers: Answers,
    samples: Samples,
    counted: NDArray[np.bool_],
    training: TrainingDensity | None,
    *,
    blur_share: float,
    most_frames: int,
) -> dict[str, Any] | None:
    """Score a model's answers as Gaussians.

    ``fitted``: each session gets the covariance of the model's errors in the *other* tested sessions, the
    same rule for all models, so that they can be compared. ``stated``: the covariance that the model states,
    where it states one.

    Parameters
    ----------
    answers
        Of the model; frames without an answer lower its coverage.
    samples, counted
        All frames, n of them, and which are judged, shape (n,).
    training
        Where drivers looked in training; None if that is what is tested.
    blur_share
        Standard deviation of the blur of true gaze for CC, KL and SIM, as a share of the width.
    most_frames
        Judged on at most so many, evenly taken.

    Returns
    -------
    dict or None
        None without a training density.
    """
    if training is None:
        return None
    rows = np.flatnonzero(counted)
    rows = rows[evenly(samples.take(rows), most_frames)]
    judged = samples.take(rows)
    said = answers.predictions.xy_px[rows]
    found: dict[str, Any] = {"frames_asked": len(rows), "fitted": None, "stated": None}
    covariances = {"fitted": _covariance_of_others(judged, said)}
    if answers.predictions.xy_cov_px2 is not None:
        covariances["stated"] = answers.predictions.xy_cov_px2[rows]
    for name, covariance in covariances.items():
        usable = positive_definite(covariance) & np.isfinite(said).all(axis=1)
        if not usable.any():
            continue
        source = gaussian_source(said, covariance, judged.road_size_px, training.grid)
        found[name] = score_density(
            source,
            judged.gaze_road_px,
            judged.road_size_px,
            judged.session_id,
            training,
            frame_index=judged.frame_index,
            blur_share=blur_share,
        ).summary.to_json()
    return found


def _covariance_of_others(samples: Samples, said_px: FloatArray) -> FloatArray:
    """Give for each frame the second moments of errors in the other sessions, shape (n, 3); NaN if few.

    Moments are about zero, of errors as shares of the picture's width: a bias widens the density.
    """
    width = samples.road_size_px[:, :1]
    error = (samples.gaze_road_px - said_px) / width
    known = np.isfinite(error).all(axis=1)
    covariance = np.full((len(samples), 3), np.nan)
    for session in samples.sessions:
        here = samples.session_id == session
        others = error[known & ~here]
        if len(others) < LEAST_ERRORS:
            continue
        x, y = others.T
        moments = np.array([(x * x).mean(), (x * y).mean(), (y * y).mean()])
        # A perfect model would have none; a ten-thousandth of the width stands for "a point".
        moments[[0, 2]] += 1e-8
        covariance[here] = moments * width[here] ** 2
    return covariance
