"""A data set as the analyses see it: one `SessionData` for each session."""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
TextArray = NDArray[np.str_]


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionData:
    """One session: what it is, and n ego frames in time's order. Missing is NaN, −1 for ids, or ``""``.

    Attributes
    ----------
    session_id, driver_id
        Which.
    lighting, weather, camera_position, eyewear, car
        Conditions as the manifest has them; None where it says nothing.
    passengers
        How many; None if unknown.
    road_size_px
        Width and height of the road picture; None if unknown.
    road_focal_px, road_focal_origin
        Of the road camera, and how it is known (``calibration``, ``alignment``); None if it is not.
    time_s
        Since the first frame, shape (n,), s.
    valid
        Whether the ego frame is a picture (not padding), shape (n,).
    gaze_road_px, gaze_road_cov_px2
        Gaze in the road view, shape (n, 2), and its stated covariance (xx, xy, yy), shape (n, 3).
    gaze_in_view
        Whether gaze is inside of the road picture, shape (n,).
    gaze_angle_deg
        Azimuth and elevation relative to the head, shape (n, 2).
    gaze_spread_px
        Root mean square distance of the frame's samples from their mean, ego px, shape (n,).
    gaze_sample_count
        Shape (n,).
    vanishing_point_px
        Of the direction of travel in the road view, shape (n, 2).
    speed_m_s
        Shape (n,).
    worn, blink, saccade
        Shape (n,); False where unknown (see `known`).
    fixation_id
        Shape (n,); −1 outside of fixations.
    homography_source
        ``direct``, ``propagated``, ``none`` or ``""``, shape (n,).
    homography_error_px, homography_hops
        Shape (n,).
    head_pose_deg
        Yaw, pitch, roll in the driver camera, shape (n, 3).
    facts
        The rest of the session's row (sync verdict, devices, shares, hour of day …).
    known
        Which of the optional columns have any value at all.
    """

    session_id: str
    driver_id: str
    lighting: str | None
    weather: str | None
    camera_position: str | None
    eyewear: str | None
    car: str | None
    passengers: int | None
    road_size_px: tuple[int, int] | None
    road_focal_px: float | None
    road_focal_origin: str | None
    time_s: FloatArray
    valid: BoolArray
    gaze_road_px: FloatArray
    gaze_road_cov_px2: FloatArray
    gaze_in_view: BoolArray
    gaze_angle_deg: FloatArray
    gaze_spread_px: FloatArray
    gaze_sample_count: IndexArray
    vanishing_point_px: FloatArray
    speed_m_s: FloatArray
    worn: BoolArray
    blink: BoolArray
    saccade: BoolArray
    fixation_id: IndexArray
    homography_source: TextArray
    homography_error_px: FloatArray
    homography_hops: FloatArray
    head_pose_deg: FloatArray
    facts: dict[str, Any] = field(default_factory=dict)
    known: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def has_gaze(self) -> BoolArray:
        """Frames whose gaze in the road view is known, shape (n,)."""
        return np.asarray(np.isfinite(self.gaze_road_px).all(axis=1), dtype=np.bool_)

    def where(self, rows: BoolArray) -> "SessionData":
        """Give the session with only some of its frames, shape (n,) of flags."""
        kept = {
            each.name: getattr(self, each.name)[rows]
            for each in fields(self)
            if isinstance(getattr(self, each.name), np.ndarray)
        }
        return replace(self, **kept)


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """All sessions of a data set (or of one split of it).

    Attributes
    ----------
    title, version, digest
        What the data set calls itself, and its SHA-256.
    simulated
        Whether it says that it is simulated: every report and figure repeats it.
    sessions
        Sorted by name.
    notes
        What a reader has to know of how it was read.
    """

    title: str
    version: str
    digest: str
    simulated: bool
    sessions: tuple[SessionData, ...]
    notes: tuple[str, ...] = ()

    @property
    def drivers(self) -> tuple[str, ...]:
        """Pseudonyms of the drivers, sorted."""
        return tuple(sorted({session.driver_id for session in self.sessions}))
