"""Which frames belong together when scores are broken down."""

import numpy as np

from ..contract.study import BoolArray, FloatArray
from .gaze_frames import GazeFrames
from .options import LabelledBoxes

NO_OBJECT = "no object"

_CENTRE_BANDS: tuple[tuple[str, float, float], ...] = (
    ("inner tenth of the width", 0.0, 0.1),
    ("0.1–0.2 of the width", 0.1, 0.2),
    ("0.2–0.3 of the width", 0.2, 0.3),
    ("beyond 0.3 of the width", 0.3, np.inf),
)


def centre_bands(frames: GazeFrames) -> dict[str, BoolArray]:
    """Group frames by the distance of gaze from the middle of the picture, over its width."""
    middle = (np.array(frames.size_px, dtype=np.float64) - 1) / 2
    return _bands(np.linalg.norm(frames.gaze_px - middle, axis=1) / frames.size_px[0])


def vanishing_point_bands(frames: GazeFrames) -> dict[str, BoolArray]:
    """Group frames by the distance of gaze from the vanishing point, over the width; those without one are in none."""
    away = np.linalg.norm(frames.gaze_px - frames.vanishing_point_px, axis=1)
    return _bands(away / frames.size_px[0])


def object_classes(frames: GazeFrames, boxes: LabelledBoxes | None) -> dict[str, BoolArray]:
    """Group frames by the objects that gaze lies on, each class of which may hold it; empty without boxes.

    Frames of which no box is known are in no group: they may hold objects all the same.

    Parameters
    ----------
    frames
        The frames.
    boxes
        Objects of the session.
    """
    if boxes is None or not len(boxes.label):
        return {}
    order = np.argsort(boxes.road_frame_index, kind="stable")
    index = boxes.road_frame_index[order]
    first = np.searchsorted(index, frames.road_frame_index, side="left")
    count = np.searchsorted(index, frames.road_frame_index, side="right") - first
    row = np.repeat(np.arange(len(frames)), count)
    place = (
        np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
    )
    box = boxes.box_px[order][place]
    x, y = frames.gaze_px[row].T
    hit = (x >= box[:, 0]) & (x <= box[:, 2]) & (y >= box[:, 1]) & (y <= box[:, 3])
    label = boxes.label[order][place]
    groups: dict[str, BoolArray] = {}
    on_any = np.zeros(len(frames), dtype=np.bool_)
    for name in np.unique(label).tolist():
        flags = np.zeros(len(frames), dtype=np.bool_)
        flags[row[hit & (label == name)]] = True
        groups[str(name)] = flags
        on_any |= flags
    groups[NO_OBJECT] = (count > 0) & ~on_any
    return groups


def _bands(distance: FloatArray) -> dict[str, BoolArray]:
    return {name: (distance >= low) & (distance < high) for name, low, high in _CENTRE_BANDS}
