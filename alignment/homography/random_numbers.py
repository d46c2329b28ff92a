"""A random generator of our own: results follow from the seed, whatever else draws numbers.

SplitMix64 (Steele, Lea & Flood, OOPSLA 2014, doi 10.1145/2660193.2660195).
"""

import numpy as np
from numpy.typing import NDArray

from dashgaze.compiled import compiled

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


@compiled
def next_bits(state: NDArray[np.uint64]) -> np.uint64:
    """Give 64 random bits and step on; `state` holds one number, at first the seed."""
    state[0] += _STEP
    z: np.uint64 = state[0]
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


@compiled
def next_below(state: NDArray[np.uint64], bound: int) -> np.int64:
    """Give a random integer from 0 to bound − 1; bound < 2³²."""
    return np.int64(((next_bits(state) >> np.uint64(32)) * np.uint64(bound)) >> np.uint64(32))


@compiled
def next_share(state: NDArray[np.uint64]) -> float:
    """Give a random number from 0 to below 1."""
    return np.float64(next_bits(state) >> np.uint64(11)) * 2.0**-53
