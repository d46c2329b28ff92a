"""A short calibration for any predictor: what a minute of labels is worth."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.predictions import Predictions, Predictor
from dashgaze.models.contract.samples import Samples
from dashgaze.progress import Progress, silent

from .baseline import FloatArray
from .rules import CALIBRATION_S, LEAST_LABELS
from .session_rows import calibration_rows, complete, rows_of_sessions

Kind = Literal["offset", "affine"]

SHRINKAGE = 0.3
"""How many frames of "leave it as it is", for each labelled frame: neighbouring frames are no new evidence."""

STEPS = 15
"""Reweightings."""


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """A predictor whose answers are corrected by the first labels of each session.

    Frames of those first seconds are answered as the predictor does, uncorrected, so that no frame is
    answered with its own label.

    Attributes
    ----------
    predictor
        Any.
    seconds
        How much of each session's labels is used (`session_rows.calibration_rows`).
    kind
        ``offset`` adds the geometric median of the differences; ``affine`` also turns, scales and shears.
    title
        What tables call it; None for a name made of the predictor's, kind and seconds.
    """

    predictor: Predictor
    seconds: float = CALIBRATION_S
    kind: Kind = "affine"
    title: str | None = None

    @property
    def name(self) -> str:
        """What tables call it, such as ``ridge+affine60s``."""
        return self.title or f"{self.predictor.name}+{self.kind}{self.seconds:g}s"

    @property
    def oracle(self) -> bool:
        """Whether the predictor looks at all answers of the session; calibration alone is no oracle."""
        return self.predictor.oracle

    @property
    def uses_labels(self) -> str:
        """Which labels of tested sessions it reads, in words."""
        return f"the first {self.seconds:g} s of each tested session"

    def predict(
        self, samples: Samples, pictures: PictureSource | None, progress: Progress = silent
    ) -> Predictions:
        """Answer all frames, in their order."""
        raw = self.predictor.predict(samples, pictures, progress)
        early = calibration_rows(samples, self.seconds)
        points = raw.xy_px.copy()
        cov = None if raw.xy_cov_px2 is None else raw.xy_cov_px2.copy()
        angles = None if raw.angle_deg is None else raw.angle_deg.copy()
        corrected = 0
        for _, rows in rows_of_sessions(samples):
            first, rest = rows[early[rows]], rows[~early[rows]]
            found = fit_correction(raw.xy_px[first], samples.gaze_road_px[first], self.kind)
            if found is not None:
                corrected += 1
                points[rest] = found.apply(raw.xy_px[rest])
                if cov is not None:
                    cov[rest] = found.apply_to_cov(cov[rest])
            if angles is not None and raw.angle_deg is not None:
                found = fit_correction(
                    raw.angle_deg[first], samples.gaze_angle_deg[first], self.kind
                )
                if found is not None:
                    angles[rest] = found.apply(raw.angle_deg[rest])
        notes: dict[str, float | str | None] = {
            **(raw.notes or {}),
            "uses_labels": self.uses_labels,
            "calibration": self.kind,
            "frames_within_calibration": float(early.sum()),
            "answers_within_calibration": self.predictor.name,
            "sessions_calibrated": float(corrected),
            "sessions_with_too_few_labels": float(len(samples.sessions) - corrected),
        }
        return Predictions(
            xy_px=points,
            xy_cov_px2=cov,
            angle_deg=angles,
            angle_sd_deg=raw.angle_sd_deg,
            notes=notes,
        )


def calibrated(
    predictor: Predictor,
    seconds: float = CALIBRATION_S,
    kind: Kind = "affine",
    title: str | None = None,
) -> Calibrated:
    """Correct any predictor by the first labels of each tested session (see `Calibrated`)."""
    if seconds <= 0:
        raise ValueError(f"seconds are positive, not {seconds}")
    return Calibrated(predictor=predictor, seconds=seconds, kind=kind, title=title)


@dataclass(frozen=True, kw_only=True, eq=False)
class Correction:
    """``A (p − from) + to``.

    Attributes
    ----------
    matrix
        A, shape (2, 2).
    source, target
        Where it maps from and to, shape (2,).
    """

    matrix: FloatArray
    source: FloatArray
    target: FloatArray

    def apply(self, points: FloatArray) -> FloatArray:
        """Correct answers, shape (n, 2)."""
        corrected: FloatArray = (points - self.source) @ self.matrix.T + self.target
        return corrected

    def apply_to_cov(self, cov: FloatArray) -> FloatArray:
        """Give ``A Σ Aᵀ`` of covariances (xx, xy, yy), shape (n, 3)."""
        full = cov[:, [0, 1, 1, 2]].reshape(-1, 2, 2)
        turned = self.matrix @ full @ self.matrix.T
        return np.stack([turned[:, 0, 0], turned[:, 0, 1], turned[:, 1, 1]], axis=1)


def fit_correction(answers: FloatArray, truth: FloatArray, kind: Kind) -> Correction | None:
    """Fit a correction, drawn towards the identity.

    With p and t the answers and truths less their weighted means, ``A = (Σ v t pᵀ + κ I)(Σ v p pᵀ + κ I)⁻¹``
    and ``κ = SHRINKAGE · Σ v · var p``: the least squares of ``Σ v ‖A p − t‖² + κ ‖A − I‖²``. Weights v are 1
    at first, then the inverse of the distance left, again and again (Weiszfeld), so that a few glances to
    mirrors do not decide.

    Parameters
    ----------
    answers, truth
        Shape (n, 2); frames where either is missing are left out.
    kind
        ``offset`` takes A = I.

    Returns
    -------
    Correction or None
        None with fewer than `rules.LEAST_LABELS` frames.
    """
    known = complete(answers) & complete(truth)
    if known.sum() < LEAST_LABELS:
        return None
    p, t = answers[known], truth[known]
    weights = np.ones(len(p))
    for _ in range(STEPS):
        found = _weighted(p, t, weights, kind)
        distance = np.linalg.norm(found.apply(p) - t, axis=1)
        weights = 1.0 / np.maximum(distance, 1e-2 * float(np.median(distance)) + 1e-12)
    return found


def _weighted(p: FloatArray, t: FloatArray, weights: FloatArray, kind: Kind) -> Correction:
    """Fit a correction with given weights of frames."""
    v = (weights / weights.sum())[:, None]
    source, target = (v * p).sum(axis=0), (v * t).sum(axis=0)
    p, t = p - source, t - target
    matrix = np.eye(2)
    variance = float((v * p**2).sum()) / 2.0
    if kind == "affine" and variance > 1e-12:
        pull = SHRINKAGE * variance * np.eye(2)
        matrix = np.linalg.solve((p.T @ (v * p) + pull).T, (t.T @ (v * p) + pull).T).T
    return Correction(matrix=matrix, source=source, target=target)
