"""The videos of one session: `videos/<session>/{ego,road,driver}.mp4`."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np

from dashgaze.dataset.consent import Release
from dashgaze.dataset.tables.view_pts import TICKS_PER_S
from dashgaze.dataset.video.sound_copy import SoundCopy
from dashgaze.dataset.video.video_file import CRF, VideoFile
from dashgaze.dataset.video.view_source import View, ViewPicture, ViewSource
from dashgaze.errors import OutputError
from dashgaze.face_detection.mirroring import turned_back
from dashgaze.files import replacing
from dashgaze.media import probe, read_frame_times
from dashgaze.progress import Progress, part_of, silent
from dashgaze.remote_file import open_binary
from dashgaze.session import Session

from .released_view import ReleasedView, open_released
from .sound_track import write_with_sound

VIEWS: tuple[View, ...] = ("ego", "road", "driver")

_COPY_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class VideoOptions:
    """How videos are packed.

    Attributes
    ----------
    sound
        Whether the road video has the phone's sound: what is said in the car is heard in it.
    crf
        Quality of x264 where pictures are encoded again; less is better and larger. Videos that were
        anonymized are taken as they are.
    """

    sound: bool = False
    crf: int = CRF


@dataclass(frozen=True, kw_only=True)
class VideoFacts:
    """A packed video.

    Attributes
    ----------
    path
        The file.
    frame_count
        Pictures in it.
    missing_count
        Frames of the view that have no picture in it: padding, damaged, or cut off.
    size_px
        Width and height.
    codec
        As FFmpeg calls it.
    duration_ticks
        Time of its last picture, in 1/90000 s since the view's first frame.
    size_bytes
        Size of the file.
    has_sound
        Whether it has sound.
    """

    path: Path
    frame_count: int
    missing_count: int
    size_px: tuple[int, int]
    codec: str
    duration_ticks: int
    size_bytes: int
    has_sound: bool


def write_videos(
    session: Session,
    release: Release,
    folder: Path,
    options: VideoOptions | None = None,
    *,
    progress: Progress = silent,
) -> dict[View, VideoFacts]:
    """Write the videos of a session that may be packed, every picture at its own time.

    The time of a picture in the file is its ``<view>_pts`` in the frame table. Frames without a picture
    are missing from the file; nothing moves for it.

    Parameters
    ----------
    session
        The session.
    release
        What of it may be packed. Anonymized videos are copied, others are encoded; so are mirror images of the
        driver, which are turned back.
    folder
        Where ``ego.mp4``, ``road.mp4`` and ``driver.mp4`` are written.
    options
        How.
    progress
        Where to report to.

    Returns
    -------
    dict
        What was written, by view. Views that the session does not have, that may not be packed, or of which
        no picture can be decoded are not in it.

    Raises
    ------
    InputError
        If a view has to be anonymized and was not, or the recording changed since.
    MediaError, RecordingError
        If a recording is there and can't be read.
    OutputError
        If a video can't be written.
    """
    chosen = options or VideoOptions()
    # All views are found before the first is written: who has to anonymize them learns it at once.
    views = {
        view: released
        for view in VIEWS
        if (released := open_released(session, view, release)) is not None
    }
    facts: dict[View, VideoFacts] = {}
    for place, (view, released) in enumerate(views.items()):
        part = part_of(progress, place / len(views), (place + 1) / len(views))
        sound = _sound(session) if view == "road" and chosen.sound else None
        # Columns of the face are of pictures turned back, so the packed video is turned back, too.
        mirrored = view == "driver" and session.manifest.phone.driver_mirrored
        written = _write(released, folder / f"{view}.mp4", sound, chosen.crf, part, mirrored)
        if written is not None:
            facts[view] = written
    progress("packing videos", 1.0)
    return facts


def _sound(session: Session) -> SoundCopy | None:
    """Find the phone's sound; its zero is the road video's first frame."""
    path = session.road_path
    if probe(path).audio is None:
        return None
    return SoundCopy(path=path, zero_s=float(read_frame_times(path).time_s[0]))


def _write(
    released: ReleasedView,
    path: Path,
    sound: SoundCopy | None,
    crf: int,
    progress: Progress,
    mirrored: bool,
) -> VideoFacts | None:
    source = released.source
    if released.anonymized is None or mirrored:
        if not _encode(source, path, sound, crf, progress, mirrored):
            return None
    elif sound is None:
        progress(f"copying the {source.view} video", 0.0)
        with (
            replacing(path) as temporary,
            open_binary(released.anonymized) as original,
            temporary.open("wb") as copy,
        ):
            shutil.copyfileobj(original, copy, _COPY_BYTES)
    else:
        progress(f"copying the {source.view} video", 0.0)
        write_with_sound(released.anonymized, sound, path)
    return _facts(path, source)


def _encode(
    source: ViewSource,
    path: Path,
    sound: SoundCopy | None,
    crf: int,
    progress: Progress,
    mirrored: bool,
) -> bool:
    """Encode all pictures of a view; tell whether there is any."""
    pictures = source.pictures(thread_count=1)
    first = next(pictures, None)
    if first is None:
        return False
    with VideoFile(path, source.size_px, crf=crf, sound=sound) as file:
        for each in _reported(chain([first], pictures), source, progress):
            file.add(turned_back(each.picture) if mirrored else each.picture, each.ticks)
    return True


def _reported(
    pictures: Iterator[ViewPicture], source: ViewSource, progress: Progress
) -> Iterator[ViewPicture]:
    last = max(1, int(source.ticks[-1]))
    for each in pictures:
        yield each
        progress(f"packing the {source.view} video", each.ticks / last)


def _facts(path: Path, source: ViewSource) -> VideoFacts:
    """Read a written video back: its times are the one thing that has to be exact."""
    info, times = probe(path), read_frame_times(path)
    exact = times.time_base == (1, TICKS_PER_S) and bool(np.isin(times.pts, source.ticks).all())
    if info.video is None or not exact:
        raise OutputError(
            f"{path} does not show its pictures at the times that were asked for.",
            fix="This is a fault of this machine's FFmpeg: install PyAV from its wheel.",
            path=path,
        )
    return VideoFacts(
        path=path,
        frame_count=len(times.pts),
        missing_count=source.frame_count - len(times.pts),
        size_px=(info.video.width_px, info.video.height_px),
        codec=info.video.codec,
        duration_ticks=int(times.pts[-1]),
        size_bytes=path.stat().st_size,
        has_sound=info.audio is not None,
    )
