"""Boxes by a detector of one's own, found in the packed road videos."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.privacy.onnx_header import read_onnx_header
from dashgaze.dataset.privacy.onnx_layouts import Boxes, decode_yolo, recognise, without_duplicates
from dashgaze.dataset.privacy.onnx_network import OnnxNetwork
from dashgaze.dataset.reading.frame_pictures import open_video
from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent

from ..study.packed_dataset import OpenDataset, open_dataset
from .box_csv import write_box_csv
from .boxes import NO_TRACK, ObjectBoxes
from .iou_tracks import with_tracks
from .onnx_classes import class_names

CONFIDENCE = 0.25
"""Least score; the usual one of YOLO."""

EVERY_S = 0.1
"""Road frames are searched about so often; gaze in between is compared with the nearest one."""

_STEP_PX = 32
_USUAL_PX = 640
_YOLO_GREY = 114


class ObjectDetector:
    """A YOLO network in an ONNX file: the layouts of v5 to v11, (1, 4 + classes, n) and (1, n, 5 + classes).

    Pictures are scaled to fit what the network takes, with grey borders (letterbox); 640 px where its size is
    open.

    Parameters
    ----------
    path
        ONNX file.
    confidence
        Least score.
    names
        Of the classes by number; those in the file if None.

    Raises
    ------
    InputError
        If the file can't be read or run, or is no such network.
    """

    def __init__(
        self, path: Path, *, confidence: float = CONFIDENCE, names: Mapping[int, str] | None = None
    ) -> None:
        if not 0 < confidence < 1:
            raise InputError(f"The least score is {confidence}.", fix="Take one between 0 and 1.")
        header = read_onnx_header(path)
        if recognise(header) != "yolo":
            outputs = ", ".join(str(each.shape) for each in header.outputs)
            raise InputError(
                f"The layout of {path} is not understood: its outputs have the shapes {outputs}.",
                fix="Export a YOLO without masks or landmarks, or detect elsewhere and give a CSV of boxes.",
                path=path,
            )
        self._path, self._least = path, confidence
        self._names = class_names(path) if names is None else dict(names)
        self._network = OnnxNetwork(path, header)
        shape = header.inputs[0].shape
        taken = shape[2:] if len(shape) == 4 else (None, None)
        self._taken: tuple[int | None, int | None] = (taken[0], taken[1])

    def name_of(self, number: int) -> str:
        """Give the name of a class; ``class_7`` where the file has none."""
        return self._names.get(number, f"class_{number}")

    def detect(self, picture: NDArray[np.uint8]) -> Boxes:
        """Find objects in a picture, shape (height, width, 3), red, green, blue; boxes in its pixels.

        Raises
        ------
        InputError
            If what the network gives is not understood.
        """
        height, width = picture.shape[:2]
        target_h, target_w = self._taken
        if target_h is None or target_w is None:
            fit = _USUAL_PX / max(height, width)
            target_h = target_h or -(-round(height * fit) // _STEP_PX) * _STEP_PX
            target_w = target_w or -(-round(width * fit) // _STEP_PX) * _STEP_PX
        scale = min(target_w / width, target_h / height)
        size = (
            max(1, min(target_w, round(width * scale))),
            max(1, min(target_h, round(height * scale))),
        )
        left, top = (target_w - size[0]) // 2, (target_h - size[1]) // 2
        canvas = np.full((target_h, target_w, 3), _YOLO_GREY, dtype=np.uint8)
        canvas[top : top + size[1], left : left + size[0]] = cv2.resize(
            picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        )
        blob = cv2.dnn.blobFromImage(canvas, 1 / 255.0)
        outputs = self._network.run(np.asarray(blob, dtype=np.float32))
        try:
            boxes = decode_yolo(outputs[0], self._least)
        except ValueError as error:
            raise InputError(
                f"{self._path.name} gives {error}: not a layout that is understood.",
                fix="Export a YOLO without masks or landmarks, or detect elsewhere and give a CSV of boxes.",
                path=self._path,
            ) from error
        shift, factors = np.array([left, top] * 2), np.array([*size, *size]) / ([width, height] * 2)
        corners = np.clip((boxes.corners - shift) / factors, 0, [width, height] * 2)
        found = Boxes(corners=corners, score=boxes.score, number=boxes.number)
        inside = (corners[:, 2:] > corners[:, :2]).all(axis=1)
        return _without_duplicates(found.select(inside))


def detect_objects(
    root: Path | OpenDataset,
    detector: ObjectDetector | Path,
    out_csv: Path,
    *,
    sessions: Collection[str] | None = None,
    every_s: float = EVERY_S,
    progress: Progress = silent,
) -> Path:
    """Search the road videos of a data set, and write what is found as `read_box_csv` reads it.

    Parameters
    ----------
    root
        The data set.
    detector
        What finds objects, or the ONNX file of one.
    out_csv
        Written when all is done.
    sessions
        Those wanted; all that have a road video if None.
    every_s
        How often a road frame is searched.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If no session has a road video, or the network can't be used.
    OutputError
        If the file can't be written.
    """
    opened = root if isinstance(root, OpenDataset) else open_dataset(root, sessions=sessions)
    finder = ObjectDetector(detector) if isinstance(detector, Path) else detector
    names = [
        name
        for name, row in opened.rows.items()
        if row.get("road_video") and (sessions is None or name in sessions)
    ]
    if not names:
        raise InputError(
            f"{opened.folder} has no road videos of these sessions.",
            fix="Pack it with `--videos`, or detect elsewhere and give a CSV of boxes.",
            path=opened.folder,
        )
    found = {}
    for done, name in enumerate(names):

        def report(share: float, before: int = done) -> None:
            progress("looking for objects", (before + share) / len(names))

        found[name] = _in_session(opened, name, finder, every_s, report)
    return write_box_csv(Path(out_csv), found)


def _in_session(
    opened: OpenDataset,
    session_id: str,
    detector: ObjectDetector,
    every_s: float,
    report: Callable[[float], None],
) -> ObjectBoxes:
    corners: list[NDArray[np.float64]] = []
    score: list[float] = []
    kind: list[str] = []
    picture: list[int] = []
    moments: list[int] = []
    size_px: tuple[int, int] | None = None
    chosen = list(_wanted(opened, session_id, every_s))
    for place, (index, ticks) in enumerate(chosen):
        row = {"session_id": session_id, "road_pts": ticks}
        shown = open_video(row, "road", root=opened.folder)
        size_px = (int(shown.shape[1]), int(shown.shape[0]))
        boxes = detector.detect(shown)
        moments.append(index)
        corners.append(boxes.corners)
        score += boxes.score.tolist()
        kind += [detector.name_of(number) for number in boxes.number.tolist()]
        picture += [place] * len(boxes.score)
        report((place + 1) / len(chosen))
    return with_tracks(
        ObjectBoxes(
            session_id=session_id,
            clock="road_frame_index",
            moment=np.array(moments, dtype=np.float64),
            picture=np.array(picture, dtype=np.int64),
            corners_px=np.concatenate(corners) if corners else np.zeros((0, 4)),
            kind=np.array(kind, dtype=np.str_),
            score=np.array(score, dtype=np.float64),
            track_id=np.full(len(picture), NO_TRACK, dtype=np.int64),
            size_px=size_px,
        )
    )


def _wanted(opened: OpenDataset, session_id: str, every_s: float) -> Iterator[tuple[int, int]]:
    """Give index and ticks of road frames at least so far apart, as they are shown."""
    table = opened.table("frames", session_id, ["road_frame_index", "road_pts"])
    if table is None:
        return
    pairs = zip(*(table.column(name).to_pylist() for name in table.column_names), strict=True)
    last = -np.inf
    for index, ticks in sorted({pair for pair in pairs if None not in pair}):
        # A little less than asked for, so that 10 a second of 30 are every third frame.
        if ticks - last >= (every_s - 0.005) * 90_000:
            last = ticks
            yield index, ticks


def _without_duplicates(boxes: Boxes) -> Boxes:
    """Keep the surest of boxes that are one thing of the same class: a rider is not his motorcycle."""
    if not len(boxes.score):
        return boxes
    span = float(boxes.corners.max()) + 1
    apart = Boxes(
        corners=boxes.corners + (boxes.number * span)[:, None],
        score=boxes.score,
        number=np.arange(len(boxes.number)),
    )
    return boxes.select(without_duplicates(apart).number)
