"""Pictures of one of the phone's views, in the state that may be packed, for rows of the frame table."""

from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.dataset.consent import Release
from dashgaze.dataset.video.view_source import ViewPicture, ViewSource
from dashgaze.errors import InputError
from dashgaze.media.colour import ColourPicture
from dashgaze.progress import Progress, silent
from dashgaze.session import Session

from .released_view import open_released

PhoneViewName = Literal["road", "driver"]


class PhoneView:
    """Gives the pictures that rows refer to, row by row; a context manager, the file is open within it.

    Parameters
    ----------
    source
        The video.
    index
        The frame that each row refers to, shape (n,), not descending; -1 where it has no picture.
    """

    def __init__(self, source: ViewSource, index: NDArray[np.int64]) -> None:
        self.has_picture: NDArray[np.bool_] = np.isin(index, source.frame_index)
        self._source, self._index = source, index
        self._pictures: Iterator[ViewPicture] = iter(())
        self._current: ViewPicture | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pictures = iter(())  # closes the file
        self._current = None

    def want(self, rows: NDArray[np.int64]) -> None:
        """Say which rows will be asked for: what lies between their pictures is jumped over."""
        wanted = np.unique(self._index[rows])
        # One thread: sessions are packed beside each other.
        self._pictures = self._source.pictures(wanted[wanted >= 0].tolist(), thread_count=1)
        self._current = next(self._pictures, None)

    def picture(self, row: int) -> ColourPicture | None:
        """Give the picture that a row refers to; None if there is none, or it can't be decoded.

        Parameters
        ----------
        row
            One of those that were wanted, not before the one of the last call.
        """
        index = int(self._index[row])
        while self._current is not None and self._current.frame_index < index:
            self._current = next(self._pictures, None)
        if self._current is None or self._current.frame_index != index:
            return None
        return self._current.picture


def find_phone_view(
    session: Session,
    view: PhoneViewName,
    release: Release,
    frames: pa.Table,
    *,
    progress: Progress = silent,
) -> PhoneView | None:
    """Find the pictures of a view that may be packed; None if there are none.

    Parameters
    ----------
    session
        The session.
    view
        Which view.
    release
        What of the session may be packed.
    frames
        Its rows of `DATASET_FRAME_TABLE`.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If the view was not anonymized yet, or the frame table is of another video.
    MediaError
        If the video can't be read.
    """
    index = frames[f"{view}_frame_index"].fill_null(-1).to_numpy().astype(np.int64)
    if not (index >= 0).any():
        return None
    released = open_released(session, view, release, progress=progress)
    if released is None:
        return None
    pts = frames[f"{view}_pts"].fill_null(-1).to_numpy().astype(np.int64)
    source = released.source
    place = np.searchsorted(source.frame_index, index)
    there = np.take(source.frame_index, place, mode="clip") == index
    beyond = index >= source.frame_count
    other = there & (np.take(source.ticks, place, mode="clip") != pts)
    seen = index[index >= 0]
    if beyond.any() or other.any() or (np.diff(seen) < 0).any():
        raise InputError(
            f"The frame table of {session.manifest.session_id} refers to pictures that "
            f"{source.paths[0]} does not have, or has at other times: it is of another video.",
            fix=f"Make the tables again: dashgaze frames {session.root} --force",
            path=source.paths[0],
        )
    return PhoneView(source, index)
