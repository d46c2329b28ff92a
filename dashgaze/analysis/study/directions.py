"""Gaze in degrees from a reference: what may be compared between sessions, unlike pixels."""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from dashgaze.alignment.road_camera import usual_focal_px
from dashgaze.errors import InputError
from dashgaze.scratch import Shelf

from ..contract.direction import GazeDirections, ReferenceKind
from ..contract.study import BoolArray, FloatArray, SessionData, Study
from .centre import geometric_median, mode
from .motion import frame_step_s, seconds_of
from .noise import mapping_noise_deg, tracker_noise_deg
from .selection import Selection, usable_gaze
from .shelving import ShelvedMapping, shelved

ENOUGH_S = 60.0
"""Vanishing points for so long make a reference."""

MOVING_M_S = 4.0
"""Above this the direction of travel is where one looks; below, drivers look about."""

_MODE_BANDWIDTH_DEG = 1.5


@dataclass(frozen=True, kw_only=True)
class DirectionOptions:
    """How directions are made.

    Attributes
    ----------
    selection
        Frames whose gaze counts; that of others is NaN.
    reference
        ``auto``: the mount point (geometric median of the frames' vanishing points) if they cover 60 s, else
        the mode of gaze. Or one of the kinds: with ``vanishing_point`` each frame's own is subtracted, and the
        mount point where it has none.
    focal_px
        Focal length to be used instead of the session's.
    """

    selection: Selection = field(default_factory=Selection)
    reference: Literal["auto", "vanishing_point", "mount_point", "modal_gaze"] = "auto"
    focal_px: float | None = None


USUAL_DIRECTIONS = DirectionOptions()


def directions(
    session: SessionData, options: DirectionOptions = USUAL_DIRECTIONS
) -> GazeDirections:
    """Give the gaze of a session in degrees.

    With the road camera's focal length f and the middle c of its picture ::

        (x, y) = (point - c) / f,   azimuth = atan x,   elevation = -atan(y / √(1 + x²))

    Gaze beyond the picture's edges is kept. Angles are differences: the camera's roll, and that a mount
    looks up or down, are not undone.

    Parameters
    ----------
    session
        The session.
    options
        How.

    Raises
    ------
    InputError
        If there is no gaze that counts, the size of the picture is unknown, or the reference that was
        asked for can't be had.
    """
    focal_px, assumed = _focal(session, options)
    selected = usable_gaze(session, options.selection, focal_px=focal_px)
    if not selected.any():
        raise InputError(
            f"{session.session_id} has no gaze in the road view that counts.",
            fix="Run `dashgaze align` on the drive and pack it again, or select less strictly.",
        )
    gaze_deg = angles_deg(session, session.gaze_road_px, focal_px)
    gaze_deg[~selected] = np.nan
    vanishing_deg = angles_deg(session, session.vanishing_point_px, focal_px)
    kind, reference = _reference(session, options, gaze_deg, vanishing_deg)
    subtracted: FloatArray = np.broadcast_to(reference, gaze_deg.shape)
    if kind == "vanishing_point":
        known = np.isfinite(vanishing_deg).all(axis=1, keepdims=True)
        subtracted = np.where(known, vanishing_deg, reference)
    noise = np.hypot(
        tracker_noise_deg(session, selected), mapping_noise_deg(session, selected, focal_px)
    )
    return GazeDirections(
        camera_deg=gaze_deg,
        vanishing_point_deg=vanishing_deg,
        reference_deg=reference,
        reference_kind=kind,
        from_reference_deg=gaze_deg - subtracted,
        noise_sd_deg=noise,
        focal_px=focal_px,
        focal_is_assumed=assumed,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class StudyDirections:
    """Directions of all sessions that have them.

    Attributes
    ----------
    by_session
        By name of the session.
    refused
        Why there are none, by name of the session.
    """

    by_session: dict[str, GazeDirections]
    refused: dict[str, str]


def study_directions(
    study: Study, options: DirectionOptions = USUAL_DIRECTIONS, *, shelf: Shelf | None = None
) -> StudyDirections:
    """Give directions of every session of a study; those that have none are named, with the reason.

    Their arrays go onto the shelf if there is one, and are read-only then.
    """
    found: dict[str, GazeDirections] = {}
    refused: dict[str, str] = {}
    for session in study.sessions:
        try:
            given = directions(session, options)
        except InputError as error:
            refused[session.session_id] = error.what
        else:
            found[session.session_id] = given if shelf is None else shelved(given, shelf)
    return StudyDirections(
        by_session=found if shelf is None else ShelvedMapping(found, shelf), refused=refused
    )


def angles_deg(session: SessionData, points_px: FloatArray, focal_px: float) -> FloatArray:
    """Give azimuth (right positive) and elevation (up positive) of points in the road view, shape (n, 2).

    Parameters
    ----------
    session
        Tells the size of the picture, whose middle is the principal point.
    points_px
        Shape (n, 2), px.
    focal_px
        Focal length.

    Raises
    ------
    InputError
        If the size is unknown.
    """
    x, y = ((points_px - _middle_px(session)) / focal_px).T
    return np.column_stack([np.degrees(np.arctan(x)), -np.degrees(np.arctan2(y, np.hypot(x, 1)))])


def fractions_of_width(session: SessionData) -> FloatArray:
    """Give gaze from the middle of the picture in widths of it, right and up positive, shape (n, 2).

    What is left to compare where no focal length is known: it still depends on the phone's lens.

    Raises
    ------
    InputError
        If the size is unknown.
    """
    offset_px = session.gaze_road_px - _middle_px(session)
    width_px = session.road_size_px[0] if session.road_size_px else np.nan
    return np.asarray(offset_px * (1.0, -1.0) / width_px, dtype=np.float64)


def _focal(session: SessionData, options: DirectionOptions) -> tuple[float, bool]:
    """Give the focal length and whether it is only a usual one.

    It can't be recovered here: that takes the scene camera's matrix, which a data set does not hold.
    """
    if options.focal_px is not None:
        return options.focal_px, False
    if session.road_focal_px is not None:
        return session.road_focal_px, False
    _middle_px(session)
    return usual_focal_px(session.road_size_px or (0, 0)), True


def _middle_px(session: SessionData) -> FloatArray:
    if session.road_size_px is None:
        raise InputError(
            f"{session.session_id} does not tell the size of its road picture, so that pixels have no "
            "direction.",
            fix="Pack the drive again while its road video is at hand.",
        )
    width, height = session.road_size_px
    return np.array([(width - 1) / 2, (height - 1) / 2])


def _reference(
    session: SessionData,
    options: DirectionOptions,
    gaze_deg: FloatArray,
    vanishing_deg: FloatArray,
) -> tuple[ReferenceKind, FloatArray]:
    wanted = options.reference
    known: BoolArray = np.asarray(np.isfinite(vanishing_deg).all(axis=1), dtype=np.bool_)
    enough = seconds_of(known, session.time_s) >= ENOUGH_S
    if wanted == "modal_gaze" or (wanted == "auto" and not enough):
        return "modal_gaze", _modal_gaze(session, gaze_deg)
    if not enough:
        raise InputError(
            f"{session.session_id} has vanishing points for {seconds_of(known, session.time_s):.0f} s; "
            f"{ENOUGH_S:.0f} s were expected.",
            fix="Run `dashgaze vanishing-point` on the drive and pack it again, or take reference='auto'.",
        )
    kind: ReferenceKind = "vanishing_point" if wanted == "vanishing_point" else "mount_point"
    return kind, geometric_median(vanishing_deg[known])


def _modal_gaze(session: SessionData, gaze_deg: FloatArray) -> FloatArray:
    """Give the mode of gaze, while the car moves if there is enough of that."""
    moving: BoolArray = np.isfinite(gaze_deg).all(axis=1) & (session.speed_m_s > MOVING_M_S)
    step_s = frame_step_s(session.time_s)
    if step_s > 0 and np.count_nonzero(moving) * step_s >= ENOUGH_S:
        return mode(gaze_deg[moving], bandwidth=_MODE_BANDWIDTH_DEG)
    return mode(gaze_deg, bandwidth=_MODE_BANDWIDTH_DEG)
