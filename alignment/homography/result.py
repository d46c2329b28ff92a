"""What an estimation gives: a homography with its errors, or the reason why there is none."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Reason = Literal["degenerate", "mirrored", "no_consensus", "not_finite", "too_few_matches"]
"""Why there is no homography.

too_few_matches
    Fewer matches than inliers are asked for.
not_finite
    A coordinate, noise scale or quality is NaN or infinite.
no_consensus
    No map explains so many matches that chance would not.
mirrored
    No map does, but many matches turn around each other the wrong way, as in a mirror.
degenerate
    The matches that agree lie on a line or a point, or on a line but for two.
"""


@dataclass(frozen=True)
class Refused:
    """No homography.

    Attributes
    ----------
    reason
        See `Reason`.
    detail
        The same as a sentence with numbers.
    """

    reason: Reason
    detail: str


@dataclass(frozen=True, kw_only=True, eq=False)
class HomographyEstimate:
    """A homography, how certain it is, and which matches it rests on.

    Attributes
    ----------
    target_from_source
        Takes source px to target px, last element 1, shape (3, 3).
    inlier_probability
        Of each match, shape (n,).
    inlier_share
        Mixing parameter γ: the share of inliers among all matches.
    sigma_px
        Standard deviation of the noise per coordinate of a target keypoint with noise scale 1, px.
    log_likelihood
        Of the matches, relative to all of them being outliers.
    log_evidence
        Logarithm of the Bayes factor of "this map" against "all matches are wrong".
    iterations
        Samples drawn; 0 without a search.
    parameter_covariance
        Covariance of the first eight elements (by rows) of normalised_target_from_source, shape (8, 8).
    normalised_from_source, normalised_from_target
        The similarities that bring each view's inliers to the centre, rms distance √2, shape (3, 3).
    """

    target_from_source: NDArray[np.float64]
    inlier_probability: NDArray[np.float64]
    inlier_share: float
    sigma_px: float
    log_likelihood: float
    log_evidence: float
    iterations: int
    parameter_covariance: NDArray[np.float64]
    normalised_from_source: NDArray[np.float64]
    normalised_from_target: NDArray[np.float64]

    @property
    def inlier_count(self) -> int:
        """Count of matches with an inlier probability over 0.5."""
        return int(np.count_nonzero(self.inlier_probability > 0.5))

    @property
    def normalised_target_from_source(self) -> NDArray[np.float64]:
        """The map between the normalised views, last element 1, shape (3, 3)."""
        matrix = (
            self.normalised_from_target
            @ self.target_from_source
            @ np.linalg.inv(self.normalised_from_source)
        )
        normalised: NDArray[np.float64] = matrix / matrix[2, 2]
        return normalised

    def map_points(self, points: ArrayLike) -> NDArray[np.float64]:
        """Take source points to the target.

        Parameters
        ----------
        points
            Source px, shape (n, 2).

        Returns
        -------
        NDArray[np.float64]
            Target px, shape (n, 2). NaN on and beyond the horizon, which no view of the inliers' plane
            shows: there the denominator is not of the sign that it has at the inliers' centre.
        """
        source = _as_points(points)
        image = source @ self.target_from_source[:, :2].T + self.target_from_source[:, 2]
        depth = image[:, 2]
        # the centre is the zero of the normalised frame
        scale = self.normalised_from_source[0, 0]
        centre = -self.normalised_from_source[:2, 2] / scale
        sign = np.sign(self.target_from_source[2, :2] @ centre + 1.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where((depth * sign > 0)[:, None], image[:, :2] / depth[:, None], np.nan)

    def residuals_px(self, source_px: ArrayLike, target_px: ArrayLike) -> NDArray[np.float64]:
        """Forward transfer errors: target points minus mapped source points, shape (n, 2), px."""
        return _as_points(target_px) - self.map_points(source_px)

    def covariance_px2(
        self, points: ArrayLike, point_covariance_px2: ArrayLike | None = None
    ) -> NDArray[np.float64]:
        """Covariance of mapped points, from that of the map and that of the points.

        To first order, with D the derivatives of the mapped point by parameters and J by the point::

            Σ = D C Dᵀ + J Σ_point Jᵀ

        It holds for noise of the keypoints, not for parallax: a scene that is no plane has errors which
        no covariance of a homography knows.

        Parameters
        ----------
        points
            Source px, shape (n, 2).
        point_covariance_px2
            Covariance of all points, shape (2, 2), or of each, shape (n, 2, 2); none if they are exact.

        Returns
        -------
        NDArray[np.float64]
            Target px², shape (n, 2, 2); NaN where `map_points` is.
        """
        source = _as_points(points)
        seen = np.isfinite(self.map_points(source)).all(axis=1)
        scale = self.normalised_from_source[0, 0]
        normal = source[seen] * scale + self.normalised_from_source[:2, 2]
        matrix = self.normalised_target_from_source
        derivative = parameter_derivatives(matrix, normal)
        covariance = np.full((len(source), 2, 2), np.nan)
        covariance[seen] = derivative @ self.parameter_covariance @ derivative.transpose(0, 2, 1)
        if point_covariance_px2 is not None:
            own = np.asarray(point_covariance_px2, dtype=np.float64)
            if own.shape not in ((2, 2), (len(source), 2, 2)):
                raise ValueError(
                    "point_covariance_px2 has to have the shape (2, 2) or "
                    f"{(len(source), 2, 2)}, not {own.shape}"
                )
            own = np.broadcast_to(own, (len(source), 2, 2))[seen] * scale**2
            slope = point_derivatives(matrix, normal)
            covariance[seen] += slope @ own @ slope.transpose(0, 2, 1)
        covariance /= self.normalised_from_target[0, 0] ** 2
        return covariance


def parameter_derivatives(
    homography: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the derivatives of mapped points by the homography's first eight elements, shape (n, 2, 8)."""
    ray = np.empty((len(points), 3))
    ray[:, :2] = points
    ray[:, 2] = 1.0
    image = ray @ homography.T
    depth = image[:, 2:]
    # (x, y, 1)/w, once for each coordinate and once, times the coordinate, for the depth
    ray /= depth
    rows = np.zeros((len(points), 2, 8))
    rows[:, 0, :3] = rows[:, 1, 3:6] = ray
    rows[:, :, 6:] = (image[:, :2] / -depth)[:, :, None] * ray[:, None, :2]
    return rows


def point_derivatives(
    homography: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Find the derivatives of mapped points by the points, shape (n, 2, 2)."""
    image = points @ homography[:, :2].T + homography[:, 2]
    depth = image[:, 2, None, None]
    mapped = image[:, :2] / image[:, 2:]
    return (homography[:2, :2] - mapped[:, :, None] * homography[2, :2]) / depth


def _as_points(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"points have to have the shape (n, 2), not {array.shape}")
    return array
