"""Ridge regression from faces to gaze."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.samples import Samples
from dashgaze.models.contract.scale import unit_from_px

from .baseline import Answers, FloatArray, spread_of
from .face_baseline import FaceBaseline, WithoutFace, refuse_few
from .face_features import face_features
from .folds import driver_folds, thinned
from .training_summary import summarise_training

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
"""Penalties for each frame: λ/n of standardised features."""

STRENGTH_WITHOUT_FOLDS = 1e-2

MOST_FRAMES = 12_000
"""More training frames are thinned evenly."""

_PARTS = ("centre", "scale", "weights", "offset")
"""Arrays of a `LinearMap`."""

ROBUST_STEPS = 12
"""Reweightings; after some ten the mean distance no longer changes in its fourth digit."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LinearMap:
    """Standardising features and mapping them.

    Attributes
    ----------
    centre, scale
        Of features on training frames, shape (f,).
    weights
        Shape (f, 2).
    offset
        Shape (2,).
    strength
        The penalty chosen.
    """

    centre: FloatArray
    scale: FloatArray
    weights: FloatArray
    offset: FloatArray
    strength: float

    def apply(self, features: FloatArray) -> FloatArray:
        """Map features, shape (n, f), to shape (n, 2); missing features count as their mean."""
        mapped: FloatArray = _standard(features, self.centre, self.scale) @ self.weights
        return mapped + self.offset


@dataclass(frozen=True, kw_only=True)
class Ridge(FaceBaseline[LinearMap]):
    """Linear in landmarks, box and head pose."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give all that it takes to make it again."""
        values, arrays = super().state()
        values["strengths"] = {}
        for target, found in self.fitted:
            values["strengths"][target] = found.strength
            for part in _PARTS:
                arrays[f"{target}_{part}"] = getattr(found, part)
        return values, arrays

    @classmethod
    def from_state(
        cls, name: str, values: dict[str, Any], arrays: dict[str, NDArray[Any]]
    ) -> "Ridge":
        """Undo `state`."""
        maps = {
            target: LinearMap(
                strength=strength, **{part: arrays[f"{target}_{part}"] for part in _PARTS}
            )
            for target, strength in values["strengths"].items()
        }
        return cls.made_of(name, values, maps)


def fit_ridge(
    train: Samples, *, robust: bool = False, without_face: WithoutFace = "train_median"
) -> Ridge:
    """Fit ridge regressions for location and angle.

    Features are standardised by the training frames; the penalty is the one with the least mean distance
    on drivers left out (`folds.driver_folds`).

    Parameters
    ----------
    train
        Frames of training sessions.
    robust
        Whether to fit to the distance itself instead of its square: glances to mirrors are far away and
        would draw all answers towards them. Frames are weighted by the inverse of their distance, again
        and again, as in Weiszfeld's iteration.
    without_face
        What to answer where there is no face.

    Raises
    ------
    InputError
        With too few frames that have a face and gaze.
    """
    summary = summarise_training(train)
    features = face_features(train)
    steps = ROBUST_STEPS if robust else 0
    aspect = float(np.median(train.road_size_px[:, 1] / train.road_size_px[:, 0]))
    known = train.has_face & train.has_location
    refuse_few(known, "gaze in the road view")
    folds = driver_folds(train)
    points = unit_from_px(train.gaze_road_px, train.road_size_px)
    location, held_out = _fit(features, points, known, folds, np.array([1.0, aspect]), steps)
    angle, held_out_angle = None, None
    known = train.has_face & train.has_angle
    if summary.angle_median is not None and known.any():
        refuse_few(known, "a gaze angle")
        angle, held_out_angle = _fit(
            features, train.gaze_angle_deg, known, folds, np.ones(2), steps
        )
    spread = spread_of(train, Answers(points=held_out, angle_deg=held_out_angle))
    return Ridge(
        name="ridge_robust" if robust else "ridge",
        summary=summary,
        spread=spread,
        without_face=without_face,
        location=location,
        angle=angle,
    )


def _fit(
    features: FloatArray,
    targets: FloatArray,
    known: NDArray[np.bool_],
    folds: NDArray[np.int64] | None,
    scale: FloatArray,
    steps: int,
) -> tuple[LinearMap, FloatArray]:
    """Fit one map; give also the answers to frames of drivers left out, shape (n, 2)."""
    rows = thinned(known, MOST_FRAMES)
    x, y = features[rows], targets[rows]
    fold_of = np.zeros(len(rows), dtype=np.int64) if folds is None else folds[rows]
    numbers = sorted(set(fold_of.tolist()))
    held_out = np.full(targets.shape, np.nan)
    if len(numbers) < 2:
        fitted = _solve(x, y, STRENGTH_WITHOUT_FOLDS, scale, steps)
        held_out[rows] = fitted.apply(x)
        return fitted, held_out
    tried = {}
    for strength in STRENGTHS:
        tried[strength] = np.full(y.shape, np.nan)
        for number in numbers:
            out = fold_of == number
            found = _solve(x[~out], y[~out], strength, scale, steps)
            tried[strength][out] = found.apply(x[out])
    best = min(STRENGTHS, key=lambda each: np.linalg.norm((tried[each] - y) * scale, axis=1).mean())
    held_out[rows] = tried[best]
    return _solve(x, y, best, scale, steps), held_out


def _solve(
    x: FloatArray, y: FloatArray, strength: float, scale: FloatArray, steps: int
) -> LinearMap:
    """Solve ``min Σ vᵢ ‖yᵢ − b − zᵢ w‖² + λ‖w‖²``, ``λ = strength · Σ vᵢ``, Z standardised.

    All vᵢ are 1 at first; each further step takes ``vᵢ = 1/‖yᵢ − b − zᵢ w‖``, distances being `scale`d.
    """
    seen = np.isfinite(x)
    count = np.maximum(seen.sum(axis=0), 1)
    centre = np.where(seen, x, 0.0).sum(axis=0) / count
    variance = (np.where(seen, x - centre, 0.0) ** 2).sum(axis=0) / count
    spread = np.where(variance > 1e-18, np.sqrt(variance), 1.0)
    z = _standard(x, centre, spread)
    weights, offset = _weighted(z, y, strength, np.ones(len(y)))
    for _ in range(steps):
        distance = np.linalg.norm((y - offset - z @ weights) * scale, axis=1)
        # A frame that is hit exactly must not outweigh all others.
        least = 1e-2 * float(np.median(distance)) + 1e-12
        weights, offset = _weighted(z, y, strength, 1.0 / np.maximum(distance, least))
    return LinearMap(centre=centre, scale=spread, weights=weights, offset=offset, strength=strength)


def _weighted(
    z: FloatArray, y: FloatArray, strength: float, frame_weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Solve the weighted problem: weights and offset."""
    v = (frame_weights / frame_weights.sum())[:, None]
    middle, target = (v * z).sum(axis=0), (v * y).sum(axis=0)
    away = z - middle
    gram = away.T @ (v * away) + strength * np.eye(z.shape[1])
    weights: FloatArray = np.linalg.solve(gram, away.T @ (v * (y - target)))
    return weights, target - middle @ weights


def _standard(features: FloatArray, centre: FloatArray, scale: FloatArray) -> FloatArray:
    return np.where(np.isfinite(features), (features - centre) / scale, 0.0)
