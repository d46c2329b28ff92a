"""Matches of single frames that are kept for what only the whole drive can tell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .direct import DirectMatch

MOST_KEPT = 64
"""Matches kept of a frame: 1.3 kB, or 140 MB of an hour. Twice as many were not better."""

WIDTH = 5
"""Numbers kept of a match: undistorted ego point, road point at the ego frame's time, relative noise."""


def kept_matches(match: DirectMatch, gaze_px: NDArray[np.float64]) -> NDArray[np.float32]:
    """Choose matches of a frame: half of them the nearest to the gaze point, the rest from all over.

    Right ones and wrong ones: what is near looks wrong to a map of what is far.

    Parameters
    ----------
    match
        The match.
    gaze_px
        The gaze point in the undistorted ego view, shape (2,); NaN if unknown.

    Returns
    -------
    NDArray[np.float32]
        Shape (n, `WIDTH`), n up to `MOST_KEPT`.
    """
    whole = np.column_stack([match.ego_px, match.road_px, match.noise_scale]).astype(np.float32)
    if len(whole) <= MOST_KEPT:
        return whole
    order = np.arange(len(whole))
    if np.isfinite(gaze_px).all():
        order = np.argsort(((match.ego_px - gaze_px) ** 2).sum(axis=1), kind="stable")
    near, rest = np.split(order, [MOST_KEPT // 2])
    spread = np.sort(rest)[np.linspace(0, len(rest) - 1, MOST_KEPT - len(near)).astype(np.intp)]
    return np.asarray(whole[np.sort(np.concatenate([near, spread]))])


@dataclass(frozen=True, kw_only=True, eq=False)
class MatchRays:
    """Matches of m frames as rays.

    Attributes
    ----------
    rows
        The frames' rows, ascending, shape (m,).
    first
        The first match of each frame, and their number n, shape (m + 1,).
    ego_rays
        (x, y) of the rays (x, y, 1) in the scene camera, shape (n, 2).
    road_offset_px
        Road points from the principal point, shape (n, 2), px.
    noise_scale
        Relative noise, shape (n,).
    """

    rows: NDArray[np.intp]
    first: NDArray[np.int64]
    ego_rays: NDArray[np.float64]
    road_offset_px: NDArray[np.float64]
    noise_scale: NDArray[np.float64]

    @classmethod
    def of_rows(
        cls,
        rows: NDArray[np.intp],
        matched_row: NDArray[np.int64],
        matched: NDArray[np.float32],
        ray_from_ego: NDArray[np.float64],
        centre_px: tuple[float, float],
    ) -> "MatchRays":
        """Take the matches of some rows.

        Parameters
        ----------
        rows
            Rows, ascending, shape (m,).
        matched_row, matched
            The row of each match, ascending, and its numbers, as `kept_matches` gives them.
        ray_from_ego
            Undistorted ego px to rays, shape (3, 3).
        centre_px
            Principal point of the road camera.
        """
        start = np.searchsorted(matched_row, rows, side="left")
        count = np.searchsorted(matched_row, rows, side="right") - start
        first = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        position = np.arange(first[-1]) - np.repeat(first[:-1] - start, count)
        chosen = matched[position].astype(np.float64)
        ego = np.column_stack([chosen[:, :2], np.ones(len(chosen))]) @ ray_from_ego.T
        return cls(
            rows=rows,
            first=first,
            ego_rays=np.ascontiguousarray(ego[:, :2] / ego[:, 2:]),
            road_offset_px=np.ascontiguousarray(chosen[:, 2:4] - centre_px),
            noise_scale=np.ascontiguousarray(chosen[:, 4]),
        )

    @property
    def frame_of(self) -> NDArray[np.intp]:
        """The position of each match's frame, shape (n,)."""
        return np.repeat(np.arange(len(self.rows)), np.diff(self.first))
