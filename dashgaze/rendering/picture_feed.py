"""Pictures of a track, decoded and scaled ahead of time in a thread of its own."""

import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from dashgaze.media import LumaGap
from dashgaze.media.colour import ColourPicture, ColourReader

from .canvas import Plane
from .scaling import scaled
from .timeline import Track

NO_PICTURE = "no picture at this time"
_GAPS = {
    "undecodable": "this picture is damaged",
    "other_shape": "this picture has another shape",
}
_AHEAD = 6
_POLL_S = 0.2


@dataclass(frozen=True, kw_only=True, eq=False)
class Shown:
    """A picture of a track.

    Attributes
    ----------
    planes
        Brightness and colour in the size of the panel.
    full
        The picture in its own size.
    """

    planes: tuple[Plane, Plane, Plane]
    full: ColourPicture


class PictureFeed:
    """Gives what each step of a track shows, one by one: a picture, or why there is none.

    A context manager; the thread ends with it.

    Parameters
    ----------
    track
        The track.
    size_px
        Width and height of the panel.
    thread_count
        Threads of FFmpeg for decoding.
    """

    def __init__(self, track: Track, size_px: tuple[int, int], *, thread_count: int = 1) -> None:
        self._track, self._size_px, self._thread_count = track, size_px, thread_count
        self._ready: queue.Queue[Shown | str | BaseException] = queue.Queue(_AHEAD)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._fill, name="dashgaze-pictures", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def next(self) -> Shown | str:
        """Give what the next step shows.

        Raises
        ------
        MediaError
            If the file can't be read any more.
        """
        item = self._ready.get()
        if isinstance(item, BaseException):
            raise item
        return item

    def _fill(self) -> None:
        try:
            for item in self._items():
                if not self._put(item):
                    return
        except BaseException as error:  # noqa: BLE001  # told to who asks for the next picture
            self._put(error)

    def _put(self, item: Shown | str | BaseException) -> bool:
        while not self._over.is_set():
            try:
                self._ready.put(item, timeout=_POLL_S)
            except queue.Full:
                continue
            return True
        return False

    def _items(self) -> Iterator[Shown | str]:
        file, reader = -1, None
        last: Shown | str = NO_PICTURE
        last_picture: ColourPicture | LumaGap | None = None
        with ExitStack() as stack:
            steps = zip(self._track.file.tolist(), self._track.index.tolist(), strict=True)
            for wanted, index in steps:
                if index < 0:
                    yield NO_PICTURE
                    continue
                if reader is None or wanted != file:
                    stack.close()
                    file = wanted
                    reader = stack.enter_context(self._open(file))
                picture = reader.read(index)
                if picture is not last_picture:
                    last_picture, last = picture, self._show(picture)
                yield last

    def _open(self, file: int) -> ColourReader:
        each = self._track.clip.files[file]
        return ColourReader(each.path, each.times, thread_count=self._thread_count)

    def _show(self, picture: ColourPicture | LumaGap) -> Shown | str:
        if isinstance(picture, LumaGap):
            return _GAPS[picture.reason]
        width, height = self._size_px
        half = width // 2, height // 2
        sizes = (self._size_px, half, half)
        y, u, v = (scaled(each, size) for each, size in zip(picture.planes, sizes, strict=True))
        return Shown(planes=(y, u, v), full=picture)
