"""How far a frame is from what a network was trained on: a distance of its features."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

MOST_DIRECTIONS = 64
"""So many directions have a variance of their own; all others share one."""
_FRAMES_A_DIRECTION = 10


@dataclass(frozen=True, kw_only=True, eq=False)
class FeatureDistance:
    """Mahalanobis distance from training features, d of them.

    The covariance is that of probabilistic principal components (Tipping & Bishop 1999): the k widest
    directions have their own variances, all others share the mean of theirs. So it can be inverted with
    fewer frames than features.

    Attributes
    ----------
    mean, scale
        Of each feature, shape (d,).
    directions
        Shape (d, k), of unit length.
    variances
        Along these, shape (k,).
    rest_variance
        Along each other direction.
    usual
        Median distance of the training frames.
    """

    mean: FloatArray
    scale: FloatArray
    directions: FloatArray
    variances: FloatArray
    rest_variance: float
    usual: float

    def unusualness(self, features: FloatArray) -> FloatArray:
        """Give how far distances are from the usual one, shape (n,): too near counts as too far does.

        Pictures with little in them give features that are all alike and nearer to the mean than any of
        training; the distance alone takes them for normal (Nalisnick et al. 2019, arXiv 1906.02994).
        """
        return np.asarray(np.abs(self.measure(features) - self.usual), dtype=np.float64)

    def measure(self, features: FloatArray) -> FloatArray:
        """Give the distances of frames.

        Parameters
        ----------
        features
            Shape (n, d).

        Returns
        -------
        ndarray
            Shape (n,); about √d for frames that are like those trained on.
        """
        centred = (features - self.mean) / self.scale
        along = centred @ self.directions
        rest = np.clip((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0.0, None)
        squared = (along**2 / self.variances).sum(axis=1) + rest / self.rest_variance
        return np.asarray(np.sqrt(squared), dtype=np.float64)


def fit_feature_distance(features: FloatArray) -> FeatureDistance:
    """Fit the distance to the features of training frames.

    Parameters
    ----------
    features
        Shape (n, d), n ≥ 3. Features that never change are left as they are: any change of them counts
        by the typical spread of the others.

    Raises
    ------
    ValueError
        If there are fewer than three frames.
    """
    count, width = features.shape
    if count < 3:
        raise ValueError(f"{count} frames; three are needed")
    mean = features.mean(axis=0)
    scale = features.std(axis=0)
    moving = scale > 1e-9
    scale[~moving] = float(np.median(scale[moving])) if moving.any() else 1.0
    centred = (features - mean) / scale
    _, singular, directions = np.linalg.svd(centred, full_matrices=False)
    variances = singular**2 / (count - 1)
    rank = int((variances > variances[0] * 1e-10).sum()) if variances[0] > 0 else 0
    kept = max(1, min(MOST_DIRECTIONS, count // _FRAMES_A_DIRECTION, rank))
    others = max(width - kept, 1)
    rest = float(variances[kept:].sum() / others)
    # Where nothing is left over, a hundredth of the narrowest direction stands for what was not seen.
    least = float(variances[kept - 1]) * 1e-2 if variances[kept - 1] > 0 else 1.0
    fitted = FeatureDistance(
        usual=0.0,
        mean=mean,
        scale=scale,
        directions=directions[:kept].T,
        variances=np.maximum(variances[:kept], 1e-12),
        rest_variance=max(rest, least * 1e-2, 1e-12),
    )
    return replace(fitted, usual=float(np.median(fitted.measure(features))))


def auroc(lower: FloatArray, higher: FloatArray) -> float | None:
    """Give the probability that a value of `higher` exceeds one of `lower`, ties counted half.

    None if either has no finite value. It is the area under the ROC curve (Mann & Whitney 1947).
    """
    from scipy.stats import rankdata

    lower, higher = lower[np.isfinite(lower)], higher[np.isfinite(higher)]
    if not len(lower) or not len(higher):
        return None
    ranks = rankdata(np.concatenate([lower, higher]))
    total = float(ranks[len(lower) :].sum())
    return (total - len(higher) * (len(higher) + 1) / 2) / (len(lower) * len(higher))


def kept_errors(
    doubt: FloatArray, error: FloatArray, shares: tuple[float, ...]
) -> list[float | None]:
    """Give the mean error of the frames that are doubted least.

    Parameters
    ----------
    doubt
        Larger is more doubtful, shape (n,).
    error
        Shape (n,).
    shares
        Of the frames that are kept, 0 … 1.
    """
    known = np.isfinite(doubt) & np.isfinite(error)
    if not known.any():
        return [None for _ in shares]
    ordered = error[known][np.argsort(doubt[known], kind="stable")]
    return [float(ordered[: max(1, round(share * len(ordered)))].mean()) for share in shares]
