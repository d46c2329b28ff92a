"""How long the parts of a work take."""

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up wall-clock time by the name of the part."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def measuring(self, part: str) -> Iterator[None]:
        """Add the time of a block to a part."""
        start_s = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] += time.perf_counter() - start_s

    def ms_per(self, count: int) -> dict[str, float]:
        """Give milliseconds for each of `count` by part, and their sum as ``total``."""
        each = {part: 1000 * seconds / max(count, 1) for part, seconds in self.seconds.items()}
        return each | {"total": sum(each.values())}
