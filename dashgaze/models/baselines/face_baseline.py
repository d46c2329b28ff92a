"""Baselines that look at faces, and what they answer where there is none."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Generic, Literal, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.models.contract.samples import Samples

from .baseline import NO_LABELS, Answers, Baseline, FloatArray, Spread
from .face_features import face_features
from .rules import train_median
from .training_summary import TrainingSummary

WithoutFace = Literal["train_median", "nothing"]
"""What to answer where no face was found: the default keeps frames identical for all models."""

LEAST_FRAMES = 50
"""Fewer frames with a face and gaze are not fitted to."""


class FaceMap(Protocol):
    """What was fitted: from features of faces to one target."""

    def apply(self, features: FloatArray) -> FloatArray:
        """Map features, shape (n, f), to shape (n, 2)."""
        ...


Fitted = TypeVar("Fitted", bound=FaceMap)


@dataclass(frozen=True, kw_only=True)
class FaceBaseline(Baseline, Generic[Fitted]):
    """Base of ridge and boosting: one map from faces to the location of gaze, one to its angle.

    Attributes
    ----------
    name
        What tables call it.
    summary
        Of the training frames; answers frames without a face.
    spread
        Of the truth about answers to drivers left out.
    without_face
        What to answer where there is no face.
    location, angle
        What was fitted, to points in −1 … 1 and to degrees; angle is None without angles in training.
    """

    name: str
    summary: TrainingSummary
    spread: Spread
    without_face: WithoutFace
    location: Fitted
    angle: Fitted | None

    @property
    def oracle(self) -> bool:
        """Whether it looks at the answers of the very session that it is tested on: no."""
        return False

    @property
    def uses_labels(self) -> str:
        """Which labels of tested sessions it reads, in words."""
        return NO_LABELS

    def answer_features(self, features: FloatArray) -> tuple[FloatArray, FloatArray | None]:
        """Answer faces, shape (n, features): points in −1 … 1 and angles in degrees."""
        angles = None if self.angle is None else self.angle.apply(features)
        return self.location.apply(features), angles

    @property
    def fitted(self) -> Iterator[tuple[str, Fitted]]:
        """What was fitted, by target."""
        yield "location", self.location
        if self.angle is not None:
            yield "angle", self.angle

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Give all that it takes to make it again, but for what was fitted: values, and no arrays yet."""
        values: dict[str, Any] = {
            "summary": self.summary.to_json(),
            "spread": asdict(self.spread),
            "without_face": self.without_face,
        }
        return values, {}

    @classmethod
    def made_of(cls, name: str, values: dict[str, Any], fitted: dict[str, Fitted]) -> Self:
        """Make one from what `state` gave, and from what was fitted by target."""
        return cls(
            name=name,
            summary=TrainingSummary.from_json(values["summary"]),
            spread=Spread.from_json(values["spread"]),
            without_face=values["without_face"],
            location=fitted["location"],
            angle=fitted.get("angle"),
        )

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
