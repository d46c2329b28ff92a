"""Rows of sessions."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.samples import Samples

BoolArray = NDArray[np.bool_]
IndexArray = NDArray[np.int64]


def complete(values: NDArray[np.float64]) -> BoolArray:
    """Tell which rows of an array, shape (n, k), have no missing value, shape (n,)."""
    known: BoolArray = np.isfinite(values.sum(axis=1))
    return known


def rows_of_sessions(samples: Samples) -> Iterator[tuple[str, IndexArray]]:
    """Give each session's rows, in their order."""
    names, inverse = np.unique(samples.session_id, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    ends = np.cumsum(np.bincount(inverse, minlength=len(names)))
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    for name, start, end in zip(names.tolist(), starts, ends, strict=True):
        yield name, order[start:end]


def calibration_rows(samples: Samples, seconds: float = 60.0) -> BoolArray:
    """Tell which frames belong to the first seconds of their session, whose labels calibrate.

    Seconds count from a session's first frame with gaze in the road view or a gaze angle; frames before
    it belong to them too. A comparison that wants no model to be judged on these frames leaves them out
    for all.

    Parameters
    ----------
    samples
        The frames.
    seconds
        How many seconds of labels.

    Returns
    -------
    ndarray
        Shape (n,); all frames of a session without labels are in it.
    """
    labelled = samples.has_location | samples.has_angle
    early = np.ones(len(samples), dtype=np.bool_)
    for _, rows in rows_of_sessions(samples):
        known = rows[labelled[rows]]
        if len(known):
            early[rows] = samples.time_s[rows] < samples.time_s[known[0]] + seconds
    return early
