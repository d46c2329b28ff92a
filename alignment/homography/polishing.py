"""From a map that is nearly right to the maximum of the likelihood, in the frame of its inliers."""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .frames import normalise, to_frames, to_pixels, turn_sign
from .mixture import expect
from .refinement import refine
from .support import supported, wide_enough

# a start that is not from a search may be off by this many σ where its inliers are looked for
_START_WIDENING = 4.0
_MIN_SUM = 4.5


@compiled
def polish(
    matches_px: NDArray[np.float64],
    homography_px: NDArray[np.float64],
    sigma_px: float,
    noise_ratio: float,
    area_px2: float,
    share: float,
    min_inliers: float,
    estimate_sigma: bool,
    annealed: bool,
    probability: NDArray[np.float64],
    normal: NDArray[np.float64],
    frames: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> tuple[bool, bool, float, float, float]:
    """Refine a map between pixels.

    The frame of the inliers makes the normal equations as well conditioned as they can be, and puts the
    gauge (last element 1, so a positive denominator) where the inliers are.

    Parameters
    ----------
    matches_px
        Rows x, y, u, v (px) and 1/s², shape (5, n).
    homography_px
        Start and result, shape (3, 3). The result's denominator is positive at the inliers.
    sigma_px, noise_ratio, area_px2
        σ, ρ and A of the mixture.
    share, min_inliers, estimate_sigma, annealed
        As in `refinement.refine`.
    probability, normal, frames, covariance
        Filled with the inlier probabilities, (n,), the map between the frames, (3, 3), the frames
        (see `frames.normalise`), (2, 3), and the covariance of its parameters, (8, 8).

    Returns
    -------
    tuple of (bool, bool, float, float, float)
        Whether the start had any inliers; whether they determine a map; σ (px), γ and log-likelihood.
    """
    count = matches_px.shape[1]
    x, y = matches_px[0], matches_px[1]
    in_front = 0
    for k in range(count):
        depth = homography_px[2, 0] * x[k] + homography_px[2, 1] * y[k] + homography_px[2, 2]
        in_front += 1 if depth > 0 else -1
    if in_front < 0:
        turn_sign(homography_px)
    # the inliers as the start sees them, in the frame of all matches
    matches = normalise(matches_px, np.ones(count), frames)
    if to_frames(homography_px, frames, normal) < 0:
        turn_sign(normal)
    sigma = sigma_px * frames[1, 2] * (_START_WIDENING if annealed else 1.0)
    total, _, _ = expect(
        matches, normal, sigma**2, (noise_ratio * frames[0, 2] / frames[1, 2]) ** 2,
        area_px2 * frames[1, 2] ** 2, share, probability, np.empty((8, 8)), np.empty(8),
    )  # fmt: skip
    if not total > _MIN_SUM:
        return False, False, sigma_px, share, -np.inf
    if not wide_enough(matches_px, probability, sigma_px, noise_ratio):
        return True, False, sigma_px, share, -np.inf
    matches = normalise(matches_px, probability, frames)
    if not to_frames(homography_px, frames, normal) > 0:
        return False, False, sigma_px, share, -np.inf
    scale = frames[1, 2]
    squared_ratio = (noise_ratio * frames[0, 2] / scale) ** 2
    determined, sigma, share, log_likelihood = refine(
        matches, normal, sigma_px * scale, squared_ratio, area_px2 * scale**2, share,
        min_inliers, estimate_sigma, annealed, probability, covariance,
    )  # fmt: skip
    to_pixels(normal, frames, homography_px)
    if determined:
        trusted = supported(matches, normal, sigma**2, squared_ratio, probability, covariance)
        determined = wide_enough(matches_px, trusted, sigma / scale, noise_ratio)
    return True, determined, sigma / scale, share, log_likelihood
