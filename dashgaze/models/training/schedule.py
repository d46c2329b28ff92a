"""The learning rate over a training."""

import math


def rate_at(step: int, total: int, *, greatest: float, warmup: int, cosine: bool = True) -> float:
    """Give the learning rate of a step.

    It rises evenly over `warmup` steps, then falls to zero as half a cosine, or stays::

        rate = greatest · (1 + cos(π · (step − warmup) / (total − warmup))) / 2

    Parameters
    ----------
    step
        Counted from 0.
    total
        Steps of the whole training.
    greatest
        Its greatest value.
    warmup
        Steps of the rise.
    cosine
        Whether it falls.
    """
    if step < warmup:
        return greatest * (step + 1) / warmup
    if not cosine:
        return greatest
    share = (step - warmup) / max(1, total - warmup)
    return greatest * 0.5 * (1.0 + math.cos(math.pi * min(1.0, share)))
