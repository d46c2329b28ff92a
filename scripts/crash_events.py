"""Seeing what a process does to files as it does it, by Linux's inotify."""

import ctypes
import os
import select
import struct
from pathlib import Path
from typing import Self

_HEAD = struct.Struct("iIII")
_CREATE, _DELETE, _MOVED_TO, _WRITTEN = 0x100, 0x200, 0x80, 0x8
_IS_FOLDER = 0x40000000


class Watch:
    """Counts what happens to the names in a folder and in those below it.

    A name that comes or goes, a file that is renamed, a file that was written and closed: each is one event. An
    event is seen within some microseconds; a process that is killed then is killed between two of its steps.
    """

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._handle = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._handle < 0:
            raise OSError(ctypes.get_errno(), "inotify is not to be had")
        self._folders: dict[int, Path] = {}
        self._add(folder)
        self.count = 0
        self.names: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    def look(self, wait_s: float = 0.0) -> int:
        """Take in what happened, and give the number of events up to now."""
        if wait_s and not select.select([self._handle], [], [], wait_s)[0]:
            return self.count
        while True:
            try:
                content = os.read(self._handle, 1 << 16)
            except BlockingIOError:
                return self.count
            self._take(content)

    def _take(self, content: bytes) -> None:
        place = 0
        while place < len(content):
            number, mask, _, length = _HEAD.unpack_from(content, place)
            name = content[place + _HEAD.size : place + _HEAD.size + length].rstrip(b"\0")
            place += _HEAD.size + length
            folder = self._folders.get(number)
            if folder is None or not name:
                continue
            path = folder / os.fsdecode(name)
            if mask & _IS_FOLDER and mask & (_CREATE | _MOVED_TO):
                self._add(path)
            self.count += 1
            self.names.append(path.name)

    def _add(self, folder: Path) -> None:
        number = self._libc.inotify_add_watch(
            self._handle, os.fsencode(folder), _CREATE | _DELETE | _MOVED_TO | _WRITTEN
        )
        if number < 0:  # gone again
            return
        self._folders[number] = folder
        try:
            below = [each for each in folder.iterdir() if each.is_dir() and not each.is_symlink()]
        except OSError:
            return
        for each in below:
            self._add(each)
