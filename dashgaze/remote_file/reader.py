"""Reading a large remote file piece by piece, with bounded memory."""

import io
import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from .errors import RemoteChangedError, RemoteError
from .stand_in import StandIn
from .store import RemoteState, Store

_PAGE_BYTES = 64 << 10
_MOST_PAGES = 512  # 32 MiB: headers and indices of a session's videos
_LONGEST_READ_BYTES = 4 << 20
_LONGEST_KEPT_BYTES = 1 << 20
# A jump this short is none: what lies between two pictures is sound.
_NEAR_BYTES = 256 << 10
# Fetching such a gap takes no longer than asking anew.
_GAP_BYTES = 64 << 10
# So much of what is known to be needed is asked for at once.
_BATCH_BYTES = 4 << 20
_BATCH_RANGES = 64


class _Pages:
    """Parts of remote files that several readers of a process want: headers and indices."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[tuple[str, str, int], bytes] = OrderedDict()

    def get(self, key: tuple[str, str, int]) -> bytes | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: tuple[str, str, int], page: bytes) -> None:
        with self._lock:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > _MOST_PAGES:
                self._pages.popitem(last=False)


_PAGES = _Pages()


class RemoteReader(io.RawIOBase):
    """A remote file, opened for reading.

    Reads ahead as far as reading turns out to be in one go: from 64 KiB after a jump up to 4 MiB. It
    holds two such pieces at most.

    Attributes
    ----------
    failure
        Why reading stopped working; None while it works. FFmpeg swallows some errors, so whoever reads
        through it looks here afterwards.

    Raises
    ------
    RemoteError
        When it is made, read or checked: if the store can't be reached.
    RemoteChangedError
        If the file is not the one that the stand-in was made for.
    """

    def __init__(self, stand_in: StandIn, path: Path) -> None:
        super().__init__()
        self.failure: RemoteError | None = None
        self._path, self._wanted = path, stand_in.state
        self._store: Store = stand_in.store()
        self._size = stand_in.state.size_bytes
        self._at = 0
        self._pieces: list[tuple[int, bytes]] = []
        self._ahead = _PAGE_BYTES
        self._end_of_last = -_NEAR_BYTES - 1
        self._plan: list[tuple[int, int]] = []
        self._hollow: list[tuple[int, int]] = []
        self.check()

    def check(self) -> None:
        """Make sure that the remote file is still the same."""
        found = self._store.state()
        if found is None or not same_content(found, self._wanted):
            self._fail_changed(None)

    def make_sure(self) -> None:
        """Raise what stopped the reading, or what has changed since."""
        if self.failure is not None:
            raise self.failure
        self.check()

    def fetch(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Read stretches [start, end) within the file at once, and keep none of them."""
        return self._fetch(list(ranges))

    def plan(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Tell which stretches [start, end) will be read, in ascending order; nothing else is fetched then.

        They are asked for many at once. Whatever else is read all the same is fetched as usual.
        """
        merged: list[tuple[int, int]] = []
        for start, end in ranges:
            if merged and 0 <= start - merged[-1][1] <= _GAP_BYTES:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            elif end > start:
                merged.append((start, end))
        self._plan = [
            (at, min(end, self._size, at + _LONGEST_READ_BYTES))
            for start, end in merged
            for at in range(start, min(end, self._size), _LONGEST_READ_BYTES)
        ]

    def leave_out(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Give zeros for these stretches from now on, without fetching them."""
        self._hollow = list(ranges)

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether it can jump: always."""
        return True

    def tell(self) -> int:
        """Give the position of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a position; nothing is fetched."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise OSError(22, f"position {start + offset} lies before the file")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """Read up to `size` bytes: what is at hand, at least one but at the end of the file."""
        if size is None or size < 0:
            return self.readall()
        size = min(size, self._size - self._at)
        if size <= 0 or self.failure is not None:
            return b""  # a reader that asks again after a failure sees the file end
        data = self._zeros(size) or self._at_hand(size)
        if not data:
            self._get(size)
            data = self._at_hand(size)
        self._at += len(data)
        return data

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Read into a buffer; see `read`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _zeros(self, size: int) -> bytes:
        for start, end in self._hollow:
            if start <= self._at < end:
                return bytes(min(size, end - self._at))
        return b""

    def _at_hand(self, size: int) -> bytes:
        for start, data in reversed(self._pieces):
            inside = self._at - start
            if 0 <= inside < len(data):
                return data[inside : inside + size]
        number = self._at // _PAGE_BYTES
        page = _PAGES.get(self._key(number))
        if page is None:
            return b""
        inside = self._at - number * _PAGE_BYTES
        return page[inside : inside + size]

    def _get(self, size: int) -> None:
        planned = next(
            (i for i, (start, end) in enumerate(self._plan) if start <= self._at < end), None
        )
        if planned is not None:
            self._get_planned(planned)
            return
        start = self._at // _PAGE_BYTES * _PAGE_BYTES
        if 0 <= self._at - self._end_of_last <= _NEAR_BYTES:
            start = max(start, self._end_of_last)
            self._ahead = min(2 * self._ahead, _LONGEST_READ_BYTES)
        else:
            self._ahead = _PAGE_BYTES
        end = min(self._size, max(start + self._ahead, self._at + min(size, _LONGEST_READ_BYTES)))
        end = min(self._size, -(-end // _PAGE_BYTES) * _PAGE_BYTES)
        for first, _ in self._hollow:
            if self._at < first < end:
                end = first
        data = self._fetch([(start, end)])[0]
        self._end_of_last = end
        self._pieces = [*self._pieces[-1:], (start, data)]
        if len(data) <= _LONGEST_KEPT_BYTES:
            self._keep(start, data)

    def _get_planned(self, first: int) -> None:
        batch: list[tuple[int, int]] = []
        count = 0
        for start, end in self._plan[first : first + _BATCH_RANGES]:
            if batch and count + end - start > _BATCH_BYTES:
                break
            batch.append((start, end))
            count += end - start
        self._plan = self._plan[first + len(batch) :]
        found = self._fetch(batch)
        self._pieces = [(start, data) for (start, _), data in zip(batch, found, strict=True)]

    def _keep(self, start: int, data: bytes) -> None:
        for number in range(-(-start // _PAGE_BYTES), (start + len(data)) // _PAGE_BYTES + 1):
            inside = number * _PAGE_BYTES - start
            page = data[inside : inside + _PAGE_BYTES]
            if len(page) == _PAGE_BYTES or (page and start + len(data) == self._size):
                _PAGES.put(self._key(number), page)

    def _fetch(self, ranges: list[tuple[int, int]]) -> list[bytes]:
        try:
            found = self._store.read_ranges("", ranges)
        except RemoteError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                self._fail_changed(error)
            self.failure = error
            raise
        if any(len(data) != end - start for (start, end), data in zip(ranges, found, strict=True)):
            self._fail_changed(None)
        return found

    def _key(self, number: int) -> tuple[str, str, int]:
        return self._store.url, f"{self._wanted.version} {self._size}", number

    def _fail_changed(self, cause: Exception | None) -> None:
        self.failure = RemoteChangedError(
            f"{self._store.url} was changed or removed while it was being used.",
            fix="Type the command again: it then works with the file as it is now.",
            path=self._path,
        )
        raise self.failure from cause


def same_content(first: RemoteState, second: RemoteState) -> bool:
    """Whether two states are of the same content."""
    return (first.size_bytes, first.version) == (second.size_bytes, second.version)
