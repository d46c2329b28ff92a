"""The pictures of one view of a session, in presentation order, with the ticks of the data set."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.tables.view_pts import TICKS_PER_S, ego_ticks, phone_ticks
from dashgaze.errors import MediaError
from dashgaze.media import FrameTimes, read_frame_times
from dashgaze.media.colour import ColourPicture, ColourReader
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session

View: TypeAlias = Literal["ego", "road", "driver"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ViewPicture:
    """One picture of a view.

    Attributes
    ----------
    frame_index
        The frame, as the session's tables count: ``frame_index`` in the ego view,
        ``road_frame_index`` and ``driver_frame_index`` in the others.
    ticks
        When it is shown, in 1/90000 s since the view's first frame.
    picture
        Its planes, upright; they may share memory with the decoder and hold until the next picture.
    """

    frame_index: int
    ticks: int
    picture: ColourPicture


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """A file that pictures of a view stand in, and what `read_frame_times` gave for it."""

    path: Path
    times: FrameTimes


@dataclass(frozen=True, kw_only=True, eq=False)
class ViewSource:
    """The pictures of one view; made by `open_view`.

    Arrays have one element for each of the n frames that should have a picture, ascending. Frames
    that turn out not to be decodable have none, and `pictures` leaves them out.

    Attributes
    ----------
    view
        Which one.
    files
        Where the pictures stand.
    size_px
        Width and height of all pictures, upright.
    frame_count
        Frames that the session's tables count in this view, those without a picture included.
    frame_index
        See `ViewPicture`, shape (n,).
    ticks
        See `ViewPicture`, shape (n,).
    file, place
        Index into `files` and position in that file's times, shape (n,).
    """

    view: View
    files: tuple[SourceFile, ...]
    size_px: tuple[int, int]
    frame_count: int
    frame_index: NDArray[np.int64]
    ticks: NDArray[np.int64]
    file: NDArray[np.int64]
    place: NDArray[np.int64]

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return tuple(file.path for file in self.files)

    def pictures(
        self, wanted: Iterable[int] | None = None, *, thread_count: int = 0
    ) -> Iterator[ViewPicture]:
        """Decode pictures one by one; memory does not grow with the video.

        Parameters
        ----------
        wanted
            Frame indexes, ascending; those without a picture are left out. None for all.
        thread_count
            Threads of FFmpeg for decoding; 0 for one per core.

        Raises
        ------
        MediaError
            If a file can't be read any more.
        ValueError
            If the wanted ones don't ascend.
        """
        rows = self._rows(wanted)
        for number, source in enumerate(self.files):
            mine = rows[self.file[rows] == number]
            if not len(mine):
                continue
            with ColourReader(source.path, source.times, thread_count=thread_count) as reader:
                for row in mine.tolist():
                    picture = reader.read(int(self.place[row]))
                    if isinstance(picture, ColourPicture):
                        yield ViewPicture(
                            frame_index=int(self.frame_index[row]),
                            ticks=int(self.ticks[row]),
                            picture=_cropped(picture, self.size_px),
                        )

    def _rows(self, wanted: Iterable[int] | None) -> NDArray[np.int64]:
        if wanted is None:
            return np.arange(len(self.frame_index), dtype=np.int64)
        asked = np.fromiter(wanted, dtype=np.int64)
        if np.any(np.diff(asked) <= 0):
            raise ValueError("wanted frame indexes have to ascend")
        return np.flatnonzero(np.isin(self.frame_index, asked))


def open_view(
    session: Session, view: View, *, path: Path | None = None, progress: Progress = silent
) -> ViewSource | None:
    """Find the pictures of a view.

    Parameters
    ----------
    session
        The session.
    view
        Which one. Padding and frames that the recording says can't be used have no picture.
    path
        A video of the data set made from this view, such as an anonymized one, to be read in place of
        what was recorded.
    progress
        Where to report to.

    Returns
    -------
    ViewSource or None
        None if the session does not have the view: no driver video is named, or there is no scene
        camera video.

    Raises
    ------
    MediaError
        If a file that the session names can't be read, or `path` is not made from this view.
    RecordingError
        If the eye tracker's recording can't be read.
    """
    source = (
        _ego(session, progress)
        if view == "ego"
        else _phone(session.road_path if view == "road" else session.driver_path, view, progress)
    )
    return source if source is None or path is None else _replaced(source, path)


def _phone(path: Path | None, view: View, progress: Progress) -> ViewSource | None:
    if path is None:
        return None
    times = read_frame_times(path, progress=progress)
    rows = np.arange(len(times.pts), dtype=np.int64)
    return ViewSource(
        view=view,
        files=(SourceFile(path=path, times=times),),
        size_px=ColourReader(path, times).size_px,
        frame_count=len(rows),
        frame_index=rows,
        ticks=phone_ticks(path),
        file=np.zeros(len(rows), dtype=np.int64),
        place=rows,
    )


def _ego(session: Session, progress: Progress) -> ViewSource | None:
    recording = session.recording(part_of(progress, 0.0, 0.5))
    world = recording.world
    count = len(world.timestamp_ns)
    file, place = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    files: list[SourceFile] = []
    size_px: tuple[int, int] | None = None
    for part in recording.world_parts:
        rows = slice(part.first_frame, part.first_frame + part.frame_count)
        # A part without a usable frame may be no video at all.
        if part.path is None or not world.valid[rows].any() or (world.pts[rows] < 0).all():
            continue
        times = read_frame_times(part.path, progress=part_of(progress, 0.5, 1.0))
        part_px = ColourReader(part.path, times).size_px
        if size_px is None:
            size_px = part_px
        elif part_px != size_px:
            raise MediaError(
                f"{part.path} has pictures of {part_px[0]} × {part_px[1]} px, the part before it of "
                f"{size_px[0]} × {size_px[1]} px; one video has one size.",
                fix="Copy the recording again from the device.",
                path=part.path,
            )
        found = np.searchsorted(times.pts, world.pts[rows])
        there = np.take(times.pts, found, mode="clip") == world.pts[rows]
        file[rows] = np.where(there, len(files), -1)
        place[rows] = np.where(there, found, -1)
        files.append(SourceFile(path=part.path, times=times))
    frames = np.flatnonzero(world.valid & (place >= 0))
    if size_px is None or not len(frames):
        return None
    return ViewSource(
        view="ego",
        files=tuple(files),
        size_px=size_px,
        frame_count=count,
        frame_index=frames,
        ticks=ego_ticks(world.timestamp_ns)[frames],
        file=file[frames],
        place=place[frames],
    )


def _replaced(source: ViewSource, path: Path) -> ViewSource:
    """Read from a video of the data set, whose times are ticks, in place of what was recorded."""
    times = read_frame_times(path)
    row = np.searchsorted(source.ticks, times.pts)
    ours = np.array_equal(np.take(source.ticks, row, mode="clip"), times.pts)
    width, height = ColourReader(path, times).size_px
    padding = width - source.size_px[0], height - source.size_px[1]
    if times.time_base != (1, TICKS_PER_S) or not ours or not {*padding} <= {0, 1}:
        raise MediaError(
            f"{path} is not made from the {source.view} video of this session: its pictures have "
            "other times or another size.",
            fix="Make it again.",
            path=path,
        )
    return ViewSource(
        view=source.view,
        files=(SourceFile(path=path, times=times),),
        size_px=source.size_px,
        frame_count=source.frame_count,
        frame_index=source.frame_index[row],
        ticks=times.pts,
        file=np.zeros(len(row), dtype=np.int64),
        place=np.arange(len(row), dtype=np.int64),
    )


def _cropped(picture: ColourPicture, size_px: tuple[int, int]) -> ColourPicture:
    """Take off the column and row that `VideoFile` puts to odd sizes."""
    width, height = size_px
    if picture.y.shape == (height, width):
        return picture
    half = (height + 1) // 2, (width + 1) // 2
    return ColourPicture(
        index=picture.index,
        y=picture.y[:height, :width],
        u=picture.u[: half[0], : half[1]],
        v=picture.v[: half[0], : half[1]],
    )
