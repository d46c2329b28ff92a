"""Matches as they are given: checked, and refused where nothing can be found in them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .options import MlesacOptions
from .refinement import SMALLEST_SIGMA
from .result import Refused
from .support import wide_enough


def pack_matches(
    source_px: ArrayLike, target_px: ArrayLike, noise_scale: ArrayLike | None
) -> NDArray[np.float64]:
    """Check matches and put them into rows x, y, u, v (px) and 1/s², shape (5, n).

    The precision is NaN where the noise scale is not finite.
    """
    source = np.asarray(source_px, dtype=np.float64)
    target = np.asarray(target_px, dtype=np.float64)
    for name, points in (("source_px", source), ("target_px", target)):
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"{name} has to have the shape (n, 2), not {points.shape}")
    if len(source) != len(target):
        raise ValueError(f"{len(source)} source points cannot match {len(target)} target points")
    matches = np.ones((5, len(source)))
    matches[:2] = source.T
    matches[2:4] = target.T
    if noise_scale is not None:
        scale = np.asarray(noise_scale, dtype=np.float64)
        if scale.shape != (len(source),):
            raise ValueError(
                f"noise_scale has to have the shape ({len(source)},), not {scale.shape}"
            )
        if not (scale[np.isfinite(scale)] > 0).all():
            raise ValueError("noise_scale has to be positive")
        matches[4] = np.where(np.isfinite(scale), scale, np.nan) ** -2.0
    return matches


def refuse_matches(matches: NDArray[np.float64], options: MlesacOptions) -> Refused | None:
    """Refuse matches that cannot have a homography, whatever it would be; None if they may."""
    count = matches.shape[1]
    if count < options.min_inliers:
        return Refused(
            "too_few_matches", f"{count} matches, at least {options.min_inliers:g} are needed"
        )
    bad = count - int(np.count_nonzero(np.isfinite(matches).all(axis=0)))
    if bad:
        return Refused(
            "not_finite", f"{bad} of {count} matches are NaN or infinite; leave them out"
        )
    sigma_px = SMALLEST_SIGMA * options.sigma_px
    if not wide_enough(matches, np.ones(count), sigma_px, options.source_noise_ratio):
        return Refused("degenerate", "all points of a view lie on a line or a point")
    return None
