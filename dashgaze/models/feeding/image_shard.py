"""One shard of pictures, read row by row in any order."""

from __future__ import annotations

import mmap
import threading
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze.errors import InputError

from ..contract.pictures import PictureName
from .parquet_pages import Places, UnknownLayoutError, find_places


class ImageShard:
    """``images/<split>/<session>.parquet``; for several threads at once.

    The file is mapped into memory and each picture read from its place in it, which costs the same in any
    order. A file that was written by something else is read by `pyarrow` a row group at a time, of which the
    last is kept; that is slow in random order.

    Parameters
    ----------
    path
        The file. It is opened when the first picture is read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._content: mmap.mmap | None = None
        self._file: Any = None
        self._places: dict[str, Places | None] = {}
        self._starts: np.ndarray = np.zeros(1, np.int64)
        self._held: dict[str, tuple[int, list[Any]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Give what another process needs to open it again."""
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take over what `__getstate__` gave."""
        self.__init__(state["path"])  # type: ignore[misc]

    def read(self, row: int, name: PictureName) -> bytes | None:
        """Give the JPEG of one picture; None if there is none.

        Raises
        ------
        InputError
            If the file can't be read, or has no such row or column.
        """
        places = self._places.get(name)
        if places is None:
            with self._lock:
                places = self._find(name)
            if places is None:
                with self._lock:
                    return self._read_group(row, name)
        start, size = places[row].tolist()
        if not size or self._content is None:
            return None
        return self._content[start : start + size]

    def is_indexed(self, name: PictureName) -> bool:
        """Tell whether pictures of that name are read one by one."""
        with self._lock:
            return self._find(name) is not None

    @property
    def row_count(self) -> int:
        """Tell how many rows it has."""
        with self._lock:
            self._open()
        return int(self._starts[-1])

    def _find(self, name: PictureName) -> Places | None:
        self._open()
        if name not in self._places:
            if f"{name}.bytes" not in self._columns():
                raise InputError(
                    f"{self.path} has no pictures {name!r}.",
                    fix="Pack the data set again with `--images`.",
                    path=self.path,
                )
            try:
                content = self._content or b""
                self._places[name] = find_places(content, self._file.metadata, f"{name}.bytes")
            except UnknownLayoutError:
                self._places[name] = None
        return self._places[name]

    def _columns(self) -> set[str]:
        schema = self._file.metadata.schema
        return {schema.column(number).path for number in range(len(schema))}

    def _open(self) -> None:
        if self._file is not None:
            return
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            with self.path.open("rb") as file:
                self._content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._file = pq.ParquetFile(self.path, memory_map=True)
        except (OSError, ValueError, pa.ArrowException) as error:
            self._content = self._file = None
            reason = " ".join(str(error).split()).rstrip(".")
            raise InputError(
                f"{self.path} can't be read: {reason}.",
                fix="Type `dashgaze validate` on the data set, and copy the file again.",
                path=self.path,
            ) from error
        metadata = self._file.metadata
        sizes = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        self._starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

    def _read_group(self, row: int, name: PictureName) -> bytes | None:
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        held = self._held.get(name)
        if held is None or held[0] != group:
            table = self._file.read_row_group(group, columns=[f"{name}.bytes"])
            held = (group, table[name].to_pylist())
            self._held[name] = held
        value = held[1][row - int(self._starts[group])]
        data: bytes | None = None if value is None else value["bytes"]
        return data
