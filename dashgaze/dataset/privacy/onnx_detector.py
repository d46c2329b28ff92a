"""A detector from ONNX weights."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.face_detection.yunet import YuNetNetwork

from .onnx_header import read_onnx_header
from .onnx_layouts import (
    OVERLAP,
    Boxes,
    decode_centerface,
    decode_yolo,
    recognise,
    without_duplicates,
)
from .onnx_network import OnnxNetwork
from .regions import Region, RegionClass

CONFIDENCE = 0.2
"""Least score of a region. Low: a hedge that is blurred does no harm, a face that is not does."""

# Networks halve the picture five times.
_STEP_PX = 32
_YOLO_GREY = 114
_YUNET_MOST = 5000


class OnnxDetector:
    """Finds one class of regions with a network: YuNet, CenterFace or YOLO.

    Pictures go in at their full size where the network takes any, since faces and plates are small; else
    they are scaled to what it takes.

    Parameters
    ----------
    path
        ONNX file.
    kind
        What its boxes are.
    numbers
        Numbers of the network's classes that are meant; None for all.
    confidence
        Least score.
    name
        What it is called in the record; None for the name of the file.

    Raises
    ------
    InputError
        If the file can't be read or run, or its layout is not understood.
    """

    def __init__(
        self,
        path: Path,
        kind: RegionClass,
        *,
        numbers: Iterable[int] | None = None,
        confidence: float = CONFIDENCE,
        name: str | None = None,
    ) -> None:
        self._kind: RegionClass = kind
        self._numbers = None if numbers is None else sorted(set(numbers))
        self._least = confidence
        self.name = path.name if name is None else name
        header = read_onnx_header(path)
        layout = recognise(header)
        if layout is None:
            outputs = ", ".join(str(each.shape) for each in header.outputs)
            raise InputError(
                f"The layout of {path} is not understood: its outputs have the shapes {outputs}.",
                fix="YuNet, CenterFace and YOLO are; put any other detector into a program of its "
                "own: command:PROGRAM",
                path=path,
            )
        self._layout = layout
        # The published file of CenterFace states a size of 32 px and takes any.
        self._network = OnnxNetwork(path, header, any_size=layout != "yolo")
        self._sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self._yunet = (
            YuNetNetwork(path, confidence=confidence, overlap=OVERLAP, most=_YUNET_MOST)
            if layout == "yunet"
            else None
        )

    @property
    def classes(self) -> frozenset[RegionClass]:
        """The one that it looks for."""
        return frozenset({self._kind})

    @property
    def facts(self) -> dict[str, Any]:
        """What tells it from another."""
        return {
            "weights_sha256": self._sha256,
            "layout": self._layout,
            "class_numbers": self._numbers,
            "least_confidence": self._least,
            "runner": self._network.runner,
        }

    def detect(self, picture: NDArray[np.uint8]) -> Sequence[Region]:
        """Find regions; see `RegionDetector`."""
        try:
            boxes = self._boxes(picture)
        except ValueError as error:
            raise InputError(
                f"{self._network.path.name} gives {error}: not a layout that is understood.",
                fix="Export it without landmarks or masks, name the numbers of the classes that are "
                "meant (WEIGHTS.onnx@0), or put it into a program of its own: command:PROGRAM",
                path=self._network.path,
            ) from error
        if self._numbers is not None:
            boxes = boxes.select(np.isin(boxes.number, self._numbers))
        boxes = without_duplicates(boxes)
        return [
            Region(
                kind=self._kind,
                x_px=left,
                y_px=top,
                width_px=right - left,
                height_px=bottom - top,
                confidence=min(1.0, max(0.0, score)),
            )
            for (left, top, right, bottom), score in zip(
                boxes.corners.tolist(), boxes.score.tolist(), strict=True
            )
        ]

    def close(self) -> None:
        """Give back what it holds: nothing that matters."""

    def _boxes(self, picture: NDArray[np.uint8]) -> Boxes:
        height, width = picture.shape[:2]
        if self._yunet is not None:
            return self._boxes_of(self._yunet.ask(picture))
        shape = self._network.header.inputs[0].shape
        taken = [None, None] if len(shape) != 4 or self._layout == "centerface" else shape[2:]
        # Rounded up, so that nothing at the right and below is cut off.
        target_h = taken[0] or -(-height // _STEP_PX) * _STEP_PX
        target_w = taken[1] or -(-width // _STEP_PX) * _STEP_PX
        scale = min(1.0 if None in taken else np.inf, target_w / width, target_h / height)
        size = min(target_w, round(width * scale)), min(target_h, round(height * scale))
        scaled = (
            picture if scale == 1.0 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        )
        canvas = np.full((target_h, target_w, 3), _YOLO_GREY, dtype=np.uint8)
        canvas[: size[1], : size[0]] = scaled
        plain = self._layout == "centerface"  # which was trained on 0 … 255, YOLO on 0 … 1
        blob = cv2.dnn.blobFromImage(canvas, 1.0 if plain else 1 / 255.0, swapRB=True)
        outputs = self._network.run(np.asarray(blob, dtype=np.float32))
        boxes = (
            decode_centerface(outputs, self._least)
            if plain
            else decode_yolo(outputs[0], self._least, self._numbers)
        )
        corners = boxes.corners / (
            size[0] / width,
            size[1] / height,
            size[0] / width,
            size[1] / height,
        )
        return Boxes(corners=corners, score=boxes.score, number=boxes.number)

    @staticmethod
    def _boxes_of(rows: NDArray[np.float64]) -> Boxes:
        """Take the boxes from what YuNet says."""
        return Boxes(
            corners=np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1),
            score=rows[:, 14],
            number=np.zeros(len(rows), dtype=np.int64),
        )
