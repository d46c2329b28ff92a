"""The scene camera as matching needs it: undistortion by a table, cheap enough for every frame."""

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dashgaze.compiled import compiled

from .camera import fold_radius, undistort_points

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
        self._coefficients = np.pad(self.distortion, (0, 8 - len(self.distortion)))
        self._fold = fold_radius(self.distortion)
        self._focal_xy = self.matrix[[0, 1], [0, 1]]
        self._centre = self.matrix[:2, 2].copy()
        self._table, self._good = _tabulated(
            self.matrix.tobytes(), self.distortion.tobytes(), size_px
        )

    @property
    def focal_px(self) -> float:
        """Geometric mean of the two focal lengths, px."""
        return float(np.sqrt(self.matrix[0, 0] * self.matrix[1, 1]))

    def undistort(self, points_px: ArrayLike) -> NDArray[np.float64]:
        """Take distorted pixels to undistorted ones, shape (n, 2), px; NaN where no ray is."""
        points = np.asarray(points_px, dtype=np.float64)
        result, by_model = _look_up(points, self._table, self._good)
        if by_model.any():
            result[by_model] = self.undistort_exactly(points[by_model])
        return result

    def undistort_exactly(self, points_px: ArrayLike) -> NDArray[np.float64]:
        """Do the same with the camera model itself, to 1e-6 px."""
        return _undistorted(points_px, self.matrix, self.distortion)

    def distort(self, points_px: ArrayLike) -> NDArray[np.float64]:
        """Take undistorted pixels to distorted ones, shape (n, 2), px; NaN beyond the lens."""
        return _distort(
            np.asarray(points_px, dtype=np.float64), self._focal_xy, self._centre,
            self._coefficients, self._fold,
        )  # fmt: skip


@lru_cache(maxsize=2)
def _tabulated(
    matrix: bytes, distortion: bytes, size_px: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Give the table, and the cells in which interpolation is good; a tenth of a second, once for a camera.

    Nobody may change them. That isn't forbidden to NumPy: compiled functions would be compiled once more.
    """
    columns, rows = (
        np.arange(-_MARGIN_PX, length + _MARGIN_PX + _STEP_PX, _STEP_PX, dtype=np.float64)
        for length in size_px
    )
    grid = np.stack(np.meshgrid(columns, rows), axis=-1)
    model = np.frombuffer(matrix).reshape(3, 3), np.frombuffer(distortion)

    def exact(points_px: NDArray[np.float64]) -> NDArray[np.float64]:
        return _undistorted(points_px.reshape(-1, 2), *model).reshape(points_px.shape)

    table = exact(grid)
    middle = (table[:-1, :-1] + table[1:, 1:] + table[1:, :-1] + table[:-1, 1:]) / 4
    error = np.abs(middle - exact(grid[:-1, :-1] + _STEP_PX / 2)).max(axis=2)
    return table, error <= _TABLE_TOLERANCE_PX  # false where there is no ray


def _undistorted(
    points_px: ArrayLike, matrix: NDArray[np.float64], distortion: NDArray[np.float64]
) -> NDArray[np.float64]:
    rays = undistort_points(points_px, matrix, distortion)
    return rays * matrix[[0, 1], [0, 1]] + matrix[:2, 2]


@compiled
def _look_up(
    points: NDArray[np.float64], table: NDArray[np.float64], good: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Interpolate; tell which points the table is no good for, which are NaN."""
    n = len(points)
    result, by_model = np.full((n, 2), np.nan), np.zeros(n, np.bool_)
    last_y, last_x = table.shape[0] - 1, table.shape[1] - 1
    for i in range(n):
        x, y = (points[i, 0] + _MARGIN_PX) / _STEP_PX, (points[i, 1] + _MARGIN_PX) / _STEP_PX
        if not (np.isfinite(x) and np.isfinite(y)):
            continue
        if not (0 <= x < last_x and 0 <= y < last_y):
            by_model[i] = True
            continue
        column, row = int(x), int(y)
        if not good[row, column]:
            by_model[i] = True
            continue
        right, down = x - column, y - row
        for axis in range(2):
            above = table[row, column, axis] * (1 - right) + table[row, column + 1, axis] * right
            below = (
                table[row + 1, column, axis] * (1 - right)
                + table[row + 1, column + 1, axis] * right
            )
            result[i, axis] = above * (1 - down) + below * down
    return result, by_model


@compiled
def _distort(
    points: NDArray[np.float64],
    focal: NDArray[np.float64],
    centre: NDArray[np.float64],
    k: NDArray[np.float64],
    fold: float,
) -> NDArray[np.float64]:
    """Do what `camera.distort_points` does, from pixels of the pinhole camera on."""
    result = np.full((len(points), 2), np.nan)
    for i in range(len(points)):
        x, y = (points[i, 0] - centre[0]) / focal[0], (points[i, 1] - centre[1]) / focal[1]
        s = x * x + y * y
        if not np.sqrt(s) < fold:
            continue
        g = (1 + s * (k[0] + s * (k[1] + s * k[4]))) / (1 + s * (k[5] + s * (k[6] + s * k[7])))
        bent_x = x * g + 2 * k[2] * x * y + k[3] * (s + 2 * x * x)
        bent_y = y * g + k[2] * (s + 2 * y * y) + 2 * k[3] * x * y
        result[i, 0] = bent_x * focal[0] + centre[0]
        result[i, 1] = bent_y * focal[1] + centre[1]
    return result
