"""Which looks are on boxes, by three rules."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..contract.study import BoolArray, FloatArray, IndexArray
from .box_mass import box_mass
from .placing import PlacedBoxes

Rule = Literal["box", "margin", "probability"]
RULES: tuple[Rule, ...] = ("box", "margin", "probability")

NOWHERE = -1
_REACH_SD = 5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Looks:
    """Gaze of n frames that are compared with boxes; arrays of shape (n, …).

    Attributes
    ----------
    row
        Of the session, ascending.
    gaze_px
        In the road view, shape (n, 2).
    covariance_px2
        xx, xy, yy of its whole error, mapping and tracker together, shape (n, 3).
    margin_px
        Of 1°, or what was chosen, across and down, shape (n, 2).
    fixation
        Number from 0; −1 outside of fixations.
    """

    row: IndexArray
    gaze_px: FloatArray
    covariance_px2: FloatArray
    margin_px: FloatArray
    fixation: IndexArray

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, kw_only=True, eq=False)
class Hits:
    """What n looks are on.

    Attributes
    ----------
    box, margin
        Place of the box that gaze is in, and in or within the margin of; −1 for none, shape (n,).
    look, at, mass
        Looks, boxes, and the mass of gaze in what is seen of the box, for q pairs with any, shape (q,).
    """

    box: IndexArray
    margin: IndexArray
    look: IndexArray
    at: IndexArray
    mass: FloatArray


def find_hits(looks: Looks, placed: PlacedBoxes, picture: IndexArray) -> Hits:
    """Compare gaze with boxes.

    Where boxes cover one another, the nearer one is looked at: see `visible_parts`.

    Parameters
    ----------
    looks
        Gaze.
    placed
        Boxes.
    picture
        Place of the picture whose boxes each look is compared with; −1 for none, shape (n,).
    """
    parts, boxes = placed.parts, placed.boxes
    look, part = _pairs(picture, parts.first)
    corners, gaze = parts.corners_px[part], looks.gaze_px[look]
    inside = _inside(corners, gaze, 0.0)
    box = np.full(len(looks), NOWHERE, dtype=np.int64)
    box[look[inside]] = parts.box[part[inside]]

    sd = np.sqrt(looks.covariance_px2[:, [0, 2]])[look]
    near = _inside(corners, gaze, _REACH_SD * sd)
    look_near, part_near = look[near], part[near]
    mass = box_mass(corners[near], gaze[near], looks.covariance_px2[look_near])

    first_box = np.searchsorted(boxes.picture, np.arange(len(boxes.moment) + 1))
    look_b, at_b = _pairs(picture, first_box)
    wide = _inside(boxes.corners_px[at_b], looks.gaze_px[look_b], looks.margin_px[look_b])
    look_b, at_b = look_b[wide], at_b[wide]
    margin = np.full(len(looks), NOWHERE, dtype=np.int64)
    # Of several the nearest one, whose lower edge is lowest, is written last.
    order = np.argsort(boxes.corners_px[at_b, 3], kind="stable")
    margin[look_b[order]] = at_b[order]
    margin = np.where(box >= 0, box, margin)
    return Hits(box=box, margin=margin, look=look_near, at=parts.box[part_near], mass=mass)


def whole_covariance(
    gaze_px: FloatArray,
    stated_px2: FloatArray,
    tracker_error_deg: float,
    focal_px: float,
    size_px: tuple[int, int],
) -> FloatArray:
    """Add the tracker's error to what is stated for carrying gaze over: xx, xy, yy, shape (n, 3), px².

    An error of the same angle in all directions is f² (1 + r²) (I + p pᵀ) σ² in pixels, with p = (x, y) / f from
    the middle of the picture and r = ‖p‖: larger towards the edges.

    Parameters
    ----------
    gaze_px
        Shape (n, 2).
    stated_px2
        Covariance of the mapping, shape (n, 3); what is not known counts as none.
    tracker_error_deg
        Standard deviation in each axis.
    focal_px
        Of the road camera.
    size_px
        Width and height of its picture.
    """
    x, y = _tangents(gaze_px, focal_px, size_px).T
    scale = (np.radians(tracker_error_deg) * focal_px) ** 2 * (1 + x * x + y * y)
    tracker = np.column_stack([scale * (1 + x * x), scale * x * y, scale * (1 + y * y)])
    known = np.isfinite(stated_px2).all(axis=1, keepdims=True)
    return np.asarray(tracker + np.where(known, stated_px2, 0.0), dtype=np.float64)


def margin_px(
    gaze_px: FloatArray, margin_deg: float, focal_px: float, size_px: tuple[int, int]
) -> FloatArray:
    """Give how wide and high an angle is in pixels where gaze is, shape (n, 2)."""
    x, y = _tangents(gaze_px, focal_px, size_px).T
    scale = np.radians(margin_deg) * focal_px * np.sqrt(1 + x * x + y * y)
    return np.asarray(
        np.column_stack([scale * np.sqrt(1 + x * x), scale * np.sqrt(1 + y * y)]), dtype=np.float64
    )


def _tangents(gaze_px: FloatArray, focal_px: float, size_px: tuple[int, int]) -> FloatArray:
    middle = (np.array(size_px) - 1) / 2
    return np.asarray((gaze_px - middle) / focal_px, dtype=np.float64)


def _inside(corners: FloatArray, gaze: FloatArray, more: FloatArray | float) -> BoolArray:
    inside = (gaze >= corners[:, :2] - more) & (gaze < corners[:, 2:] + more)
    return np.asarray(inside.all(axis=1), dtype=np.bool_)


def _pairs(picture: IndexArray, first: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Give each look with each of its picture's rectangles."""
    known = np.flatnonzero(picture >= 0)
    start = first[picture[known]]
    count = first[picture[known] + 1] - start
    look = np.repeat(known, count)
    within = np.arange(len(look)) - np.repeat(np.cumsum(count) - count, count)
    return look.astype(np.int64), (np.repeat(start, count) + within).astype(np.int64)
