"""One recorder a drive."""

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from dashgaze.errors import InputError, OutputError


class RecorderLock:
    """Keeps a second recorder out; the system lets go of it however the process ends.

    Parameters
    ----------
    path
        The file to lock; it stays, and means nothing by itself.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        """Take it.

        Raises
        ------
        InputError
            If another recorder is at work.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise OutputError(
                f"{self.path} can't be written: {error.strerror or error}.",
                fix="Check that the folder is writable and has space left.",
                path=self.path,
            ) from error
        if not _try_to_lock(descriptor):
            os.close(descriptor)
            session = self.path.parent.parent
            raise InputError(
                f"{session} is being recorded by another dashgaze right now.",
                fix=f"Use its screen, or `dashgaze collect status {session}`, `… event` and `… stop`.",
                path=session,
            )
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def recorder_at_work(path: Path) -> bool:
    """Tell whether a recorder holds the lock."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _try_to_lock(descriptor)
    finally:
        os.close(descriptor)


def _try_to_lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
