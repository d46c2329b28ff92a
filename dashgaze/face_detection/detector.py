"""What a face detector gives, and what it has to be able to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from dashgaze.schemas.face_table import LANDMARKS

Picture = NDArray[np.uint8]
"""Blue, green and red, shape (height, width, 3)."""

FloatArray = NDArray[np.float64]

LANDMARK_COUNT = len(LANDMARKS)

_SIDES = {"left": "right", "right": "left"}
_OTHER_SIDE = [
    LANDMARKS.index("_".join(_SIDES.get(part, part) for part in name.split("_")))
    for name in LANDMARKS
]

PICTURE_ORDER = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")
"""The order in which MTCNN and YuNet give landmarks: from left to right in a picture that is not
mirrored, in which the subject's right is at the left."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Faces:
    """The n faces of one picture; pixel centres are at integers.

    Attributes
    ----------
    boxes
        Left and top edge, width and height, shape (n, 4), px.
    confidence
        0 … 1, shape (n,).
    landmarks
        In the order of `dashgaze.schemas.face_table.LANDMARKS` (left and right are the subject's), shape
        (n, 5, 2), px; NaN where a face has none.
    """

    boxes: FloatArray
    confidence: FloatArray
    landmarks: FloatArray

    def __post_init__(self) -> None:
        count = len(self.confidence)
        shapes = (self.boxes.shape, self.confidence.shape, self.landmarks.shape)
        if shapes != ((count, 4), (count,), (count, LANDMARK_COUNT, 2)):
            raise ValueError(f"boxes, confidence and landmarks do not go together: {shapes}")

    def __len__(self) -> int:
        return len(self.confidence)

    @classmethod
    def none(cls) -> Self:
        """Give no face."""
        return cls(
            boxes=np.zeros((0, 4)),
            confidence=np.zeros(0),
            landmarks=np.zeros((0, LANDMARK_COUNT, 2)),
        )

    @classmethod
    def join(cls, parts: Iterable["Faces"]) -> Self:
        """Put the faces of several together."""
        parts = [cls.none(), *parts]
        return cls(
            boxes=np.concatenate([part.boxes for part in parts]),
            confidence=np.concatenate([part.confidence for part in parts]),
            landmarks=np.concatenate([part.landmarks for part in parts]),
        )

    def select(self, which: NDArray[Any]) -> "Faces":
        """Give some of them, by index or by mask."""
        return Faces(
            boxes=self.boxes[which],
            confidence=self.confidence[which],
            landmarks=self.landmarks[which],
        )

    def moved(self, x_px: float, y_px: float) -> "Faces":
        """Give them in a picture that begins so much further left and above."""
        return Faces(
            boxes=self.boxes + np.array([x_px, y_px, 0.0, 0.0]),
            confidence=self.confidence,
            landmarks=self.landmarks + np.array([x_px, y_px]),
        )

    def mirrored(self, width_px: int) -> "Faces":
        """Give them in the mirror image of a picture so wide: whose left eye was seen is a right one there."""
        boxes = self.boxes.copy()
        boxes[:, 0] = width_px - 1 - (boxes[:, 0] + boxes[:, 2])
        landmarks = self.landmarks[:, _OTHER_SIDE].copy()
        landmarks[:, :, 0] = width_px - 1 - landmarks[:, :, 0]
        return Faces(boxes=boxes, confidence=self.confidence, landmarks=landmarks)


class FaceDetector(Protocol):
    """Finds faces in a picture.

    It is made anew in each process that works with it, and may change its own state, never the outcome of
    a later call.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """What tells it from another, ready for JSON: digests of weights, thresholds."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of it, in sentences."""
        ...

    def detect(self, picture: Picture, *, least_face_px: float = 0.0) -> Faces:
        """Find faces.

        Parameters
        ----------
        picture
            Blue, green and red, shape (height, width, 3).
        least_face_px
            Smaller faces need not be found; 0 for as small as it can.
        """
        ...


def subject_order(landmarks: FloatArray) -> FloatArray:
    """Bring landmarks, shape (n, 5, 2), from `PICTURE_ORDER` to that of `LANDMARKS`."""
    return landmarks[:, [PICTURE_ORDER.index(name) for name in LANDMARKS]]
