"""What of the road view the ego view shows, and where."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

from .ego_camera import EgoCamera
from .features import Region
from .finite import finite_rows
from .mapping import MapFrame

_GRID = 9
_LEAST_REGION_PX = 96


@dataclass(frozen=True, kw_only=True, eq=False)
class ViewGeometry:
    """The two views.

    Attributes
    ----------
    camera
        The scene camera.
    frame
        Coordinates of maps; it knows the size of the road picture.
    """

    camera: EgoCamera
    frame: MapFrame

    def common_view(self, road_from_ego: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give a grid of road points that the ego view shows, as undistorted ego points, shape (n, 2)."""
        ego, front = transfer_back(road_from_ego, _grid(self.frame.road_size_px))
        shown = self.camera.distort(ego)
        with np.errstate(invalid="ignore"):
            seen = front & ((shown >= 0) & (shown < np.array(self.camera.size_px))).all(axis=1)
        return ego[seen]

    def common_share(self, road_from_ego: NDArray[np.float64]) -> float:
        """Give the share of the road picture that the ego view contains, 0 … 1."""
        return len(self.common_view(road_from_ego)) / (_GRID * _GRID)

    def apart_px(
        self, one: NDArray[np.float64], other: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Give how far two homographies are apart in the view that `other` has in common; None without."""
        points = self.common_view(other)
        if not len(points):
            return None
        return np.asarray(np.hypot(*(transfer(one, points) - transfer(other, points)).T))

    def road_region(
        self, road_from_ego: NDArray[np.float64], radius_px: float, margin_px: float
    ) -> Region | None:
        """Find the rectangle of the ego picture in which the road is.

        Parameters
        ----------
        road_from_ego
            Where it is, about, shape (3, 3).
        radius_px
            How wrong that may be, road px.
        margin_px
            What is to be added on each side, ego px.

        Returns
        -------
        Region or None
            None where hardly anything of it is inside.
        """
        ego, front = transfer_back(road_from_ego, _border(self.frame.road_size_px))
        shown = self.camera.distort(ego[front])
        shown = shown[finite_rows(shown)]
        if len(shown) < 2:
            return None
        margin = radius_px * self._ego_px_per_road_px(road_from_ego) + margin_px
        low = np.maximum(np.floor(shown.min(axis=0) - margin), 0)
        high = np.minimum(np.ceil(shown.max(axis=0) + margin), self.camera.size_px)
        if (high - low < _LEAST_REGION_PX).any():
            return None
        return Region(left=int(low[0]), top=int(low[1]), right=int(high[0]), bottom=int(high[1]))

    def _ego_px_per_road_px(self, road_from_ego: NDArray[np.float64]) -> float:
        """Give the scale between the views near the middle of the road picture."""
        width, height = self.frame.road_size_px
        middle = np.array([[width / 2, height / 2], [width / 2 + 10, height / 2]])
        ego, front = transfer_back(road_from_ego, middle)
        return float(np.hypot(*(ego[1] - ego[0]))) / 10 if front.all() else 1.0


@lru_cache(maxsize=4)
def _grid(size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Give points all over a picture, shape (n, 2); not to be changed."""
    width, height = size_px
    x, y = np.meshgrid(np.linspace(0, width - 1, _GRID), np.linspace(0, height - 1, _GRID))
    return np.column_stack([x.ravel(), y.ravel()])


@lru_cache(maxsize=4)
def _border(size_px: tuple[int, int]) -> NDArray[np.float64]:
    """Give points along the border of a picture, shape (n, 2); not to be changed."""
    along = np.linspace(0, 1, _GRID)
    zero, one = np.zeros_like(along), np.ones_like(along)
    sides = ((along, zero), (along, one), (zero, along), (one, along))
    return np.concatenate([np.column_stack(side) for side in sides]) * size_px


@compiled
def transfer(homography: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points, shape (n, 2); NaN behind the camera."""
    h = homography
    determinant = (
        h[0, 0] * (h[1, 1] * h[2, 2] - h[1, 2] * h[2, 1])
        - h[0, 1] * (h[1, 0] * h[2, 2] - h[1, 2] * h[2, 0])
        + h[0, 2] * (h[1, 0] * h[2, 1] - h[1, 1] * h[2, 0])
    )
    result = np.full((len(points), 2), np.nan)
    for i in range(len(points)):
        x, y = points[i, 0], points[i, 1]
        depth = h[2, 0] * x + h[2, 1] * y + h[2, 2]
        # in front, whatever the sign of the whole
        if depth * determinant > 0:
            result[i, 0] = (h[0, 0] * x + h[0, 1] * y + h[0, 2]) / depth
            result[i, 1] = (h[1, 0] * x + h[1, 1] * y + h[1, 2]) / depth
    return result


def transfer_back(
    homography: NDArray[np.float64], points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Map points the other way, shape (n, 2), and tell which come from in front of the camera."""
    back = transfer(np.asarray(np.linalg.inv(homography), dtype=np.float64), points)
    return back, finite_rows(back)
