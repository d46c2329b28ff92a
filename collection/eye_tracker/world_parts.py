"""Joining the scene camera's videos with the device's stamps of their frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import MediaError
from dashgaze.media import FrameTimes, read_frame_times
from dashgaze.progress import Progress, part_of, silent

from .notes import NoteBook, counted
from .recording import SceneCamera, WorldFrames, WorldPart
from .stamps import find_order, note_order
from .world_clock import fit_container_clock
from .world_pictures import Picture, first_picture


@dataclass(frozen=True, kw_only=True)
class PartSource:
    """A part of the world video as it was found on disk.

    Attributes
    ----------
    number
        Its part number.
    path
        The video; None where there is none.
    timestamp_ns
        Device stamps of the frames in the order of their file, shape (n,).
    """

    number: int
    path: Path | None
    timestamp_ns: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A part with its frames paired; arrays of shape (n,)."""

    source: PartSource
    timestamp_ns: NDArray[np.int64]
    time_s: NDArray[np.float64] | None
    pts: NDArray[np.int64]
    valid: NDArray[np.bool_]


def join_parts(
    sources: Sequence[PartSource],
    camera: SceneCamera,
    notes: NoteBook,
    *,
    progress: Progress = silent,
) -> tuple[WorldFrames, tuple[WorldPart, ...]]:
    """Pair the frames of each part with their stamps and put all parts on one line.

    The ith frame belongs to the ith stamp; what one of the two has more than the other is left out
    at the end. Frames whose stamp does not come after the ones before are left out.

    Parameters
    ----------
    sources
        The parts in order.
    camera
        The scene camera whose pictures are expected.
    notes
        Where to write down what was mended.
    """
    parts = [
        _pair(source, camera, notes, part_of(progress, i / len(sources), (i + 1) / len(sources)))
        for i, source in enumerate(sources)
    ]
    all_stamps = np.concatenate(
        [np.zeros(0, dtype=np.int64), *(part.timestamp_ns for part in parts)]
    )
    order = find_order(all_stamps)
    note_order(order, "World video", notes)
    joined: list[WorldPart] = []
    kept: list[_Part] = []
    read_count = first_frame = 0
    for part in parts:
        keep = order.keep[read_count : read_count + len(part.timestamp_ns)]
        read_count += len(keep)
        kept.append(_select(part, keep))
        joined.append(_world_part(kept[-1], first_frame, notes))
        first_frame += joined[-1].frame_count
    frames = WorldFrames(
        timestamp_ns=all_stamps[order.keep],
        valid=np.concatenate([np.zeros(0, dtype=np.bool_), *(part.valid for part in kept)]),
        part=np.repeat(
            np.arange(len(kept), dtype=np.int32), [len(part.timestamp_ns) for part in kept]
        ),
        pts=np.concatenate([np.zeros(0, dtype=np.int64), *(part.pts for part in kept)]),
    )
    return frames, tuple(joined)


def _pair(source: PartSource, camera: SceneCamera, notes: NoteBook, progress: Progress) -> _Part:
    stamps = source.timestamp_ns
    missing = np.full(len(stamps), -1, dtype=np.int64)
    if source.path is None:
        notes.add(
            "WORLD-VIDEO-MISSING",
            f"World part {source.number}: {counted(len(stamps), 'stamp')} but no video.",
        )
        everything = np.ones(len(stamps), dtype=np.bool_)
        return _Part(source=source, timestamp_ns=stamps, time_s=None, pts=missing, valid=everything)
    progress(f"reading {source.path.name}", 0.0)
    try:
        times = read_frame_times(source.path, progress=progress)
    except MediaError as error:
        notes.add("WORLD-VIDEO-UNREADABLE", f"{source.path.name} can't be used: {error.what}")
        nothing = np.zeros(len(stamps), dtype=np.bool_)
        return _Part(source=source, timestamp_ns=stamps, time_s=None, pts=missing, valid=nothing)
    _note_faults(times, len(stamps), notes)
    count = min(len(times.pts), len(stamps))
    return _Part(
        source=source,
        timestamp_ns=stamps[:count],
        time_s=times.time_s[:count],
        pts=times.pts[:count],
        valid=_decodable(times, camera, notes)[:count],
    )


def _note_faults(times: FrameTimes, stamp_count: int, notes: NoteBook) -> None:
    name = times.path.name
    lost_count = times.duplicate_count + times.missing_pts_count
    if lost_count:
        notes.add(
            "WORLD-PTS",
            f"{name}: {counted(lost_count, 'packet')} without a time of their own left out; "
            "frames after them may be paired with the stamp of a neighbour.",
        )
    if times.truncated:
        notes.add("WORLD-VIDEO-CUT", f"{name} ends before its index says.")
    if len(times.pts) != stamp_count:
        notes.add(
            "WORLD-LENGTH",
            f"{name} has {counted(len(times.pts), 'frame')} and {counted(stamp_count, 'stamp')}; "
            f"the last {abs(len(times.pts) - stamp_count)} of the "
            f"{'frames' if len(times.pts) > stamp_count else 'stamps'} are left out.",
        )


def _decodable(times: FrameTimes, camera: SceneCamera, notes: NoteBook) -> NDArray[np.bool_]:
    """Mark the frames at the start that a decoder can't deliver.

    Some phones write a first packet that is no picture; its stamp goes with it, so that the second
    frame keeps the second stamp.
    """
    name = times.path.name
    picture = first_picture(times.path)
    if picture is None:
        notes.add("WORLD-FRAMES-UNDECODABLE", f"{name}: no frame can be decoded at its start.")
        return np.zeros(len(times.pts), dtype=np.bool_)
    _note_size(picture, camera, name, notes)
    valid = np.asarray(times.pts >= picture.pts, dtype=np.bool_)
    if not valid[0]:
        notes.add(
            "WORLD-FRAMES-UNDECODABLE",
            f"{name}: the first {counted(int((~valid).sum()), 'frame')} can't be decoded and "
            "counts as invalid.",
        )
    return valid


def _note_size(picture: Picture, camera: SceneCamera, name: str, notes: NoteBook) -> None:
    expected = camera.width_px, camera.height_px
    if (picture.width_px, picture.height_px) != expected:
        notes.add(
            "WORLD-SIZE",
            f"{name} has pictures of {picture.width_px} × {picture.height_px} px; gaze and the "
            f"scene camera's calibration belong to {expected[0]} × {expected[1]} px.",
        )


def _select(part: _Part, keep: NDArray[np.bool_]) -> _Part:
    return _Part(
        source=part.source,
        timestamp_ns=part.timestamp_ns[keep],
        time_s=None if part.time_s is None else part.time_s[keep],
        pts=part.pts[keep],
        valid=part.valid[keep],
    )


def _world_part(part: _Part, first_frame: int, notes: NoteBook) -> WorldPart:
    clock = None
    if part.time_s is not None and len(part.time_s):
        name = f"World part {part.source.number}"
        clock = fit_container_clock(part.timestamp_ns, part.time_s, name, notes)
    return WorldPart(
        path=part.source.path,
        number=part.source.number,
        first_frame=first_frame,
        frame_count=len(part.timestamp_ns),
        container_offset_ns=None if clock is None else clock.offset_ns,
        container_rate_ppm=None if clock is None else clock.rate_ppm,
    )
