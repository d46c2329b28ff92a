"""Fixations of a session from its frames."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import BoolArray, FloatArray, IndexArray, SessionData


@dataclass(frozen=True, kw_only=True, eq=False)
class FixationList:
    """The m fixations of a session that have gaze that counts, in order of time; arrays of shape (m, …).

    Attributes
    ----------
    direction_deg
        Mean of gaze from the reference.
    middle
        Row of the frame in the middle of each.
    start_s
        First frame that counts.
    duration_s
        From the first frame that counts to the last one, and one frame more.
    frame_count
        Frames that count.
    """

    direction_deg: FloatArray
    middle: IndexArray
    start_s: FloatArray
    duration_s: FloatArray
    frame_count: IndexArray


def fixation_list(
    session: SessionData, directions_deg: FloatArray, usable: BoolArray
) -> FixationList | None:
    """Gather the frames of each fixation; None where fixations are unknown.

    Parameters
    ----------
    session
        The session.
    directions_deg
        Gaze of its frames, shape (n, 2).
    usable
        Frames that count, shape (n,).
    """
    if "fixation_id" not in session.known:
        return None
    good = usable & (session.fixation_id >= 0) & np.isfinite(directions_deg).all(axis=1)
    rows = np.flatnonzero(good)
    if not len(rows):
        return None
    ids = session.fixation_id[rows]
    begins = np.flatnonzero(np.diff(ids, prepend=-2) != 0)
    ends = np.append(begins[1:], len(rows))
    count = ends - begins
    sums = np.add.reduceat(directions_deg[rows], begins, axis=0)
    step_s = float(np.median(np.diff(session.time_s))) if len(session) > 1 else 0.0
    first, last = rows[begins], rows[ends - 1]
    return FixationList(
        direction_deg=sums / count[:, None],
        middle=(first + last) // 2,
        start_s=session.time_s[first],
        duration_s=session.time_s[last] - session.time_s[first] + step_s,
        frame_count=count.astype(np.int64),
    )
