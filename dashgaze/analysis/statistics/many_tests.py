"""More than one test at once."""

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float | None]) -> tuple[float | None, ...]:
    """Correct p values for their number by the method of Holm; those that are None stay so and don't count.

    The smallest is multiplied by m, the next by m - 1 …, none below one before it, none above 1. Holds the
    chance of any false finding for tests that depend on one another in any way.

    References
    ----------
    Holm 1979, Scand. J. Stat. 6:65.
    """
    places = [place for place, each in enumerate(p) if each is not None]
    known = np.array([each for each in p if each is not None], dtype=np.float64)
    order = np.argsort(known, kind="stable")
    stepped = np.maximum.accumulate(known[order] * np.arange(len(known), 0, -1)).clip(max=1.0)
    corrected: list[float | None] = [None] * len(p)
    for rank, place in enumerate(order):
        corrected[places[place]] = float(stepped[rank])
    return tuple(corrected)
