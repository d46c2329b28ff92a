"""``dashgaze match``: the alignment engine on any two pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.features import FeatureDetector, Features
from dashgaze.alignment.homography import (
    HomographyEstimate,
    MlesacOptions,
    Reason,
    Refused,
    estimate_homography,
)
from dashgaze.alignment.matching import match_descriptors
from dashgaze.errors import InputError

from .match_drawing import draw_match
from .picture_file import check_picture_name, read_luma, write_picture

FEATURE_COUNT = 1000
FEWEST_FEATURES, MOST_FEATURES = 50, 20_000

LONGEST_PX = 2048
"""Longest side of a picture in which features are looked for; larger ones are reduced for that. Their
finest detail is blur and noise, and nothing that a camera with fewer pixels sees."""

# Scenes have a second plane with many matches, such as the road or the dashboard.
_MIN_ITERATIONS = 1000
# Smaller pictures are all border, where ORB describes nothing.
_SMALLEST_SIDE_PX = 41
_GRID_STEPS = 33
_BORDER_STEPS = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class MatchResult:
    """How the pixels of two pictures lie to each other, or why that can't be told.

    Attributes
    ----------
    verdict
        ok or refused.
    b_from_a
        Homography from px of A to px of B, last element 1, shape (3, 3); None if refused.
    inlier_count
        Count of matches that are more probably right than wrong; None if refused.
    match_count
        Count of matches.
    feature_count_a, feature_count_b
        Count of features of each picture.
    sigma_px
        Standard deviation of a keypoint's noise per coordinate, px of B; None if refused. Of those found
        on the finest level of the pyramid: the others have more.
    error_px
        Standard error per coordinate, px of B, of a mapped point in the middle of what A and B both
        show; None if refused. It holds for a flat scene, a far one, or a camera that only turned: the
        parallax of others is not in it.
    reason
        Why it was refused, as a word, see `dashgaze.alignment.homography.Reason`; None if not.
    detail
        The same as a sentence with numbers.
    a_px, b_px
        Matched points in each picture, shape (n, 2), px.
    inlier_probability
        Of each match, shape (n,); 0 for all if refused.
    """

    verdict: Literal["ok", "refused"]
    b_from_a: NDArray[np.float64] | None
    inlier_count: int | None
    match_count: int
    feature_count_a: int
    feature_count_b: int
    sigma_px: float | None
    error_px: float | None
    reason: Reason | None
    detail: str | None
    a_px: NDArray[np.float64]
    b_px: NDArray[np.float64]
    inlier_probability: NDArray[np.float64]

    def to_json(self) -> dict[str, Any]:
        """Give the result as plain values, without the matches."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "detail": self.detail,
            "b_from_a": None if self.b_from_a is None else self.b_from_a.tolist(),
            "inlier_count": self.inlier_count,
            "match_count": self.match_count,
            "feature_count_a": self.feature_count_a,
            "feature_count_b": self.feature_count_b,
            "sigma_px": self.sigma_px,
            "error_px": self.error_px,
        }


def match(
    a: Path,
    b: Path,
    *,
    feature_count: int = FEATURE_COUNT,
    seed: int = 0,
    drawing: Path | None = None,
) -> MatchResult:
    """Find the homography between two pictures of one scene.

    ORB features are matched by their Hamming distance, and the homography is found by MLESAC. Pictures
    larger than `LONGEST_PX` are reduced for the features only: all numbers are of the full picture. Lens
    distortion is left as it is: undistort pictures that have much of it before.

    Parameters
    ----------
    a, b
        Pictures of any format that OpenCV reads, in colour or grey, upright as their EXIF orientation
        says. Pixels of the result are those of the upright picture.
    feature_count
        Most features of each picture, 50 … 20 000.
    seed
        Of the random numbers, 0 … 2⁶⁴ − 1; equal arguments give equal results.
    drawing
        Where to draw the matches and the border of A in B, as .png or .jpg; also if refused.

    Returns
    -------
    MatchResult
        With the verdict "refused" if the pictures don't show the same, or not enough of it.

    Raises
    ------
    InputError
        If a file can't be read or is no picture, or the drawing would have a wrong suffix or take the
        place of one of the pictures.
    OutputError
        If the drawing can't be written.
    ValueError
        If `feature_count` or `seed` is out of range.
    """
    if not FEWEST_FEATURES <= feature_count <= MOST_FEATURES:
        raise ValueError(
            f"feature_count has to lie between {FEWEST_FEATURES} and {MOST_FEATURES}, "
            f"not {feature_count}"
        )
    a, b = Path(a), Path(b)
    if drawing is not None:
        drawing = Path(drawing)
        check_picture_name(drawing)
        _refuse_overwriting(drawing, (a, b))
    luma_a, luma_b = read_luma(a), read_luma(b)
    result, estimate = _match_pictures(luma_a, luma_b, feature_count, seed)
    if drawing is not None:
        picture = draw_match(
            luma_a,
            luma_b,
            a_px=result.a_px,
            b_px=result.b_px,
            inlier=result.inlier_probability > 0.5,
            border_px=None if estimate is None else estimate.map_points(_border_px(luma_a)),
            caption=_caption(result),
        )
        write_picture(drawing, picture)
    return result


def _refuse_overwriting(drawing: Path, pictures: tuple[Path, Path]) -> None:
    for picture in pictures:
        if drawing.exists() and picture.exists() and drawing.samefile(picture):
            raise InputError(
                f"The drawing would take the place of the picture {picture}.",
                fix="Give it another name.",
                path=drawing,
            )


def _match_pictures(
    luma_a: NDArray[np.uint8], luma_b: NDArray[np.uint8], feature_count: int, seed: int
) -> tuple[MatchResult, HomographyEstimate | None]:
    reduction_a, reduction_b = _reduction(luma_a), _reduction(luma_b)
    features_a = _find(luma_a, feature_count, reduction_a)
    features_b = _find(luma_b, feature_count, reduction_b)
    pairs = match_descriptors(features_a.descriptors, features_b.descriptors)
    in_a, in_b = features_a.select(pairs.query), features_b.select(pairs.train)
    found = estimate_homography(
        in_a.points_px,
        in_b.points_px,
        options=MlesacOptions(
            sigma_px=reduction_b,
            source_noise_ratio=reduction_a / reduction_b,
            min_iterations=_MIN_ITERATIONS,
        ),
        noise_scale=np.sqrt(in_a.noise_scale * in_b.noise_scale),
        quality=pairs.distance_bits.astype(np.float64),
        seed=seed,
    )
    estimate = None if isinstance(found, Refused) else found
    refused = found if isinstance(found, Refused) else None
    result = MatchResult(
        verdict="refused" if estimate is None else "ok",
        b_from_a=None if estimate is None else estimate.target_from_source,
        inlier_count=None if estimate is None else estimate.inlier_count,
        match_count=len(pairs),
        feature_count_a=len(features_a),
        feature_count_b=len(features_b),
        sigma_px=None if estimate is None else estimate.sigma_px,
        error_px=None if estimate is None else _error_px(estimate, in_a, luma_a, luma_b),
        reason=None if refused is None else refused.reason,
        detail=None if refused is None else refused.detail,
        a_px=in_a.points_px,
        b_px=in_b.points_px,
        inlier_probability=np.zeros(len(pairs))
        if estimate is None
        else estimate.inlier_probability,
    )
    return result, estimate


def _reduction(luma: NDArray[np.uint8]) -> float:
    return max(1.0, int(max(luma.shape)) / LONGEST_PX)


def _find(luma: NDArray[np.uint8], count: int, reduction: float) -> Features:
    if min(luma.shape) / reduction < _SMALLEST_SIDE_PX:
        return Features.none()
    return FeatureDetector(count=count, reduction=reduction).find(luma)


def _error_px(
    estimate: HomographyEstimate,
    in_a: Features,
    luma_a: NDArray[np.uint8],
    luma_b: NDArray[np.uint8],
) -> float | None:
    """Give the standard error of a mapped point in the middle of what both pictures show."""
    size_a, size_b = np.array(luma_a.shape[::-1]), np.array(luma_b.shape[::-1])
    across = [np.linspace(0, size - 1, _GRID_STEPS) for size in size_a]
    grid = np.stack(np.meshgrid(*across), axis=-1).reshape(-1, 2)
    mapped = estimate.map_points(grid)
    seen = ((mapped >= -0.5) & (mapped <= size_b - 0.5)).all(axis=1)
    # A view of B in A may fall between the points of the grid; some inliers lie in it anyway.
    inside = grid[seen] if seen.any() else in_a.points_px[estimate.inlier_probability > 0.5]
    covariance = estimate.covariance_px2(inside.mean(axis=0)[None])[0]
    error = float(np.sqrt(np.trace(covariance) / 2))
    return error if np.isfinite(error) else None


def _border_px(luma: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Give points along the outer edge of a picture, clockwise, shape (n, 2), px."""
    height, width = luma.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
    part = np.arange(_BORDER_STEPS)[:, None] / _BORDER_STEPS
    sides = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    return np.concatenate([start + part * (end - start) for start, end in sides])


def _caption(result: MatchResult) -> str:
    if result.verdict == "refused":
        return f"refused ({result.reason}): {result.detail}"
    error = "unknown" if result.error_px is None else f"{result.error_px:.2f} px"
    return (
        f"{result.inlier_count} of {result.match_count} matches are inliers, "
        f"noise {result.sigma_px:.2f} px, error {error}"
    )
