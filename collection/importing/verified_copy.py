"""Copying recordings so that the copy can be trusted: hashed on the way, read back, compared."""

import hashlib
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from dashgaze.errors import InputError, OutputError
from dashgaze.progress import Progress

from .unzip import ZIP_ERRORS, list_members

CHECKSUMS_NAME = "manifest-sha256.txt"
_CHUNK_BYTES = 4 << 20
# Room for the manifest, the checksums and the file system's own needs.
_SPARE_BYTES = 64 << 20


@dataclass(frozen=True, kw_only=True)
class CopyTask:
    """One file to copy.

    Attributes
    ----------
    source
        The file, or the archive that holds it.
    target
        Where it goes, from the session folder.
    size_bytes
        Its size.
    member
        Its entry in the archive; None for a plain file.
    """

    source: Path
    target: PurePosixPath
    size_bytes: int
    member: zipfile.ZipInfo | None = None


@dataclass(frozen=True, kw_only=True)
class Copied:
    """One file that was copied and compared; `target` is its path from the session folder."""

    source: Path
    target: PurePosixPath
    size_bytes: int
    sha256: str


def tasks_for(source: Path, target: PurePosixPath) -> list[CopyTask]:
    """List the files to copy for a file, a folder, or a zip archive that is to be unpacked.

    Raises
    ------
    InputError
        If something can't be read, or an archive is not to be trusted.
    """
    if source.is_dir():
        return [
            CopyTask(source=file, target=target / name, size_bytes=file.stat().st_size)
            for name, file in _files(source, PurePosixPath())
        ]
    if source.suffix.lower() == ".zip":
        return [
            CopyTask(
                source=source,
                target=target / member.name,
                size_bytes=member.info.file_size,
                member=member.info,
            )
            for member in list_members(source)
        ]
    return [CopyTask(source=source, target=target, size_bytes=source.stat().st_size)]


def check_space(folder: Path, tasks: Iterable[CopyTask], *, made_bytes: int = 0) -> None:
    """Check that the files fit.

    Parameters
    ----------
    folder
        Where they go; it may not exist yet.
    tasks
        What is copied.
    made_bytes
        Space for what is made of the copies.

    Raises
    ------
    OutputError
        If they don't.
    """
    needed = sum(task.size_bytes for task in tasks) + made_bytes + _SPARE_BYTES
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutputError(
            f"The files need {needed / 1e9:.2f} GB; {place} has {free / 1e9:.2f} GB free.",
            fix="Make room, or choose another disk.",
            path=folder,
        )


def copy_all(tasks: Sequence[CopyTask], folder: Path, progress: Progress) -> list[Copied]:
    """Copy files into a new folder, and compare each copy with what was read.

    Raises
    ------
    InputError
        If a source can't be read, or changes meanwhile.
    OutputError
        If a copy can't be written, or differs.
    """
    # Each byte is read twice: from the source, and from the copy.
    total = max(1, 2 * sum(task.size_bytes for task in tasks))
    done = 0
    copied = []
    for task in tasks:
        target = folder / task.target
        digest, size = hashlib.sha256(), 0
        with _writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                for chunk in _read_source(task):
                    file.write(chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    size += len(chunk)
                    if size > task.size_bytes:  # it may grow as fast as it is read
                        break
                    progress(f"copying {task.target.name}", min(1.0, done / total))
                if size != task.size_bytes:
                    raise _changed(task.source)
                file.flush()
                os.fsync(file.fileno())
            _keep_time(task, target)
            again = hashlib.sha256()
            for chunk in _read_back(target):
                again.update(chunk)
                done += len(chunk)
                progress(f"comparing {task.target.name}", min(1.0, done / total))
        if again.digest() != digest.digest():
            raise OutputError(
                f"The copy of {task.source} in {target.parent} differs from it.",
                fix="The disk or its cable is at fault: import onto another one.",
                path=target,
            )
        copied.append(
            Copied(
                source=task.source,
                target=task.target,
                size_bytes=size,
                sha256=digest.hexdigest(),
            )
        )
    return copied


def checksums_text(sha256_of: Mapping[PurePosixPath, str]) -> str:
    """Give the checksums of files, by their places, as ``sha256sum --check`` reads them."""
    lines = sorted((place.as_posix(), sha256) for place, sha256 in sha256_of.items())
    return "".join(f"{sha256}  {name}\n" for name, sha256 in lines)


def _files(folder: Path, prefix: PurePosixPath) -> Iterator[tuple[PurePosixPath, Path]]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise _cannot_read(folder, error) from error
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            if not entry.is_symlink():  # a link may lead back up
                yield from _files(entry, prefix / entry.name)
        elif entry.is_file():
            yield prefix / entry.name, entry


def _read_source(task: CopyTask) -> Iterator[bytes]:
    try:
        if task.member is not None:
            with zipfile.ZipFile(task.source) as archive, archive.open(task.member) as packed:
                yield from _chunks(packed)
            return
        before = task.source.stat()
        with task.source.open("rb") as file:
            yield from _chunks(file)
        after = task.source.stat()
    except ZIP_ERRORS as error:
        raise InputError(
            f"{task.source} is damaged at '{task.target.name}' ({error}).",
            fix="Download it again.",
            path=task.source,
        ) from error
    except OSError as error:
        raise _cannot_read(task.source, error) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _changed(task.source)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _read_back(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        if hasattr(os, "posix_fadvise"):
            # From the disk, not from the memory that it was just written from.
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        yield from _chunks(file)


def _keep_time(task: CopyTask, target: Path) -> None:
    if task.member is None:
        times = task.source.stat()
        os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))


@contextmanager
def _writing(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{target} can't be written: {error.strerror or error}.",
            fix="Check that the disk is there, writable, and has space left.",
            path=target,
        ) from error


def _changed(path: Path) -> InputError:
    return InputError(
        f"{path} changed while it was copied.",
        fix="Stop the recording, or wait until the transfer is done, then import again.",
        path=path,
    )


def _cannot_read(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path} can't be read: {error.strerror or error}.", fix="Check its permissions.", path=path
    )
