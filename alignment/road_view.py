"""A frame of the road view, and where its features were at the moment of an ego frame."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .features import Features
from .matching import match_near

_REACH_PX = 40.0
"""How far a feature may move between two road frames, in px of the reduced picture."""

UNMOVED_NOISE = 1.5
"""How much less exact a feature is that can't be moved to the ego frame's time; measured on drives with
truth."""

_MAX_REACH = 1.0
"""Furthest the ego frame may lie from the road frame, in intervals to the neighbour."""


@dataclass(frozen=True, kw_only=True)
class RoadView:
    """One road frame.

    Attributes
    ----------
    index
        Its number in the video.
    time_s
        Its time on the phone's clock, s.
    picture
        Its brightness, reduced for tracking, shape (h, w).
    reduction
        Pixels of the full picture to one of `picture`.
    features
        Its features, in px of the full picture.
    """

    index: int
    time_s: float
    picture: NDArray[np.uint8]
    reduction: float
    features: Features


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedFeatures:
    """Features at another moment than that of their picture.

    Attributes
    ----------
    points_px
        Places, shape (n, 2), px.
    noise_scale
        Relative noise of each, shape (n,); see `Features`.
    velocity_px_s
        How fast each moves through the picture, shape (n, 2), px/s; NaN if unknown.
    """

    points_px: NDArray[np.float64]
    noise_scale: NDArray[np.float64]
    velocity_px_s: NDArray[np.float64]


def features_at(
    view: RoadView,
    neighbour: RoadView | None,
    time_s: float,
    chosen: NDArray[np.intp] | None = None,
) -> PlacedFeatures:
    """Find where features of a road frame were a moment before or after it.

    Ego and road frames are taken up to half a frame interval apart; near the border of a fast road
    that is several pixels, and it has one sign at a time: not noise, but a zoom. A feature that is
    found in the neighbouring frame too is moved along the line between the two places. One that
    isn't stays where it is, and counts as less exact.

    Parameters
    ----------
    view
        The road frame.
    neighbour
        The next one on the side of `time_s`; None if there is none.
    time_s
        The moment, on the phone's clock.
    chosen
        Which of its features are wanted, shape (n,); all if None.
    """
    if chosen is None:
        chosen = np.arange(len(view.features))
    here = view.features.select(chosen)
    velocity = np.full_like(here.points_px, np.nan)
    unmoved = PlacedFeatures(
        points_px=here.points_px, noise_scale=here.noise_scale, velocity_px_s=velocity
    )
    if neighbour is None or neighbour.time_s == view.time_s:
        return unmoved
    interval_s = neighbour.time_s - view.time_s
    part = (time_s - view.time_s) / interval_s
    if not 0 < part <= _MAX_REACH:
        return unmoved
    there = neighbour.features
    radius_px = _REACH_PX * view.reduction
    pairs = match_near(
        here.descriptors, here.points_px, there.descriptors, there.points_px, radius_px=radius_px
    )
    # mutual among all features of the frame, not just the chosen ones
    back = match_near(
        there.descriptors[pairs.train], there.points_px[pairs.train],
        view.features.descriptors, view.features.points_px,
        radius_px=radius_px, max_ratio=np.inf,
    )  # fmt: skip
    mutual = back.query[back.train == chosen[pairs.query[back.query]]]
    query, train = pairs.query[mutual], pairs.train[mutual]
    points, noise_scale = here.points_px.copy(), UNMOVED_NOISE * here.noise_scale
    moved = there.points_px[train] - points[query]
    points[query] += part * moved
    velocity[query] = moved / interval_s
    noise_scale[query] = here.noise_scale[query]
    return PlacedFeatures(points_px=points, noise_scale=noise_scale, velocity_px_s=velocity)
