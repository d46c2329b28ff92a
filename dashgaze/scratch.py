"""Arrays that lie in a temporary file instead of in memory, so that length costs disk and no memory.

The system reads such a file's pages in as they are looked at, and drops them when memory is short. The files have
no name, and end with the arrays that lie in them. They are made in the folder for temporary files (``TMPDIR``
where that is set); their whole size is reserved beforehand. Where the disk has no room for them, and for
small arrays, plain memory does.

A process counts the pages it has looked at as its own, until it says that it needs them no more: `forget` does.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import weakref
from typing import IO, Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

LEAST_BYTES = 4 << 20
"""Smaller arrays are in memory."""

_FIRST_EXTENT, _LARGEST_EXTENT = 16 << 20, 512 << 20
_ALIGNED = 64
_ZEROS = 1 << 20

Number = TypeVar("Number", bound=np.generic)


class _Mapping(mmap.mmap):
    """A mapped temporary file of ours, told from others' files."""


def zeros(shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Make an array of zeros, in a temporary file if it is large.

    Parameters
    ----------
    shape, dtype
        As of `numpy.zeros`.
    """
    like = np.dtype(dtype)
    count = int(np.prod(shape, dtype=np.int64))
    mapping = _mapped(count * like.itemsize) if count * like.itemsize >= LEAST_BYTES else None
    if mapping is None:
        return np.zeros(shape, dtype=like)
    return np.frombuffer(mapping, dtype=like, count=count).reshape(shape)


def forget(array: NDArray[Any]) -> None:
    """Stop counting the pages of an array's file as this process's memory; its values stay.

    They come back from the system's cache when they are looked at. Nothing happens to arrays in memory.

    Parameters
    ----------
    array
        An array of `zeros`, `Strip` or `Shelf`, or a view of one; all of its file is meant.
    """
    base: Any = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    if isinstance(base, _Mapping):
        _forget(base)


class Strip:
    """An array of one dimension that grows by blocks; once it is large it is in a temporary file.

    Parameters
    ----------
    dtype
        Of its values.
    """

    def __init__(self, dtype: DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._blocks: list[NDArray[Any]] = []
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._file_bytes = 0

    def append(self, block: NDArray[Any]) -> None:
        """Add a block, shape (n,); it is copied only if it is of another type."""
        if not block.size:
            return
        self._blocks.append(np.ascontiguousarray(block, dtype=self._dtype))
        self._bytes += self._blocks[-1].nbytes
        if self._bytes >= LEAST_BYTES:
            self._write()

    def finish(self) -> NDArray[Any]:
        """Give all that was added, shape (n,); the strip is empty afterwards."""
        if self._file is not None:
            self._write()
        blocks, self._blocks, self._bytes = self._blocks, [], 0
        file, self._file = self._file, None
        if file is None:
            return np.concatenate(blocks) if blocks else np.zeros(0, dtype=self._dtype)
        with file:
            if not blocks:
                mapping = _Mapping(file.fileno(), self._file_bytes)
                return np.frombuffer(mapping, dtype=self._dtype)
            # The disk took no more: all has to be in memory.
            file.seek(0)
            written = np.frombuffer(file.read(self._file_bytes), dtype=self._dtype)
            return np.concatenate([written, *blocks])

    def _write(self) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115 — closed by `finish` or here
                weakref.finalize(self, self._file.close)
                self._file_bytes = 0
            self._file.seek(self._file_bytes)
            for block in self._blocks:
                self._file.write(block.data.cast("B"))
            self._file.flush()
        except OSError:
            # What was written of these blocks is behind `_file_bytes`, and written again or never read.
            return
        self._file_bytes += self._bytes
        self._blocks, self._bytes = [], 0


class Shelf:
    """Copies of many arrays in few temporary files, to be looked at in any order.

    Arrays are read-only. What does not fit on the disk stays as it was given.
    """

    def __init__(self) -> None:
        self._extents: list[_Mapping] = []
        self._used = 0
        self._seen = 0

    def keep(self, array: NDArray[Number]) -> NDArray[Number]:
        """Give an array of the same values that lies on the shelf.

        Parameters
        ----------
        array
            Any array but of Python objects.
        """
        if array.nbytes == 0 or array.dtype.hasobject:
            return array
        start = -(-self._used // _ALIGNED) * _ALIGNED
        if not self._extents or start + array.nbytes > len(self._extents[-1]):
            self.forget()
            usual = min(_FIRST_EXTENT << len(self._extents), _LARGEST_EXTENT)
            extent = _mapped(max(usual, array.nbytes))
            if extent is None:
                return array
            self._extents.append(extent)
            start = 0
        # Made so, an array is one small object; there may be millions of them.
        kept: NDArray[Number] = np.ndarray(
            array.shape, dtype=array.dtype, buffer=self._extents[-1], offset=start
        )
        kept[...] = array
        kept.flags.writeable = False
        self._used = start + array.nbytes
        self._seen += array.nbytes
        if self._seen >= _FIRST_EXTENT:
            self.forget()
        return kept

    def forget(self) -> None:
        """Stop counting what lies on it as this process's memory, see `forget`."""
        self._seen = 0
        for extent in self._extents:
            _forget(extent)


def _mapped(size: int) -> _Mapping | None:
    """Map a new temporary file of zeros; None if there is no room for it."""
    try:
        with tempfile.TemporaryFile() as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                for first in range(0, size, _ZEROS):
                    file.write(bytes(min(_ZEROS, size - first)))
                file.flush()
            return _Mapping(file.fileno(), size)
    except OSError:
        return None


def _forget(mapping: _Mapping) -> None:
    if hasattr(mapping, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
        mapping.madvise(mmap.MADV_DONTNEED)
