"""Parts of the plain face, to say in words and shares where a map lies."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dashgaze.face_detection.head_pose import FACE_MM

from .face_surface import PICTURE_SIZE_PX, frontal_px_from_mm, half_width_mm

FloatArray = NDArray[np.float64]

EYE_REACH_MM = (24.0, 17.0)
"""Half width and height of an eye with its lids and brow's edge, ellipse."""

_NOSE_MM = (17.0, 24.0)
_MOUTH_MM = (33.0, 17.0)

TITLES: Mapping[str, str] = {
    "left_eye": "the driver's left eye",
    "right_eye": "the driver's right eye",
    "nose": "nose",
    "mouth": "mouth",
    "rest": "rest of the face",
}


def regions() -> dict[str, NDArray[np.bool_]]:
    """Mark the parts of the canonical picture, shape (height, width) each; they don't overlap."""
    width, height = PICTURE_SIZE_PX
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    marks = frontal_px_from_mm(FACE_MM)
    mouth = marks[3:].mean(axis=0)
    found = {
        "left_eye": _ellipse(x, y, marks[0], EYE_REACH_MM),
        "right_eye": _ellipse(x, y, marks[1], EYE_REACH_MM),
        "nose": _ellipse(x, y, marks[2] - (0, 12.0), _NOSE_MM),
        "mouth": _ellipse(x, y, mouth, _MOUTH_MM),
    }
    taken = np.zeros((height, width), dtype=np.bool_)
    for name, mask in found.items():
        found[name] = mask & ~taken
        taken |= mask
    return found | {"rest": ~taken}


def region_shares(of_map: FloatArray) -> dict[str, dict[str, float]]:
    """Give the share of a map's sum that lies in each part, and the share of its area.

    Parameters
    ----------
    of_map
        Canonical map, shape (height, width), not negative; NaN where unknown.
    """
    known = np.isfinite(of_map)
    total = float(of_map[known].sum())
    return {
        name: {
            "share": float(of_map[mask & known].sum()) / total if total > 0 else 0.0,
            "area": float((mask & known).sum() / max(1, known.sum())),
        }
        for name, mask in regions().items()
    }


def outlines_px() -> list[FloatArray]:
    """Give the lines of a drawn face in the canonical picture, each of shape (k, 2)."""
    turn = np.linspace(0, 2 * np.pi, 49)
    y = np.linspace(-86.0, 116.0, 60)
    side = half_width_mm(np.clip(y, -80.0, 116.0)) + 2.0
    arc = np.linspace(0, np.pi, 25)[1:-1]
    crown = np.stack([-side[0] * np.cos(arc), y[0] - 12 * np.sin(arc)], axis=1)
    half = np.stack([side, y], axis=1)
    face = np.concatenate([half, half[::-1] * (-1, 1), crown, half[:1]])
    lines = [face]
    for eye in FACE_MM[:2]:
        lines.append(eye[:2] + np.stack([14 * np.cos(turn), 5.5 * np.sin(turn)], axis=1))
        lines.append(eye[:2] + np.stack([5 * np.cos(turn), 5 * np.sin(turn)], axis=1))
        along = np.linspace(-18, 18, 13)
        lines.append(np.stack([eye[0] + along, -20 - 4 * np.cos(along / 13)], axis=1))
    nose = np.array([[-6, 4], [-9, 34], [-14, 44], [-6, 50], [6, 50], [14, 44], [9, 34], [6, 4]])
    mouth = np.stack([25.5 * np.cos(turn), 68 + 7 * np.sin(turn)], axis=1)
    middle = np.array([[-25.5, 68.0], [-10, 67], [0, 68.5], [10, 67], [25.5, 68.0]])
    return [frontal_px_from_mm(line) for line in (*lines, nose.astype(np.float64), mouth, middle)]


def _ellipse(
    x: NDArray[np.int64], y: NDArray[np.int64], middle: FloatArray, reach: tuple[float, float]
) -> NDArray[np.bool_]:
    off = ((x - middle[0]) / reach[0]) ** 2 + ((y - middle[1]) / reach[1]) ** 2
    return np.asarray(off <= 1.0)
