"""What may be chosen about the estimation of a homography."""

import math
from dataclasses import dataclass

_PARAMETERS = 8


@dataclass(frozen=True, kw_only=True)
class MlesacOptions:
    """Settings of `estimate_homography` and `refine_homography`.

    Attributes
    ----------
    sigma_px
        Standard deviation of the noise of a target keypoint per coordinate, px, for a relative noise
        scale of 1. A start value if `estimate_sigma`: the truth may be 0.2 … 3 times as large.
    source_noise_ratio
        Standard deviation in the source view divided by that in the target view, each in its own px.
        0 for exact source points.
    estimate_sigma
        Whether the standard deviation is estimated from the inliers.
    min_iterations
        Samples drawn in any case. 1000 and more where a second plane or a second motion may have many
        matches: the search would otherwise stop at the one that it meets first.
    max_iterations
        Samples drawn at most; far fewer are where many matches are inliers.
    confidence
        Probability, with the share of inliers found so far, that no better map was missed.
    min_inliers
        Sum of the inlier probabilities under which there is no result. With 12, 16 of 24 coordinates
        are left to find σ with, to 18 %.
    max_false_alarm
        Bound on the probability of accepting matches that are all wrong; see `acceptance`.
    """

    sigma_px: float = 1.0
    source_noise_ratio: float = 1.0
    estimate_sigma: bool = True
    min_iterations: int = 50
    max_iterations: int = 20_000
    confidence: float = 0.999
    min_inliers: float = 12.0
    max_false_alarm: float = 1e-3

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma_px) and self.sigma_px > 0):
            raise ValueError(f"sigma_px has to be positive, not {self.sigma_px}")
        if not (math.isfinite(self.source_noise_ratio) and self.source_noise_ratio >= 0):
            raise ValueError(
                f"source_noise_ratio has to be 0 or positive, not {self.source_noise_ratio}"
            )
        if not 0 <= self.min_iterations <= self.max_iterations:
            raise ValueError(
                "0 ≤ min_iterations ≤ max_iterations does not hold for "
                f"{self.min_iterations} and {self.max_iterations}"
            )
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence has to lie between 0 and 1, not {self.confidence}")
        if not (math.isfinite(self.min_inliers) and self.min_inliers > _PARAMETERS / 2):
            raise ValueError(
                f"min_inliers has to be more than 4, which any map fits, not {self.min_inliers}"
            )
        if not 0 < self.max_false_alarm < 1:
            raise ValueError(
                f"max_false_alarm has to lie between 0 and 1, not {self.max_false_alarm}"
            )
