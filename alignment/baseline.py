"""Where the head is, seen from the phone: one direction for a drive, from matches of near and far things.

The driver's head moves by a few centimetres; it is half a metre away from the phone. So the direction from
the one camera to the other is about the same in all frames, and can be found from some of them by bundle
adjustment, with the turn of each frame and the road camera's focal length (see `epipolar` for the model).
The length of the baseline stays unknown, and isn't needed.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .epipolar import normal_equations, residuals
from .match_samples import MatchRays

NOISE_DEG = 0.04
"""What a keypoint's noise in both views is taken for at first, degrees of the road view."""

MOST_NOISE_DEG = 0.15
"""What it is at most, if the matches are right."""

VISIBLE_SIGMAS = 4.0
"""A match so many standard deviations along its epipolar line from the usual one of its frame is moved by
parallax."""

LEAST_VISIBLE_SHARE = 0.1
"""Share of such matches from which a drive has parallax. Things infinitely far away give about 0."""

LEAST_CONSISTENT_SHARE = 0.6
"""Share of all matches that have to lie within three standard deviations of their epipolar lines."""

USUAL_NEARNESS = 0.05
"""Things 12 m away, if the head is 0.6 m from the phone."""

LEAST_BEHIND = 0.3
"""The head is at least so far behind a phone on the windscreen, in lengths of the baseline. Matches alone
can't always tell: what is near in front of something far looks, from the other side, like the reverse."""

FEWEST_FRAMES = 12
FEWEST_MATCHES = 24

_STARTS = 24
_STEPS, _STEPS_WITHOUT_FOCAL = 20, 6
_MOST_FOCAL_CHANGE = 0.35
_LARGEST_TURN_RAD, _LARGEST_STEP = 0.05, 0.2
_MEDIAN_OF_SQUARE = 0.455
"""Of a standard normal variable's square."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Baseline:
    """The baseline of a drive.

    Attributes
    ----------
    direction
        From the phone to the head, in the road camera's axes, length 1, shape (3,).
    focal_px
        The road camera's focal length.
    sigma_px
        Noise of matches with a relative noise of 1, in the road view, both views' together, px.
    near_share
        Share of matches that parallax moves visibly.
    """

    direction: NDArray[np.float64]
    focal_px: float
    sigma_px: float
    near_share: float

    def moved(
        self, far: NDArray[np.float64], nearness: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give where things of some nearness are, seen from the phone, and how that depends on it.

        Parameters
        ----------
        far
            Where they would be if they were far away, road rays, shape (n, 2).
        nearness
            Shape (n,).

        Returns
        -------
        points, slopes
            Road rays, and their derivatives by nearness, shape (n, 2) each.
        """
        depth = 1 + nearness[:, None] * self.direction[2]
        points = (far + nearness[:, None] * self.direction[:2]) / depth
        return points, (self.direction[:2] - points * self.direction[2]) / depth


def find_baseline(
    matches: MatchRays,
    turns: NDArray[np.float64],
    *,
    focal_px: float,
    focal_is_known: bool,
) -> Baseline | None:
    """Find the baseline, if it can be seen.

    Parameters
    ----------
    matches
        Of some dozens of frames all over the drive.
    turns
        Turns from ego to road camera, about, shape (m, 3, 3).
    focal_px
        The road camera's focal length, about.
    focal_is_known
        Whether it was calibrated.

    Returns
    -------
    Baseline or None
        None where hardly anything is near enough to be moved by parallax, or the matches don't fit one.
    """
    if len(matches.rows) < FEWEST_FRAMES:
        return None
    fits = [_Fit(matches, turns, direction, focal_px) for direction in _behind(_STARTS)]
    for each in fits:
        for step in range(_STEPS):
            each.step(focal=not focal_is_known and step >= _STEPS_WITHOUT_FOCAL)
            if step >= _STEPS_WITHOUT_FOCAL:
                each.learn_noise()
    # costs depend on the noise learnt; how well lines through the epipole fit tells right from wrong
    return min(fits, key=lambda each: each.sigma_px).judged()


class _Fit:
    """A bundle adjustment on its way."""

    def __init__(
        self,
        matches: MatchRays,
        turns: NDArray[np.float64],
        direction: NDArray[np.float64],
        focal_px: float,
    ) -> None:
        self.matches, self.turns, self.direction = matches, turns.copy(), direction
        self.first_focal_px = self.focal_px = focal_px
        self.sigma_px = float(np.radians(NOISE_DEG)) * focal_px
        self._prior = vague_prior(len(matches.ego_rays))

    def step(self, *, focal: bool) -> None:
        """Take a Gauss-Newton step; turns are eliminated (Schur's complement)."""
        road, sigma = self._in_rays()
        own, right, mixed, common, _ = normal_equations(
            self.matches.ego_rays, road, sigma, self._prior, self.matches.first, self.turns,
            self.direction,
        )  # fmt: skip
        inverse = np.linalg.inv(damped(own))
        basis = np.zeros((4, 3))
        basis[:3, :2] = np.linalg.svd(self.direction[None])[2][1:].T
        basis[3, 2] = 1.0
        basis = basis[:, : 3 if focal else 2]
        mixed = mixed @ basis
        matrix = basis.T @ common[:, :4] @ basis - np.einsum(
            "nki,nkl,nlj->ij", mixed, inverse, mixed
        )
        side = basis.T @ common[:, 4] - np.einsum("nki,nkl,nl->i", mixed, inverse, right)
        matrix += np.diag(1e-6 * np.diag(matrix) + 1e-12)
        change = np.linalg.solve(matrix, side)
        change *= min(1.0, _LARGEST_STEP / max(float(np.abs(change).max()), 1e-12))
        turn = np.einsum("nij,nj->ni", inverse, right - mixed @ change)
        self.turns = turned_by(self.turns, turn)
        direction = self.direction + (basis @ change)[:3]
        direction /= np.linalg.norm(direction)
        if direction[2] > -LEAST_BEHIND:
            direction[:2] *= np.sqrt(1 - LEAST_BEHIND**2) / np.linalg.norm(direction[:2])
            direction[2] = -LEAST_BEHIND
        self.direction = direction
        if focal:
            low, high = np.array([1 - _MOST_FOCAL_CHANGE, 1 + _MOST_FOCAL_CHANGE])
            part = float(np.exp(change[2])) * self.focal_px / self.first_focal_px
            self.focal_px = float(np.clip(part, low, high)) * self.first_focal_px

    def learn_noise(self) -> None:
        """Learn the noise from what half of all matches are off their epipolar lines."""
        seen, _ = self._seen()
        square = (seen[:, 2] * self.focal_px / self.matches.noise_scale) ** 2
        least_px = float(np.radians(NOISE_DEG / 4)) * self.focal_px
        self.sigma_px = max(least_px, float(np.sqrt(np.nanmedian(square) / _MEDIAN_OF_SQUARE)))

    def judged(self) -> Baseline | None:
        """Give the baseline if there is one to be seen."""
        seen, sigma = self._seen()
        consistent = np.abs(seen[:, 2]) < 3 * sigma  # false for NaN
        nearness = np.where(consistent, seen[:, 3] / seen[:, 4], np.nan)
        first = self.matches.first
        usual = [_median(nearness[start:end]) for start, end in itertools.pairwise(first)]
        # all at one distance is a matter of where the head is turned
        apart = (nearness - np.array(usual)[self.matches.frame_of]) * seen[:, 4]
        share = float((np.abs(apart) > VISIBLE_SIGMAS * sigma).mean())
        too_far = self.sigma_px > np.radians(MOST_NOISE_DEG) * self.focal_px
        if too_far or share < LEAST_VISIBLE_SHARE or consistent.mean() < LEAST_CONSISTENT_SHARE:
            return None
        return Baseline(
            direction=self.direction,
            focal_px=self.focal_px,
            sigma_px=self.sigma_px,
            near_share=share,
        )

    def _seen(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        road, sigma = self._in_rays()
        first = self.matches.first
        return residuals(self.matches.ego_rays, road, first, self.turns, self.direction), sigma

    def _in_rays(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        sigma = self.sigma_px * self.matches.noise_scale
        return self.matches.road_offset_px / self.focal_px, sigma / self.focal_px


def vague_prior(count: int) -> NDArray[np.float64]:
    """Give what is known of the nearness of matches before any was seen, shape (count, 2).

    It decides what matches leave open: whether all is a little nearer, or the head turned a little more.
    """
    return np.tile([0.0, USUAL_NEARNESS**2], (count, 1))


def damped(matrices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make normal matrices, shape (m, 3, 3), invertible."""
    size = np.trace(matrices, axis1=1, axis2=2)
    return np.asarray(matrices + (1e-6 * size + 1e-9)[:, None, None] * np.eye(3))


def turned_by(turns: NDArray[np.float64], steps_rad: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn turns, shape (m, 3, 3), further, by rotation vectors in road axes, shape (m, 3)."""
    size = np.linalg.norm(steps_rad, axis=1)
    steps = steps_rad * np.minimum(1.0, _LARGEST_TURN_RAD / np.maximum(size, 1e-12))[:, None]
    x, y, z = steps.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    angle = np.maximum(np.linalg.norm(steps, axis=1), 1e-9)[:, None, None]
    square = (1 - np.cos(angle)) / angle**2 * (cross @ cross)
    return np.asarray((np.eye(3) + np.sin(angle) / angle * cross + square) @ turns)


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _behind(count: int) -> NDArray[np.float64]:
    """Give directions evenly spread over what lies behind the phone (a spiral), shape (count, 3)."""
    position = np.arange(count) + 0.5
    z = -1 + (1 - LEAST_BEHIND) * position / count
    angle = np.pi * (1 + np.sqrt(5)) * position
    radius = np.sqrt(1 - z * z)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), z])
