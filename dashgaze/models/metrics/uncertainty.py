"""Whether stated covariances are true: likelihood, coverage, calibration, sparsification."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashgaze.densities.scores import BoolArray, FloatArray, Scores, mean_or_nan, share_or_nan

LEVELS = (0.5, 0.8, 0.95)
"""Probabilities of the regions whose coverage is looked at."""

ENCE_BINS = 10


@dataclass(frozen=True, kw_only=True)
class SparsificationCurve(Scores):
    """Mean error of what is left when the most uncertain frames are taken away.

    Attributes
    ----------
    removed
        Shares taken away, shape (k,).
    by_stated
        Mean error of the rest over that of all, ordered by stated uncertainty, shape (k,).
    by_error
        The same, ordered by the error itself: the best possible, shape (k,).
    ause
        Area between the curves, over the range of `removed`; 0 is best. NaN with fewer than 2 frames.
    random_ause
        What an uncertainty that says nothing would get: the area between 1 and `by_error`.
    """

    removed: FloatArray
    by_stated: FloatArray
    by_error: FloatArray
    ause: float
    random_ause: float


@dataclass(frozen=True, kw_only=True)
class UncertaintyScores(Scores):
    """How true stated covariances are, over frames.

    Attributes
    ----------
    frames
        Frames with truth and answer.
    stated, coverage
        Those of them with a covariance that is positive definite, and their share. All else is over them.
    label_noise_added
        Whether the stated covariance of the labels was added to that of the model.
    nll_nats
        Mean negative log likelihood of the truth, points in px.
    region_coverage
        Share of frames whose truth is within the region of a probability, by probability.
    ence
        Expected normalised calibration error (`ence`).
    mean_sd_px
        Mean of ``√((σ_xx + σ_yy)/2)``.
    sparsification
        `sparsification_curve`.
    """

    frames: int
    stated: int
    coverage: float
    label_noise_added: bool
    nll_nats: float
    region_coverage: dict[str, float]
    ence: float
    mean_sd_px: float
    sparsification: SparsificationCurve


def add_label_noise(cov_px2: FloatArray, label_cov_px2: FloatArray) -> FloatArray:
    """Add the covariance of labels to that of predictions, where the former is known.

    The difference of a prediction and a noisy label varies by the sum of both, where they err independently.

    Parameters
    ----------
    cov_px2, label_cov_px2
        (xx, xy, yy), shape (n, 3), px².
    """
    known = np.isfinite(label_cov_px2).all(axis=1, keepdims=True)
    return cov_px2 + np.where(known, label_cov_px2, 0.0)


def positive_definite(cov_px2: FloatArray) -> BoolArray:
    """Tell which covariances (xx, xy, yy), shape (n, 3), are positive definite; missing ones are not."""
    xx, xy, yy = cov_px2.T
    definite: BoolArray = (xx > 0) & (yy > 0) & (xx * yy - xy**2 > 0) & np.isfinite(xx * yy)
    return definite


def squared_mahalanobis(
    truth_px: FloatArray, predicted_px: FloatArray, cov_px2: FloatArray
) -> FloatArray:
    """Squared distance in units of the stated covariance.

    ``dᵀ Σ⁻¹ d``; of a true Gaussian it has a χ² distribution of 2 degrees of freedom.

    Parameters
    ----------
    truth_px, predicted_px
        Shape (n, 2), px.
    cov_px2
        (xx, xy, yy), shape (n, 3), px².

    Returns
    -------
    ndarray
        Shape (n,); NaN where anything is missing or the covariance is not positive definite.
    """
    xx, xy, yy = np.where(positive_definite(cov_px2)[:, None], cov_px2, np.nan).T
    x, y = (truth_px - predicted_px).T
    distance: FloatArray = (yy * x**2 - 2.0 * xy * x * y + xx * y**2) / (xx * yy - xy**2)
    return distance


def gaussian_nll_nats(
    truth_px: FloatArray, predicted_px: FloatArray, cov_px2: FloatArray
) -> FloatArray:
    """Negative log likelihood of the truth.

    ``½ dᵀ Σ⁻¹ d + ½ ln det Σ + ln 2π``, points in px (another unit adds a constant).

    Parameters
    ----------
    truth_px, predicted_px
        Shape (n, 2), px.
    cov_px2
        (xx, xy, yy), shape (n, 3), px².

    Returns
    -------
    ndarray
        Shape (n,), nats; NaN where anything is missing or the covariance is not positive definite.
    """
    xx, xy, yy = np.where(positive_definite(cov_px2)[:, None], cov_px2, np.nan).T
    distance = squared_mahalanobis(truth_px, predicted_px, cov_px2)
    nll: FloatArray = 0.5 * distance + 0.5 * np.log(xx * yy - xy**2) + math.log(2.0 * math.pi)
    return nll


def squared_radius(level: float) -> float:
    """Squared Mahalanobis radius of the region that holds a probability: χ² of 2 degrees of freedom.

    In two dimensions it is ``−2 ln(1 − level)``.
    """
    return -2.0 * math.log1p(-level)


def ence(error_px: FloatArray, sd_px: FloatArray, *, bins: int = ENCE_BINS) -> float:
    """Give the expected normalised calibration error.

    Frames are put into bins of equal number by stated sd; ``(1/B) Σ |RMV − RMSE| / RMV``, with RMV the
    root of the mean stated variance and RMSE the root mean square error of a bin.

    Parameters
    ----------
    error_px
        Euclidean errors, shape (n,), finite.
    sd_px
        ``√(σ_xx + σ_yy)``: what the root mean square of the Euclidean error should be, shape (n,).
    bins
        At most so many; each has at least one frame.

    References
    ----------
    Levi et al., Sensors 22(15), 5540, 2022.
    """
    if len(error_px) == 0:
        return math.nan
    order = np.argsort(sd_px, kind="stable")
    terms = []
    for rows in np.array_split(order, min(bins, len(order))):
        stated = math.sqrt(float(np.mean(sd_px[rows] ** 2)))
        found = math.sqrt(float(np.mean(error_px[rows] ** 2)))
        terms.append(abs(stated - found) / stated)
    return float(np.mean(terms))


def sparsification_curve(
    error_px: FloatArray, sd_px: FloatArray, *, steps: int = 20
) -> SparsificationCurve:
    """Take away the most uncertain frames and look at the error of the rest.

    Frames of equal stated uncertainty are taken away together in expectation: each then counts by the mean
    error of its equals, so that a constant uncertainty gives a flat curve.

    Parameters
    ----------
    error_px
        Shape (n,), finite.
    sd_px
        Stated uncertainty, shape (n,), finite.
    steps
        Shares taken away are 0, 1/steps … (steps − 1)/steps.

    References
    ----------
    Ilg et al., European Conference on Computer Vision 2018.
    """
    removed = np.arange(steps) / steps
    if len(error_px) < 2 or error_px.mean() == 0:
        nothing = np.full(steps, np.nan)
        return SparsificationCurve(
            removed=removed,
            by_stated=nothing,
            by_error=nothing,
            ause=math.nan,
            random_ause=math.nan,
        )
    _, equal = np.unique(sd_px, return_inverse=True)
    typical = (np.bincount(equal, weights=error_px) / np.bincount(equal))[equal]
    keep = np.maximum(np.rint((1.0 - removed) * len(error_px)).astype(np.int64), 1)
    by_stated = _mean_of_first(typical[np.argsort(sd_px, kind="stable")], keep) / error_px.mean()
    by_error = _mean_of_first(np.sort(error_px), keep) / error_px.mean()
    return SparsificationCurve(
        removed=removed,
        by_stated=by_stated,
        by_error=by_error,
        ause=float(np.trapezoid(by_stated - by_error, removed)),
        random_ause=float(np.trapezoid(1.0 - by_error, removed)),
    )


def score_uncertainty(
    truth_px: FloatArray,
    predicted_px: FloatArray,
    cov_px2: FloatArray,
    *,
    label_cov_px2: FloatArray | None = None,
    levels: Sequence[float] = LEVELS,
) -> UncertaintyScores:
    """Judge stated covariances against the truth.

    Parameters
    ----------
    truth_px, predicted_px
        Shape (n, 2), px; NaN where unknown.
    cov_px2
        Stated by the model, (xx, xy, yy), shape (n, 3), px².
    label_cov_px2
        Stated for the labels; added to the model's if given.
    levels
        Probabilities of the regions.
    """
    answered = np.isfinite(truth_px).all(axis=1) & np.isfinite(predicted_px).all(axis=1)
    total = cov_px2 if label_cov_px2 is None else add_label_noise(cov_px2, label_cov_px2)
    used = answered & positive_definite(cov_px2) & positive_definite(total)
    truth, predicted, cov = truth_px[used], predicted_px[used], total[used]
    distance = squared_mahalanobis(truth, predicted, cov)
    error = np.hypot(*(predicted - truth).T)
    sd = np.sqrt(cov[:, 0] + cov[:, 2])
    return UncertaintyScores(
        frames=int(answered.sum()),
        stated=int(used.sum()),
        coverage=share_or_nan(used[answered]),
        label_noise_added=label_cov_px2 is not None,
        nll_nats=mean_or_nan(gaussian_nll_nats(truth, predicted, cov)),
        region_coverage={
            f"{level:g}": share_or_nan(distance <= squared_radius(level)) for level in levels
        },
        ence=ence(error, sd),
        mean_sd_px=mean_or_nan(sd / math.sqrt(2.0)),
        sparsification=sparsification_curve(error, sd),
    )


def _mean_of_first(values: FloatArray, counts: np.ndarray) -> FloatArray:
    """Mean of the first so many values, for each count."""
    means: FloatArray = np.cumsum(values)[counts - 1] / counts
    return means
