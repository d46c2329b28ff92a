"""Writing files and folders so that a crash leaves the old or the new, never half of one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dashgaze.errors import OutputError


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
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error
    os.close(handle)
    temporary = Path(name)
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
        temporary.unlink(missing_ok=True)


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

    On any exception it is removed, so that `target` is there whole or not at all. Files are not
    synced one by one: whoever needs that does it while writing.

    Raises
    ------
    OutputError
        If `target` is taken, another process is filling it, or it can't be written.
    """
    refuse_taken_folder(target)
    target = target.absolute()
    folder = target.with_name(f"{target.name}.part")
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise OutputError(
            f"{folder} exists: another run is at work, or one was killed.",
            fix="If none is at work, delete that folder and try again.",
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
        except OSError as error:
            raise _cannot_write(target, error) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sync_folder(target.parent)


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


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} can't be written: {error.strerror or error}.",
        fix="Check that the folder exists, is writable and has space left.",
        path=path,
    )
