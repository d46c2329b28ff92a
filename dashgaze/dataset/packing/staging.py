"""A data set changed in one step: filled beside the old one, then put in its place.

::

    dashgaze/         what users see: always wholly the old or wholly the new one
    dashgaze.part/    what is being filled; after the swap, what is being thrown away
    .dashgaze.lock    held by the process that does it

On Linux the two folders change names in one system call. Where that is not to be had, two renames do it,
and for a moment between them there is no ``dashgaze``, only ``dashgaze.part`` and
``dashgaze.replaced.part``: `recover` finishes the step.
"""

import ctypes
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashgaze.errors import InputError, OutputError
from dashgaze.files import sync_folder
from dashgaze.schemas.dataset_manifest import DATASET_MANIFEST_NAME, read_dataset_manifest

# A folder that holds this file is ours to throw away; it is gone before the folder is shown to anyone.
_MARK = ".dashgaze-staging"
_WAITS_S = (0.1, 0.2, 0.4, 0.8, 1.6)
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Staging:
    """A folder being filled that may take the place of a data set.

    Attributes
    ----------
    target
        The data set's folder.
    folder
        The folder to fill.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = _part(target)

    def publish(self) -> None:
        """Put the folder in the data set's place; what was there is thrown away.

        Every file in it has to be on the disk (fsync) already.

        Raises
        ------
        OutputError
            If it can't; then the old data set stands.
        """
        for place, _, _ in os.walk(self.folder):
            sync_folder(Path(place))
        _mark(self.folder).unlink()
        sync_folder(self.folder)
        if self.target.exists():
            if not _exchange(self.folder, self.target):
                _rename_twice(self.folder, self.target)
        else:
            self.folder.rename(self.target)
        sync_folder(self.target.parent)


@contextmanager
def staging(target: Path) -> Iterator[Staging]:
    """Give a folder to fill for a data set; whoever asks for it holds the lock (`locked`).

    Left-overs of a run that was killed are cleaned up before. On any exception, and if it is never
    published, the folder is removed and the data set stays as it was.

    Parameters
    ----------
    target
        The data set's folder; it need not exist.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    stage = Staging(target)
    try:
        recover(target)
        _clean_up(stage.folder)
        stage.folder.mkdir()
        _mark(stage.folder).touch()
    except OSError as error:
        raise cannot_write(target, error) from error
    try:
        yield stage
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        # What can't be removed now is cleaned up by whoever packs next.
        with suppress(OSError):
            _throw_away(stage.folder, sure=True)


def was_broken_off(target: Path) -> bool:
    """Whether a swap was begun and not finished."""
    return _replaced(target).exists()


def recover(target: Path) -> bool:
    """Finish a swap that was broken off between its two renames; nothing else is touched.

    Parameters
    ----------
    target
        The data set's folder.

    Returns
    -------
    bool
        Whether there was something to finish.
    """
    replaced, part = _replaced(target), _part(target)
    if not _is_dataset(replaced):
        # Half thrown away already, or a folder of somebody else.
        if replaced.is_dir() and (_mark(replaced).is_file() or not any(replaced.iterdir())):
            _throw_away(replaced)
        return False
    if target.exists():
        _throw_away(replaced, sure=True)
        return True
    # The swap begins when the new one is complete, and its mark is gone by then.
    if _is_dataset(part) and not _mark(part).exists():
        part.rename(target)
        sync_folder(target.parent)
        _throw_away(replaced, sure=True)
    else:
        replaced.rename(target)
        sync_folder(target.parent)
    return True


def link_or_copy(source: Path, target: Path) -> bool:
    """Give a file a second name; a copy, where the file system has no such thing.

    Returns
    -------
    bool
        Whether it was linked.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        sync_file(target)
        return False
    return True


def write_file(path: Path, content: bytes) -> Path:
    """Write a new file and have it on the disk before going on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def sync_file(path: Path) -> None:
    """Have a file's content on the disk before going on."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Say that a data set can't be written, and that the old one stands."""
    return OutputError(
        f"{path} can't be written: {error.strerror or error}. What was there before is unchanged.",
        fix="Check that the folder above it is writable and has space left.",
        path=path,
    )


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def _replaced(target: Path) -> Path:
    return target.with_name(f"{target.name}.replaced.part")


def _mark(folder: Path) -> Path:
    return folder / _MARK


def _is_dataset(folder: Path) -> bool:
    if not (folder / DATASET_MANIFEST_NAME).is_file():
        return False
    try:
        read_dataset_manifest(folder)
    except InputError:
        return False
    return True


def _throw_away(folder: Path, *, sure: bool = False) -> None:
    """Remove a folder of ours, the mark last, so that it is known as ours until it is gone."""
    if not folder.is_dir():
        return
    entries = [entry for entry in folder.iterdir() if entry.name != _MARK]
    if not (sure or not entries or _mark(folder).is_file() or _is_dataset(folder)):
        raise OutputError(
            f"{folder} exists and was not made by dashgaze; that name is needed for a moment.",
            fix="Move that folder away.",
            path=folder,
        )
    _mark(folder).touch()
    for entry in entries:
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    _mark(folder).unlink()
    folder.rmdir()


def _clean_up(folder: Path) -> None:
    """Throw away what a killed run left; its helpers may be writing into it for a moment yet."""
    for wait_s in _WAITS_S:
        try:
            _throw_away(folder)
        except OSError:
            time.sleep(wait_s)
        else:
            return
    _throw_away(folder)


def _exchange(one: Path, other: Path) -> bool:
    """Let two folders change names in one step; False where the system can't."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    names = (os.fsencode(one), os.fsencode(other))
    return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)


def _rename_twice(folder: Path, target: Path) -> None:
    replaced = _replaced(target)
    target.rename(replaced)
    try:
        folder.rename(target)
    except OSError:
        replaced.rename(target)
        raise
    sync_folder(target.parent)
    _throw_away(replaced, sure=True)
