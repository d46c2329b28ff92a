"""Folds for choosing how strongly to fit."""

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.samples import Samples

MOST_FOLDS = 5


def thinned(known: NDArray[np.bool_], most: int) -> NDArray[np.int64]:
    """Give the rows that are known, evenly thinned to at most so many: neighbours say nearly the same."""
    rows = np.flatnonzero(known)
    return rows[:: max(1, -(-len(rows) // most))]


def driver_folds(samples: Samples, most: int = MOST_FOLDS) -> NDArray[np.int64] | None:
    """Put frames into folds so that no driver is in two.

    Drivers go, those with most frames first, into the fold with fewest frames. Where there is one driver
    only, sessions take their place.

    Returns
    -------
    ndarray or None
        The fold of each frame, shape (n,); None with a single session.
    """
    for groups in (samples.driver_id, samples.session_id):
        names, inverse = np.unique(groups, return_inverse=True)
        if len(names) < 2:
            continue
        frames = np.bincount(inverse)
        filled = np.zeros(min(most, len(names)), dtype=np.int64)
        fold_of = np.zeros(len(names), dtype=np.int64)
        for number in np.argsort(-frames, kind="stable"):
            fold_of[number] = int(np.argmin(filled))
            filled[fold_of[number]] += frames[number]
        folds: NDArray[np.int64] = fold_of[inverse]
        return folds
    return None
