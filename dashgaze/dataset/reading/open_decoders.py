"""Videos that are kept open, so that the next picture of one costs no new start."""

from __future__ import annotations

import ctypes
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .video_pictures import VideoPictures

MAX_OPEN = 32
"""Videos kept open by one process: a decoder of a full picture holds some 20 to 40 MB."""


class OpenDecoders:
    """The videos that were used last, open; the one that was not used for longest is closed first.

    Safe to use from several threads, which wait for one another only where they want the same video. A
    process made by fork starts with none open: it would share the position in the files.

    Parameters
    ----------
    most
        How many at most.
    """

    def __init__(
        self, most: int = MAX_OPEN, make: Callable[[Path], VideoPictures] = VideoPictures
    ) -> None:
        self._most, self._make = most, make
        self._reset()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """Start anew in a forked process, without closing what its parent has open.

        FFmpeg waits for threads of its own on closing, and a fork does not take those along.
        """
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._open))  # never freed in this process
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, tuple[VideoPictures, threading.Lock]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    @contextmanager
    def borrow(self, path: Path) -> Iterator[VideoPictures]:
        """Give an open video to use alone.

        Raises
        ------
        MediaError
            If it can't be opened.
        """
        while True:
            pictures, lock = self._take(path)
            with lock:
                if pictures.closed:  # by another thread, between taking and locking
                    continue
                yield pictures
                return

    def close(self) -> None:
        """Close all."""
        with self._lock:
            held = list(self._open.values())
            self._open.clear()
        for pictures, lock in held:
            with lock:
                pictures.close()

    def _take(self, path: Path) -> tuple[VideoPictures, threading.Lock]:
        dropped = None
        with self._lock:
            held = self._open.pop(path, None)
            if held is not None and (held[0].closed or not held[0].is_current()):
                dropped, held = held, None
            if held is None:
                held = (self._make(path), threading.Lock())
            self._open[path] = held
            if dropped is None and len(self._open) > self._most:
                dropped = self._open.popitem(last=False)[1]
        if dropped is not None:
            with dropped[1]:
                dropped[0].close()
        return held
