"""Comparing what runs leave behind: every file by what it says, whatever is unfinished by its name."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

# A lock that nobody holds any more is an empty file with a hidden name; it stands in nobody's way.
_LOCK = re.compile(r"\..*\.lock")
_UNFINISHED = re.compile(r".*\.part|.*\.(new|old)")
# Times of day, and how long something took: two undisturbed runs differ in them.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?")
_MOMENT_KEYS = frozenset({"made_at", "created", "created_at", "written_at", "seconds", "build"})

Content = dict[str, str]


def content_of(folder: Path) -> Content:
    """Give what identifies the content of each finished file in a folder, by its path in it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if _LOCK.fullmatch(path.name):
            continue
        if path.is_file() and not any(_UNFINISHED.fullmatch(part) for part in relative.parts):
            found[relative.as_posix()] = digest_of(path)
    return found


def unfinished_in(folder: Path) -> list[str]:
    """List what is unfinished in a folder; the inside of an unfinished folder is not looked at."""
    found: list[str] = []
    for path in sorted(folder.iterdir()):
        if _UNFINISHED.fullmatch(path.name):
            found.append(path.name)
        elif path.is_dir() and not path.is_symlink():
            found += [f"{path.name}/{name}" for name in unfinished_in(path)]
    return found


def digest_of(path: Path) -> str:
    """Give what identifies what a file says.

    Raises
    ------
    ValueError
        If it is no whole file of its kind.
    """
    if path.suffix == ".parquet":
        try:
            table = pq.read_table(path, partitioning=None)
        except (OSError, pa.ArrowException) as error:
            raise ValueError(f"{path.name} can't be read: {error}") from error
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as stream:
            stream.write_table(table.combine_chunks())
        return _hash(sink.getvalue().to_pybytes())
    if path.suffix == ".json":
        plain = _without_moments(json.loads(path.read_text(encoding="utf-8")))
        return _hash(json.dumps(plain, sort_keys=True).encode())
    if path.suffix in (".html", ".md", ".yaml", ".svg"):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html" and "</html>" not in text[-100:]:
            raise ValueError(f"{path.name} ends early")
        return _hash(_MOMENT.sub("", text).encode())
    return _hash(path.read_bytes())


def differences(one: Content, other: Content) -> list[str]:
    """Name the files that are not alike."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _without_moments(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_moments(each) for name, each in value.items() if name not in _MOMENT_KEYS
        }
    if isinstance(value, list):
        return [_without_moments(each) for each in value]
    return _MOMENT.sub("", value) if isinstance(value, str) else value


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
