"""How loud a sound track is over the drive, and what is wrong with it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.media import Sound

SILENT_DBFS = -100.0
"""Quieter than the own noise of any phone's microphone (`dashgaze check` has the same limit): another app
had the microphone, or it was switched off."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SoundHealth:
    """Sound of one recorder.

    Attributes
    ----------
    time_s
        Middles of seconds on the sound's own time line, shape (n,), s.
    level_dbfs
        Root mean square of each second, shape (n,), dB of full scale; NaN where nothing was recorded.
    median_dbfs
        Median of these; None without sound.
    clipped_share
        Share of samples at full scale.
    silent_share
        Share of recorded seconds that hold digital silence.
    lost_s, gap_count
        Length of sound that was lost inside of the recording, s, and in how many places.
    duration_s
        Length of the sound, s.
    cut
        Whether it ends at damaged data.
    """

    time_s: NDArray[np.float64]
    level_dbfs: NDArray[np.float64]
    median_dbfs: float | None
    clipped_share: float
    silent_share: float
    lost_s: float
    gap_count: int
    duration_s: float
    cut: bool

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        return {
            "median_dbfs": self.median_dbfs,
            "clipped_share": self.clipped_share,
            "silent_share": self.silent_share,
            "lost_s": self.lost_s,
            "gap_count": self.gap_count,
            "duration_s": self.duration_s,
            "cut": self.cut,
        }


def measure_sound(sound: Sound) -> SoundHealth:
    """Measure the level of a sound, second by second.

    Parameters
    ----------
    sound
        Decoded sound, of any rate.
    """
    per_second = sound.rate_hz
    count = len(sound.samples) // per_second
    square = np.zeros(count)
    for second in range(count):  # one at a time: an hour in double precision is half a gigabyte
        part = sound.samples[second * per_second : (second + 1) * per_second]
        square[second] = float(np.dot(part, part)) / per_second
    with np.errstate(divide="ignore"):
        level = 10 * np.log10(square)
    time_s = np.arange(count, dtype=np.float64) + (sound.start_s + 0.5)
    for start_s, end_s in sound.gaps_s:
        level[(time_s > start_s) & (time_s < end_s)] = np.nan
    known = level[~np.isnan(level)]
    # Silence has a level of minus infinity, which no chart and no JSON can hold.
    median = float(np.median(np.maximum(known, -200.0))) if len(known) else None
    return SoundHealth(
        time_s=time_s,
        level_dbfs=level,
        median_dbfs=median,
        clipped_share=sound.clipped_share,
        silent_share=float(np.mean(known < SILENT_DBFS)) if len(known) else 1.0,
        lost_s=float(sum(end_s - start_s for start_s, end_s in sound.gaps_s)),
        gap_count=len(sound.gaps_s),
        duration_s=sound.duration_s,
        cut=sound.truncated,
    )
