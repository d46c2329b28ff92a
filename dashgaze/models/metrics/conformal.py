"""Widening stated regions until they cover frames of sessions never seen."""

import math
from dataclasses import dataclass

import numpy as np

from dashgaze.densities.scores import FloatArray, Scores

from .uncertainty import squared_mahalanobis, squared_radius


@dataclass(frozen=True, kw_only=True)
class ConformalFactor(Scores):
    """What to multiply stated standard deviations by.

    Attributes
    ----------
    level
        Share of frames of a new session that the region is to hold.
    factor
        Of standard deviations; None if refused. Above 1: the model is too sure.
    sessions
        Sessions that it was calibrated on.
    reason
        Why it was refused; None if it was not.
    """

    level: float
    factor: float | None
    sessions: int
    reason: str | None


def conformal_factor(
    truth_px: FloatArray,
    predicted_px: FloatArray,
    cov_px2: FloatArray,
    session_id: np.ndarray,
    *,
    level: float,
) -> ConformalFactor:
    """Calibrate stated covariances on sessions kept apart for it.

    Sessions, not frames, are taken as exchangeable: of K sessions each weighs ``1/(K + 1)``, spread evenly
    over its frames, and the new session weighs the rest, at infinity. The ``level`` quantile of
    Mahalanobis distances under these weights, over the radius of a true Gaussian, is the factor. A random
    frame of a new session is then in the region with a probability of at least `level`. That quantile is
    infinite, and the factor refused, with fewer than ``level / (1 − level)`` sessions.

    Parameters
    ----------
    truth_px, predicted_px
        Of the calibration sessions, shape (n, 2), px.
    cov_px2
        (xx, xy, yy), shape (n, 3), px². Frames without one are left out.
    session_id
        Shape (n,), text.
    level
        Within 0 … 1.

    References
    ----------
    Lee, Barber and Willett, Distribution-free inference with hierarchical data, arXiv 2306.06342, 2023.
    Dunn, Wasserman and Ramdas, Journal of the American Statistical Association 118(544), 2023.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level is within 0 … 1, not {level}")
    distance = np.sqrt(squared_mahalanobis(truth_px, predicted_px, cov_px2))
    known = np.isfinite(distance)
    names, inverse = np.unique(session_id[known], return_inverse=True)
    count = len(names)
    needed = math.ceil(level / (1.0 - level) - 1e-9)
    if count < needed:
        return ConformalFactor(
            level=level,
            factor=None,
            sessions=count,
            reason=f"{count} calibration sessions; {needed} are needed for {level:g}",
        )
    weights = (1.0 / ((count + 1) * np.bincount(inverse)))[inverse]
    order = np.argsort(distance[known], kind="stable")
    reached = np.cumsum(weights[order])
    place = int(np.searchsorted(reached, level - 1e-9))
    radius = float(distance[known][order[min(place, len(order) - 1)]])
    return ConformalFactor(
        level=level,
        factor=radius / math.sqrt(squared_radius(level)),
        sessions=count,
        reason=None,
    )
