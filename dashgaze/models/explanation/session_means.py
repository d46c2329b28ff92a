"""Means that know how few drives they come from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.metrics.sessions import t_interval

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """The mean over sessions of their means.

    Attributes
    ----------
    mean
        Each session counts the same.
    low, high
        95 % interval (Student's t over session means); None with fewer than two sessions.
    sessions, frames
        How many it comes from.
    """

    mean: float
    low: float | None
    high: float | None
    sessions: int
    frames: int

    def plain(self) -> dict[str, float | int | None]:
        """Give it ready for JSON."""
        return {
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "sessions": self.sessions,
            "frames": self.frames,
        }


def session_interval(values: FloatArray, sessions: NDArray[np.str_]) -> Interval | None:
    """Average over sessions; frames of one drive are too alike to count one by one.

    Parameters
    ----------
    values
        One for each frame, shape (n,); those that are no numbers are left out.
    sessions
        Shape (n,).

    Returns
    -------
    Interval or None
        None if nothing is known.
    """
    known = np.isfinite(values)
    values, sessions = values[known], sessions[known]
    names = sorted(set(sessions.tolist()))
    if not names:
        return None
    means = np.array([values[sessions == name].mean() for name in names])
    mean = float(means.mean())
    low = high = None
    if len(names) > 1:
        low, high = t_interval(means)
    return Interval(mean=mean, low=low, high=high, sessions=len(names), frames=len(values))
