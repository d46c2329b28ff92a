"""Carrying the correspondences of a direct match through frames that can't be matched themselves.

Chaining homographies of consecutive frames drifts by up to several pixels a frame, since a road is no
plane and each pair of frames agrees on another one. The points themselves don't: they are tracked in
both views, and the map is fitted anew to those that are left.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .direct import DirectMatch
from .ego_camera import EgoCamera
from .finite import finite_rows
from .road_view import RoadView
from .rotation import nearest_rotation, rotation_matrix, rotation_vector
from .turn_fit import MIN_POINTS, TurnFit, fit_turn

MAX_POINTS = 200
"""Correspondences that are carried."""

TRACK_GROWTH_RAD = 3e-5
"""Error of tracked points for each frame they were carried, 0.03 px at a focal length of 1,100 px."""

_EGO_WINDOW_PX, _EGO_LEVELS = 21, 4
_ROAD_WINDOW_PX, _ROAD_LEVELS = 15, 3
_RETURN_PX = 1.0
"""How far a point may end up from where it started when it is tracked there and back."""

_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 0.02)
_MAX_PART = 1.0


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a frame has to offer for tracking.

    Attributes
    ----------
    luma
        The ego picture, shape (h, w).
    view
        Its road frame.
    time_s
        Its time on the phone's clock.
    turn_rad
        Turn of the head since the frame tracked before, by the gyroscope, shape (3,); NaN if unknown.
    """

    luma: NDArray[np.uint8]
    view: RoadView
    time_s: float
    turn_rad: NDArray[np.float64]


class TrackCarrier:
    """Carries the inliers of a direct match from frame to frame, forwards or backwards in time.

    Parameters
    ----------
    camera
        The scene camera.
    match
        The match to start from.
    first
        The frame it was found in.
    """

    def __init__(self, camera: EgoCamera, match: DirectMatch, first: Step) -> None:
        self._camera = camera
        order = np.argsort(-match.inlier_probability, kind="stable")
        chosen = order[: min(MAX_POINTS, int(match.inliers.sum()))]
        self._ego = match.ego_shown_px[chosen]
        self._road = match.road_shown_px[chosen]
        self._road_before = self._road
        self._time_before = first.view.time_s
        self._mapping = match.mapping
        self._last = first

    def step(self, frame: Step) -> TurnFit | None:
        """Go on to a neighbouring frame.

        Returns
        -------
        TurnFit or None
            The map there; None where the points are lost, now and from then on.
        """
        if len(self._ego) < MIN_POINTS:
            return None
        ego, ego_kept = _track(
            self._last.luma, frame.luma, self._ego, _EGO_WINDOW_PX, _EGO_LEVELS,
            self._expected(frame.turn_rad),
        )  # fmt: skip
        road, road_kept = self._road, np.ones(len(self._road), dtype=np.bool_)
        before, time_before = self._road_before, self._time_before
        if frame.view.index != self._last.view.index:
            before, time_before = self._road, self._last.view.time_s
            scale = frame.view.reduction
            reduced, road_kept = _track(
                self._last.view.picture, frame.view.picture, (self._road + 0.5) / scale - 0.5,
                _ROAD_WINDOW_PX, _ROAD_LEVELS, None,
            )  # fmt: skip
            road = (reduced + 0.5) * scale - 0.5
        kept = ego_kept & road_kept
        start = self._mapping.turned(self._turn(self._ego[kept], ego[kept]))
        self._ego, self._road, self._road_before = ego[kept], road[kept], before[kept]
        self._time_before, self._last = time_before, frame
        fit = fit_turn(start, self._camera.undistort(self._ego), self._road_at(frame))
        if fit is None:
            self._ego = self._ego[:0]
            return None
        self._mapping = fit.mapping
        likely = fit.inlier_probability > 0.1
        self._ego, self._road = self._ego[likely], self._road[likely]
        self._road_before = self._road_before[likely]
        return fit

    def _expected(self, turn_rad: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """Tell where the gyroscope has the points in the next ego picture."""
        if not np.isfinite(turn_rad).all():
            return None
        matrix = self._camera.matrix
        # exp(ω) takes directions after the turn to those before it
        after = matrix @ rotation_matrix(turn_rad).T @ np.linalg.inv(matrix)
        points = self._camera.undistort(self._ego)
        image = np.column_stack([points, np.ones(len(points))]) @ after.T
        expected = self._camera.distort(image[:, :2] / image[:, 2:])
        lost = ~finite_rows(expected)
        expected[lost] = self._ego[lost]
        return expected

    def _turn(self, before: NDArray[np.float64], after: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the turn of the head that the ego points tell, about (Kabsch 1976)."""
        rays = []
        for points in (before, after):
            pixels = np.column_stack([self._camera.undistort(points), np.ones(len(points))])
            ray = pixels @ np.linalg.inv(self._camera.matrix).T
            rays.append(ray / np.linalg.norm(ray, axis=1)[:, None])
        known = finite_rows(rays[0]) & finite_rows(rays[1])
        if np.count_nonzero(known) < MIN_POINTS:
            return np.zeros(3)
        return rotation_vector(nearest_rotation(rays[0][known].T @ rays[1][known]))

    def _road_at(self, frame: Step) -> NDArray[np.float64]:
        """Give the road points at the ego frame's time, by their way between two road frames."""
        interval = frame.view.time_s - self._time_before
        if interval == 0:
            return self._road
        part = (frame.time_s - frame.view.time_s) / interval
        if abs(part) > _MAX_PART:
            return self._road
        return self._road + part * (self._road - self._road_before)


def _track(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    points: NDArray[np.float64],
    window_px: int,
    levels: int,
    expected: NDArray[np.float64] | None,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Track points there and back (Lucas–Kanade on pyramids); which came back to their start."""
    start = points.astype(np.float32)
    guess = start if expected is None else expected.astype(np.float32)
    window = (window_px, window_px)
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, after, start, guess.copy(), winSize=window, maxLevel=levels, criteria=_STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )  # fmt: skip
    back, returned, _ = cv2.calcOpticalFlowPyrLK(
        after, before, there, start.copy(), winSize=window, maxLevel=levels, criteria=_STOP,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )  # fmt: skip
    apart = np.hypot(*(back - start).astype(np.float64).T)
    kept = (found.ravel() == 1) & (returned.ravel() == 1) & (apart < _RETURN_PX)
    return there.astype(np.float64), kept
