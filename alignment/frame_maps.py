"""The maps of a drive's frames, however they were found."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .mapping import MapFrame, Mapping
from .observations import unpack


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameMaps:
    """Maps of n frames, with all that is needed to carry points.

    Attributes
    ----------
    normal_map, covariance
        Elements of the map, shape (n, 9), and the triangle of their covariance, shape (n, 36); NaN
        where there is none. The covariance is the whole one: noise, propagation and all.
    model_px2
        Covariance that is to be added to that of mapped points, shape (n, 2, 2), px²: things of
        unknown distance, time stamps that are not exact, a lens that is not known.
    frame
        Coordinates of the maps.
    """

    normal_map: NDArray[np.float64]
    covariance: NDArray[np.float64]
    model_px2: NDArray[np.float64]
    frame: MapFrame

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which frames have a map, shape (n,)."""
        return np.isfinite(self.normal_map[:, 0])

    @property
    def road_from_ego(self) -> NDArray[np.float64]:
        """Elements of the homographies from undistorted ego px to road px, shape (n, 9); last one 1."""
        homography = self.frame.road_from_ego(self.normal_map.reshape(-1, 3, 3))
        return homography.reshape(-1, 9)

    def mapping(self, row: int) -> Mapping | None:
        """Give the map of a frame; None if it has none."""
        if not np.isfinite(self.normal_map[row, 0]):
            return None
        return unpack(self.normal_map[row], self.covariance[row], self.frame)

    @classmethod
    def from_road_from_ego(
        cls,
        road_from_ego: NDArray[np.float64],
        covariance: NDArray[np.float64],
        model_px2: NDArray[np.float64],
        frame: MapFrame,
    ) -> "FrameMaps":
        """Make them of homographies in pixels, shape (n, 9); the rest as in the class."""
        normal = frame.normal_from_road @ road_from_ego.reshape(-1, 3, 3) @ frame.ego_matrix
        return cls(
            normal_map=(normal / normal[:, 2:, 2:]).reshape(-1, 9),
            covariance=covariance,
            model_px2=model_px2,
            frame=frame,
        )
