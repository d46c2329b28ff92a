"""Blurred true gaze, the only truth that whole densities can be compared with."""

from dataclasses import dataclass

import numpy as np

from .grid import Grid
from .scores import FloatArray, IndexArray
from .unit_square import unit_from_px

BLUR_SHARE = 0.05
"""Standard deviation of the blur over the picture's width: 96 px of 1920, some 4° through a phone's lens,
which is what an eye tracker without calibration errs by."""

POOLED_FRAMES = 12
"""Frames before and after whose gaze belongs to a frame's map, as in DR(eye)VE (25 in all)."""


LEAST = 1e-15
"""Smaller weights count as none: products of them would be denormal, which processors are slow at."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TruthMaps:
    """Maps of true gaze, made as they are asked for.

    Attributes
    ----------
    x_weights, y_weights
        For each frame, how far it reaches over columns and rows, shapes (n, columns) and (n, rows); 0
        where gaze is unknown or outside of the picture.
    first, last
        Range of frames whose gaze is pooled, ``first ≤ row ≤ last``, shape (n,).
    """

    x_weights: FloatArray
    y_weights: FloatArray
    first: IndexArray
    last: IndexArray

    def of(self, rows: IndexArray) -> FloatArray:
        """Give the maps of some rows, shape (b, cells), each summing to 1; NaN without any gaze."""
        longest = int((self.last - self.first)[rows].max(initial=0)) + 1
        places = self.first[rows][:, None] + np.arange(longest)
        pooled = places <= self.last[rows][:, None]
        places = np.minimum(places, self.last[rows][:, None])
        y = self.y_weights[places] * pooled[..., None]
        if longest == 1:
            maps = y[:, 0, :, None] * self.x_weights[rows][:, None, :]
        else:
            maps = np.matmul(y.transpose(0, 2, 1), self.x_weights[places])
        maps = maps.reshape(len(rows), -1)
        total = maps.sum(axis=1, keepdims=True)
        normed: FloatArray = maps / np.where(total > 0, total, np.nan)
        return normed


def truth_maps(
    truth_px: FloatArray,
    size_px: FloatArray,
    session_id: np.ndarray,
    frame_index: IndexArray,
    grid: Grid,
    *,
    blur_share: float = BLUR_SHARE,
    pooled_frames: int = 0,
) -> TruthMaps:
    """Blur true gaze by a Gaussian, and pool it over neighbouring frames.

    Parameters
    ----------
    truth_px
        Shape (n, 2), px; NaN where unknown.
    size_px
        Width and height of the road pictures, shape (n, 2), px.
    session_id
        Shape (n,), text; the rows of a session stand together.
    frame_index
        Ascending within a session, shape (n,).
    grid
        The cells.
    blur_share
        Standard deviation of the blur over the width.
    pooled_frames
        Frames before and after that count, by `frame_index`; 0 for the frame alone.
    """
    points = unit_from_px(truth_px, size_px)
    inside = grid.cell_of(points) >= 0
    sd_y = 2.0 * blur_share * size_px[:, :1] / size_px[:, 1:]
    x = np.exp(-0.5 * ((grid.x - points[:, :1]) / (2.0 * blur_share)) ** 2)
    y = np.exp(-0.5 * ((grid.y - points[:, 1:]) / sd_y) ** 2)
    first, last = _windows(session_id, frame_index, pooled_frames)
    return TruthMaps(
        x_weights=np.where(inside[:, None] & (x > LEAST), x, 0.0).astype(np.float32),
        y_weights=np.where(inside[:, None] & (y > LEAST), y, 0.0).astype(np.float32),
        first=first,
        last=last,
    )


def _windows(
    session_id: np.ndarray, frame_index: IndexArray, pooled_frames: int
) -> tuple[IndexArray, IndexArray]:
    """Give the first and last row whose frame is near enough, within the session."""
    rows = np.arange(len(session_id))
    if pooled_frames == 0:
        return rows, rows.copy()
    starts = np.flatnonzero(np.r_[True, session_id[1:] != session_id[:-1]])
    run = np.cumsum(np.r_[True, session_id[1:] != session_id[:-1]]) - 1
    # Runs are moved apart, so that one ascending key serves all sessions.
    span = int(frame_index.max(initial=0) - frame_index.min(initial=0)) + 2 * pooled_frames + 2
    key = frame_index - frame_index[starts][run] + run * span
    first = np.searchsorted(key, key - pooled_frames, side="left")
    last = np.searchsorted(key, key + pooled_frames, side="right") - 1
    return first, last
