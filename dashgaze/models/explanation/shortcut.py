"""Whether the branch that sees the whole view looks at the driver or at the car."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .chosen_frames import Frames
from .displacement import LEAST_EFFECT, Head
from .occlusion import OcclusionMaps
from .picture_places import picture_place
from .session_means import Interval, session_interval

MARGIN = 0.25
"""The face's box is widened by so much of its size on each side before anything counts as outside."""


@dataclass(frozen=True, kw_only=True)
class ShortcutShare:
    """How much of an answer hangs on what is not the driver's face.

    Attributes
    ----------
    outside
        Share of the saliency outside of the widened box; None if the view has no effect on this head.
    area_outside
        Share of the picture's area outside of it: what a map without any preference would give.
    """

    outside: Interval | None
    area_outside: Interval


def shortcut_shares(
    frames: Frames, maps: OcclusionMaps, size_px: tuple[int, int], *, margin: float = MARGIN
) -> Mapping[Head, ShortcutShare]:
    """Measure how much of the driver view's saliency lies outside of the face.

    Parameters
    ----------
    frames
        Those of the maps.
    maps
        Of the driver view.
    size_px
        Of the picture that the network takes.
    margin
        See `MARGIN`.
    """
    inside = np.stack([_face_area(frames, row, size_px, margin) for row in range(len(frames))])
    area = session_interval(1 - inside.mean(axis=(1, 2)), frames.sessions)
    if area is None:
        raise ValueError("no frame to measure on")
    answer: dict[Head, ShortcutShare] = {}
    for head, moved in maps.moved.items():
        total = moved.sum(axis=(1, 2))
        outside = np.where(inside, 0.0, moved).sum(axis=(1, 2))
        # A frame in which nothing has an effect has no share.
        felt = moved.max(axis=(1, 2)) >= LEAST_EFFECT[head]
        share = np.full(len(frames), np.nan)
        share[felt] = outside[felt] / total[felt]
        answer[head] = ShortcutShare(
            outside=session_interval(share, frames.sessions), area_outside=area
        )
    return answer


def _face_area(
    frames: Frames, row: int, size_px: tuple[int, int], margin: float
) -> NDArray[np.bool_]:
    """Mark the widened box in the picture, shape (height, width)."""
    place = picture_place(frames.samples, row, "driver", size_px)
    left, top, width, height = frames.samples.face_box_px[row]
    corners = np.array(
        [
            [left - margin * width, top - margin * height],
            [left + (1 + margin) * width, top + (1 + margin) * height],
        ]
    )
    if place is None:
        raise ValueError("the driver view has a place in itself")
    (x0, y0), (x1, y1) = place.points_px(corners)
    x, y = np.arange(size_px[0])[None, :], np.arange(size_px[1])[:, None]
    return np.asarray((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))
