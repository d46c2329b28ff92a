"""Presentation times of the pictures of each view, as the data set and its videos count them."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.media import read_frame_times

TICKS_PER_S = 90_000
"""Ticks of the videos in a data set: the clock of MPEG, fine enough to tell any two frames apart."""

_TICKS_PER_NS = Fraction(TICKS_PER_S, 10**9)


def ego_ticks(timestamp_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the presentation time of each ego frame, from the stamp of the first one, padding included.

    Parameters
    ----------
    timestamp_ns
        The device's time stamps of all ego frames, shape (n,), ns.

    Returns
    -------
    NDArray[np.int64]
        Shape (n,), ticks of 1/90000 s, rounded to the nearest, halves up.
    """
    stamps = np.asarray(timestamp_ns, dtype=np.int64)
    return _times(stamps - stamps[0], _TICKS_PER_NS) if len(stamps) else stamps


def phone_ticks(path: Path) -> NDArray[np.int64]:
    """Give the presentation time of each frame of a phone's video, from its first frame.

    Parameters
    ----------
    path
        The video as recorded.

    Returns
    -------
    NDArray[np.int64]
        Shape (n,), by frame index (presentation order), ticks of 1/90000 s, rounded to the nearest,
        halves up; strictly ascending.

    Raises
    ------
    MediaError
        If the frame times can't be read, or two frames lie less than a tick apart.
    """
    times = read_frame_times(path)
    numerator, denominator = times.time_base
    ticks = _times(times.pts - times.pts[0], Fraction(numerator * TICKS_PER_S, denominator))
    together = np.flatnonzero(np.diff(ticks) <= 0)
    if len(together):
        first = int(together[0])
        raise MediaError(
            f"{path}: frames {first} and {first + 1} lie less than 1/{TICKS_PER_S} s apart; "
            f"{len(together)} frames could not be told from the one before them.",
            fix="No camera does that: copy the file again from the phone.",
            path=path,
        )
    return ticks


def _times(values: NDArray[np.int64], factor: Fraction) -> NDArray[np.int64]:
    """Multiply integers by a fraction, rounded to the nearest, halves up, without a float.

    Taken apart at the denominator, so that hours of nanoseconds don't overflow.
    """
    whole, rest = np.divmod(values, factor.denominator)
    part = (2 * rest * factor.numerator + factor.denominator) // (2 * factor.denominator)
    ticks: NDArray[np.int64] = whole * factor.numerator + part
    return ticks
