"""Baselines that look at faces, and what they answer where there is none."""

from abc import abstractmethod
from typing import Literal

import numpy as np

from dashgaze.errors import InputError
from dashgaze.models.contract.samples import Samples

from .baseline import NO_LABELS, Answers, Baseline, FloatArray
from .face_features import face_features
from .rules import train_median
from .training_summary import TrainingSummary

WithoutFace = Literal["train_median", "nothing"]
"""What to answer where no face was found: the default keeps frames identical for all models."""

LEAST_FRAMES = 50
"""Fewer frames with a face and gaze are not fitted to."""


class FaceBaseline(Baseline):
    """Base of ridge and boosting."""

    summary: TrainingSummary
    without_face: WithoutFace

    @property
    def oracle(self) -> bool:
        """Whether it looks at the answers of the very session that it is tested on: no."""
        return False

    @property
    def uses_labels(self) -> str:
        """Which labels of tested sessions it reads, in words."""
        return NO_LABELS

    @abstractmethod
    def answer_features(self, features: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Answer faces, shape (n, features): points in −1 … 1 and angles in degrees."""

    def answer(self, samples: Samples) -> Answers:
        """Answer all frames, in their order."""
        face = samples.has_face
        answers = train_median(samples, self.summary)
        points, angles = answers.points, answers.angle_deg
        if self.without_face == "nothing":
            points[~face] = np.nan
            if angles is not None:
                angles[~face] = np.nan
        if face.any():
            points[face], found = self.answer_features(face_features(samples)[face])
            if angles is not None and found is not None:
                angles[face] = found
        notes: dict[str, float | str | None] = {
            "share_without_face": float(np.mean(~face)) if len(samples) else None,
            "answer_without_face": self.without_face,
        }
        return Answers(points=points, angle_deg=angles, notes=notes)


def refuse_few(known: np.ndarray, what: str) -> None:
    """Refuse to fit on too few frames.

    Raises
    ------
    InputError
        With fewer than `LEAST_FRAMES`.
    """
    count = int(known.sum())
    if count < LEAST_FRAMES:
        raise InputError(
            f"{count} training frames have a face and {what}; at least {LEAST_FRAMES} are needed.",
            fix="Give more sessions, or leave out ridge and boosting.",
        )
