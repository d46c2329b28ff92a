"""Rows that hold numbers only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def finite_rows(rows: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Tell which rows of an array, shape (n, …), hold neither NaN nor infinity, shape (n,)."""
    known = np.isfinite(rows).all(axis=tuple(range(1, rows.ndim)))
    return np.asarray(known, dtype=np.bool_)
