"""Writing the shard of pictures as they come."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from dashgaze.dataset.tables.shard import ShardWriter
from dashgaze.schemas.image_table import IMAGE_TABLE, PICTURES

ROW_GROUP_BYTES = 64 << 20
"""Pictures that are held before they are written: what a reader has to hold at once, too."""

Jpeg = tuple[str, bytes]
"""Name of a picture's file, and what would be in it."""


class ImageShard:
    """Takes rows one by one and writes them in groups; a context manager.

    After an exception there is no file, and without a row there is none either.

    Parameters
    ----------
    path
        The shard.
    labels
        Columns of `IMAGE_TABLE` that are no pictures, for all rows that may be added.

    Raises
    ------
    OutputError
        If it can't be written; from `add` and at the end of the block.
    """

    def __init__(self, path: Path, labels: pa.Table) -> None:
        self._path, self._labels = path, labels
        self._schema = IMAGE_TABLE.to_arrow()
        self.row_count = 0
        self._rows: list[int] = []
        self._pictures: list[Mapping[str, Jpeg]] = []
        self._held_bytes = 0
        self._stack = ExitStack()
        self._writer: ShardWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stack.__exit__(kind, error, trace)
            return
        with self._stack:
            self._flush()

    def add(self, row: int, pictures: Mapping[str, Jpeg]) -> None:
        """Add a row.

        Parameters
        ----------
        row
            Place of its labels.
        pictures
            By the name of their column.
        """
        self._rows.append(row)
        self._pictures.append(pictures)
        self._held_bytes += sum(len(data) for _, data in pictures.values())
        self.row_count += 1
        if self._held_bytes >= ROW_GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        if self._writer is None:
            self._writer = self._stack.enter_context(ShardWriter(self._path, IMAGE_TABLE))
        self._writer.write(self._table())
        self._rows, self._pictures, self._held_bytes = [], [], 0

    def _table(self) -> pa.Table:
        labels = self._labels.take(pa.array(self._rows))
        columns: dict[str, Any] = {name: labels[name] for name in labels.column_names}
        for name in PICTURES:
            found = [made.get(name) for made in self._pictures]
            values = [
                None if each is None else {"bytes": each[1], "path": each[0]} for each in found
            ]
            columns[name] = pa.array(values, type=self._schema.field(name).type)
        return pa.table([columns[name] for name in self._schema.names], schema=self._schema)
