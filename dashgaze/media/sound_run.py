"""A run of sound without a hole: mixed, resampled and timed while it is decoded."""

from array import array
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from dashgaze.scratch import Strip

# Stamps that jitter settle over this many frames.
SETTLING_FRAMES = 8
_BLOCK_FRAMES = 512
# At or next to full scale: lossy coding spreads a clipped peak a little to both sides of 1.
_CLIPPED = 0.99
# Decoders may overshoot full scale somewhat; what goes beyond this is damaged data.
_LOUDEST = 16.0


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A buffer of samples as the decoder gives it.

    Attributes
    ----------
    time_s
        Container time of the first sample; None if the frame carries no stamp.
    rate_hz
        Samples per second.
    channels
        Shape (channels, n), in the decoder's number type.
    """

    time_s: float | None
    rate_hz: int
    channels: NDArray[np.generic]

    @property
    def count(self) -> int:
        """Samples per channel."""
        return int(self.channels.shape[1])

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return self.count / self.rate_hz


@dataclass
class Level:
    """What is learned about the level of the whole track while it is mixed to mono."""

    sample_count: int = 0
    clipped_count: int = 0
    heard: set[int] = field(default_factory=set)

    def sum_channels(self, channels: NDArray[np.generic]) -> NDArray[np.float32]:
        """Add up the channels of a block, full scale ±1 each, shape (n,)."""
        scaled = _full_scale_one(channels)
        loud = np.abs(scaled)
        self.sample_count += scaled.shape[1]
        self.clipped_count += int(np.count_nonzero((loud >= _CLIPPED).any(axis=0)))
        self.heard.update(np.flatnonzero(loud.any(axis=1)).tolist())
        total: NDArray[np.float32] = scaled.sum(axis=0, dtype=np.float32)
        return total

    @property
    def channel_count(self) -> int:
        """Channels to divide the sum by: those that are not digital silence from end to end."""
        return max(1, len(self.heard))

    @property
    def clipped_share(self) -> float:
        """Share of samples at or next to full scale."""
        return self.clipped_count / self.sample_count if self.sample_count else 0.0


def _full_scale_one(samples: NDArray[np.generic]) -> NDArray[np.float32]:
    if samples.dtype.kind == "f":
        out: NDArray[np.float32] = samples.astype(np.float32, copy=False)
        if not np.abs(out).max(initial=0) <= _LOUDEST:  # not-a-number counts, too
            out = np.where(np.abs(out) <= _LOUDEST, out, np.float32(0))
        return out
    half = 2.0 ** (8 * samples.dtype.itemsize - 1)
    zero = half if samples.dtype.kind == "u" else 0.0
    scaled: NDArray[np.float32] = ((samples.astype(np.float64) - zero) / half).astype(np.float32)
    return scaled


class Run:
    """Sound without a hole, resampled block by block while it grows.

    Parameters
    ----------
    native_hz, rate_hz
        Sample rate before and after.
    level
        Learns from each block.
    continues
        Whether the same clock counts the samples of the run before and of this one, so that only
        a slow disagreement lies between them.
    zero_s
        Container time of sample 0, where better known than from the first frame.
    """

    def __init__(
        self, native_hz: int, rate_hz: int, level: Level, *, continues: bool, zero_s: float | None
    ) -> None:
        self.native_hz = native_hz
        self.count = 0
        self.continues = continues
        # For each frame with a stamp: the samples before it, and where the stamp puts sample 0.
        self.offsets = array("q")
        self.zeros_s = array("d")
        self._zero_s = zero_s
        self._zero_is_given = zero_s is not None
        self._level = level
        self._pending: list[NDArray[np.generic]] = []
        self._resampled = Strip(np.float32)
        self._resampler = (
            None
            if native_hz == rate_hz
            else soxr.ResampleStream(native_hz, rate_hz, 1, dtype="float32", quality="VHQ")
        )

    def append(self, frame: DecodedFrame) -> None:
        """Add a frame, whatever its stamp."""
        if self._pending and self._pending[0].shape[0] != frame.channels.shape[0]:
            self._flush()
        if frame.time_s is not None:
            self.offsets.append(self.count)
            self.zeros_s.append(frame.time_s - self.count / self.native_hz)
            if len(self.zeros_s) <= SETTLING_FRAMES and not self._zero_is_given:
                self._zero_s = float(np.median(self.zeros_s))
        self.count += frame.count
        self._pending.append(frame.channels)
        if len(self._pending) >= _BLOCK_FRAMES:
            self._flush()

    @property
    def duration_s(self) -> float:
        """Length, s."""
        return self.count / self.native_hz

    @property
    def next_s(self) -> float | None:
        """Container time that the next frame should have."""
        return None if self._zero_s is None else self._zero_s + self.count / self.native_hz

    @property
    def recent_drift_s(self) -> float:
        """How far the last stamps have moved against the first ones."""
        if self._zero_s is None or not self.zeros_s:
            return 0.0
        return float(np.median(self.zeros_s[-SETTLING_FRAMES:])) - self._zero_s

    @property
    def start_s(self) -> float | None:
        """Container time of sample 0 by the middle one of all stamps, which rounding can't move."""
        zero_s = float(np.median(self.zeros_s)) if self.zeros_s else self._zero_s
        return None if zero_s is None else round(zero_s, 9)

    def finish(self) -> NDArray[np.float32]:
        """Give the resampled sum of the channels, shape (n,); the run can't grow any more."""
        self._flush(last=True)
        return self._resampled.finish()

    def _flush(self, *, last: bool = False) -> None:
        if self._pending:
            block = self._level.sum_channels(np.concatenate(self._pending, axis=1))
            self._pending.clear()
        else:
            block = np.zeros(0, dtype=np.float32)
        if self._resampler is not None:
            block = self._resampler.resample_chunk(np.ascontiguousarray(block), last=last)
        if len(block):
            self._resampled.append(block)
