"""The turn between the two cameras in each frame, from matches near and far, once the baseline is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .baseline import Baseline, damped, turned_by, vague_prior
from .epipolar import normal_equations, residuals
from .match_samples import MatchRays

FEWEST_CONSISTENT = 12
LEAST_CONSISTENT_SHARE = 0.35
"""Frames with fewer matches on their epipolar lines don't know their turn."""

_CONSISTENT_SIGMAS = 3.0
_WIDENING = (8.0, 8.0, 4.0, 4.0, 2.0, 2.0, *(1.0,) * 8)
"""In each step noise is taken for so many times what it is, so that matches are not given up for wrong before
the turn is about right (graduated non-convexity)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FarTurns:
    """Turns of m frames, and what their n matches say then.

    Attributes
    ----------
    matches
        The matches.
    turns
        From ego to road camera, shape (m, 3, 3).
    covariance_rad2
        Of their rotation vectors in ego axes, shape (m, 3, 3).
    known
        Whether the matches agree on the turn, shape (m,).
    far_rays
        Where the matched things would be seen from the phone if they were far away, road rays, (n, 2).
    nearness, variance
        How near they are, and the variance of that, shape (n,).
    consistent
        Whether they lie on their epipolar lines, and not behind infinity, shape (n,).
    """

    matches: MatchRays
    turns: NDArray[np.float64]
    covariance_rad2: NDArray[np.float64]
    known: NDArray[np.bool_]
    far_rays: NDArray[np.float64]
    nearness: NDArray[np.float64]
    variance: NDArray[np.float64]
    consistent: NDArray[np.bool_]


def find_turns(
    matches: MatchRays,
    turns: NDArray[np.float64],
    baseline: Baseline,
    *,
    prior: NDArray[np.float64] | None = None,
) -> FarTurns:
    """Find the turns.

    Parameters
    ----------
    matches
        Of m frames.
    turns
        Their turns, about, shape (m, 3, 3).
    baseline
        The drive's baseline.
    prior
        Expected nearness of each match and the variance of that, shape (n, 2). Without it,
        anything is possible.
    """
    road = matches.road_offset_px / baseline.focal_px
    sigma = baseline.sigma_px / baseline.focal_px * matches.noise_scale
    if prior is None:
        prior = vague_prior(len(road))
    own = np.zeros((len(turns), 3, 3))
    for wider in _WIDENING:
        own, right, *_ = normal_equations(
            matches.ego_rays, road, wider * sigma, prior, matches.first, turns, baseline.direction
        )
        step = np.linalg.solve(damped(own), right[:, :, None])[:, :, 0]
        turns = turned_by(turns, np.asarray(step, dtype=np.float64))
    seen = residuals(matches.ego_rays, road, matches.first, turns, baseline.direction)
    across, along, length = seen[:, 2] / sigma, seen[:, 3], seen[:, 4]
    consistent = np.abs(across) < _CONSISTENT_SIGMAS  # false for NaN
    consistent &= along > -_CONSISTENT_SIGMAS * sigma
    count = np.bincount(matches.frame_of[consistent], minlength=len(turns))
    enough = np.maximum(FEWEST_CONSISTENT, LEAST_CONSISTENT_SHARE * np.diff(matches.first))
    covariance = turns.transpose(0, 2, 1) @ np.linalg.inv(damped(own)) @ turns
    return FarTurns(
        matches=matches,
        turns=turns,
        covariance_rad2=covariance,
        known=count >= enough,
        far_rays=seen[:, :2],
        nearness=along / length,
        variance=(sigma / length) ** 2,
        consistent=consistent,
    )
