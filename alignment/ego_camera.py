"""The scene camera as matching needs it: undistortion by a table, cheap enough for every frame."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .camera import distort_points, undistort_points
from .finite import finite_rows

_STEP_PX = 2
# Where interpolation errs by more, the model itself is asked: in the corners, near a lens's fold.
_TABLE_TOLERANCE_PX = 0.008
# Gaze and keypoints may lie a little outside; further out the model itself is asked.
_MARGIN_PX = 16


class EgoCamera:
    """A calibrated camera with distortion, and the pinhole camera with the same matrix beside it.

    Undistorted points are pixels of that pinhole camera. The table holds the exact inverse on every
    second pixel, for the cells in which bilinear interpolation is good to 0.008 px; points in other
    cells are computed one by one.

    Parameters
    ----------
    matrix
        Camera matrix, shape (3, 3), px.
    distortion
        Coefficients as in `camera.distort_points`.
    size_px
        Width and height of the image.
    """

    def __init__(
        self, matrix: ArrayLike, distortion: ArrayLike, *, size_px: tuple[int, int]
    ) -> None:
        self.matrix: NDArray[np.float64] = np.asarray(matrix, dtype=np.float64)
        self.distortion: NDArray[np.float64] = np.asarray(distortion, dtype=np.float64)
        self.size_px = size_px
        columns, rows = (
            np.arange(-_MARGIN_PX, length + _MARGIN_PX + _STEP_PX, _STEP_PX, dtype=np.float64)
            for length in size_px
        )
        grid = np.stack(np.meshgrid(columns, rows), axis=-1)
        self._table = self._exact_grid(grid)
        middle = (self._table[:-1, :-1] + self._table[1:, 1:]
                  + self._table[1:, :-1] + self._table[:-1, 1:]) / 4  # fmt: skip
        error = np.abs(middle - self._exact_grid(grid[:-1, :-1] + _STEP_PX / 2)).max(axis=2)
        self._good = error <= _TABLE_TOLERANCE_PX  # false where there is no ray

    @property
    def focal_px(self) -> float:
        """Geometric mean of the two focal lengths, px."""
        return float(np.sqrt(self.matrix[0, 0] * self.matrix[1, 1]))

    def undistort(self, points_px: ArrayLike) -> NDArray[np.float64]:
        """Take distorted pixels to undistorted ones, shape (n, 2), px; NaN where no ray is."""
        points = np.asarray(points_px, dtype=np.float64)
        cell = (points + _MARGIN_PX) / _STEP_PX
        last = np.array(self._table.shape[1::-1]) - 1
        inside = ((cell >= 0) & (cell < last)).all(axis=1)
        corner = cell[inside].astype(np.intp)
        x, y = corner.T
        part = cell[inside] - corner
        right, down = part[:, :1], part[:, 1:]
        above = self._table[y, x] * (1 - right) + self._table[y, x + 1] * right
        below = self._table[y + 1, x] * (1 - right) + self._table[y + 1, x + 1] * right
        result = np.full_like(points, np.nan)
        result[inside] = above * (1 - down) + below * down
        by_model = finite_rows(points)
        by_model[inside] = ~self._good[y, x]
        if by_model.any():
            result[by_model] = self.undistort_exactly(points[by_model])
        return result

    def undistort_exactly(self, points_px: ArrayLike) -> NDArray[np.float64]:
        """Do the same with the camera model itself, to 1e-6 px."""
        rays = undistort_points(points_px, self.matrix, self.distortion)
        return rays * self._focal_xy + self._centre

    def distort(self, points_px: ArrayLike) -> NDArray[np.float64]:
        """Take undistorted pixels to distorted ones, shape (n, 2), px; NaN beyond the lens."""
        points = np.asarray(points_px, dtype=np.float64)
        return distort_points(
            (points - self._centre) / self._focal_xy, self.matrix, self.distortion
        )

    def _exact_grid(self, grid: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.undistort_exactly(grid.reshape(-1, 2)).reshape(grid.shape)

    @property
    def _focal_xy(self) -> NDArray[np.float64]:
        return self.matrix[[0, 1], [0, 1]]

    @property
    def _centre(self) -> NDArray[np.float64]:
        return self.matrix[:2, 2]
