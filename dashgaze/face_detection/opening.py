"""A face detector by its name."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

from .detector import FaceDetector
from .face_file import FaceFile, read_face_file
from .mtcnn import CONFIDENCE, Mtcnn, mtcnn_facts
from .mtcnn_weights import mtcnn_digests
from .yunet import YuNet, yunet_facts

KINDS = ("mtcnn", "yunet:PATH.onnx", "precomputed:PATH.csv")
"""What can be asked for."""


@dataclass(frozen=True, kw_only=True)
class DetectorChoice:
    """Which detector is meant; small, and the same in every process.

    Attributes
    ----------
    spec
        One of `KINDS`.
    mtcnn_weights
        Folder of MTCNN's weights; None for the installed ones.
    confidence
        Least confidence of a face that a network finds.
    """

    spec: str = "mtcnn"
    mtcnn_weights: Path | None = None
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        if not 0 < self.confidence < 1:
            raise ValueError(f"confidence has to be between 0 and 1, not {self.confidence}")

    @property
    def kind(self) -> str:
        """``mtcnn``, ``yunet`` or ``precomputed``.

        Raises
        ------
        InputError
            If there is no such detector.
        """
        kind, colon, name = self.spec.partition(":")
        if self.mtcnn_weights is not None and self.spec != "mtcnn":
            raise InputError(
                f"Weights of MTCNN were given, but the detector is {self.spec}.",
                fix="Leave --mtcnn-weights or --detector out.",
            )
        if self.spec == "mtcnn" or (colon and name and kind in ("yunet", "precomputed")):
            return kind
        raise InputError(
            f"There is no face detector {self.spec!r}.", fix=f"Give one of {', '.join(KINDS)}."
        )

    @property
    def path(self) -> Path:
        """The file after the colon."""
        return Path(self.spec.partition(":")[2])

    def facts(self) -> dict[str, Any]:
        """Tell the detector from others, without loading it: digests of its files, ready for JSON.

        Raises
        ------
        MissingExtraError, InputError
            If its files are missing.
        """
        kind = self.kind
        if kind == "mtcnn":
            return mtcnn_facts(mtcnn_digests(self.mtcnn_weights), self.confidence)
        if kind == "yunet":
            return yunet_facts(self.path, self.confidence)
        return read_face_file(self.path).facts


def open_face_detector(
    spec: str = "mtcnn", *, mtcnn_weights: Path | None = None, confidence: float = CONFIDENCE
) -> FaceDetector | FaceFile:
    """Give what finds faces.

    Parameters
    ----------
    spec
        ``mtcnn``, ``yunet:PATH.onnx``, or ``precomputed:PATH.csv``, which looks at no picture.
    mtcnn_weights
        Folder of MTCNN's weights; None for the installed ones.
    confidence
        Least confidence of a face that a network finds.

    Raises
    ------
    MissingExtraError
        If MTCNN is asked for, and torch or its weights are not installed.
    InputError
        If there is no detector of this name, or its file can't be read.
    """
    choice = DetectorChoice(spec=spec, mtcnn_weights=mtcnn_weights, confidence=confidence)
    if choice.kind == "precomputed":
        return read_face_file(choice.path)
    return open_network(choice)


def open_network(choice: DetectorChoice) -> FaceDetector:
    """Give a detector that looks at pictures; see `open_face_detector`."""
    if choice.kind == "yunet":
        return YuNet(choice.path, confidence=choice.confidence)
    return Mtcnn(choice.mtcnn_weights, confidence=choice.confidence)
