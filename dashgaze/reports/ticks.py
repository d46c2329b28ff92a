"""Round numbers to write at an axis."""

import math
from dataclasses import dataclass

from .texts import clock, number

_TIME_STEPS_S = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A mark at an axis: its place, in per cent of the axis, and what is written there."""

    percent: float
    text: str


def time_ticks(low_s: float, high_s: float, *, most: int = 8) -> tuple[Tick, ...]:
    """Give round times of the drive between two moments, s."""
    length_s = high_s - low_s
    if not length_s > 0:
        return ()
    step_s: float = next(
        (step for step in _TIME_STEPS_S if length_s / step <= most), _TIME_STEPS_S[-1]
    )
    while length_s / step_s > most:
        step_s *= 2
    first = math.ceil(low_s / step_s - 1e-9)
    last = math.floor(high_s / step_s + 1e-9)
    return tuple(
        Tick(percent=(i * step_s - low_s) / length_s * 100, text=clock(i * step_s))
        for i in range(first, last + 1)
    )


def even_ticks(low: float, high: float, count: int, digits: int = 0) -> tuple[Tick, ...]:
    """Give `count` values that split an axis evenly, both ends included."""
    return tuple(
        Tick(
            percent=100 * i / (count - 1),
            text=number(low + (high - low) * i / (count - 1), digits),
        )
        for i in range(count)
    )
