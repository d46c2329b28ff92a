"""Telling whether a file or folder is still the same, in milliseconds even for long videos."""

import hashlib
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

# Files up to this size are read whole. Of larger ones the head, the tail and evenly spaced blocks
# are: a recorder, an editor or a broken copy changes the size, the header or the index.
_WHOLE_BYTES = 4 << 20
_BLOCK_BYTES = 64 << 10
_BLOCKS = 32
# Written by file managers when someone looks into a folder.
_NOT_CONTENT = frozenset({"thumbs.db", "desktop.ini"})


def fingerprint(path: Path) -> dict[str, Any]:
    """Give what identifies the content of a file or folder; the same on every machine.

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
    """
    try:
        if path.is_dir():
            return _of_folder(path)
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


def _of_file(path: Path) -> dict[str, Any]:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        if size <= _WHOLE_BYTES:
            digest.update(file.read())
        else:
            last = size - _BLOCK_BYTES
            for block in range(_BLOCKS):
                file.seek(last * block // (_BLOCKS - 1))
                digest.update(file.read(_BLOCK_BYTES))
    return {"size_bytes": size, "blake2b": digest.hexdigest()}


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
