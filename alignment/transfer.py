"""Gaze points from the ego view to the road view, with their errors."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .finite import finite_rows
from .frame_grid import Membership
from .frame_maps import FrameMaps
from .mapping import MapFrame, map_all
from .observations import from_triangles
from .turn_path import LONGEST_STEP_S

HEAD_SPEED_DEG_S = 30.0
"""Speed of the head that is reckoned with (1σ) where a sample lies between a frame that has a map and one
that hasn't."""

OUTSIDE_GROWTH = 6.0
"""By how much errors grow for each picture width that a point lies outside of the picture, beyond what the
covariance of the map says; measured on drives with truth."""

BEND = 0.12
"""Between two frames a sample's way differs from a straight one by about this part of its length (1σ): the
head speeds up and slows down."""

_BLOCK = 1 << 14


@dataclass(frozen=True, kw_only=True, eq=False)
class RoadGaze:
    """Points in the road view; NaN where there is none.

    Attributes
    ----------
    point_px
        Shape (n, 2). May lie far outside of the picture; it is never moved to its border.
    covariance_px2
        Shape (n, 2, 2).
    in_view
        Whether the point lies inside of the road picture, shape (n,); False where there is none.
    """

    point_px: NDArray[np.float64]
    covariance_px2: NDArray[np.float64]
    in_view: NDArray[np.bool_]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Where there is a point, shape (n,)."""
        return np.isfinite(self.point_px[:, 0])

    @property
    def error_px(self) -> NDArray[np.float64]:
        """Standard deviation per coordinate, shape (n,)."""
        return np.sqrt((self.covariance_px2[:, 0, 0] + self.covariance_px2[:, 1, 1]) / 2)


def carry_gaze(
    maps: FrameMaps,
    ego_px: NDArray[np.float64],
    frame_index: NDArray[np.int64],
) -> RoadGaze:
    """Carry points, each by the map of its frame.

    Parameters
    ----------
    maps
        The maps.
    ego_px
        Undistorted ego points, shape (n, 2).
    frame_index
        The frame of each, shape (n,).
    """
    point = np.full((len(ego_px), 2), np.nan)
    covariance = np.full((len(ego_px), 2, 2), np.nan)
    for start in range(0, len(ego_px), _BLOCK):
        block = slice(start, start + _BLOCK)
        index = frame_index[block]
        point[block], spread = map_all(
            maps.normal_map[index].reshape(-1, 3, 3),
            from_triangles(maps.covariance[index]),
            ego_px[block],
            maps.frame,
        )
        wider = _outside_factor(point[block], maps.frame) ** 2
        covariance[block] = wider[:, None, None] * (spread + maps.model_px2[index])
    lost = ~(finite_rows(point) & finite_rows(covariance))
    point[lost], covariance[lost] = np.nan, np.nan
    return RoadGaze(point_px=point, covariance_px2=covariance, in_view=maps.frame.contains(point))


def _outside_factor(points_px: NDArray[np.float64], frame: MapFrame) -> NDArray[np.float64]:
    """Give by how much errors are larger outside of the picture, where nothing was matched, shape (n,)."""
    last = np.array(frame.road_size_px) - 1.0
    away = np.maximum(np.maximum(-points_px, points_px - last), 0.0)
    return np.asarray(1 + OUTSIDE_GROWTH * np.hypot(*away.T) / frame.road_size_px[0])


def carry_samples(
    maps: FrameMaps,
    ego_px: NDArray[np.float64],
    member: Membership,
    sample_ns: NDArray[np.int64],
    frame_ns: NDArray[np.int64],
    *,
    road_px_per_rad: float,
) -> RoadGaze:
    """Carry gaze samples taken between two frames by the maps of both.

    The head turns up to some degrees from one frame to the next. A sample is carried by the map of the
    frame before and by that of the frame after it, and its point lies between the two as its time does.
    Where the other frame has no map, the nearest one's is taken, with an error that grows with the time
    between them.

    Parameters
    ----------
    maps
        As in `carry_gaze`.
    ego_px
        Undistorted ego points, shape (n, 2).
    member
        The nearest frame of each sample.
    sample_ns, frame_ns
        Times of the samples, shape (n,), and of the frames, ascending.
    road_px_per_rad
        Pixels of the road view to a radian.
    """
    nearest = np.where(member.found, member.index, 0)
    away_ns = sample_ns - frame_ns[nearest]
    other = np.clip(nearest + np.sign(away_ns), 0, len(frame_ns) - 1)
    here = carry_gaze(maps, ego_px, nearest)
    there = carry_gaze(maps, ego_px, other)
    step_ns = np.abs(frame_ns[other] - frame_ns[nearest])
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(step_ns > 0, np.abs(away_ns) / step_ns, 0.0)
    # beyond the ends of a recording, and between two parts of one, there is nothing to go between
    neighbours = (step_ns > 0) & (step_ns <= LONGEST_STEP_S * 1e9)
    both = here.known & there.known & neighbours
    part = np.where(both, part, 0.0)
    blend = part[:, None]
    point = np.where(
        both[:, None], (1 - blend) * here.point_px + blend * there.point_px, here.point_px
    )
    wide = blend[:, :, None]
    covariance = np.where(
        both[:, None, None],
        (1 - wide) * here.covariance_px2 + wide * there.covariance_px2,
        here.covariance_px2,
    )
    length = np.hypot(*(there.point_px - here.point_px).T)
    bend = np.where(both, BEND * 4 * part * (1 - part) * length, 0.0)
    covariance = covariance + (bend**2)[:, None, None] * np.eye(2)
    alone = here.known & ~both
    drift = np.radians(HEAD_SPEED_DEG_S) * np.abs(away_ns) / 1e9 * road_px_per_rad
    covariance = covariance + np.where(alone, drift**2, 0.0)[:, None, None] * np.eye(2)
    point[~member.found] = np.nan
    covariance[~member.found] = np.nan
    return RoadGaze(point_px=point, covariance_px2=covariance, in_view=maps.frame.contains(point))
