"""The clock of the simulated device, which is not the computer's."""

import time
from collections.abc import Callable


class DeviceClock:
    """A clock with an offset, a drift and jumps against this computer's.

    Two readings, both in ns: *steady* time runs at the device's rate and never jumps, as its crystal does;
    *device* time is what the device stamps with, steady time plus an offset that may jump::

        steady = host + drift · (host − start),   device = steady + offset

    Parameters
    ----------
    offset_ms
        Device time minus host time when the clock is made.
    drift_ppm
        By how much it runs faster than the host's, parts per million.
    host_ns
        Gives the host's Unix time.
    """

    def __init__(
        self,
        *,
        offset_ms: float = 0.0,
        drift_ppm: float = 0.0,
        host_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._host_ns = host_ns
        self._start_ns = host_ns()
        self._drift = drift_ppm * 1e-6
        self._offset_ns = round(offset_ms * 1e6)

    def steady_ns(self, host_ns: int | None = None) -> int:
        """Give steady time at a host time; now if none is given."""
        host_ns = self._host_ns() if host_ns is None else host_ns
        return host_ns + round((host_ns - self._start_ns) * self._drift)

    def now_ns(self) -> int:
        """Give the device's time now."""
        return self.steady_ns() + self._offset_ns

    def stamp_ns(self, steady_ns: int) -> int:
        """Give what the device stamps at a steady time, with the offset that it has now."""
        return steady_ns + self._offset_ns

    def offset_ms(self) -> float:
        """Give device time minus host time now, ms: the truth that a client has to find."""
        host_ns = self._host_ns()
        return (self.stamp_ns(self.steady_ns(host_ns)) - host_ns) / 1e6

    def jump(self, by_ms: float) -> None:
        """Set the clock forward, or back if negative."""
        self._offset_ns += round(by_ms * 1e6)
