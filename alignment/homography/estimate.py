"""Homographies from matches, most of which may be wrong."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .acceptance import effective_area, log_evidence
from .matches import pack_matches, refuse_matches
from .options import MlesacOptions
from .polishing import polish
from .result import HomographyEstimate, Refused
from .search import search

DEFAULTS = MlesacOptions()

# Samples of random matches are as often mirrored as not. Beyond so many standard deviations a mirror
# image is looked for; with few matches that happens by chance, as their samples are not independent.
_MIRRORED_DEVIATIONS = 5.0
_MOSTLY_FLAT = 0.9
_MIN_LAST_ELEMENT = 1e-12


def estimate_homography(
    source_px: ArrayLike,
    target_px: ArrayLike,
    *,
    options: MlesacOptions = DEFAULTS,
    outlier_area_px2: float | None = None,
    noise_scale: ArrayLike | None = None,
    quality: ArrayLike | None = None,
    start: ArrayLike | None = None,
    seed: int = 0,
) -> HomographyEstimate | Refused:
    """Find the homography that most probably made the matches, by MLESAC.

    The model is a mixture of inliers, with Gaussian noise in both views, and of outliers spread over an
    area (see `mixture`). Maps through four matches are scored by their likelihood, good ones optimised
    locally, the best refined until the likelihood is at its maximum [1]_.

    Parameters
    ----------
    source_px, target_px
        Matched points, shape (n, 2), px.
    options
        See `MlesacOptions`.
    outlier_area_px2
        Area over which wrong target points are spread, px²: the image, or the region searched for
        matches. By default estimated from the target points.
    noise_scale
        Relative standard deviation of each match's noise, shape (n,), e.g. the scale of its ORB octave.
        1 for all by default.
    quality
        How much to distrust each match, shape (n,), e.g. its descriptors' distance; only the order
        counts. Trusted matches are drawn more often; the score doesn't know it.
    start
        A guess of target_from_source, shape (3, 3), tried before any sample. A mirror image is not.
    seed
        Of the random numbers, 0 … 2⁶⁴ − 1; equal arguments give equal results.

    Returns
    -------
    HomographyEstimate or Refused
        The latter with reason "too_few_matches", "not_finite", "no_consensus", "mirrored" or
        "degenerate".

    Raises
    ------
    ValueError
        If the arguments' shapes or signs are wrong. Numbers that are NaN or infinite are refused instead,
        as they may come from the data.

    References
    ----------
    .. [1] P. H. S. Torr & A. Zisserman, "MLESAC: A new robust estimator with application to estimating
       image geometry", CVIU 78 (2000) 138-156, doi 10.1006/cviu.1999.0832.
    """
    matches = pack_matches(source_px, target_px, noise_scale)
    count = matches.shape[1]
    starts = np.empty((0, 3, 3))
    if start is not None:
        given = _as_start(start)
        if np.linalg.det(given) * _depth_sign(given, matches) > 0:
            starts = given[None]
    rank = np.empty(0, dtype=np.int64)
    if quality is not None:
        distrust = np.asarray(quality, dtype=np.float64)
        if distrust.shape != (count,):
            raise ValueError(f"quality has to have the shape ({count},), not {distrust.shape}")
        if not np.isfinite(distrust).all():
            return Refused("not_finite", "a quality is NaN or infinite")
        rank = np.argsort(distrust, kind="stable")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed has to lie between 0 and 2⁶⁴ − 1, not {seed}")
    refused = refuse_matches(matches, options)
    if refused:
        return refused
    area_px2 = _area(matches, outlier_area_px2)
    result, samples = _searched(matches, rank, starts, options, area_px2, seed)
    if isinstance(result, HomographyEstimate) or result.reason != "no_consensus":
        return result
    drawn, solved, flat, mirrored = (int(number) for number in samples)
    if flat > _MOSTLY_FLAT * drawn:
        return Refused("degenerate", f"{flat} of {drawn} samples of matches have three in a line")
    if mirrored - solved > _MIRRORED_DEVIATIONS * math.sqrt(mirrored + solved):
        matches[0] *= -1
        image, _ = _searched(matches, rank, starts[:0], options, area_px2, seed)
        if isinstance(image, HomographyEstimate):
            return Refused("mirrored", f"{image.inlier_count} matches agree on a mirror image")
    return result


def refine_homography(
    source_px: ArrayLike,
    target_px: ArrayLike,
    start: ArrayLike,
    *,
    options: MlesacOptions = DEFAULTS,
    outlier_area_px2: float | None = None,
    noise_scale: ArrayLike | None = None,
) -> HomographyEstimate | Refused:
    """Find the most probable homography near a known one, without a search.

    For matches that were tracked, or predicted. The start should be right to some ten standard
    deviations of the noise where the matches are.

    Parameters
    ----------
    source_px, target_px, options, outlier_area_px2, noise_scale
        As in `estimate_homography`; nothing is sampled.
    start
        target_from_source, shape (3, 3).

    Returns
    -------
    HomographyEstimate or Refused
        As in `estimate_homography`.

    Raises
    ------
    ValueError
        If the arguments' shapes or signs are wrong, or the start is singular.
    """
    matches = pack_matches(source_px, target_px, noise_scale)
    homography = _as_start(start)
    refused = refuse_matches(matches, options)
    if refused:
        return refused
    if np.linalg.det(homography) * _depth_sign(homography, matches) < 0:
        return Refused("mirrored", "the start is a mirror image")
    area_px2 = _area(matches, outlier_area_px2)
    return _polished(matches, homography, options, area_px2, 0.5, annealed=True, drawn=0)


def _searched(
    matches: NDArray[np.float64],
    rank: NDArray[np.int64],
    starts: NDArray[np.float64],
    options: MlesacOptions,
    area_px2: float,
    seed: int,
) -> tuple[HomographyEstimate | Refused, NDArray[np.int64]]:
    """Search, polish and judge; also counts of samples drawn, solved, flat and mirrored."""
    best = np.empty((3, 3))
    # an integer where a number is meant would be compiled for anew
    score, share, samples = search(
        matches, rank, starts, float(options.sigma_px), float(options.source_noise_ratio), area_px2,
        float(options.min_inliers), int(options.min_iterations), int(options.max_iterations),
        float(options.confidence), np.uint64(seed), best,
    )  # fmt: skip
    if not score > 0:
        return _none(matches.shape[1]), samples
    drawn = int(samples[0])
    result = _polished(matches, best, options, area_px2, share, annealed=False, drawn=drawn)
    return result, samples


def _polished(
    matches: NDArray[np.float64],
    homography: NDArray[np.float64],
    options: MlesacOptions,
    area_px2: float,
    share: float,
    *,
    annealed: bool,
    drawn: int,
) -> HomographyEstimate | Refused:
    """Refine a map, judge it and put it into its class."""
    count = matches.shape[1]
    probability, normal = np.empty(count), np.empty((3, 3))
    frames, covariance = np.empty((2, 3)), np.empty((8, 8))
    found, determined, sigma_px, share, log_likelihood = polish(
        matches, homography, float(options.sigma_px), float(options.source_noise_ratio), area_px2,
        share, float(options.min_inliers), bool(options.estimate_sigma), annealed,
        probability, normal, frames, covariance,
    )  # fmt: skip
    inliers = float(probability.sum())
    if not found or inliers < options.min_inliers:
        return _none(count)
    if not determined:
        return Refused(
            "degenerate",
            f"the {inliers:.0f} matches that agree lie on a line or a point, two at most aside",
        )
    target_scale = frames[1, 2]
    evidence = log_evidence(
        log_likelihood, share, count, normal, covariance, area_px2 * target_scale**2
    )
    if evidence < -math.log(options.max_false_alarm):
        return _none(count)
    if abs(homography[2, 2]) < _MIN_LAST_ELEMENT * np.abs(homography[2, :2]).max():
        return Refused("degenerate", "the horizon passes through the origin of the source's pixels")
    return HomographyEstimate(
        target_from_source=homography / homography[2, 2],
        inlier_probability=probability,
        inlier_share=share,
        sigma_px=sigma_px,
        log_likelihood=log_likelihood,
        log_evidence=evidence,
        iterations=drawn,
        parameter_covariance=covariance,
        normalised_from_source=_similarity(frames[0]),
        normalised_from_target=_similarity(frames[1]),
    )


def _none(count: int) -> Refused:
    return Refused("no_consensus", f"no map explains more of the {count} matches than chance would")


def _area(matches: NDArray[np.float64], given_px2: float | None) -> float:
    if given_px2 is None:
        return effective_area(matches[2], matches[3])
    if not (math.isfinite(given_px2) and given_px2 > 0):
        raise ValueError(f"outlier_area_px2 has to be positive, not {given_px2}")
    return float(given_px2)


def _as_start(start: ArrayLike) -> NDArray[np.float64]:
    matrix = np.array(start, dtype=np.float64, order="C")
    if matrix.shape != (3, 3) or not np.isfinite(matrix).all():
        raise ValueError(f"start has to be 3 × 3 finite numbers, not {matrix.tolist()}")
    if np.linalg.matrix_rank(matrix / np.abs(matrix).max(initial=1e-300)) < 3:
        raise ValueError(f"start has to be invertible, not {matrix.tolist()}")
    return matrix


def _depth_sign(homography: NDArray[np.float64], matches: NDArray[np.float64]) -> float:
    """Sign of the map's denominator at most source points."""
    depth = homography[2, :2] @ matches[:2] + homography[2, 2]
    return float(np.sign(np.sign(depth).sum()))


def _similarity(frame: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y, scale = frame
    return np.array([[scale, 0.0, -scale * x], [0.0, scale, -scale * y], [0.0, 0.0, 1.0]])
