"""Writing files and folders so that a crash leaves the old or the new, never half of one.

What is unfinished has a name that ends with ``.part``. A run that is killed leaves it behind; whoever writes
to the same place next removes it, and leaves alone what another process is writing at that moment: that one
holds a lock on it, which ends with the process, however it ends. Where the system has no such locks, what is
left behind stays.
"""

import contextlib
import errno
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashgaze.errors import OutputError

# What a disk says that takes no more; no reading of an input ends so.
_NO_WRITING = frozenset({errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG})
_POLL_S = 0.05


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it is synced to disk and takes its place.

    On any exception the temporary file is removed and `path` stays as it was.

    Raises
    ------
    OutputError
        If the folder can't be made or written, or the disk is full.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_left_behind(path)
        temporary, handle = _unfinished(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        # mkstemp makes private files; a result is as readable as any other file of the user.
        temporary.chmod(0o666 & ~_umask())
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    finally:
        # On a disk that has become read-only it stays, until somebody writes here again.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if handle is not None:
            os.close(handle)


def remove_left_behind(path: Path) -> None:
    """Remove what killed runs left of a file that they were writing; what is being written stays."""
    name = re.compile(re.escape(f".{path.name}.") + r"[a-z0-9_]{8}\.part")
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(path.parent)):
            if name.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _remove_unless_held(Path(entry.path))


def refuse_taken_folder(target: Path) -> None:
    """Refuse a place for a new folder that is taken already; an empty folder will do.

    Raises
    ------
    OutputError
        If there is a file, or a folder with something in it.
    """
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir():
        raise OutputError(
            f"{target} is a file; a new folder was expected.",
            fix="Choose another name.",
            path=target,
        )
    if any(target.iterdir()):
        raise OutputError(
            f"{target} exists and is not empty; nothing is ever overwritten.",
            fix="Choose another name, or move that folder away.",
            path=target,
        )


@contextmanager
def filling(target: Path) -> Iterator[Path]:
    """Give a folder ``<target>.part`` to fill; on success it takes the place of `target`.

    On any exception it is removed, so that `target` is there whole or not at all. What a killed run left
    there is removed first. Files are not synced one by one: whoever needs that does it while writing.

    Raises
    ------
    OutputError
        If `target` is taken, another process is filling it, it can't be written, or the disk is full.
    """
    refuse_taken_folder(target)
    target = target.absolute()
    folder = target.with_name(f"{target.name}.part")
    with alone_at(folder) as left_behind:
        try:
            if left_behind:
                shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        except FileExistsError as error:
            raise OutputError(
                f"{folder} exists, and it is not known to be what a killed run left.",
                fix="If nothing is at work on it, delete that folder and try again.",
                path=folder,
            ) from error
        except OSError as error:
            raise _cannot_write(folder, error) from error
        try:
            yield folder
            try:
                if target.is_dir():
                    target.rmdir()  # empty, and Windows does not rename over it
                folder.replace(target)
                sync_folder(target.parent)
            except OSError as error:
                raise _cannot_write(target, error) from error
        except OSError as error:
            if error.errno in _NO_WRITING:
                raise _cannot_write(target, error) from error
            raise
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def alone_at(place: Path, *, wait_s: float = 0.0, busy: str = "") -> Iterator[bool]:
    """Keep other processes from a place while this one works there; the hold ends with the process.

    Not to be taken twice by one process.

    Parameters
    ----------
    place
        A file or folder; it need not exist. Beside it lies ``.<name>.lock`` meanwhile.
    wait_s
        How long to wait for another process, s.
    busy
        What to say if another one is still at work then.

    Yields
    ------
    bool
        Whether a process was killed that held it: then what is there is what that one left.

    Raises
    ------
    OutputError
        If another process is at work there, or no file can be made beside it.
    """
    path = place.with_name(f".{place.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        end_s = time.monotonic() + wait_s
        handle, was_there = _take(path)
        while handle is None and time.monotonic() < end_s:
            time.sleep(_POLL_S)
            handle, was_there = _take(path)
    except OSError as error:
        raise _cannot_write(place, error) from error
    if handle is None:
        raise OutputError(
            busy or f"{place} is being written by another run.",
            fix="Wait until it is done, then type the command again.",
            path=place,
        )
    try:
        yield was_there
    finally:
        # Removed while held: whoever waits for the old file sees that it is no longer the one there.
        if not _HOLDS_FILES:
            os.close(handle)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        if _HOLDS_FILES:
            os.close(handle)


def write_text(path: Path, text: str) -> Path:
    """Write `text` as UTF-8 with Unix line ends, in one step (see `replacing`)."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return path


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk before going on."""
    if os.name == "nt":  # Windows can't open folders; its rename is already durable
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unfinished(path: Path) -> tuple[Path, int | None]:
    """Make a temporary file beside `path`, and hold it where that can be done."""
    while True:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        temporary = Path(name)
        if not _HOLDS_FILES:
            os.close(handle)
            return temporary, None
        # Whoever cleans up may have found it before it was held, and removed it.
        if _hold(handle) is not False and _is(temporary, handle):
            return temporary, handle
        os.close(handle)


def _remove_unless_held(path: Path) -> None:
    if not _HOLDS_FILES:
        return
    handle = os.open(path, os.O_RDWR)
    try:
        if _hold(handle):
            path.unlink(missing_ok=True)
    finally:
        os.close(handle)


def _take(path: Path) -> tuple[int | None, bool]:
    """Open a lock file and hold it, None if another process does; and say whether it was there."""
    while True:
        was_there = path.exists()
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        held = _hold(handle)
        if held is False:
            os.close(handle)
            return None, was_there
        if _is(path, handle):
            return handle, was_there and held is True
        os.close(handle)


def _is(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    _HOLDS_FILES = False  # a file that is held can't be renamed there

    def _hold(handle: int) -> bool | None:
        """Hold a file; False if another process does, None where there are no locks."""
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    _HOLDS_FILES = True

    def _hold(handle: int) -> bool | None:
        """Hold a file; False if another process does, None where there are no locks."""
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks, as some in networks are
            return None
        return True


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} can't be written: {error.strerror or error}.",
        fix="Check that the folder exists, is writable and has space left.",
        path=path,
    )
