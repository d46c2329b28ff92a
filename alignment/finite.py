"""Rows that hold numbers only."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def finite_rows(rows: NDArray[np.floating[Any]]) -> NDArray[np.bool_]:
    """Tell which rows of an array, shape (n, …), hold neither NaN nor infinity, shape (n,)."""
    return np.asarray(np.isfinite(rows).reshape(len(rows), -1).all(axis=1), dtype=np.bool_)
