"""Shards: the parquet files of a data set, one table of one session each, all of one schema."""

import math
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dashgaze.errors import InputError, OutputError
from dashgaze.schemas.field import Field, Table

from .hub_features import FEATURES_KEY, features_json
from .shard_encoding import shard_schema, writer_options

_MOST_GROUPS = 4
_GROUP_ROWS = 6000
"""Rows below which a further row group is not worth its statistics."""


class ShardWriter:
    """Writes a shard piece by piece, each one a row group; use it as a context manager.

    On success the file is synced to disk; on any exception it is removed. The same pieces give the same
    bytes, with the same version of pyarrow.

    Parameters
    ----------
    path
        Where to; its folder exists. What is there is overwritten.
    schema
        The table that the pieces are of.
    """

    def __init__(self, path: Path, schema: Table) -> None:
        self._path = path
        self._schema = schema
        self._arrow = shard_schema(schema, features_json(schema), key=FEATURES_KEY)
        self._rows = 0
        self._file: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None

    @property
    def rows(self) -> int:
        """How many rows were written so far."""
        return self._rows

    def __enter__(self) -> Self:
        try:
            self._file = pa.OSFile(str(self._path), "wb")
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        self._writer = pq.ParquetWriter(self._file, self._arrow, **writer_options(self._schema))
        return self

    def write(self, piece: pa.Table) -> None:
        """Write rows as one row group.

        Raises
        ------
        InputError
            If they are not of the schema: names, order, types, nulls, closed sets, or NaN.
        OutputError
            If they can't be written.
        """
        if self._writer is None:
            raise ValueError("a ShardWriter is to be used as a context manager")
        check_rows(piece, self._schema, path=self._path)
        if not piece.num_rows:
            return  # `datasets` fails on a row group without rows, not on a file without row groups
        try:
            self._writer.write_table(
                pa.Table.from_arrays(piece.columns, schema=self._arrow),
                row_group_size=piece.num_rows,
            )
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        self._rows += piece.num_rows

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        done = False
        try:
            if self._writer is not None:
                self._writer.close()
            if self._file is not None:
                self._file.close()
            if kind is None:
                with self._path.open("rb+") as file:
                    os.fsync(file.fileno())
                done = True
        except OSError as failure:
            if kind is None:
                raise _cannot_write(self._path, failure) from failure
        finally:
            if not done:
                self._path.unlink(missing_ok=True)


def write_shard(path: Path, table: pa.Table, schema: Table) -> int:
    """Write a table as a shard: up to four row groups, synced to disk.

    Parameters
    ----------
    path
        Where to; its folder exists. What is there is overwritten.
    table
        The rows, with exactly the columns of `schema`.
    schema
        What it has to be.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    InputError
        If the table is not of the schema: names, order, types, nulls, closed sets, or NaN.
    OutputError
        If it can't be written. Nothing is left then.
    """
    groups = min(_MOST_GROUPS, math.ceil(table.num_rows / _GROUP_ROWS)) or 1
    size = math.ceil(table.num_rows / groups) or 1
    with ShardWriter(path, schema) as shard:
        for start in range(0, max(1, table.num_rows), size):
            shard.write(table.slice(start, size))
    return shard.rows


def check_shard(path: Path, schema: Table) -> None:
    """Check that a file has exactly the schema that all shards of its configuration have.

    `datasets` fills a column that one shard lacks with nulls, without a word; here it is an error.

    Parameters
    ----------
    path
        The file.
    schema
        What it has to be.

    Raises
    ------
    InputError
        If it can't be read, or is of another schema; the message names the column.
    """
    try:
        with pa.OSFile(str(path)) as file:
            found = pq.read_schema(file)
        _ = found.names  # names that are no UTF-8 show here
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise _not_of(path, f"it can't be read as parquet: {reason}") from error
    _check_schema(found, schema, path)
    metadata = found.metadata or {}
    marked = metadata.get(b"schema", b"").decode("utf-8", "replace")
    if marked != schema.id:
        raise _not_of(path, f"it is marked as {marked or 'nothing'}, expected was {schema.id}")
    if metadata.get(FEATURES_KEY) != features_json(schema):
        raise _not_of(
            path, "the features that it states for `datasets` are not those of its schema"
        )


def check_rows(table: pa.Table, schema: Table, *, path: Path) -> None:
    """Check rows before they are written.

    Parameters
    ----------
    table
        The rows.
    schema
        What they have to be.
    path
        Where they are to be written, for messages.

    Raises
    ------
    InputError
        If they are not of the schema: names, order, types, nulls, closed sets, or NaN.
    """
    _check_schema(table.schema, schema, path, nullability=False)
    for field in schema.fields:
        _check_values(table.column(field.name), field, path)


def _check_schema(found: pa.Schema, schema: Table, path: Path, *, nullability: bool = True) -> None:
    for name in schema.column_names:
        if found.names.count(name) != 1:
            how = "missing" if name not in found.names else "there twice"
            raise _not_of(path, f"column {name} of {schema.id} is {how}")
    for name in found.names:
        if name not in schema.column_names:
            raise _not_of(path, f"column {name} is none of {schema.id}")
    for wanted, place in zip(schema.to_arrow(), found, strict=True):
        if wanted.name != place.name:
            raise _not_of(path, f"column {place.name} stands where {wanted.name} belongs")
        if pa.types.is_null(place.type):
            raise _not_of(path, f"column {place.name} has no type, only nulls")
        if wanted.type != place.type:
            raise _not_of(path, f"column {place.name} is {place.type}, expected was {wanted.type}")
        if nullability and wanted.nullable != place.nullable:
            may = "may" if place.nullable else "must not"
            raise _not_of(path, f"column {place.name} {may} hold nulls, by its schema the opposite")


def _check_values(column: pa.ChunkedArray, field: Field, path: Path) -> None:
    if column.null_count and not field.nullable:
        raise _not_of(path, f"column {field.name} has {column.null_count} nulls, may have none")
    if field.values:
        others = set(pc.unique(column).to_pylist()) - {*field.values, None}
        if others:
            raise _not_of(
                path,
                f"column {field.name} says {min(others)!r}, expected was one of "
                f"{', '.join(field.values)}",
            )
    if field.type.startswith("float"):
        numbers = column
        if field.type.endswith("]"):
            numbers = pc.list_flatten(column)
            if numbers.null_count:
                raise _not_of(path, f"column {field.name} has lists with gaps")
        if pc.all(pc.is_finite(numbers)).as_py() is False:
            raise _not_of(path, f"column {field.name} holds NaN or infinity; missing is null")


def _not_of(path: Path, what: str) -> InputError:
    return InputError(
        f"{path} is no shard of this data set: {what}.",
        fix="Pack the data set again with this version of dashgaze.",
        path=path,
    )


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} can't be written: {error.strerror or error}.",
        fix="Check that the folder exists, is writable and has space left.",
        path=path,
    )
