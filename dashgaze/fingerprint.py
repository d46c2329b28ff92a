"""Telling whether a file or folder is still the same, in milliseconds even for long videos."""

import hashlib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.remote_file import StandIn, fetch_stretches, read_stand_in

# Files up to this size are read whole. Of larger ones the head, the tail and evenly spaced blocks
# are: a recorder, an editor or a broken copy changes the size, the header or the index.
_WHOLE_BYTES = 4 << 20
_BLOCK_BYTES = 64 << 10
_BLOCKS = 32
# Written by file managers when someone looks into a folder.
_NOT_CONTENT = frozenset({"thumbs.db", "desktop.ini"})

# Of remote files: their ETag says that they are the same, so each stage need not read them again.
_known: dict[tuple[str, int, str], str] = {}


def fingerprint(path: Path) -> dict[str, Any]:
    """Give what identifies the content of a file or folder; the same on every machine.

    A file that stands for a remote one has the fingerprint of that one.

    Of a file larger than 4 MiB 32 blocks of 64 KiB are read, so that a change that keeps the size
    and lies between these blocks goes unnoticed.

    Parameters
    ----------
    path
        A file, or a folder of which all files count but hidden ones.

    Returns
    -------
    dict
        ``size_bytes`` and ``blake2b``; for a folder also ``file_count``. Ready for JSON.

    Raises
    ------
    InputError
        If something can't be read.
    RemoteError
        If a remote file can't be read, or is no longer the same.
    """
    try:
        if path.is_dir():
            return _of_folder(path)
        if path.exists() and not path.is_file():  # to open a pipe is to wait without end
            raise OSError("it is not a file")
        return _of_file(path)
    except OSError as error:
        place = Path(error.filename) if isinstance(error.filename, str) else path
        raise InputError(
            f"{place} can't be read: {error.strerror or error}.",
            fix="Check that it exists and may be read.",
            path=place,
        ) from error


def fingerprints(paths: Iterable[Path], *, root: Path) -> dict[str, dict[str, Any]]:
    """Give the fingerprint of several files or folders, by their path from `root`, sorted.

    Raises
    ------
    InputError
        If one can't be read.
    ValueError
        If one does not lie in `root`.
    """
    return {path.relative_to(root).as_posix(): fingerprint(path) for path in sorted(set(paths))}


@dataclass(frozen=True)
class Stamp:
    """What the file system says of a file, at no cost.

    Attributes
    ----------
    size_bytes
        Its size.
    written_ns
        When its content was written last.
    changed_ns
        When anything about it was, its name and its rights included.
    folder_ns
        When a name in its folder was changed last.
    name_count
        How many names it has. Of a file with several, `changed_ns` also tells what happens to the others: a
        backup of hard links is made, or an old one removed.
    """

    size_bytes: int
    written_ns: int
    changed_ns: int
    folder_ns: int
    name_count: int = 1

    def is_of_same(self, later: "Stamp") -> bool:
        """Whether nobody wrote to the file in between, or moved another one there and it back again."""
        written = (self.size_bytes, self.written_ns) != (later.size_bytes, later.written_ns)
        moved = self.changed_ns != later.changed_ns and self.folder_ns != later.folder_ns
        linked = self.name_count > 1 or later.name_count > 1
        return not (written or (moved and not linked))


def stamps(path: Path) -> dict[str, Stamp]:
    """Give the stamps of all files of a folder, by their paths in it; of a file its own; of nothing none."""
    try:
        files = _files(path, "") if path.is_dir() else [(path.name, path)]
        return {name: _stamp(file) for name, file in files}
    except OSError:  # who reads it says so
        return {}


def same_stamps(before: Mapping[str, Stamp], later: Mapping[str, Stamp]) -> bool:
    """Whether nobody wrote to a file or folder between two moments."""
    return before.keys() == later.keys() and all(
        stamp.is_of_same(later[name]) for name, stamp in before.items()
    )


def _stamp(path: Path) -> Stamp:
    status, folder = path.stat(), path.parent.stat()
    return Stamp(
        size_bytes=status.st_size,
        written_ns=status.st_mtime_ns,
        changed_ns=status.st_ctime_ns,
        folder_ns=folder.st_mtime_ns,
        name_count=status.st_nlink,
    )


def _of_file(path: Path) -> dict[str, Any]:
    stand_in = read_stand_in(path)
    if stand_in is not None:
        return _of_remote(stand_in, path)
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        for start, end in _stretches(size):
            file.seek(start)
            digest.update(file.read(end - start))
    return {"size_bytes": size, "blake2b": digest.hexdigest()}


def _of_remote(stand_in: StandIn, path: Path) -> dict[str, Any]:
    size = stand_in.state.size_bytes
    key = (stand_in.url, size, stand_in.state.version)
    if key not in _known:
        digest = hashlib.blake2b(digest_size=16)
        for data in fetch_stretches(stand_in, path, _stretches(size)):
            digest.update(data)
        _known[key] = digest.hexdigest()
    return {"size_bytes": size, "blake2b": _known[key]}


def _stretches(size: int) -> list[tuple[int, int]]:
    """Give what is read of a file of this size, as [start, end)."""
    if size <= _WHOLE_BYTES:
        return [(0, size)] if size else []
    last = size - _BLOCK_BYTES
    starts = (last * block // (_BLOCKS - 1) for block in range(_BLOCKS))
    return [(start, start + _BLOCK_BYTES) for start in starts]


def _of_folder(folder: Path) -> dict[str, Any]:
    digest = hashlib.blake2b(digest_size=16)
    files = sorted(_files(folder, ""))
    total = 0
    for name, path in files:
        one = _of_file(path)
        total += one["size_bytes"]
        digest.update(f"{name}\0{one['size_bytes']}\0{one['blake2b']}\n".encode())
    return {"file_count": len(files), "size_bytes": total, "blake2b": digest.hexdigest()}


def _files(folder: Path, prefix: str) -> list[tuple[str, Path]]:
    found: list[tuple[str, Path]] = []
    for entry in folder.iterdir():
        # A Mac stores accents in another normal form than other systems do.
        name = unicodedata.normalize("NFC", entry.name)
        if name.startswith(".") or name.lower() in _NOT_CONTENT:
            continue
        if entry.is_dir():
            if not entry.is_symlink():  # a link may lead back up
                found.extend(_files(entry, f"{prefix}{name}/"))
        elif entry.is_file():
            found.append((prefix + name, entry))
    return found
