"""Which frames are fed."""

import numpy as np
from numpy.typing import NDArray

from ..contract.samples import Samples

IndexArray = NDArray[np.int64]


def thinned(samples: Samples, hz: float) -> IndexArray:
    """Choose so many frames a second at most: the first of each piece of a session of 1/hz s.

    Neighbouring frames show the same; reference A23 takes five a second.

    Parameters
    ----------
    samples
        Ascending in time within each session.
    hz
        Frames a second.

    Returns
    -------
    ndarray
        Rows, ascending.
    """
    if not hz > 0:
        raise ValueError(f"{hz} frames a second can't be chosen")
    # A frame that is due at 0.2 s may be stamped 0.1999.
    piece = np.floor(samples.time_s * hz + 0.05).astype(np.int64)
    first = np.ones(len(samples), np.bool_)
    first[1:] = (piece[1:] != piece[:-1]) | (samples.session_id[1:] != samples.session_id[:-1])
    return np.flatnonzero(first)


def learnable(samples: Samples, *, out_of_view: bool = False, no_face: bool = False) -> IndexArray:
    """Choose frames that something can be learned from.

    Parameters
    ----------
    samples
        The frames.
    out_of_view
        Take frames whose gaze is known and outside of the road picture, too.
    no_face
        Take frames without a face, too (reference A24 drops them).

    Returns
    -------
    ndarray
        Rows, ascending.
    """
    located = samples.has_location & (samples.gaze_in_view | out_of_view)
    seen = samples.has_face | no_face
    return np.flatnonzero((located | samples.has_angle) & ~samples.blink & seen)


def shuffled(count: int, *, seed: int, epoch: int) -> IndexArray:
    """Give 0 … count − 1 in an order of its own for each epoch; the same on every machine."""
    order = np.random.default_rng([seed, epoch]).permutation(count)
    return np.asarray(order, dtype=np.int64)
