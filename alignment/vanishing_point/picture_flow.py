"""Points followed from one road picture to the next."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ..road_camera import RoadCamera

FloatArray = NDArray[np.float64]
Luma = NDArray[np.uint8]

WORK_WIDTH_PX = 640
"""Wider pictures are reduced to this: noise of 0.1 px there is 0.01° for a phone's main camera."""

_TILES = (4, 6)
_POINTS_A_TILE = 16
_LEAST_CORNER = 2e-4
# Least eigenvalue of the gradient's covariance (OpenCV's scale) that counts as a corner: sky, fog, black night.
_APART_PX = 8
_WINDOW = (17, 17)
_LEVELS = 4
_MAX_RETURN_PX = 0.5
# How far a point may come back from where it started (forward-backward check).
_EDGE_PX = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class PictureFlow:
    """Where points of a picture are in a later one, in the axes of the camera.

    Attributes
    ----------
    from_points, to_points
        Shape (n, 2), tangents of the angles to the right and down from the optical axis.
    px
        Length of a pixel in which they were followed, in the same unit: one over the focal length.
    """

    from_points: FloatArray
    to_points: FloatArray
    px: float

    def __len__(self) -> int:
        return len(self.from_points)


@dataclass(frozen=True, kw_only=True, eq=False)
class PixelFlow:
    """Where points of a reduced picture are in a later one; it asks for no camera.

    Attributes
    ----------
    from_px, to_px
        Shape (n, 2), px of the reduced picture.
    """

    from_px: NDArray[np.float32]
    to_px: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.from_px)


def reduced_size(size_px: tuple[int, int]) -> tuple[int, int]:
    """Give the width and height in which pictures of a size are looked at: at most 640 px wide."""
    width, height = size_px
    scale = min(1.0, WORK_WIDTH_PX / width)
    return round(width * scale), round(height * scale)


def reduced(luma: Luma, size_px: tuple[int, int]) -> Luma:
    """Give a picture in a reduced size."""
    if (luma.shape[1], luma.shape[0]) == size_px:
        return luma
    return np.asarray(cv2.resize(luma, size_px, interpolation=cv2.INTER_AREA), dtype=np.uint8)


@dataclass(frozen=True, kw_only=True)
class WorkingView:
    """The size in which pictures are looked at, and where their points lie in the camera's axes.

    Attributes
    ----------
    size_px
        Width and height of the reduced picture.
    focal_px
        Focal length in it.
    centre_px
        Principal point in it.
    """

    size_px: tuple[int, int]
    focal_px: float
    centre_px: tuple[float, float]

    @classmethod
    def of(cls, camera: RoadCamera) -> "WorkingView":
        """Reduce the pictures of a camera to at most 640 px width."""
        width, height = camera.size_px
        size = reduced_size(camera.size_px)
        x, y = camera.centre_px
        return cls(
            size_px=size,
            focal_px=camera.focal_px * size[0] / width,
            centre_px=((x + 0.5) * size[0] / width - 0.5, (y + 0.5) * size[1] / height - 0.5),
        )

    def tangents(self, points_px: FloatArray) -> FloatArray:
        """Give points of the reduced picture in the camera's axes, shape (..., 2)."""
        return np.asarray((points_px - np.array(self.centre_px)) / self.focal_px, dtype=np.float64)

    def flow(self, flow: PixelFlow) -> PictureFlow:
        """Give flow in the camera's axes."""
        return PictureFlow(
            from_points=self.tangents(flow.from_px.astype(np.float64)),
            to_points=self.tangents(flow.to_px.astype(np.float64)),
            px=1 / self.focal_px,
        )


class FlowFinder:
    """Follows corners from each picture to the next (Shi and Tomasi 1994; Lucas and Kanade 1981).

    Corners are taken from all over the picture, so that headlamps and lettering do not take them all, and
    are followed back again; those that do not return are dropped.

    Parameters
    ----------
    usable
        255 where corners may lie, 0 on static parts, in the size of the pictures; None for everywhere.
    """

    def __init__(self, usable: Luma | None = None) -> None:
        self._usable = usable
        self._picture: Luma | None = None
        self._corners: NDArray[np.float32] = np.zeros((0, 1, 2), dtype=np.float32)

    def forget(self) -> None:
        """Begin anew: the next picture is not compared with the last one."""
        self._picture = None

    def follow(self, picture: Luma) -> PixelFlow | None:
        """Compare a picture, of the reduced size, with the one before; None for the first one."""
        flow = None if self._picture is None else self._compare(self._picture, picture)
        self._picture, self._corners = picture, self._find(picture)
        return flow

    def _compare(self, before: Luma, after: Luma) -> PixelFlow:
        start = self._corners
        if not len(start):
            return PixelFlow(from_px=start[:, 0], to_px=start[:, 0])
        there, found, _ = cv2.calcOpticalFlowPyrLK(
            before, after, start, np.empty_like(start), winSize=_WINDOW, maxLevel=_LEVELS
        )
        back, returned, _ = cv2.calcOpticalFlowPyrLK(
            after, before, there, np.empty_like(start), winSize=_WINDOW, maxLevel=_LEVELS
        )
        gap = np.abs(back - start).max(axis=(1, 2))
        height, width = after.shape
        x, y = there[:, 0, 0], there[:, 0, 1]
        inside = (x > _EDGE_PX) & (y > _EDGE_PX) & (x < width - _EDGE_PX) & (y < height - _EDGE_PX)
        kept = (found[:, 0] > 0) & (returned[:, 0] > 0) & (gap < _MAX_RETURN_PX) & inside
        return PixelFlow(from_px=start[kept, 0], to_px=there[kept, 0])

    def _find(self, picture: Luma) -> NDArray[np.float32]:
        """Find corners, the best of each tile of the picture."""
        strength = cv2.cornerMinEigenVal(picture, 5)
        peak = cv2.dilate(strength, np.ones((_APART_PX - 1, _APART_PX - 1), dtype=np.uint8))
        corner = (strength >= peak) & (strength > _LEAST_CORNER)
        if self._usable is not None:
            corner &= self._usable > 0
        corner[:_EDGE_PX], corner[-_EDGE_PX:] = False, False
        corner[:, :_EDGE_PX], corner[:, -_EDGE_PX:] = False, False
        y, x = np.nonzero(corner)
        if not len(x):
            return np.zeros((0, 1, 2), dtype=np.float32)
        rows, columns = _TILES
        tile = (y * rows // picture.shape[0]) * columns + x * columns // picture.shape[1]
        order = np.lexsort((-strength[y, x], tile))
        tile = tile[order]
        first = np.searchsorted(tile, tile, side="left")
        best = order[np.arange(len(order)) - first < _POINTS_A_TILE]
        points = np.column_stack([x[best], y[best]]).astype(np.float32)
        return np.ascontiguousarray(points[:, None])
