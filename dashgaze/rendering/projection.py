"""The road picture as the scene camera would see it, laid over what it did see.

A map holds at the time of its ego frame; the road picture beside it is up to half a frame interval away, which
shows where the car turns or things are near.
"""

import itertools
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.ego_camera import EgoCamera

from .canvas import Plane
from .gaze_rows import GazeRows
from .scaling import scaled

PROJECTED_ASPECT = 4 / 3
"""Width / height of the panel."""

# The part of the ego view that is shown is so much wider than the road picture in it.
_ROOM = 1.2
# Frames over which the middle of that part is averaged.
_SMOOTH_FRAMES = 5
_NARROWEST_SHARE = 0.3

# Differences of brightness count against the contrast around them, so that another exposure doesn't.
_AROUND_PX = 15  # of colour, which has half the size
_LEAST_CONTRAST = 12.0
_COLOUR_GAIN = 34.0
_MOST_DIFFERENCE = 2.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """The part of the ego view that is shown, for each of n ego frames.

    It follows the road picture, which takes up little of the ego view and moves with the head.

    Attributes
    ----------
    corner_px
        First column and row, shape (n, 2), whole numbers.
    size_px
        Width and height.
    """

    corner_px: NDArray[np.int64]
    size_px: tuple[int, int]

    @classmethod
    def whole(cls, count: int, camera: EgoCamera) -> Self:
        """Choose as much as fits into the panel, for `count` frames."""
        size, corner = _placed(float("inf"), np.tile(_middle(camera), (count, 1)), camera)
        return cls(corner_px=corner, size_px=size)

    @classmethod
    def around_road(cls, rows: GazeRows, camera: EgoCamera, road_px: tuple[int, int]) -> Self:
        """Choose it from the homographies of a drive."""
        middle, extent = _road_in_ego(rows, camera, road_px)
        known = np.flatnonzero(np.isfinite(middle).all(axis=1))
        if not len(known):
            return cls.whole(len(rows), camera)
        wanted = np.maximum(extent[known, 0], PROJECTED_ASPECT * extent[known, 1])
        place = np.empty((len(rows), 2))
        for axis in range(2):
            filled = np.interp(np.arange(len(rows)), known, middle[known, axis])
            edged = np.pad(filled, _SMOOTH_FRAMES // 2, mode="edge")
            place[:, axis] = np.convolve(
                edged, np.full(_SMOOTH_FRAMES, 1 / _SMOOTH_FRAMES), "valid"
            )
        size, corner = _placed(_ROOM * float(np.median(wanted)), place, camera)
        return cls(corner_px=corner, size_px=size)


def _middle(camera: EgoCamera) -> NDArray[np.float64]:
    return (np.array(camera.size_px) - 1) / 2


def _placed(
    width: float, middle: NDArray[np.float64], camera: EgoCamera
) -> tuple[tuple[int, int], NDArray[np.int64]]:
    """Give the size of a window and its corners, shape (n, 2), all of it inside the ego view."""
    full_width, full_height = camera.size_px
    width = max(_NARROWEST_SHARE * full_width, width)
    width = min(width, full_width, full_height * PROJECTED_ASPECT)
    size = np.array([2 * int(width / 2), 2 * int(width / PROJECTED_ASPECT / 2)])
    corner = np.clip(np.rint(middle - size / 2), 0, np.array(camera.size_px) - size)
    return (int(size[0]), int(size[1])), corner.astype(np.int64)


class Projection:
    """Lays road pictures over ego pictures.

    Parameters
    ----------
    camera
        The scene camera.
    road_px
        Width and height of road pictures.
    window
        The part of the ego view that is shown.
    size_px
        Width and height of the panel.
    """

    def __init__(
        self,
        camera: EgoCamera,
        road_px: tuple[int, int],
        window: Window,
        size_px: tuple[int, int],
    ) -> None:
        self._camera, self._road_px, self._window, self._size_px = camera, road_px, window, size_px
        width, height = camera.size_px
        x, y = np.meshgrid(np.arange(width, dtype=np.float64), np.arange(height, dtype=np.float64))
        straight = camera.undistort(np.column_stack([x.ravel(), y.ravel()]))
        self._straight = straight.astype(np.float32).reshape(height, width, 2)
        # Road pictures that are much finer than the panel would flicker.
        finer = window.size_px[0] / size_px[0]
        self._reduction = 2 if finer > 1.6 and min(road_px) > 300 else 1

    def crop(self, ego: Plane, row: int) -> Plane:
        """Give the part of an ego picture that is shown, in the size of the panel."""
        x, y = self._window.corner_px[row].tolist()
        width, height = self._window.size_px
        return scaled(ego[y : y + height, x : x + width], self._size_px)

    def to_panel(self, ego_px: NDArray[np.float64], row: int) -> NDArray[np.float64]:
        """Take (distorted) ego points to the panel, shape (n, 2)."""
        scale = np.array(self._size_px) / self._window.size_px
        return np.asarray((ego_px - self._window.corner_px[row] + 0.5) * scale - 0.5)

    def outline(self, road_from_ego: NDArray[np.float64], row: int) -> NDArray[np.float64]:
        """Give the border of the road picture in the panel, shape (n, 2); NaN beyond the lens."""
        undistorted = _unmapped(_border(self._road_px), road_from_ego)
        return self.to_panel(self._camera.distort(undistorted), row)

    def overlay(
        self, ego: Plane, road: Plane, road_from_ego: NDArray[np.float64], row: int
    ) -> tuple[Plane, Plane, Plane]:
        """Lay a road picture over an ego picture: grey where both show the same.

        Brightness is the mean of the two. Where the road picture is brighter, against the contrast
        around, it is orange; where the ego picture is, blue. An error of mapping shows as a pair of
        orange and blue edges.

        Parameters
        ----------
        ego, road
            Brightness of the two pictures, in their own sizes.
        road_from_ego
            The homography, shape (3, 3).
        row
            The ego frame.

        Returns
        -------
        y, u, v
            The panel.
        """
        seen = self.crop(ego, row)
        # outside of the road picture the ego view is darker, so that one sees where it ends
        y = np.asarray(cv2.convertScaleAbs(seen, alpha=0.72, beta=16 * 0.28), dtype=np.uint8)
        u, v = (np.full((y.shape[0] // 2, y.shape[1] // 2), 128, np.uint8) for _ in range(2))
        found = self._part(road_from_ego, row)
        if found is None:
            return y, u, v
        rows, columns, half_rows, half_columns = found
        warped, inside = self._warp(road, road_from_ego, row, rows, columns)
        under = seen[rows, columns]
        both = np.asarray(cv2.addWeighted(under, 0.5, warped, 0.5, 0.0), dtype=np.uint8)
        cv2.copyTo(both, inside, y[rows, columns])
        size = both.shape[1] // 2, both.shape[0] // 2
        small = [
            cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (under, warped, inside)
        ]
        difference = _contrast(small[1]) - _contrast(small[0])
        np.clip(difference, -_MOST_DIFFERENCE, _MOST_DIFFERENCE, out=difference)
        tint = difference * (small[2].astype(np.float32) * np.float32(_COLOUR_GAIN / 255))
        u[half_rows, half_columns] = (128.5 - tint).astype(np.uint8)
        v[half_rows, half_columns] = (128.5 + 0.7 * tint).astype(np.uint8)
        return y, u, v

    def _part(
        self, road_from_ego: NDArray[np.float64], row: int
    ) -> tuple[slice, slice, slice, slice] | None:
        """Give rows and columns of the panel that the road picture covers, and those of its colour."""
        border = self.outline(road_from_ego, row)
        size = np.array(self._size_px)
        if np.isfinite(border).all():
            low = np.floor(border.min(axis=0) / 2).astype(int) * 2 - 2
            high = np.ceil(border.max(axis=0) / 2).astype(int) * 2 + 4
        else:  # beyond the lens in places: look everywhere
            low, high = np.zeros(2, dtype=int), size
        low, high = np.clip(low, 0, size), np.clip(high, 0, size)
        if (high - low < 8).any():
            return None
        (x0, y0), (x1, y1) = low.tolist(), high.tolist()
        return slice(y0, y1), slice(x0, x1), slice(y0 // 2, y1 // 2), slice(x0 // 2, x1 // 2)

    def _warp(
        self,
        road: Plane,
        road_from_ego: NDArray[np.float64],
        row: int,
        rows: slice,
        columns: slice,
    ) -> tuple[Plane, Plane]:
        """Give a part of the panel as the road camera saw it, and where it did (0 or 255)."""
        x, y = self._window.corner_px[row].tolist()
        width, height = self._window.size_px
        straight = np.asarray(
            cv2.resize(
                self._straight[y : y + height, x : x + width],
                self._size_px,
                interpolation=cv2.INTER_LINEAR,
            ),
            dtype=np.float32,
        )[rows, columns]
        mapped = np.asarray(cv2.perspectiveTransform(straight, road_from_ego), dtype=np.float32)
        last = self._road_px[0] - 1.0, self._road_px[1] - 1.0
        inside = np.asarray(cv2.inRange(mapped, (0.0, 0.0), last), dtype=np.uint8)
        corners = straight[[0, 0, -1, -1], [0, -1, 0, -1]]
        third = road_from_ego[2]
        if not (corners @ third[:2] + third[2] > 0).all():
            # what lies behind the road camera is mapped as well, upside down
            inside[straight @ third[:2] + third[2] <= 0] = 0
        if self._reduction > 1:
            small = self._road_px[0] // self._reduction, self._road_px[1] // self._reduction
            scale = np.array(small, dtype=np.float32) / np.array(self._road_px, dtype=np.float32)
            road = scaled(road, small)
            mapped = np.asarray((mapped + 0.5) * scale - 0.5, dtype=np.float32)
        warped = cv2.remap(
            road, mapped[..., 0], mapped[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(warped, dtype=np.uint8), inside


def _contrast(picture: object) -> NDArray[np.float32]:
    """Give brightness against what is around, in standard deviations."""
    bright = np.asarray(picture, dtype=np.float32)
    size = (_AROUND_PX, _AROUND_PX)
    mean = np.asarray(cv2.blur(bright, size), dtype=np.float32)
    square = np.asarray(cv2.sqrBoxFilter(bright, cv2.CV_32F, size), dtype=np.float32)
    spread = np.sqrt(np.maximum(square - mean * mean, np.float32(0)))
    return np.asarray((bright - mean) / (spread + np.float32(_LEAST_CONTRAST)), dtype=np.float32)


def _border(size_px: tuple[int, int], per_side: int = 12) -> NDArray[np.float64]:
    """Give points along the border of a picture, shape (4 per_side, 2)."""
    right, bottom = size_px[0] - 1.0, size_px[1] - 1.0
    corners = np.array([[0, 0], [right, 0], [right, bottom], [0, bottom], [0, 0]])
    steps = np.linspace(0, 1, per_side, endpoint=False)[:, None]
    return np.concatenate([a + steps * (b - a) for a, b in itertools.pairwise(corners)])


def _unmapped(
    road_px: NDArray[np.float64], road_from_ego: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Take road points to undistorted ego points, shape (..., n, 2); NaN behind the camera."""
    with np.errstate(all="ignore"):
        inverse = np.linalg.inv(road_from_ego)
        image = np.column_stack([road_px, np.ones(len(road_px))]) @ np.swapaxes(inverse, -1, -2)
        # in front of the road camera the last element of the inverse is positive as well
        return np.where(image[..., 2:] > 0, image[..., :2] / image[..., 2:], np.nan)


def _road_in_ego(
    rows: GazeRows, camera: EgoCamera, road_px: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give middle and extent of the road picture in the ego view, shape (n, 2); NaN without a map."""
    known = np.isfinite(rows.road_from_ego).all(axis=(1, 2))
    middle, extent = np.full((len(rows), 2), np.nan), np.full((len(rows), 2), np.nan)
    if known.any():
        points = _unmapped(_border(road_px, per_side=2), rows.road_from_ego[known])
        bent = camera.distort(points.reshape(-1, 2)).reshape(points.shape)
        low = np.clip(_least(bent), 0, camera.size_px)
        high = np.clip(-_least(-bent), 0, camera.size_px)
        middle[known], extent[known] = (low + high) / 2, high - low
    return middle, extent


def _least(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the least x and y of each row of points, shape (n, 2); NaN where there are none."""
    least = np.where(np.isnan(points), np.inf, points).min(axis=1)
    return np.where(np.isinf(least), np.nan, least)
