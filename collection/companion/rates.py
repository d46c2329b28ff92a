"""How much came over the last seconds."""

from collections import deque


class RateMeter:
    """Counts what comes, by the second, for the last half minute.

    Times are those of a clock that never jumps, s.
    """

    _KEPT_S = 30

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque(maxlen=self._KEPT_S)
        self.total = 0
        self.last_s: float | None = None

    def add(self, now_s: float, *, good: bool = True) -> None:
        """Count one that came."""
        second = int(now_s)
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0, 0])
        counts = self._seconds[-1]
        counts[1] += 1
        counts[2] += good
        self.total += 1
        self.last_s = now_s

    def rate_hz(self, now_s: float, over_s: int = 3) -> float:
        """Give the rate over the last whole seconds; the one that runs does not count."""
        return self._sum(now_s, over_s, 1) / over_s

    def good_share(self, now_s: float, over_s: int = 10) -> float | None:
        """Give the share of good ones; None if none came."""
        first = int(now_s) - over_s
        counts = [(count, good) for second, count, good in self._seconds if second > first]
        total = sum(count for count, _ in counts)
        return sum(good for _, good in counts) / total if total else None

    def silent_s(self, now_s: float) -> float | None:
        """Give for how long nothing has come; None if nothing ever did."""
        return None if self.last_s is None else now_s - self.last_s

    def _sum(self, now_s: float, over_s: int, column: int) -> int:
        now = int(now_s)
        return sum(entry[column] for entry in self._seconds if now - over_s <= entry[0] < now)
