"""Speed of the car in bins, frame by frame."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..contract.study import BoolArray, FloatArray, IndexArray, SessionData
from .motion import above, near_changes, runs

SPEED_BINS: tuple[str, ...] = ("stopped", "under 20", "20–40", "40–60", "over 60")
"""Names of the bins, km/h; places in this tuple are what `speed_bin` gives."""

UNKNOWN = -1
_EDGES_KM_H = (20.0, 40.0, 60.0)
_EDGE_SLACK_KM_H = 1.0
STOPPED_M_S, _STOPPED_LOW_M_S, _STOPPED_HIGH_M_S = 1.0, 0.5, 1.5
SHORTEST_STOP_S = 2.0
TRANSITION_S = 3.0
"""Frames so near around a change of bin, half before and half after it, belong to no bin."""

FASTEST_M_S = 90.0
"""Faster than this (324 km/h) no car of such a study is: a wrong unit."""

MotionSource = Literal["speed", "vanishing_point", "none"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Motion:
    """Whether the car moves.

    Attributes
    ----------
    stopped
        1 stopped, 0 moving, −1 unknown, shape (n,).
    source
        What tells it.
    note
        What can't be said, in a sentence; "" if nothing.
    """

    stopped: IndexArray
    source: MotionSource
    note: str


def speed_bin(session: SessionData, *, drop_transitions: bool = True) -> IndexArray:
    """Give the place of each frame's speed in `SPEED_BINS`, −1 where it is unknown or changing, shape (n,).

    Edges between moving bins have ± 1 km/h of slack, so that a speed that trembles about an edge stays in
    its bin. Stopped is as in `motion_of`. Where speed is missing it is not taken as 0.

    Parameters
    ----------
    session
        The session.
    drop_transitions
        Whether frames within 1.5 s of a change of bin belong to none.
    """
    speed = _sane_speed(session)
    bins = np.ones(len(speed), dtype=np.int64)
    for edge in _EDGES_KM_H:
        low, high = (edge - _EDGE_SLACK_KM_H) / 3.6, (edge + _EDGE_SLACK_KM_H) / 3.6
        bins += above(speed, low, high, edge / 3.6) == 1
    bins[_stopped(session.time_s, speed) == 1] = 0
    bins[~np.isfinite(speed)] = UNKNOWN
    if drop_transitions:
        bins[near_changes(bins, session.time_s, TRANSITION_S)] = UNKNOWN
    return bins


def motion_of(session: SessionData) -> Motion:
    """Tell where the car stands: below 1 m/s (it starts below 0.5 and ends above 1.5) for at least 2 s.

    Without speed, frames that have a vanishing point of travel are moving, as there is none at rest. Of
    the others nothing can be said then.
    """
    speed = _sane_speed(session)
    if np.isfinite(speed).any():
        left = float(np.mean(~np.isfinite(speed)))
        note = f"Speed is missing in {left:.0%} of frames: outages are not taken for stops."
        stopped = _stopped(session.time_s, speed)
        return Motion(stopped=stopped, source="speed", note=note if left > 0.005 else "")
    seen = np.isfinite(session.vanishing_point_px).all(axis=1)
    if seen.any():
        return Motion(
            stopped=np.where(seen, 0, UNKNOWN).astype(np.int64),
            source="vanishing_point",
            note="There is no speed: frames with a vanishing point are moving, of others it can't be said. "
            "No km/h can be given.",
        )
    return Motion(
        stopped=np.full(len(session), UNKNOWN, dtype=np.int64),
        source="none",
        note="There is neither speed nor a vanishing point: it can't be said when the car stood.",
    )


def _sane_speed(session: SessionData) -> FloatArray:
    """Give the speed, NaN where no car has it."""
    speed = session.speed_m_s
    sane: BoolArray = (speed >= 0) & (speed <= FASTEST_M_S)
    return np.where(sane, speed, np.nan)


def _stopped(time_s: FloatArray, speed_m_s: FloatArray) -> IndexArray:
    moving = above(speed_m_s, _STOPPED_LOW_M_S, _STOPPED_HIGH_M_S, STOPPED_M_S)
    stopped = np.where(moving < 0, UNKNOWN, 1 - moving).astype(np.int64)
    for start, end in zip(*runs(stopped), strict=True):
        # One at the edge of what is known may go on unseen, and is not called short.
        whole = start > 0 and end < len(stopped)
        inside = whole and stopped[start - 1] == 0 and stopped[end] == 0
        if stopped[start] == 1 and inside and time_s[end] - time_s[start] < SHORTEST_STOP_S:
            stopped[start:end] = 0
    return stopped
