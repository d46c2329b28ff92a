"""What pages have sent, on disk: each part of a stream in a file of its own, in order."""

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashgaze.collection.field.json_lines import write_all
from dashgaze.errors import InputError, OutputError
from dashgaze.files import sync_folder

from . import limits
from .folder import free_bytes
from .journal import Journal
from .messages import PartOpening, Stream

_SUFFIXES = {"video/webm": ".webm", "video/x-matroska": ".mkv", "video/mp4": ".mp4"}


class RefusedError(Exception):
    """A piece or a part is not taken; `next_seq` is the one that is expected."""

    def __init__(self, status: int, why: str, next_seq: int | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
        self.next_seq = next_seq


@dataclass(kw_only=True)
class Part:
    """A stream from the start of a recorder to its end.

    Attributes
    ----------
    opening
        What the page said of it.
    number
        Counts the parts of its stream from 1; it names the file.
    path
        The file.
    digests
        SHA-256 of each piece that is on disk.
    size_bytes
        Of all pieces.
    count
        Number of pieces that the page made; None while it goes on, or if the page was killed.
    last_s
        When the last piece came, monotonic time.
    """

    opening: PartOpening
    number: int
    path: Path
    digests: list[str] = field(default_factory=list)
    size_bytes: int = 0
    count: int | None = None
    last_s: float = 0.0

    @property
    def stream(self) -> Stream:
        """What it holds."""
        return self.opening.stream

    @property
    def complete(self) -> bool:
        """Whether all that the page made is here."""
        return self.count is not None and len(self.digests) >= self.count


class Parts:
    """All parts of a session, and the journal that says what of them is on disk.

    A piece is written, synced, entered in the journal and synced again before it counts. Bytes beyond
    the journal are the piece that a crash interrupted; the page sends it again.

    Parameters
    ----------
    folder
        ``field/page`` of the session.
    journal
        Its journal, just opened.

    Raises
    ------
    InputError
        If a line of it was changed.
    """

    def __init__(self, folder: Path, journal: Journal) -> None:
        self._folder = folder
        self._journal = journal
        self._lock = asyncio.Lock()
        self.by_key: dict[str, Part] = {}
        for number, line in enumerate(journal.lines, 1):
            try:
                self._replay(line)
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
                raise InputError(
                    f"{journal.path}, line {number} makes no sense: {error}.",
                    fix=f"Move {folder} away as a whole: its videos can be given to `dashgaze import`.",
                    path=journal.path,
                ) from error
        for part in self.by_key.values():
            _cut_to(part.path, part.size_bytes)

    def __iter__(self) -> Iterator[Part]:
        """All parts, in the order of their opening."""
        return iter(list(self.by_key.values()))

    def of(self, stream: Stream) -> list[Part]:
        """Give the parts of a stream, in the order of their opening."""
        return [part for part in self if part.stream == stream]

    async def open(self, opening: PartOpening, *, may_begin: bool) -> Part:
        """Begin a part; one that is known goes on."""
        async with self._lock:
            part = self.by_key.get(opening.key)
            if part is not None:
                if part.stream != opening.stream:
                    raise RefusedError(409, "This part belongs to another stream.")
                return part
            if not may_begin:
                raise RefusedError(410, "The drive is over; nothing new is taken.")
            number = len(self.of(opening.stream)) + 1
            if number > limits.PARTS:
                raise RefusedError(429, f"There are {limits.PARTS} parts of this stream already.")
            line = {"what": "part", "number": number, "opening": opening.model_dump()}
            await self._enter(line)
            self._replay(line)
            return self._known(opening.key)

    async def append(self, key: str, seq: int, content: bytes) -> Part:
        """Take a piece: the next one is written, one that is here already only confirmed."""
        async with self._lock:
            part = self._known(key)
            expected = len(part.digests)
            digest = hashlib.sha256(content).hexdigest()
            if seq < expected:
                if part.digests[seq] != digest:
                    raise RefusedError(
                        409, "Another piece has this number already.", next_seq=expected
                    )
                return part
            if part.count is not None and seq >= part.count:
                raise RefusedError(410, "This part has ended.", next_seq=expected)
            if seq > expected:
                raise RefusedError(409, "Pieces before it are missing.", next_seq=expected)
            if free_bytes(self._folder) < limits.FREE_BYTES:
                raise RefusedError(507, "The disk of the computer is full.", next_seq=expected)
            line = {
                "what": "piece",
                "key": key,
                "seq": seq,
                "bytes": len(content),
                "sha256": digest,
            }
            with _full_disk():
                await asyncio.to_thread(_append, part.path, part.size_bytes, content)
            await self._enter(line)
            self._replay(line)
            part.last_s = time.monotonic()
            return part

    async def finish(self, key: str, count: int, reason: str) -> Part:
        """Note how many pieces a part has."""
        async with self._lock:
            part = self._known(key)
            if part.count is None:
                if count < len(part.digests):
                    raise RefusedError(409, "There are more pieces already.")
                line = {"what": "end", "key": key, "count": count, "reason": reason}
                await self._enter(line)
                self._replay(line)
            return part

    async def note(self, line: dict[str, Any]) -> None:
        """Enter something else in the journal."""
        async with self._lock:
            await self._enter(line)

    async def _enter(self, line: dict[str, Any]) -> None:
        with _full_disk():
            await asyncio.to_thread(self._journal.add, {"host_ns": time.time_ns()} | line)

    def _known(self, key: str) -> Part:
        if key not in self.by_key:
            raise RefusedError(404, "This part is not known; open it first.")
        return self.by_key[key]

    def _replay(self, line: dict[str, Any]) -> Part | None:
        if line.get("what") == "part" and line["opening"].get("key") not in self.by_key:
            opening = PartOpening.model_validate(line["opening"])
            suffix = _SUFFIXES.get(opening.mime, ".jsonl")
            path = self._folder / f"{opening.stream}_{line['number']}{suffix}"
            part = Part(opening=opening, number=int(line["number"]), path=path)
            self.by_key[opening.key] = part
            return part
        known = self.by_key.get(line.get("key", ""))
        if known is not None and line["what"] == "piece":
            # A piece counts once, whatever a broken-off answer made the page send again.
            if int(line["seq"]) != len(known.digests):
                return known
            known.digests.append(line["sha256"])
            known.size_bytes += int(line["bytes"])
        elif known is not None and line["what"] == "end":
            known.count = int(line["count"])
        return known


@contextmanager
def _full_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RefusedError(507, f"The computer can't write it: {error.strerror}.") from error


def _append(path: Path, size_bytes: int, content: bytes) -> None:
    """Write behind the bytes that count, and wait until it is on disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o644)
    try:
        os.ftruncate(descriptor, size_bytes)
        os.lseek(descriptor, size_bytes, os.SEEK_SET)
        write_all(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if size_bytes == 0:
        sync_folder(path.parent)  # a power cut must not take its name


def _cut_to(path: Path, size_bytes: int) -> None:
    actual = path.stat().st_size if path.exists() else 0
    if actual < size_bytes:
        raise OutputError(
            f"{path} has {actual} bytes; the journal beside it says {size_bytes}.",
            fix="Somebody changed it. Put it back, or use a new session folder.",
            path=path,
        )
    if actual > size_bytes:
        os.truncate(path, size_bytes)
