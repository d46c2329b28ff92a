"""Sound on the time line of its container."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.progress import Progress, silent


@dataclass(frozen=True, kw_only=True)
class Sound:
    """Mono sound on a continuous time line; where nothing was recorded the samples are zero.

    Attributes
    ----------
    samples
        Shape (n,), full scale ±1.
    rate_hz
        Samples per second.
    start_s
        Time of sample 0 on the file's container time line (or on the line it was placed on), s.
    gaps_s
        Stretches [start, end) without recorded sound, on the same time line, ascending: lost
        buffers, and the spaces between parts. The time before `start_s` is no gap.
    clipped_share
        Share of recorded samples at or next to full scale, 0 … 1.
    truncated
        Whether decoding stopped early at damaged data.
    paths
        The files the sound came from.
    """

    samples: NDArray[np.float32]
    rate_hz: int
    start_s: float
    gaps_s: tuple[tuple[float, float], ...] = ()
    clipped_share: float = 0.0
    truncated: bool = False
    paths: tuple[Path, ...] = field(default=())

    @property
    def duration_s(self) -> float:
        """Length from the first to the end of the last sample, gaps included, s."""
        return len(self.samples) / self.rate_hz

    @property
    def end_s(self) -> float:
        """Time of the end of the last sample, s."""
        return self.start_s + self.duration_s

    def recorded(self) -> NDArray[np.bool_]:
        """Whether each sample was recorded (not a filled gap), shape (n,)."""
        mask = np.ones(len(self.samples), dtype=np.bool_)
        for start_s, end_s in self.gaps_s:
            first = max(0, round((start_s - self.start_s) * self.rate_hz))
            mask[first : max(first, round((end_s - self.start_s) * self.rate_hz))] = False
        return mask


def read_sound(path: Path, *, rate_hz: int, progress: Progress = silent) -> Sound:
    """Decode the first sound track of a file to mono, on the container's time line."""
    raise MediaError(f"{path}: not written yet.")


def join_sounds(parts: Sequence[tuple[Sound, float]]) -> Sound:
    """Place several sounds on one time line; the spaces between them become gaps.

    Parameters
    ----------
    parts
        Pairs of a sound and the time its container's zero has on the common time line, s. All
        sounds have the same rate. Where two overlap, the earlier one in time is kept.
    """
    raise MediaError("not written yet.")
