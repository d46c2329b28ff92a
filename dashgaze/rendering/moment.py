"""What is known of gaze at one step of an overlay."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .clip import Missing
from .gaze_marks import TRAIL_S
from .gaze_rows import SOURCES, UNKNOWN, GazeRows
from .material import Material
from .timeline import Timeline

# Gaze comes every 5 to 16 ms; after this long without, the trail is broken.
_LOST_S = 0.06

NONE_REASONS = {
    "no_road_frame": "no road picture at this time",
    "ego_invalid": "padding, or an ego picture that can't be used",
    "ego_undecodable": "the ego picture is damaged",
    "road_undecodable": "the road picture is damaged",
    "road_other_shape": "the road picture has another shape",
    "road_out_of_view": "the head is turned away from the road",
    "no_match_near": "no match near this frame",
    "too_uncertain": "it would be too uncertain",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """One step; NaN and None for what is not known.

    Attributes
    ----------
    time_s
        Time of the step, s.
    apart_ms
        Road picture minus ego picture, ms.
    row
        The ego frame; -1 where there is none.
    source
        Of the homography: direct, propagated, none; None before the align stage.
    none_reason
        Why there is no homography, in words.
    ego_px, road_px
        Gaze, shape (2,).
    covariance_px2
        Of the road point, shape (2, 2).
    road_from_ego
        Homography, shape (3, 3); None if there is none.
    error_px
        Its predicted error.
    blink, saccade, unworn
        What the eyes do.
    fixation_s
        How long the fixation has lasted.
    speed_m_s
        Of the car.
    """

    time_s: float
    apart_ms: float
    row: int
    source: str | None
    none_reason: str
    ego_px: NDArray[np.float64]
    road_px: NDArray[np.float64]
    covariance_px2: NDArray[np.float64]
    road_from_ego: NDArray[np.float64] | None
    error_px: float
    blink: bool
    saccade: bool
    unworn: bool
    fixation_s: float
    speed_m_s: float


class Moments:
    """Looks up what is known at each step.

    Parameters
    ----------
    material, timeline
        The drive.
    """

    def __init__(self, material: Material, timeline: Timeline) -> None:
        self._timeline = timeline
        gaze = material.gaze
        self._rows = None if isinstance(gaze, Missing) else gaze
        samples = material.samples
        self._sample_s = np.zeros(0)
        self._sample_px = samples.road_px
        recording, time_map = material.recording, material.time_map
        if recording is not None and not isinstance(time_map, Missing) and self._rows is not None:
            tracker_s = (samples.timestamp_ns - recording.first_frame_ns) / 1e9
            self._sample_s = np.maximum.accumulate(time_map.phone_s(tracker_s))

    def at(self, step: int) -> Moment:
        """Give what is known at a step."""
        row = int(self._timeline.ego_row[step])
        time_s, apart_ms = float(self._timeline.time_s[step]), float(self._timeline.apart_ms[step])
        if self._rows is None or row < 0:
            return _unknown(time_s, apart_ms, row)
        return _known(self._rows, row, time_s, apart_ms)

    def trail(self, step: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give where gaze has been in the road view up to a step: points, shape (n, 2), and ages, s.

        A point is NaN where gaze was not seen for a while.
        """
        now = float(self._timeline.time_s[step])
        first, last = np.searchsorted(self._sample_s, [now - TRAIL_S, now]).tolist()
        points, at = self._sample_px[first:last], self._sample_s[first:last]
        lost = np.flatnonzero(np.diff(at) > _LOST_S) + 1
        return np.insert(points, lost, np.nan, axis=0), now - np.insert(at, lost, at[lost])


def _unknown(time_s: float, apart_ms: float, row: int) -> Moment:
    nothing = np.full(2, np.nan)
    return Moment(
        time_s=time_s, apart_ms=apart_ms, row=row, source=None, none_reason="",
        ego_px=nothing, road_px=nothing, covariance_px2=np.full((2, 2), np.nan), road_from_ego=None,
        error_px=math.nan, blink=False, saccade=False, unworn=False, fixation_s=math.nan,
        speed_m_s=math.nan,
    )  # fmt: skip


def _known(rows: GazeRows, row: int, time_s: float, apart_ms: float) -> Moment:
    source = int(rows.source[row])
    reason = rows.none_reason[row]
    matrix = rows.road_from_ego[row]
    return Moment(
        time_s=time_s,
        apart_ms=apart_ms,
        row=row,
        source=None if source == UNKNOWN else SOURCES[source],
        none_reason=NONE_REASONS.get(reason, reason) if reason else "",
        ego_px=rows.ego_px[row],
        road_px=rows.road_px[row],
        covariance_px2=rows.covariance_px2[row],
        road_from_ego=matrix if np.isfinite(matrix).all() else None,
        error_px=float(rows.error_px[row]),
        blink=bool(rows.blink[row]),
        saccade=bool(rows.saccade[row]),
        unworn=bool(rows.unworn[row]),
        fixation_s=float(rows.fixation_s[row]),
        speed_m_s=float(rows.speed_m_s[row]),
    )
