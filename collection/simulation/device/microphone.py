"""What the microphone in the scene camera hears."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from dashgaze.errors import InputError
from dashgaze.media import Sound

from .clock import DeviceClock
from .options import HeardSound

RATE_HZ = 48_000
_NOISE_RMS = 0.002
_LATE_NS = 10 * 10**9  # no recording begins in such a past
_HALF_REACH = 16  # samples on both sides after which a cubic spline is as if it had all


@dataclass(frozen=True)
class _Played:
    samples: NDArray[np.float32]
    gain: float
    rate_hz: int
    start_ns: int
    """Steady time of its first sample."""
    steady_per_host: float

    @property
    def end_ns(self) -> int:
        return self.start_ns + round(len(self.samples) / self.rate_hz * 1e9 * self.steady_per_host)


class Microphone:
    """Mixes its own faint noise, a given sound, and what is played near it.

    All on the device's steady time, so that what the host plays is heard with the drift between the two
    clocks.
    """

    def __init__(self, clock: DeviceClock, sound: HeardSound | None, *, seed: int = 0) -> None:
        self._clock, self._sound, self._seed = clock, sound, seed
        self._played: list[_Played] = []
        self._done_ns = clock.steady_ns()

    def play(self, sound: Sound, host_ns: int, *, gain: float = 1.0) -> None:
        """Play a sound near it.

        Parameters
        ----------
        sound
            What is played; its first sample `start_s` after its time zero.
        host_ns
            When its time zero is heard: this computer's Unix time, ns; now, soon, or up to about a second ago.
        gain
            Factor.

        Raises
        ------
        InputError
            If a part of it was to be heard so long ago that it has been recorded without it.
        """
        first_ns = host_ns + round(sound.start_s * 1e9)
        last_ns = first_ns + round(sound.duration_s * 1e9)
        start_ns, end_ns = self._clock.steady_ns(first_ns), self._clock.steady_ns(last_ns)
        if start_ns < self._done_ns:
            raise InputError(
                f"The sound was to be heard {(self._clock.steady_ns() - start_ns) / 1e9:.1f} s ago; "
                "that time is recorded already.",
                fix="Tell the device of a sound when it is played.",
            )
        self._forget_before(self._clock.steady_ns() - _LATE_NS)
        self._played.append(
            _Played(
                samples=sound.samples,
                gain=gain,
                rate_hz=sound.rate_hz,
                start_ns=start_ns,
                steady_per_host=(end_ns - start_ns) / max(1, last_ns - first_ns),
            )
        )

    def listen(self, start_ns: int, count: int) -> NDArray[np.float32]:
        """Give `count` samples from a steady time on; what was played before them is forgotten.

        Returns
        -------
        numpy.ndarray
            Shape (count,), full scale ±1, clipped.
        """
        end_ns = start_ns + round(count * 1e9 / RATE_HZ)
        heard = self._noise(start_ns, count)
        if self._sound is not None:
            stamp_ns = self._clock.stamp_ns(start_ns)
            heard += np.asarray(self._sound(stamp_ns, count, RATE_HZ), dtype=np.float64)
        for played in self._played:
            if played.start_ns < end_ns and start_ns < played.end_ns:
                heard += _resampled(played, start_ns, count)
        self._forget_before(start_ns)
        self._done_ns = max(self._done_ns, end_ns)
        return np.clip(heard, -1.0, 1.0).astype(np.float32)

    def _forget_before(self, steady_ns: int) -> None:
        self._played = [played for played in self._played if played.end_ns > steady_ns]

    def _noise(self, start_ns: int, count: int) -> NDArray[np.float64]:
        return np.random.default_rng([self._seed, start_ns]).normal(0.0, _NOISE_RMS, count)


def _resampled(played: _Played, start_ns: int, count: int) -> NDArray[np.float64]:
    """Give what is heard of a sound from a steady time on."""
    at_s = np.arange(count) / RATE_HZ + (start_ns - played.start_ns) / 1e9
    position = at_s / played.steady_per_host * played.rate_hz
    low = max(0, int(position[0]) - _HALF_REACH)
    part = played.samples[low : int(position[-1]) + _HALF_REACH + 2]
    if len(part) == 0:
        return np.zeros(count)
    return played.gain * np.asarray(
        ndimage.map_coordinates(
            part.astype(np.float64), [position - low], order=3, mode="constant", cval=0.0
        )
    )
