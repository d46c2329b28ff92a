"""Tables of a session's ``derived`` folder, held against their contracts."""

import math
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dashgaze.errors import InputError
from dashgaze.schemas.field import Field, Table

from .migrations import migrate


def read_derived(path: Path, schema: Table, *, session_id: str, fix: str) -> pa.Table:
    """Read a table and bring it to its schema: order, types, nulls.

    Numbers of another width are cast where no value changes its meaning, and NaN becomes null.

    Parameters
    ----------
    path
        The file.
    schema
        What it has to be.
    session_id
        The session that each row has to be of.
    fix
        How to make it again, for messages.

    Raises
    ------
    InputError
        If it can't be read, is of another schema that can't be migrated, lacks a column or has one
        too many, or holds what the schema does not allow.
    """
    try:
        with pq.ParquetFile(path) as file:
            table = file.read()
        _ = table.column_names  # names that are no UTF-8 show here
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path} can't be read: {_line(error)}.", fix=fix, path=path) from error
    table = migrate(table, schema, path=path, fix=fix)
    _check_names(table, schema, path, fix)
    wanted = schema.to_arrow()
    columns = [
        _fitting(table.column(field.name), wanted.field(field.name).type, field, path, fix)
        for field in schema.fields
    ]
    fitting = pa.Table.from_arrays(columns, schema=wanted)
    _check_session(fitting, session_id, path, fix)
    return fitting


def _check_names(table: pa.Table, schema: Table, path: Path, fix: str) -> None:
    names = list(table.column_names)
    for name in schema.column_names:
        if names.count(name) != 1:
            what = "has no column" if name not in names else "has twice the column"
            raise InputError(f"{path} {what} {name}.", fix=fix, path=path)
    for name in names:
        if name not in schema.column_names:
            raise InputError(
                f"{path} has a column {name} that {schema.id} does not know.", fix=fix, path=path
            )


def _fitting(
    column: pa.ChunkedArray, wanted: pa.DataType, field: Field, path: Path, fix: str
) -> pa.Array:
    found = column.type
    if found != wanted:
        try:
            if not _related(found, wanted):
                raise pa.ArrowInvalid("it is of another kind")
            column = column.cast(wanted)
        except pa.ArrowException as error:
            raise InputError(
                f"{path}: column {field.name} is {found}, expected was {field.type}: "
                f"{_line(error)}.",
                fix=fix,
                path=path,
            ) from error
    array = _without_nan(_one_chunk(column))
    if array.null_count and not field.nullable:
        row = pc.index(array.is_null(), True).as_py()
        raise InputError(
            f"{path}: column {field.name} has no value in row {row}; it has to have one in each.",
            fix=fix,
            path=path,
        )
    if field.values:
        others = set(pc.unique(array).to_pylist()) - {*field.values, None}
        if others:
            raise InputError(
                f"{path}: column {field.name} says {min(others)!r}; expected was one of "
                f"{', '.join(field.values)}.",
                fix=fix,
                path=path,
            )
    return array


def _related(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether values of one type are those of the other, stored differently."""
    kinds = (pa.types.is_integer, pa.types.is_floating, _is_text, _is_list)
    return pa.types.is_null(found) or any(kind(found) and kind(wanted) for kind in kinds)


def _is_text(type_: pa.DataType) -> bool:
    inner = type_.value_type if pa.types.is_dictionary(type_) else type_
    return bool(pa.types.is_string(inner) or pa.types.is_large_string(inner))


def _is_list(type_: pa.DataType) -> bool:
    kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    return any(kind(type_) for kind in kinds) and bool(pa.types.is_floating(type_.value_type))


def _one_chunk(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _without_nan(array: pa.Array) -> pa.Array:
    """Make null what some software writes for missing numbers; a list with one of them is missing."""
    if pa.types.is_floating(array.type):
        missing = pc.is_nan(array)
        if pc.any(missing).as_py():
            return pc.if_else(missing, pa.scalar(None, array.type), array)
    elif pa.types.is_fixed_size_list(array.type) and pc.any(pc.is_nan(array.flatten())).as_py():
        rows = [
            None
            if value is None or any(item is not None and math.isnan(item) for item in value)
            else value
            for value in array.to_pylist()
        ]
        return pa.array(rows, type=array.type)
    return array


def _check_session(table: pa.Table, session_id: str, path: Path, fix: str) -> None:
    others = sorted(set(pc.unique(table.column("session_id")).to_pylist()) - {session_id})
    if others:
        raise InputError(
            f"{path} is of session {others[0]}; session.yaml says {session_id}.", fix=fix, path=path
        )


def _line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
