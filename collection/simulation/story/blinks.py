"""When a simulated driver blinks."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .glances import BEYOND_S
from .route import smooth_step

FloatArray = NDArray[np.float64]

_PER_MINUTE = (14.0, 21.0)
_MEDIAN_S, _LOG_SD, _DURATION_S = 0.17, 0.3, (0.1, 0.3)
_CLOSING, _SHUT = 0.3, 0.45
"""Parts of a blink after which the lid is shut, and opens again."""


class Blinks:
    """Blinks of 100 to 300 ms, 14 to 21 a minute, at least 0.4 s apart.

    Parameters
    ----------
    rng
        Random numbers.
    seconds
        Length of the drive.
    """

    def __init__(self, rng: np.random.Generator, seconds: float) -> None:
        mean_s = 60.0 / rng.uniform(*_PER_MINUTE)
        count = int((seconds + 2 * BEYOND_S) / mean_s * 1.5) + 20
        # Gamma of shape 2: neither as even as a clock nor as clustered as chance.
        gaps_s = 0.4 + rng.gamma(2.0, (mean_s - 0.4) / 2.0, count)
        durations_s = _MEDIAN_S * np.exp(_LOG_SD * rng.standard_normal(count))
        start_s = np.cumsum(gaps_s) - BEYOND_S
        kept = start_s < seconds + BEYOND_S
        self.start_s: FloatArray = start_s[kept]
        """Shape (n,), s."""
        self.end_s: FloatArray = self.start_s + np.clip(durations_s[kept], *_DURATION_S)
        """Shape (n,), s."""

    def blink_id(self, time_s: ArrayLike) -> NDArray[np.intp]:
        """Give the number of the blink that times lie in; −1 outside of blinks, shape (n,)."""
        times = np.asarray(time_s, dtype=np.float64)
        number = np.searchsorted(self.start_s, times, side="right") - 1
        inside = (number >= 0) & (times <= self.end_s[np.maximum(number, 0)])
        return np.asarray(np.where(inside, number, -1), dtype=np.intp)

    def blink(self, time_s: ArrayLike) -> NDArray[np.bool_]:
        """Tell whether times lie in a blink, shape (n,)."""
        return np.asarray(self.blink_id(time_s) >= 0)

    def eyelid_openness(self, time_s: ArrayLike) -> FloatArray:
        """Give how far the eyes are open, from 0 to 1, shape (n,); lids close faster than they open."""
        times = np.asarray(time_s, dtype=np.float64)
        number = self.blink_id(times)
        place = np.maximum(number, 0)
        part = (times - self.start_s[place]) / (self.end_s[place] - self.start_s[place])
        closed = smooth_step(part / _CLOSING) * (1 - smooth_step((part - _SHUT) / (1 - _SHUT)))
        return np.where(number >= 0, 1 - closed, 1.0)
