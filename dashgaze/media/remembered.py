"""What was read of media files, remembered by this process as long as nobody writes to them.

A stage asks several times for the same headers and frame times, and the next stage asks again; each time costs
tens of milliseconds of processor time.
"""

import threading
import time
from collections import OrderedDict
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

_Read = TypeVar("_Read")

_SETTLED_NS = 2_000_000_000
"""A file that was written a moment ago may be written again within the same tick of its file system's clock."""


class Mark(NamedTuple):
    """What tells a file from what it was before, as far as its file system says."""

    device: int
    inode: int
    size_bytes: int
    written_ns: int
    changed_ns: int


class Remembered(Generic[_Read]):
    """Keeps what was read of the last few files. Several threads may ask.

    Parameters
    ----------
    most
        How many files.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[Path, tuple[Mark, _Read]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, path: Path, mark: Mark | None) -> _Read | None:
        """Give what was read of a file whose mark is still this one; None if that isn't known."""
        with self._lock:
            before, read = self._kept.get(path, (None, None))
            if mark is None or before != mark:
                return None
            self._kept.move_to_end(path)
            return read

    def keep(self, path: Path, mark: Mark | None, read: _Read) -> None:
        """Keep what was read of a file.

        Parameters
        ----------
        path
            The file.
        mark
            What `mark_of` gave before it was read. Where it has another one by now nothing is kept.
        read
            What was read. Nobody may change it.
        """
        if mark is None or mark_of(path) != mark:
            return
        with self._lock:
            self._kept[path] = mark, read
            self._kept.move_to_end(path)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def mark_of(path: Path) -> Mark | None:
    """Give the mark of a file; None if there is none, or it is too young to be told from a next one."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # who reads it says so
        return None
    if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < _SETTLED_NS:
        return None
    return Mark(
        device=status.st_dev,
        inode=status.st_ino,
        size_bytes=status.st_size,
        written_ns=status.st_mtime_ns,
        changed_ns=status.st_ctime_ns,
    )
