"""Sections of a session of about equal length."""

import numpy as np

from ..contract.study import IndexArray, SessionData


def sections(session: SessionData, length_s: float = 60.0) -> IndexArray:
    """Give the number of the section of some seconds that each frame lies in, from 0, shape (n,).

    A rest at the end that is shorter than half a section belongs to the one before.

    Parameters
    ----------
    session
        The session.
    length_s
        Length, s.
    """
    if not len(session):
        return np.zeros(0, dtype=np.int64)
    passed_s = session.time_s - session.time_s[0]
    number = np.floor(passed_s / length_s).astype(np.int64)
    last = int(number[-1])
    if last > 0 and passed_s[-1] - last * length_s < length_s / 2:
        number = np.minimum(number, last - 1)
    return np.asarray(number, dtype=np.int64)
