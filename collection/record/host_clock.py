"""The two clocks of this computer."""

import time


class HostClock:
    """Unix time, for what is compared with devices; monotonic time, for how long things take."""

    def now_ns(self) -> int:
        """Give the Unix time, ns."""
        return time.time_ns()

    def monotonic_ns(self) -> int:
        """Give a time that never jumps, ns; it begins anew when the computer starts."""
        return time.monotonic_ns()

    def monotonic_s(self) -> float:
        """Give the same in seconds."""
        return self.monotonic_ns() / 1e9
