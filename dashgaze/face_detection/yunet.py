"""YuNet, through OpenCV."""

import hashlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from dashgaze.errors import InputError

from .detector import LANDMARK_COUNT, Faces, FloatArray, Picture, subject_order

_OVERLAP, _MOST = 0.3, 200
_START_PX = (320, 320)
_WHICH = (
    "OpenCV 4 takes face_detection_yunet_2023mar.onnx; OpenCV 5 needs the newer one with free picture size "
    "(2026may)."
)


class YuNetNetwork:
    """The network as OpenCV runs it.

    Parameters
    ----------
    path
        Its weights.
    confidence
        Least score of a face.
    overlap
        Of two faces that share more of their area, the less sure one goes.
    most
        So many of the surest are looked at.

    Raises
    ------
    InputError
        If OpenCV can't run it.
    """

    def __init__(
        self, path: Path, *, confidence: float, overlap: float = _OVERLAP, most: int = _MOST
    ) -> None:
        self._path = path
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(path), "", _START_PX, confidence, overlap, most
            )
        except cv2.error as error:
            raise self._cannot_run() from error

    def ask(self, picture: Picture) -> FloatArray:
        """Give left, top, width, height, ten coordinates of landmarks and the score of n faces, shape (n, 15).

        Raises
        ------
        InputError
            If OpenCV can't run it, or its answer is none of YuNet's.
        """
        try:
            self._network.setInputSize((picture.shape[1], picture.shape[0]))
            _, found = self._network.detect(picture)
        except cv2.error as error:
            raise self._cannot_run() from error
        rows = np.zeros((0, 15)) if found is None else np.asarray(found, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != 15:
            raise self._cannot_run()
        return rows

    def _cannot_run(self) -> InputError:
        return InputError(
            f"OpenCV {cv2.__version__} can't run {self._path} as YuNet.",
            fix=_WHICH,
            path=self._path,
        )


class YuNet:
    """Finds faces with YuNet (Wu, Peng, Yu, Machine Intelligence Research 20, 2023); see `FaceDetector`.

    Parameters
    ----------
    path
        Its weights.
    confidence
        Least score of a face.

    Raises
    ------
    InputError
        If the file can't be read, or OpenCV can't run it.
    """

    name = "yunet"

    def __init__(self, path: Path, *, confidence: float) -> None:
        self._facts = yunet_facts(path, confidence)
        self._network = YuNetNetwork(path, confidence=confidence)

    @property
    def facts(self) -> dict[str, Any]:
        """What tells it from another."""
        return self._facts

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def detect(self, picture: Picture, *, least_face_px: float = 0.0) -> Faces:
        """Find faces; see `FaceDetector`."""
        height, width = picture.shape[:2]
        # A face that has to be large may be shrunk: to no less than 40 px.
        scale = min(1.0, 40.0 / least_face_px) if least_face_px > 0 else 1.0
        size = (max(32, round(width * scale)), max(32, round(height * scale)))
        if scale == 1:
            size = (width, height)
        else:
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        rows = self._network.ask(picture)
        step = np.array([width / size[0], height / size[1]])
        points = rows[:, 4:14].reshape(-1, LANDMARK_COUNT, 2)
        return Faces(
            boxes=np.concatenate([_unscaled(rows[:, :2], step), rows[:, 2:4] * step], axis=1),
            confidence=np.clip(rows[:, 14], 0.0, 1.0),
            landmarks=subject_order(_unscaled(points, step)),
        )


def _unscaled(points: FloatArray, step: FloatArray) -> FloatArray:
    """Bring points of a shrunk picture to the whole one; pixel centres are at integers in both."""
    return (points + 0.5) * step - 0.5


def yunet_facts(path: Path, confidence: float) -> dict[str, Any]:
    """Give what tells one YuNet from another, ready for JSON.

    Raises
    ------
    InputError
        If its file can't be read.
    """
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Give the weights of YuNet: yunet:PATH.onnx",
            path=path,
        ) from error
    return {"weights": path.name, "weights_sha256": digest, "least_confidence": confidence}
