"""Random numbers of a story: a stream of its own for each thing, so that none disturbs another."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What the numbers are for. Values are part of the format: a new one never takes an old place."""

    ROUTE = 101
    RIDE = 102
    BODY = 103
    TRAFFIC = 104
    GAZE = 105
    HEAD = 106
    BLINKS = 107
    MOUNT = 108
    TRACKER = 109
    LOCATION = 110
    SESSION = 111
    TABLE = 112
    POPULATION = 113
    YAW_RATE = 114


def stream(seed: int, what: Stream) -> np.random.Generator:
    """Give the generator of a story's seed for one purpose."""
    return np.random.default_rng([seed, int(what)])
