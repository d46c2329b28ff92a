"""Where straight edges of the road meet: a second witness of the direction, by day.

Kerbs, markings and shadows' edges along a straight road meet at its vanishing point. That is the road's direction,
not the car's, and on roads without lines it is nobody's: it is compared with the focus of expansion, never mixed
into it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .picture_flow import Luma, WorkingView

FloatArray = NDArray[np.float64]

FEWEST_VOTES = 5
"""Pictures whose lines have to meet before anything is said."""

_DAYLIGHT_LUMA = 60.0
_LEAST_LENGTH_PX, _MOST_LINES = 25.0, 60
_FLATTEST_DEG, _STEEPEST_DEG = 8.0, 75.0
_AGREE_RAD = float(np.radians(1.5))
_FEWEST_A_SIDE = 3
_WINDOW_RAD = (float(np.radians(20.0)), float(np.radians(14.0)))
_LEAST_CROSSING_RAD = float(np.radians(12.0))


@dataclass(frozen=True, kw_only=True, eq=False)
class LineVote:
    """Where the lines of one picture meet.

    Attributes
    ----------
    time_s
        Of the picture.
    point
        Tangents to the right and down in the camera's axes, shape (2,).
    line_count
        Lines that meet there.
    """

    time_s: float
    point: FloatArray
    line_count: int


@dataclass(frozen=True, kw_only=True)
class LineAgreement:
    """What the lines say of a session.

    Attributes
    ----------
    vote_count
        Pictures, on straight stretches, in which lines meet.
    point_deg
        Median of where they meet: to the right and down from the optical axis; None if too few.
    se_deg
        Standard errors of it; None if too few.
    """

    vote_count: int
    point_deg: tuple[float, float] | None
    se_deg: tuple[float, float] | None


def line_vote(
    picture: Luma, view: WorkingView, usable: Luma | None, *, time_s: float
) -> LineVote | None:
    """Find where the lines of a picture meet; None in the dark, or where they do not meet.

    Parameters
    ----------
    picture
        Of the reduced size.
    view
        That size.
    usable
        0 on static parts; None if there are none.
    time_s
        When it was taken.
    """
    return meeting_point(
        view.tangents(line_ends(picture, usable).astype(np.float64)), time_s=time_s
    )


def line_ends(picture: Luma, usable: Luma | None) -> NDArray[np.float32]:
    """Find the longest lines of a picture that may be the road's; none in the dark.

    Parameters
    ----------
    picture
        Of the reduced size.
    usable
        0 on static parts; None if there are none.

    Returns
    -------
    NDArray[np.float32]
        Both ends of k lines, shape (k, 2, 2), px of the reduced picture.
    """
    if float(picture.mean()) < _DAYLIGHT_LUMA:
        return np.zeros((0, 2, 2), dtype=np.float32)
    # None without lines, whatever its types say.
    found: Any = cv2.createLineSegmentDetector().detect(picture)[0]
    if found is None:
        return np.zeros((0, 2, 2), dtype=np.float32)
    shown = found.reshape(-1, 2, 2)
    ends = shown.astype(np.float64)
    if usable is not None:
        size_px = np.array(usable.shape[::-1])
        x, y = np.clip(np.rint(ends.mean(axis=1)).astype(int), 0, size_px - 1).T
        shown, ends = shown[usable[y, x] > 0], ends[usable[y, x] > 0]
    span = ends[:, 1] - ends[:, 0]
    length = np.hypot(*span.T)
    slant = np.degrees(np.arctan2(np.abs(span[:, 1]), np.abs(span[:, 0])))
    kept = (length > _LEAST_LENGTH_PX) & (slant > _FLATTEST_DEG) & (slant < _STEEPEST_DEG)
    order = np.flatnonzero(kept)[np.argsort(-length[kept], kind="stable")][:_MOST_LINES]
    return np.ascontiguousarray(shown[order], dtype=np.float32)


def meeting_point(ends: FloatArray, *, time_s: float = 0.0) -> LineVote | None:
    """Find where most lines meet: all crossings of two are tried, each line votes by its length.

    Parameters
    ----------
    ends
        Both ends of n lines in the camera's axes, shape (n, 2, 2).
    time_s
        When the picture was taken.
    """
    middle, span = ends.mean(axis=1), ends[:, 1] - ends[:, 0]
    length = np.hypot(*span.T)
    if len(ends) < 2 * _FEWEST_A_SIDE:
        return None
    unit = span / length[:, None]
    normal = np.column_stack([-unit[:, 1], unit[:, 0]])
    offset = (normal * middle).sum(axis=1)
    first, second = np.triu_indices(len(ends), 1)
    crossing = normal[first, 0] * normal[second, 1] - normal[first, 1] * normal[second, 0]
    kept = np.abs(crossing) > np.sin(_LEAST_CROSSING_RAD)
    first, second, crossing = first[kept], second[kept], crossing[kept]
    x = (offset[first] * normal[second, 1] - offset[second] * normal[first, 1]) / crossing
    y = (normal[first, 0] * offset[second] - normal[second, 0] * offset[first]) / crossing
    inside = (np.abs(x) < _WINDOW_RAD[0]) & (np.abs(y) < _WINDOW_RAD[1])
    if not inside.any():
        return None
    points = np.column_stack([x[inside], y[inside]])
    agree = _agree(points, middle, normal, offset)
    best = int(np.argmax((agree * length).sum(axis=1)))
    point, chosen = points[best], agree[best]
    for _ in range(3):
        weight = (length[chosen] / np.hypot(*(middle[chosen] - point).T)) ** 2
        matrix = (normal[chosen] * weight[:, None]).T @ normal[chosen]
        if np.linalg.cond(matrix) > 1e4:
            return None
        point = np.linalg.solve(matrix, (normal[chosen] * weight[:, None]).T @ offset[chosen])
        again = _agree(point[None], middle, normal, offset)[0]
        if again.sum() < 2 * _FEWEST_A_SIDE:
            return None
        chosen = again
    left = int((middle[chosen, 0] < point[0]).sum())
    if min(left, int(chosen.sum()) - left) < _FEWEST_A_SIDE:
        return None
    return LineVote(time_s=time_s, point=point, line_count=int(chosen.sum()))


def gather_votes(votes: Sequence[LineVote]) -> LineAgreement:
    """Put the votes of a session's straight stretches together: their median, and how well it is known."""
    if len(votes) < FEWEST_VOTES:
        return LineAgreement(vote_count=len(votes), point_deg=None, se_deg=None)
    points = np.degrees(np.arctan([each.point for each in votes]))
    middle = np.median(points, axis=0)
    spread = 1.4826 * np.median(np.abs(points - middle), axis=0)
    error = 1.2533 * spread / np.sqrt(len(points))
    return LineAgreement(
        vote_count=len(votes),
        point_deg=(float(middle[0]), float(middle[1])),
        se_deg=(float(error[0]), float(error[1])),
    )


def _agree(
    points: FloatArray, middle: FloatArray, normal: FloatArray, offset: FloatArray
) -> NDArray[np.bool_]:
    """Tell which lines point to which points, shape (k, n): by the angle seen from the line's middle."""
    away = np.hypot(*np.moveaxis(points[:, None] - middle[None], -1, 0))
    beside = np.abs(points @ normal.T - offset)
    # Lines that hold the point themselves say nothing: a mast against the sky.
    return np.asarray((beside < _AGREE_RAD * away) & (away > 0.03) & (middle[:, 1] > points[:, 1:]))
