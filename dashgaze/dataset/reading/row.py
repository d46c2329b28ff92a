"""One row of a table, in whatever form a library gives it."""

from __future__ import annotations

import math
from typing import Any

from dashgaze.errors import InputError


def value_of(row: Any, column: str) -> Any:
    """Give one value of a row as a plain Python object; None where it is missing.

    Parameters
    ----------
    row
        A dictionary (a row of `datasets`, plain or in the format of numpy or torch), a row of pandas, a
        pyarrow scalar of struct type, or a pyarrow table or record batch of a single row.
    column
        Name of the column.

    Raises
    ------
    InputError
        If the row has no such column, or is several rows.
    """
    try:
        value = row[column]
    except (KeyError, IndexError) as error:
        raise InputError(
            f"The row has no column {column!r}.",
            fix="Load `frames` or `images` with that column.",
        ) from error
    except TypeError as error:
        raise InputError(
            f"A row of the data set was expected, but this is of type {type(row).__name__}.",
            fix="Give a row of `frames`: frames[0], or table.iloc[0].",
        ) from error
    for single in ("as_py", "item"):  # pyarrow, then numpy and torch
        if hasattr(value, single) and not hasattr(value, "to_pylist"):
            value = _call(value, single)
    if hasattr(value, "to_pylist"):
        values = value.to_pylist()
        value = values[0] if len(values) == 1 else values
    if isinstance(value, list | tuple) or getattr(value, "ndim", 0) != 0:
        raise _several()
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, float) and math.isnan(value):  # pandas, which knows no missing integer
        return None
    return value


def integer_of(row: Any, column: str) -> int | None:
    """Give one integer of a row; None where it is missing.

    Raises
    ------
    InputError
        If it is no integer, or see `value_of`.
    """
    value = value_of(row, column)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise InputError(
            f"{column} is {value!r}; an integer was expected.",
            fix="Give the row as it was loaded.",
        )
    return int(value)


def _call(value: Any, name: str) -> Any:
    try:
        return getattr(value, name)()
    except (ValueError, RuntimeError) as error:  # numpy and torch, of more than one value
        raise _several() from error


def _several() -> InputError:
    return InputError(
        "One row was expected, but these are several.", fix="Give one: frames[0], not frames[0:8]."
    )
