"""Copying one file so that a kill at any byte loses a few seconds of work and never the truth."""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from dashgaze.errors import DeviceError, OutputError
from dashgaze.files import sync_folder, write_text
from dashgaze.progress import Progress, part_of, silent

from ..field.device import RemoteFile
from .folder_store import forget
from .remote_store import CHUNK_BYTES, PLUG_IN_AGAIN, FileChangedError, FileState, RemoteStore

CHECKPOINT_BYTES = 32 << 20
"""How much may have to be copied again after a crash."""

PART_SUFFIX = ".part"
_NOTE_SUFFIX = ".part.json"


@dataclass(frozen=True, kw_only=True)
class FileCopy:
    """A file that arrived whole.

    Attributes
    ----------
    sha256
        Of the copy, read back from the disk.
    source_sha256
        As the device computed it.
    state
        Size and time of the source.
    resumed_from_bytes
        How much was there from an earlier run.
    tries
        How often it was copied: 2 if the first copy differed.
    """

    sha256: str
    source_sha256: str
    state: FileState
    resumed_from_bytes: int = 0
    tries: int = 1


class CopyDiffersError(DeviceError):
    """A file can't be copied without a difference."""


async def copy_file(
    store: RemoteStore, file: RemoteFile, target: Path, *, progress: Progress = silent
) -> FileCopy:
    """Copy a file, compare it with the device's own SHA-256, and only then give it its name.

    What arrived stays as ``<target>.part`` when the copy breaks off; its good part is noted beside it
    with its SHA-256, and is gone on with after it was read again. A copy that differs is made anew
    once, then refused.

    Parameters
    ----------
    store, file
        The source; it is only read.
    target
        The place; taken only by a copy that is equal.
    progress
        Called with the share done.

    Raises
    ------
    FileGoneError, FileChangedError, CopyDiffersError
        If this file can't be had; others may.
    DeviceError
        If the device goes away; call again to go on.
    OutputError
        If the copy can't be written.
    """
    for attempt in (1, 2):
        state = await store.state(file)
        with _writing(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + PART_SUFFIX)
        copying = part_of(progress, 0.0, 0.5)
        written, resumed = await _fill(store, file, part, state, fresh=attempt == 2, to=copying)
        device = await store.sha256(file)
        progress(f"comparing {target.name}", 0.75)
        again = sha256_of(part)
        if await store.state(file) != state:
            # It is another file now; nothing of the old one is worth keeping.
            _discard(part)
            raise _changed(file, store)
        if written == device == again:
            with _writing(target):
                _keep_time(part, state)
                part.replace(target)
                sync_folder(target.parent)
                _note(part).unlink(missing_ok=True)
            progress(f"comparing {target.name}", 1.0)
            return FileCopy(
                sha256=again,
                source_sha256=device,
                state=state,
                resumed_from_bytes=resumed,
                tries=attempt,
            )
        _discard(part)
    raise CopyDiffersError(
        f"{file.name} on {store.label} was copied twice and differed from it both times.",
        fix="The cable, the card or this disk is at fault: try another cable or port, then another "
        "disk. Don't delete it on the device.",
    )


def sha256_of(path: Path, *, size_bytes: int | None = None) -> str:
    """Compute the SHA-256 of a file as the disk has it.

    Parameters
    ----------
    path
        The file.
    size_bytes
        How much of it; None for all.

    Raises
    ------
    OutputError
        If it can't be read.
    """
    with _reading(path), path.open("rb") as file:
        forget(file.fileno())
        return _digest(file, size_bytes).hexdigest()


async def _fill(
    store: RemoteStore,
    file: RemoteFile,
    part: Path,
    state: FileState,
    *,
    fresh: bool,
    to: Progress,
) -> tuple[str, int]:
    """Bring a part file to its full size; give the SHA-256 of what was written, and what was there."""
    with _writing(part):
        writer = _PartFile(part, file, state, fresh=fresh)
    resumed = writer.size_bytes
    label = f"copying {part.name.removesuffix(PART_SUFFIX)}"
    try:
        async with contextlib.aclosing(store.read(file, writer.size_bytes)) as chunks:
            async for chunk in chunks:
                if writer.size_bytes + len(chunk) > state.size_bytes:
                    raise _changed(file, store)
                with _writing(part):
                    writer.append(chunk)
                to(label, writer.size_bytes / max(1, state.size_bytes))
        if writer.size_bytes < state.size_bytes:
            if await store.state(file) != state:
                raise _changed(file, store)
            raise DeviceError(
                f"{store.label} gave {writer.size_bytes} of {state.size_bytes} bytes of {file.name}.",
                fix=PLUG_IN_AGAIN,
            )
        with _writing(part):
            writer.checkpoint()
    except DeviceError:
        with contextlib.suppress(OSError, OutputError):
            writer.checkpoint()
        raise
    finally:
        writer.close()
    return writer.digest.hexdigest(), resumed


class _PartFile:
    """The part that has arrived, with a note beside it of how much of it is known to be good."""

    def __init__(self, path: Path, file: RemoteFile, state: FileState, *, fresh: bool) -> None:
        self._path = path
        self._identity = {
            "source": file.name,
            "size_bytes": state.size_bytes,
            "modified_ns": state.modified_ns,
        }
        self.size_bytes, self.digest = 0, hashlib.sha256()
        good = None if fresh else self._known_good()
        if good is not None:
            self.size_bytes, self.digest = good
        self._file = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(self.size_bytes)
        self._file.seek(self.size_bytes)
        self._noted_bytes = self.size_bytes

    def _known_good(self) -> "tuple[int, hashlib._Hash] | None":
        """Read the noted part again; None if it is not what was noted, or of another source."""
        try:
            noted = json.loads(_note(self._path).read_text(encoding="utf-8"))
            size = noted["offset"]
            if {key: noted[key] for key in self._identity} != self._identity:
                return None
            if type(size) is not int or not 0 <= size <= self._path.stat().st_size:
                return None
            with self._path.open("rb") as file:
                digest = _digest(file, size)
            return (size, digest) if digest.hexdigest() == noted["sha256"] else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None

    def append(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self.digest.update(chunk)
        self.size_bytes += len(chunk)
        if self.size_bytes - self._noted_bytes >= CHECKPOINT_BYTES:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Have all on the disk, and note it."""
        self._file.flush()
        os.fsync(self._file.fileno())
        noted: dict[str, Any] = {
            **self._identity,
            "offset": self.size_bytes,
            "sha256": self.digest.hexdigest(),
        }
        write_text(_note(self._path), json.dumps(noted) + "\n")
        self._noted_bytes = self.size_bytes

    def close(self) -> None:
        with contextlib.suppress(OSError):  # a full disk was told already
            self._file.close()


def _note(part: Path) -> Path:
    return part.with_name(part.name.removesuffix(PART_SUFFIX) + _NOTE_SUFFIX)


def _digest(file: IO[bytes], size_bytes: int | None) -> "hashlib._Hash":
    digest = hashlib.sha256()
    left = size_bytes
    while left is None or left > 0:
        chunk = file.read(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
        if not chunk:
            break
        digest.update(chunk)
        left = None if left is None else left - len(chunk)
    return digest


def _discard(part: Path) -> None:
    """Remove our own unfinished copy."""
    with _writing(part):
        part.unlink(missing_ok=True)
        _note(part).unlink(missing_ok=True)


def _keep_time(part: Path, state: FileState) -> None:
    if state.modified_ns is not None:
        os.utime(part, ns=(state.modified_ns, state.modified_ns))


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} can't be written: {error.strerror or error}.",
            fix="Make room on this disk, or look whether it is still there; then repeat the command: "
            "it goes on where it stopped.",
            path=path,
        ) from error


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Look whether this disk is still there, then repeat the command.",
            path=path,
        ) from error


def _changed(file: RemoteFile, store: RemoteStore) -> FileChangedError:
    return FileChangedError(
        f"{file.name} on {store.label} changed while it was copied.",
        fix="It is still being written: stop the recording, then repeat the command.",
    )
