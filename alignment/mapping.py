"""A homography from ego to road with the covariance of its parameters, whatever it was made from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .homography import HomographyEstimate
from .rotation import rotation_matrix


@dataclass(frozen=True, kw_only=True)
class MapFrame:
    """The coordinates in which maps of a session and their errors are kept.

    On the ego side rays (normalised points), on the road side widths of the picture from its middle:
    the elements of a map are then of the order of one, and the numbers of different frames can be
    compared.

    Attributes
    ----------
    ego_matrix
        Camera matrix of the scene camera, shape (3, 3), px.
    road_size_px
        Width and height of the road picture.
    """

    ego_matrix: NDArray[np.float64]
    road_size_px: tuple[int, int]

    @cached_property
    def ray_from_ego(self) -> NDArray[np.float64]:
        """Undistorted ego px to rays, shape (3, 3)."""
        return np.asarray(np.linalg.inv(self.ego_matrix), dtype=np.float64)

    @cached_property
    def road_from_normal(self) -> NDArray[np.float64]:
        """Widths from the middle to road px, shape (3, 3)."""
        return np.asarray(np.linalg.inv(self.normal_from_road), dtype=np.float64)

    @cached_property
    def normal_from_road(self) -> NDArray[np.float64]:
        """Road px to widths from the middle, shape (3, 3)."""
        width, height = self.road_size_px
        return np.array(
            [
                [1 / width, 0, -(width - 1) / 2 / width],
                [0, 1 / width, -(height - 1) / 2 / width],
                [0, 0, 1],
            ]
        )

    def road_from_ego(self, normal_map: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the homographies in pixels of maps of rays to road widths, shape (…, 3, 3)."""
        matrix = self.road_from_normal @ normal_map @ self.ray_from_ego
        return np.asarray(matrix / matrix[..., 2:, 2:])

    def contains(self, points_px: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which road points lie inside of the picture, pixel edges included, shape (n,)."""
        edge = np.array(self.road_size_px) - 0.5
        inside = (points_px >= -0.5) & (points_px < edge)
        return np.asarray(inside.all(axis=1), dtype=np.bool_)


class Mapping:
    """Takes undistorted ego pixels to road pixels and says how well.

    Parameters
    ----------
    normal_map
        Map of rays to road widths, any scale, shape (3, 3).
    covariance
        Covariance of its first eight elements by rows when the last is 1, shape (8, 8).
    frame
        The coordinates.
    """

    def __init__(
        self, normal_map: NDArray[np.float64], covariance: NDArray[np.float64], frame: MapFrame
    ) -> None:
        sign = np.sign(np.linalg.det(normal_map))  # positive: no mirror, and depth is in front
        self.normal_map: NDArray[np.float64] = normal_map * (sign / abs(normal_map[2, 2]))
        self.covariance = covariance
        self.frame = frame

    @classmethod
    def from_estimate(cls, estimate: HomographyEstimate, frame: MapFrame) -> "Mapping":
        """Take over an estimate of road_from_ego, with its covariance."""
        left = frame.normal_from_road @ np.linalg.inv(estimate.normalised_from_target)
        right = estimate.normalised_from_source @ frame.ego_matrix
        inner = estimate.normalised_target_from_source
        slope = _rescaled_slope(left @ inner @ right) @ _kron(left, right.T)[:, :8]
        return cls(left @ inner @ right, slope @ estimate.parameter_covariance @ slope.T, frame)

    @classmethod
    def from_matrix(
        cls, road_from_ego: NDArray[np.float64], covariance: NDArray[np.float64], frame: MapFrame
    ) -> "Mapping":
        """Take over a road_from_ego and the covariance of its normal map's elements."""
        return cls(frame.normal_from_road @ road_from_ego @ frame.ego_matrix, covariance, frame)

    @property
    def road_from_ego(self) -> NDArray[np.float64]:
        """Undistorted ego px to road px, shape (3, 3), last element 1."""
        return self.frame.road_from_ego(self.normal_map)

    def map_points(self, ego_px: ArrayLike) -> NDArray[np.float64]:
        """Take undistorted ego points to the road view, shape (n, 2), px; NaN beyond the horizon."""
        return self._map_all(ego_px)[0]

    def covariance_px2(self, ego_px: ArrayLike) -> NDArray[np.float64]:
        """Give the covariance of mapped points, shape (n, 2, 2), px²; NaN beyond the horizon."""
        return self._map_all(ego_px)[1]

    def turned(
        self, vector_rad: NDArray[np.float64], covariance_rad2: NDArray[np.float64] | None = None
    ) -> "Mapping":
        """Give the map after the head has turned.

        Parameters
        ----------
        vector_rad
            Rotation vector in scene camera axes, shape (3,).
        covariance_rad2
            Its covariance, in the axes after the turn, shape (3, 3); exact if None.
        """
        turn = rotation_matrix(vector_rad)
        later = self.normal_map @ turn
        rescaled = _rescaled_slope(later)
        slope = rescaled @ _kron(np.eye(3), turn.T)[:, :8]
        covariance = slope @ self.covariance @ slope.T
        if covariance_rad2 is not None:
            by_turn = rescaled @ turn_slope(later)
            covariance += by_turn @ covariance_rad2 @ by_turn.T
        return Mapping(later, covariance, self.frame)

    def followed_by(self, matrix: NDArray[np.float64]) -> "Mapping":
        """Give the map followed by another one, exact, between road widths, shape (3, 3)."""
        later = matrix @ self.normal_map
        slope = _rescaled_slope(later) @ _kron(matrix, np.eye(3))[:, :8]
        return Mapping(later, slope @ self.covariance @ slope.T, self.frame)

    def images(self, ego_px: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the rays of ego points and their homogeneous images, shape (n, 3) each."""
        rays = _rays(np.asarray(ego_px, dtype=np.float64), self.frame)
        return rays, rays @ self.normal_map.T

    def _map_all(self, ego_px: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        points = np.asarray(ego_px, dtype=np.float64)
        return map_all(self.normal_map[None], self.covariance[None], points, self.frame)


def map_all(
    normal_map: NDArray[np.float64],
    covariance: NDArray[np.float64],
    ego_px: NDArray[np.float64],
    frame: MapFrame,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Map each of many points by a map of its own, or all by one.

    Parameters
    ----------
    normal_map, covariance
        Maps with last element 1, shape (n, 3, 3) or (1, 3, 3), and the covariances of their first eight
        elements, shape (n, 8, 8) or (1, 8, 8).
    ego_px
        Undistorted ego points, shape (n, 2).
    frame
        The coordinates.

    Returns
    -------
    points, covariances
        Road points, shape (n, 2), px, and their covariances, shape (n, 2, 2), px². NaN beyond the horizon.
    """
    rays = _rays(ego_px, frame)
    image = (normal_map @ rays[:, :, None])[:, :, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(image[:, 2] > 0, image[:, 2], np.nan)
        p, q = (image[:, :2] / depth[:, None]).T
        rays = rays / depth[:, None]
    slope = np.zeros((len(rays), 2, 8))
    slope[:, 0, 0:3] = rays
    slope[:, 1, 3:6] = rays
    slope[:, 0, 6:8] = -p[:, None] * rays[:, :2]
    slope[:, 1, 6:8] = -q[:, None] * rays[:, :2]
    spread = slope @ covariance @ slope.transpose(0, 2, 1)
    width, height = frame.road_size_px
    points = np.column_stack([p, q]) * width + ((width - 1) / 2, (height - 1) / 2)
    return points, spread * float(width) ** 2


def _rays(ego_px: NDArray[np.float64], frame: MapFrame) -> NDArray[np.float64]:
    homogeneous = np.column_stack([ego_px, np.ones(len(ego_px))])
    return np.asarray(homogeneous @ frame.ray_from_ego.T)


def turn_slope(normal_map: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the derivatives of a map's nine elements by a further small turn, shape (9, 3)."""
    first, second, third = normal_map.T
    nothing = np.zeros(3)
    # map · [δ]× , column by column of δ
    by_axis = [
        np.column_stack([nothing, third, -second]),
        np.column_stack([-third, nothing, first]),
        np.column_stack([second, -first, nothing]),
    ]
    return np.stack([each.reshape(9) for each in by_axis], axis=1)


def _rescaled_slope(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the derivatives of the first eight elements, once the last is made 1, by all nine."""
    last = matrix[2, 2]
    flat = matrix.reshape(9)
    slope = np.zeros((8, 9))
    slope[:, :8] = np.eye(8) / last
    slope[:, 8] = -flat[:8] / last**2
    return slope


def _kron(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the Kronecker product of two matrices, shape (3, 3) each; NumPy's own takes ten times as long."""
    return np.asarray((one[:, None, :, None] * other[None, :, None, :]).reshape(9, 9))
