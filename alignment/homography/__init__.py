"""Robust homographies: from matches of two views, most of which may be wrong, with their errors."""

from .estimate import estimate_homography, refine_homography
from .options import MlesacOptions
from .result import HomographyEstimate, Reason, Refused

__all__ = [
    "HomographyEstimate",
    "MlesacOptions",
    "Reason",
    "Refused",
    "estimate_homography",
    "refine_homography",
]
