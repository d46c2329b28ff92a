"""MTCNN: faces and five landmarks by a cascade of three small networks.

After Zhang, Zhang, Li, Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded Convolutional
Networks", IEEE Signal Processing Letters 23(10), 2016.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .detector import Faces, FloatArray, Picture, subject_order
from .mtcnn_networks import ONET_PX, RNET_PX, MtcnnNetworks
from .mtcnn_weights import read_mtcnn_weights
from .suppression import surest

if TYPE_CHECKING:
    import torch

CONFIDENCE = 0.9
"""Least probability of a face: in a car a face is large and near, and what looks a little like one is not."""

_CELL_PX, _STRIDE_PX = 12, 2
# From one level of the pyramid to the next the area is halved.
_FACTOR = 0.5**0.5
_LEAST_FACE_PX = 20.0
_PNET_LEAST, _RNET_LEAST = 0.6, 0.7
# Largest overlaps: within a level, among levels, and after each of the later networks.
_IN_LEVEL, _AMONG_LEVELS, _AFTER = 0.5, 0.7, 0.7
_MOST_CUTS = 400

# Landmarks depend on how the cut-out happens to lie: by a thirtieth of the distance between the eyes. So the
# last network looks at several, moved (in sides of the square) and scaled a little, and the median counts.
_LOOKS = np.array(
    [
        (0.0, 0.0, 1.0),
        *((x, y, scale) for x in (-0.05, 0.05) for y in (-0.05, 0.05) for scale in (0.93, 1.07)),
    ]
)


class Mtcnn:
    """The cascade; see `dashgaze.face_detection.detector.FaceDetector`.

    Parameters
    ----------
    weights
        Folder of the weights; None for the installed ones.
    confidence
        Least probability of a face.
    steady
        Whether boxes and landmarks are the median of nine looks of the last network, which takes some
        milliseconds for each face and makes them steadier by a quarter; else of one.

    Raises
    ------
    MissingExtraError
        If torch or the weights are missing.
    InputError
        If the weights are not those of MTCNN.
    """

    name = "mtcnn"

    def __init__(
        self, weights: Path | None = None, *, confidence: float = CONFIDENCE, steady: bool = True
    ) -> None:
        read = read_mtcnn_weights(weights)
        import torch

        self._torch = torch
        self._networks = MtcnnNetworks(read.states)
        self._least, self._steady = confidence, steady
        self._sha256, self._published = read.sha256, read.published

    @property
    def facts(self) -> dict[str, Any]:
        """What tells it from another."""
        return mtcnn_facts(self._sha256, self._least)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know of it."""
        if self._published:
            return ()
        return (
            "The weights of MTCNN are not those of facenet-pytorch 2.6.0, with which it was tested.",
        )

    def detect(self, picture: Picture, *, least_face_px: float = 0.0) -> Faces:
        """Find faces, the surest first; see `FaceDetector`."""
        with self._torch.inference_mode():
            rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
            corners = self._propose(
                np.asarray(rgb, dtype=np.uint8), max(least_face_px, _LEAST_FACE_PX)
            )
            corners = self._refine(np.asarray(rgb, dtype=np.uint8), corners)
            return self._decide(np.asarray(rgb, dtype=np.uint8), corners)

    def _propose(self, rgb: Picture, least_px: float) -> FloatArray:
        """Look at all places of all levels of the pyramid; give corners, shape (n, 4)."""
        height, width = rgb.shape[:2]
        scale = _CELL_PX / least_px
        found, sure = [np.zeros((0, 4))], [np.zeros(0)]
        largest = rgb
        while min(height, width) * scale >= _CELL_PX:
            size = (round(width * scale), round(height * scale))
            level = np.asarray(
                cv2.resize(largest, size, interpolation=cv2.INTER_AREA), dtype=np.uint8
            )
            if largest is rgb:  # the others are made of this one, which is far smaller
                largest = level
            corners, score = self._level(level)
            kept = surest(corners, score, most=_IN_LEVEL)
            found.append(corners[kept] * np.tile([width / size[0], height / size[1]], 2))
            sure.append(score[kept])
            scale *= _FACTOR
        corners, score = np.concatenate(found), np.concatenate(sure)
        kept = surest(corners, score, most=_AMONG_LEVELS)[:_MOST_CUTS]
        return corners[kept]

    def _level(self, rgb: Picture) -> tuple[FloatArray, FloatArray]:
        face, edges = self._networks.proposals(self._tensor(rgb[None]))
        score = face.numpy()
        rows, columns = np.nonzero(score >= _PNET_LEAST)
        start = np.column_stack([columns, rows]) * float(_STRIDE_PX)
        corners = np.concatenate([start, start + _CELL_PX], axis=1)
        off = edges.numpy()[:, rows, columns].T
        return _regressed(corners, off), score[rows, columns].astype(np.float64)

    def _refine(self, rgb: Picture, corners: FloatArray) -> FloatArray:
        if not len(corners):
            return corners
        corners = _squared(corners)
        face, off = self._networks.refinements(self._cuts(rgb, corners, RNET_PX))
        score = face.numpy().astype(np.float64)
        good = np.flatnonzero(score >= _RNET_LEAST)
        good = good[surest(corners[good], score[good], most=_AFTER)]
        return _regressed(corners[good], off.numpy()[good])

    def _decide(self, rgb: Picture, corners: FloatArray) -> Faces:
        if not len(corners):
            return Faces.none()
        score, corners, points = self._judge(rgb, _squared(corners))
        good = np.flatnonzero(score >= self._least)
        good = good[surest(corners[good], score[good], most=_AFTER, overlap="min")]
        score, corners, points = score[good], corners[good], points[good]
        if self._steady and len(good):
            corners, points = self._look_again(rgb, corners)
        # So far a pixel reached from its index to the next one; from here on that is its centre.
        return Faces(
            boxes=np.concatenate([corners[:, :2] - 0.5, corners[:, 2:] - corners[:, :2]], axis=1),
            confidence=score,
            landmarks=subject_order(points - 0.5),
        )

    def _look_again(self, rgb: Picture, corners: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Give corners (n, 4) and landmarks (n, 5, 2) as the median of several looks."""
        middle = (corners[:, :2] + corners[:, 2:]) / 2
        side = (corners[:, 2:] - corners[:, :2]).max(axis=1)[:, None, None]
        moved = middle[:, None] + _LOOKS[:, :2] * side
        half = side / 2 * _LOOKS[:, 2:]
        looks = np.concatenate([moved - half, moved + half], axis=2).reshape(-1, 4)
        _, edges, points = self._judge(rgb, _squared(looks))
        shape = (len(corners), len(_LOOKS))
        return (
            np.median(edges.reshape(*shape, 4), axis=1),
            np.median(points.reshape(*shape, -1, 2), axis=1),
        )

    def _judge(
        self, rgb: Picture, squares: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Ask the last network; gives scores (n,), corners (n, 4) and landmarks (n, 5, 2)."""
        face, off, places = self._networks.verdicts(self._cuts(rgb, squares, ONET_PX))
        size = squares[:, None, 2:] - squares[:, None, :2]
        points = squares[:, None, :2] + size * places.numpy().transpose(0, 2, 1)
        return face.numpy().astype(np.float64), _regressed(squares, off.numpy()), points

    def _cuts(self, rgb: Picture, corners: FloatArray, side_px: int) -> "torch.Tensor":
        """Cut out squares and bring them to a size; what lies beyond the picture is black."""
        height, width = rgb.shape[:2]
        cuts = np.zeros((len(corners), side_px, side_px, 3), dtype=np.uint8)
        for place, (left, top, right, bottom) in enumerate(np.rint(corners).astype(int).tolist()):
            inner = rgb[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
            if not inner.size:
                continue
            if left < 0 or top < 0 or right > width or bottom > height:
                rows = (max(0, -top), max(0, bottom - height))
                inner = np.pad(inner, (rows, (max(0, -left), max(0, right - width)), (0, 0)))
            cut = cv2.resize(inner, (side_px, side_px), interpolation=cv2.INTER_AREA)
            cuts[place] = cut
        return self._tensor(cuts)

    def _tensor(self, pictures: NDArray[np.uint8]) -> "torch.Tensor":
        # In memory the channels stay last: pooling and convolving takes half the time.
        tensor = self._torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2)
        return (tensor.to(self._torch.float32) - 127.5) / 128.0


def mtcnn_facts(sha256: dict[str, str], confidence: float) -> dict[str, Any]:
    """Give what tells one MTCNN from another, ready for JSON."""
    return {"weights_sha256": sha256, "least_confidence": confidence}


def _regressed(corners: FloatArray, off: NDArray[Any]) -> FloatArray:
    """Move the edges of boxes by shares of their width and height."""
    size = np.tile(corners[:, 2:] - corners[:, :2], 2)
    return corners + off.astype(np.float64) * size


def _squared(corners: FloatArray) -> FloatArray:
    """Make boxes squares with the same centre and the longer side, of one pixel at least."""
    centre = (corners[:, :2] + corners[:, 2:]) / 2
    half = np.maximum((corners[:, 2:] - corners[:, :2]).max(axis=1, keepdims=True), 1.0) / 2
    # Whole pixels of one width and height, so that what is cut out is a square as well.
    start = np.rint(centre - half)
    return np.concatenate([start, start + np.rint(2 * half)], axis=1)
