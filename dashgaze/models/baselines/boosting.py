"""Gradient boosting from faces to gaze."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError, MissingExtraError
from dashgaze.models.contract.samples import Samples
from dashgaze.models.contract.scale import unit_from_px

from .baseline import Answers, FloatArray, spread_of
from .face_baseline import FaceBaseline, WithoutFace, refuse_few
from .face_features import face_features
from .folds import driver_folds, thinned
from .training_summary import summarise_training

DEPTHS = (2, 4)
"""Depths of trees that are tried."""

LOSS = "absolute_error"
"""Squares would draw answers towards the few glances to mirrors, far away; see `ridge.fit_ridge`."""

TREES = 120
LEARNING_RATE = 0.08
LEAST_LEAF_FRAMES = 20
MOST_FRAMES = 12_000
"""More training frames are thinned evenly."""

FOLDS = 3
SEED = 0
CHECKED_FRAMES = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class FittedTrees:
    """Two regressors and what they were fitted on.

    Attributes
    ----------
    features, targets
        Shape (n, f) and (n, 2).
    depth
        Of the trees.
    regressors
        scikit-learn's, one for each target.
    """

    features: NDArray[np.float32]
    targets: NDArray[np.float32]
    depth: int
    regressors: Sequence[Any]

    def apply(self, features: FloatArray) -> FloatArray:
        """Map features, shape (n, f), to shape (n, 2)."""
        rounded = features.astype(np.float32)
        return np.column_stack([each.predict(rounded) for each in self.regressors])


@dataclass(frozen=True, kw_only=True)
class Boosting(FaceBaseline[FittedTrees]):
    """Gradient-boosted trees on landmarks, box and head pose."""

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give all that it takes to make it again: scikit-learn has no safe format, so its frames.

        The first of them are kept with the answers to them, so that another version of scikit-learn that
        fits other trees is noticed.
        """
        values, arrays = super().state()
        values["depths"] = {}
        for target, trees in self.fitted:
            values["depths"][target] = trees.depth
            arrays[f"{target}_features"] = trees.features
            arrays[f"{target}_targets"] = trees.targets
            first = trees.features[:CHECKED_FRAMES].astype(np.float64)
            arrays[f"{target}_answers"] = trees.apply(first)
        return values, arrays

    @classmethod
    def from_state(
        cls, name: str, values: dict[str, Any], arrays: dict[str, NDArray[Any]]
    ) -> "Boosting":
        """Undo `state`.

        Raises
        ------
        InputError
            If the trees fitted anew answer otherwise than those that were saved.
        """
        trees = {}
        for target, depth in values["depths"].items():
            features, targets = arrays[f"{target}_features"], arrays[f"{target}_targets"]
            trees[target] = _trees(features, targets, depth)
            answers = trees[target].apply(features[:CHECKED_FRAMES].astype(np.float64))
            if not np.allclose(answers, arrays[f"{target}_answers"], atol=1e-4, rtol=1e-4):
                raise InputError(
                    f"{name} answers otherwise than when it was saved: another scikit-learn fits it.",
                    fix="Fit it anew from the training split, or install the version it was saved with.",
                )
        return cls.made_of(name, values, trees)


def fit_boosting(
    train: Samples,
    *,
    without_face: WithoutFace = "train_median",
    depths: Sequence[int] = DEPTHS,
    most_frames: int = MOST_FRAMES,
) -> Boosting:
    """Fit boosted trees for location and angle; needs scikit-learn.

    The depth is the one with the least mean distance on drivers left out.

    Raises
    ------
    MissingExtraError
        Without scikit-learn.
    InputError
        With too few frames that have a face and gaze.
    """
    summary = summarise_training(train)
    aspect = float(np.median(train.road_size_px[:, 1] / train.road_size_px[:, 0]))
    points = unit_from_px(train.gaze_road_px, train.road_size_px)
    known = train.has_face & train.has_location
    refuse_few(known, "gaze in the road view")
    scale = np.array([1.0, aspect])
    location, spread = _choose(train, points, known, depths, most_frames, scale)
    angle, angle_spread = None, None
    known = train.has_face & train.has_angle
    if summary.angle_median is not None and known.any():
        refuse_few(known, "a gaze angle")
        angle, angle_spread = _choose(
            train, train.gaze_angle_deg, known, depths, most_frames, np.ones(2)
        )
    stated = spread_of(train, Answers(points=spread, angle_deg=angle_spread))
    return Boosting(
        name="boosting",
        summary=summary,
        spread=stated,
        without_face=without_face,
        location=location,
        angle=angle,
    )


def _choose(
    train: Samples,
    targets: FloatArray,
    known: NDArray[np.bool_],
    depths: Sequence[int],
    most_frames: int,
    scale: FloatArray,
) -> tuple[FittedTrees, FloatArray]:
    """Choose the depth and fit; give also the answers to frames of drivers left out, shape (n, 2)."""
    rows = thinned(known, most_frames)
    x = face_features(train.take(rows)).astype(np.float32)
    y = targets[rows].astype(np.float32)
    folds = driver_folds(train.take(rows), FOLDS)
    held_out = np.full(targets.shape, np.nan)
    if folds is None:
        fitted = _trees(x, y, min(depths))
        held_out[rows] = fitted.apply(x.astype(np.float64))
        return fitted, held_out
    tried: dict[int, FloatArray] = {}
    for depth in depths:
        tried[depth] = np.full(y.shape, np.nan)
        for fold in range(int(folds.max()) + 1):
            out = folds == fold
            tried[depth][out] = _trees(x[~out], y[~out], depth).apply(x[out].astype(np.float64))
    best = min(depths, key=lambda each: np.linalg.norm((tried[each] - y) * scale, axis=1).mean())
    held_out[rows] = tried[best]
    return _trees(x, y, best), held_out


def _trees(features: NDArray[np.float32], targets: NDArray[np.float32], depth: int) -> FittedTrees:
    """Fit one regressor for each target."""
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor
    except ImportError as error:
        raise MissingExtraError(
            "The baseline boosting needs scikit-learn, which is not installed.",
            fix="Type: pip install 'dashgaze[train]'",
        ) from error
    regressors = [
        HistGradientBoostingRegressor(
            loss=LOSS,
            max_depth=depth,
            max_iter=TREES,
            learning_rate=LEARNING_RATE,
            min_samples_leaf=LEAST_LEAF_FRAMES,
            early_stopping=False,
            random_state=SEED,
        ).fit(features, targets[:, axis])
        for axis in range(targets.shape[1])
    ]
    return FittedTrees(features=features, targets=targets, depth=depth, regressors=regressors)
