"""A folder to copy from: a mounted phone, a memory card, an export."""

import errno
import hashlib
import os
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from dashgaze.errors import DeviceError

from ..field.device import RemoteFile
from .remote_store import CHUNK_BYTES, PLUG_IN_AGAIN, FileState, vanished

# What file managers and systems leave in any folder.
_NOT_CONTENT = frozenset({"thumbs.db", "desktop.ini"})


class FolderStore:
    """Files below a folder.

    Parameters
    ----------
    root
        The folder.
    files
        Path below `root` and place in the session of each file.
    label
        What a user calls it; its path if not given.
    """

    def __init__(self, root: Path, files: Iterable[tuple[str, str]], *, label: str = "") -> None:
        self.root = root
        self.label = label or str(root)
        self._files = tuple(files)

    async def list(self) -> list[RemoteFile]:
        """List the files with their sizes."""
        listed = []
        for name, target in self._files:
            file = RemoteFile(name=name, target=target)
            size_bytes = (await self.state(file)).size_bytes
            listed.append(RemoteFile(name=name, target=target, size_bytes=size_bytes))
        return listed

    async def state(self, file: RemoteFile) -> FileState:
        """Look at a file."""
        try:
            found = (self.root / file.name).stat()
        except OSError as error:
            raise self._fault(file, error) from error
        return FileState(size_bytes=found.st_size, modified_ns=found.st_mtime_ns)

    async def sha256(self, file: RemoteFile) -> str:
        """Read it once more, from the medium and not from memory."""
        digest = hashlib.sha256()
        for chunk in self._chunks(file, 0):
            digest.update(chunk)
        return digest.hexdigest()

    async def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        """Give its bytes from an offset on."""
        for chunk in self._chunks(file, offset):
            yield chunk

    def _chunks(self, file: RemoteFile, offset: int) -> Iterator[bytes]:
        try:
            with (self.root / file.name).open("rb") as source:
                forget(source.fileno())
                source.seek(offset)
                while chunk := source.read(CHUNK_BYTES):
                    yield chunk
        except OSError as error:
            raise self._fault(file, error) from error

    def _fault(self, file: RemoteFile, error: OSError) -> DeviceError:
        if not self.root.is_dir():
            return DeviceError(f"{self.label} is not there any more.", fix=PLUG_IN_AGAIN)
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return vanished(file, self.label)
        return DeviceError(
            f"{file.name} on {self.label} can't be read: {error.strerror or error}.",
            fix=PLUG_IN_AGAIN,
        )


def files_below(folder: Path) -> Sequence[str]:
    """List all files below a folder, as paths from it, sorted.

    Links are not followed, for they may lead anywhere; hidden files and those of file managers are no
    content.

    Raises
    ------
    DeviceError
        If it can't be read.
    """
    found: list[str] = []
    waiting = [PurePosixPath()]
    while waiting:
        place = waiting.pop()
        try:
            entries = list(os.scandir(folder / place))
        except OSError as error:
            raise DeviceError(
                f"{folder / place} can't be read: {error.strerror or error}.", fix=PLUG_IN_AGAIN
            ) from error
        for entry in entries:
            if entry.name.startswith(".") or entry.name.lower() in _NOT_CONTENT:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(place / entry.name)
            elif entry.is_file(follow_symlinks=False):
                found.append(str(place / entry.name))
    return sorted(found)


def forget(descriptor: int) -> None:
    """Let the next reads of a file come from the medium, where the system knows how."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
