"""Columns of Arrow tables as NumPy arrays and back, with nulls told apart from numbers."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


def floats(table: pa.Table, name: str) -> NDArray[np.float64]:
    """Give a column of numbers, NaN where null, shape (n,)."""
    column = table.column(name).cast(pa.float64())
    return np.asarray(column.to_numpy(), dtype=np.float64)


def flags(table: pa.Table, name: str) -> NDArray[np.bool_]:
    """Give a column of flags, False where null, shape (n,)."""
    column = table.column(name).fill_null(False)
    return np.asarray(column.to_numpy(), dtype=np.bool_)


def integers(table: pa.Table, name: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give a column of integers, 0 where null, and which are not null, each of shape (n,)."""
    column = table.column(name)
    known = np.asarray(column.is_valid().to_numpy(), dtype=np.bool_)
    return np.asarray(column.fill_null(0).to_numpy(), dtype=np.int64), known


def to_array(values: NDArray[np.float64] | NDArray[np.int64], type_: pa.DataType) -> pa.Array:
    """Make a column in which NaN is null."""
    if values.dtype.kind != "f":
        return pa.array(values).cast(type_)
    return pa.array(values, mask=~np.isfinite(values)).cast(type_)
