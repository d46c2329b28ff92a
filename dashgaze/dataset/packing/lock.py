"""One process at a time changes a data set."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashgaze.errors import OutputError

_NAME = ".{name}.lock"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes from changing a data set; the hold ends with the process, however it ends.

    Parameters
    ----------
    folder
        The data set's folder; it need not exist. The lock is a file beside it, removed at the end.

    Raises
    ------
    OutputError
        If another process holds it, or no file can be made there.
    """
    path = folder.with_name(_NAME.format(name=folder.name))
    missing = [parent for parent in path.parents if not parent.exists()]
    descriptor = _take(path, folder)
    try:
        yield
    finally:
        # Removed while held: whoever waits for the old file sees that it is no longer the one there.
        path.unlink(missing_ok=True)
        os.close(descriptor)
        with suppress(OSError):  # folders made for nothing; the others are not empty
            for parent in missing:
                parent.rmdir()


def _take(path: Path, folder: Path) -> int:
    while True:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise OutputError(
                f"{folder} can't be written: {error.strerror or error}.",
                fix="Check that the folder above it exists and is writable.",
                path=folder,
            ) from error
        try:
            _lock(descriptor)
        except OSError as error:
            os.close(descriptor)
            raise OutputError(
                f"Another process is changing {folder}.",
                fix="Wait until it is done, then type the command again.",
                path=folder,
            ) from error
        if _is(path, descriptor):
            return descriptor
        os.close(descriptor)


def _is(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
