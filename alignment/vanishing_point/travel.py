"""Which way the camera travels and how it turns, from the flow between two pictures.

Turn and focus of expansion are fitted together: a turn to the right looks almost like travel to the left, and
flow of which the turn was taken off first keeps that mistake. Consensus is by angle: each flow, less the turn,
has to point away from the focus, by its own standard error. A distance between line and focus would let long
flows near the car, or short ones far off, decide all.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .flow_agreement import CUT, SLACK_RAD, agreement, scores
from .picture_flow import PictureFlow
from .radial_flow import outward, slopes, turn_matrix, turned_back

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Refusal = Literal["few_points", "still", "turn_only", "no_consensus", "one_sided", "uncertain"]
REFUSALS: tuple[Refusal, ...] = (
    "few_points", "still", "turn_only", "no_consensus", "one_sided", "uncertain",
)  # fmt: skip

SECTORS = 8
"""Directions around the focus in which flow is looked for."""

LEAST_SECTORS = 4
MAX_SD_DEG = 2.5
"""Largest standard error of an answer, per axis."""

_FEWEST_POINTS = 30
_FEWEST_MOVING = 16
_LEAST_SHARE = 0.4
_STILL_PX = 0.25
_NOISE_PX, _LEAST_NOISE_PX, _MOST_NOISE_PX = 0.2, 0.03, 0.8
_HYPOTHESES, _SAMPLE, _STEPS = 96, 6, 4
_FINALISTS = 8
_ROUNDS = 8
_PRIOR_RAD, _PRIOR_TURN_RAD = float(np.radians(15.0)), float(np.radians(6.0))
# Of random samples only: those of far points, which say nothing of the focus, must not run away.
_REACH = 0.9


@dataclass(frozen=True, kw_only=True, eq=False)
class Travel:
    """Travel and turn between two pictures.

    Attributes
    ----------
    focus
        Focus of expansion halfway between the pictures: direction of travel in the camera's axes, shape (2,),
        tangents to the right and down. NaN if refused.
    covariance
        Of it, shape (2, 2); NaN if refused.
    turn_rad
        Turn of the camera from one picture to the other about x (upwards), y (to the right) and z, shape
        (3,); NaN if even that is not known.
    turn_sd_rad
        Standard errors of it, shape (3,).
    inlier_count
        Flows that agree.
    sectors
        Of the eight directions around the focus, those with flow that agrees.
    expansion
        Median growth of the distance from the focus over the gap, of what lies below the focus: how far was
        driven, in distances of what is seen there.
    refusal
        Why there is no focus; None if there is one.
    """

    focus: FloatArray
    covariance: FloatArray
    turn_rad: FloatArray
    turn_sd_rad: FloatArray
    inlier_count: int
    sectors: int
    expansion: float
    refusal: Refusal | None

    @property
    def sd(self) -> FloatArray:
        """Standard errors of the focus, shape (2,)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)), dtype=np.float64)


def estimate_travel(flow: PictureFlow, *, near: FloatArray | None = None, seed: int = 0) -> Travel:
    """Find the focus of expansion and the turn.

    Parameters
    ----------
    flow
        Points followed between two pictures.
    near
        Where the focus is expected, shape (2,): where the search begins, no more; None for the middle.
    seed
        For the random samples.
    """
    if len(flow) < _FEWEST_POINTS:
        return _refused("few_points")
    moved = flow.to_points - flow.from_points
    if float(np.median(np.hypot(*moved.T))) < _STILL_PX * flow.px:
        return _refused("still", turn_rad=np.zeros(3), turn_sd_rad=np.full(3, 0.3 * flow.px))
    rng = np.random.default_rng(seed)
    start = np.zeros(2) if near is None or not np.isfinite(near).all() else near
    state = _consensus(flow, start, rng)
    return _refine(flow, state)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Agreement:
    """How flows agree with a focus and a turn; see `agreement`."""

    residual: FloatArray
    jacobian: FloatArray
    deviation: FloatArray
    weight: FloatArray
    inlier: BoolArray
    moving: BoolArray


def _agreement(
    from_points: FloatArray, flow: FloatArray, focus: FloatArray, noise: float
) -> _Agreement:
    residual, jacobian, deviation, weight, inlier, moving = agreement(
        from_points, flow, focus, noise
    )
    return _Agreement(
        residual=residual, jacobian=jacobian, deviation=deviation, weight=weight, inlier=inlier,
        moving=moving,
    )  # fmt: skip


def _consensus(flow: PictureFlow, start: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Give the focus and turn, shape (5,), that most flows agree with, from all around."""
    n, noise = len(flow), _NOISE_PX * flow.px
    p, q = flow.from_points, flow.to_points
    turns, moved = turn_matrix(q), q - p
    picks = rng.integers(0, n, (_HYPOTHESES, _SAMPLE))
    state = np.zeros((_HYPOTHESES, 5))
    state[:, :2] = start
    prior = np.array([_PRIOR_RAD] * 2 + [_PRIOR_TURN_RAD] * 3) ** -2.0
    centre = state.copy()
    for _ in range(_STEPS):
        flows = moved[picks] - (turns[picks] @ state[:, None, 2:, None])[..., 0]
        residual, jacobian = slopes(p[picks], flows, state[:, :2], turns[picks])
        normal = np.einsum("hki,hkj->hij", jacobian, jacobian) / noise**2
        normal[:, range(5), range(5)] += prior
        right = np.einsum("hki,hk->hi", jacobian, residual) / noise**2 + prior * (state - centre)
        state = state - np.linalg.solve(normal, right[..., None])[..., 0]
        state[:, :2] = np.clip(state[:, :2], -_REACH, _REACH)
    state[0] = centre[0]  # standing still is tried as well
    score = scores(p, moved, turns, state, noise)
    best = np.argsort(-score, kind="stable")[:_FINALISTS]
    supported = []
    for row in best:
        focus, turn = state[row, :2], state[row, 2:]
        seen = _agreement(p, moved - turns @ turn, focus, noise)
        around = 1 + _sectors(p, focus, seen.inlier & seen.moving).sum()
        supported.append(score[row] * around / SECTORS)
    return np.asarray(state[best[int(np.argmax(supported))]], dtype=np.float64)


def _refine(flow: PictureFlow, state: FloatArray) -> Travel:
    """Fit all flows that agree, with the turn taken off exactly, and say how well it is known."""
    p, noise = flow.from_points, _NOISE_PX * flow.px
    focus, turn = state[:2], state[2:]
    for step in range(_ROUNDS):
        still = turned_back(flow.to_points, turn)
        seen = _agreement(p, still - p, focus, noise)
        pull = (seen.jacobian * seen.weight[:, None]).T
        normal = pull @ seen.jacobian
        normal[range(5), range(5)] += 1e-9 / noise**2
        change = np.linalg.solve(normal, pull @ seen.residual)
        focus = np.clip(focus - change[:2], -_REACH, _REACH)
        turn = turn - change[2:]
        if step >= 2 and seen.inlier.any():
            spread = 1.4826 * float(np.median(np.abs(seen.residual[seen.inlier])))
            noise = float(np.clip(spread, _LEAST_NOISE_PX * flow.px, _MOST_NOISE_PX * flow.px))
    still = turned_back(flow.to_points, turn)
    seen = _agreement(p, still - p, focus, noise)
    covariance = _covariance(still - p, seen, noise)
    count = int(seen.inlier.sum())
    sectors = _sectors(p, focus, seen.inlier & seen.moving)

    focus_then = focus + turn_matrix(focus) @ turn / 2
    lever = np.hstack([np.eye(2), turn_matrix(focus) / 2])
    moving = seen.inlier & seen.moving
    return _judged(
        focus_then, lever @ covariance @ lever.T, turn, np.sqrt(np.diag(covariance)[2:]),
        count=count, share=count / len(flow), moving=int(moving.sum()), sectors=sectors,
        expansion=_expansion(p, still - p, focus, moving),
    )  # fmt: skip


def _covariance(flow: FloatArray, seen: _Agreement, noise: float) -> FloatArray:
    """Give the covariance of an M-estimate, shape (5, 5), from the residuals themselves (Huber 1967)."""
    jacobian, weight = seen.jacobian, seen.weight
    variance = noise**2 + (SLACK_RAD * np.hypot(*flow.T)) ** 2
    square = np.minimum((seen.deviation / CUT) ** 2, 1.0)
    # The slope of the influence, not the weight: it is smaller, as far-off flows pull less than they weigh.
    slope = np.where(seen.inlier, (1 - square) * (1 - 5 * square), 0.0) / variance
    curvature = (jacobian * slope[:, None]).T @ jacobian
    weighted = (jacobian * weight[:, None]).T @ jacobian
    # Where few flows agree the slope can turn the sign: never below a fifth of the weights.
    if np.linalg.eigvalsh(curvature - 0.2 * weighted).min() <= 0:
        curvature = 0.2 * weighted
    curvature[range(5), range(5)] += 1e-9 / noise**2
    inverse = np.linalg.inv(curvature)
    pull = jacobian * (weight * seen.residual)[:, None]
    count = int(seen.inlier.sum())
    return np.asarray(
        inverse @ (pull.T @ pull) @ inverse * count / max(count - 5, 1), dtype=np.float64
    )


def _sectors(p: FloatArray, focus: FloatArray, chosen: BoolArray) -> BoolArray:
    """Tell in which of the eight directions around a focus there are two flows or more, shape (8,)."""
    ray = p[chosen] - focus
    angle = np.arctan2(ray[:, 1], ray[:, 0])
    place = np.floor((angle + np.pi) / (2 * np.pi) * SECTORS).astype(np.int64) % SECTORS
    return np.asarray(np.bincount(place, minlength=SECTORS) >= 2, dtype=np.bool_)


def _expansion(p: FloatArray, flow: FloatArray, focus: FloatArray, chosen: BoolArray) -> float:
    low = chosen & (p[:, 1] > focus[1])
    if not low.any():
        return 0.0
    radius = np.maximum(np.hypot(*(p[low] - focus).T), 1e-3)
    return float(np.median(outward(p[low], flow[low], focus) / radius))


def _judged(
    focus: FloatArray, covariance: FloatArray, turn: FloatArray, turn_sd: FloatArray,
    *, count: int, share: float, moving: int, sectors: BoolArray, expansion: float,
) -> Travel:  # fmt: skip
    refusal: Refusal | None = None
    sd = np.sqrt(np.diag(covariance))
    # Sectors go round from the left by the top: 2 … 5 lie to the right of the focus.
    right = bool(sectors[2:6].any())
    left = bool(sectors[[0, 1, 6, 7]].any())
    top, bottom = bool(sectors[:4].any()), bool(sectors[4:].any())
    if share < _LEAST_SHARE or count < _FEWEST_POINTS:
        refusal = "no_consensus"
    elif moving < _FEWEST_MOVING:
        refusal = "turn_only"
    elif not (left and right and (top or bottom)) or sectors.sum() < LEAST_SECTORS:
        refusal = "one_sided"
    elif not (sd < np.radians(MAX_SD_DEG)).all():
        refusal = "uncertain"
    known = refusal is None
    turn_known = refusal != "no_consensus"
    return Travel(
        focus=focus if known else np.full(2, np.nan),
        covariance=covariance if known else np.full((2, 2), np.nan),
        turn_rad=turn if turn_known else np.full(3, np.nan),
        turn_sd_rad=turn_sd if turn_known else np.full(3, np.nan),
        inlier_count=count,
        sectors=int(sectors.sum()),
        expansion=expansion,
        refusal=refusal,
    )


def _refused(
    refusal: Refusal,
    turn_rad: FloatArray | None = None,
    turn_sd_rad: FloatArray | None = None,
) -> Travel:
    return Travel(
        focus=np.full(2, np.nan),
        covariance=np.full((2, 2), np.nan),
        turn_rad=np.full(3, np.nan) if turn_rad is None else turn_rad,
        turn_sd_rad=np.full(3, np.nan) if turn_sd_rad is None else turn_sd_rad,
        inlier_count=0,
        sectors=0,
        expansion=0.0,
        refusal=refusal,
    )
