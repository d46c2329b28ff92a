"""Finding the grey frames that Pupil Cloud puts where the scene camera delivered none.

Cloud fills the time before the first part, between parts and after the last with frames of the
plain colour RGB (100, 100, 100), exactly 50 ms apart.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .notes import NoteBook, counted
from .recording import WorldFrames, WorldPart
from .world_pictures import Picture, picture_at

PADDING_STEP_NS = 50_000_000
PADDING_GREY = 100

# Coding and a wrong guess of the colour range move the grey by up to 3.
_GREY_TOLERANCE = 6
_MIN_RUN_WITHOUT_VIDEO = 3
_MAX_RUNS_LOOKED_AT = 64


def mark_grey_padding(
    world: WorldFrames, parts: tuple[WorldPart, ...], notes: NoteBook
) -> WorldFrames:
    """Mark grey padding frames of an export as invalid.

    Frames exactly 50 ms apart are candidates. Where the video is there, pictures of each run
    decide; without, runs of three and more frames count as padding.

    Parameters
    ----------
    world
        The frames of an export.
    parts
        Their videos.
    notes
        Where to write down what was found.
    """
    step = np.diff(world.timestamp_ns) == PADDING_STEP_NS
    runs = _runs(step)
    padding = np.zeros(len(world.timestamp_ns), dtype=np.bool_)
    looked_at = sorted(runs, key=lambda run: run[0] - run[1])[:_MAX_RUNS_LOOKED_AT]
    unseen: list[tuple[int, int]] = []
    for first, last in runs:
        seen = None
        if (first, last) in looked_at:
            seen = _look(first, last, lambda row: _picture(world, parts, row))
        if seen is None:
            unseen.append((first, last))
        else:
            padding[first : last + 1] |= seen
    by_time = _by_time(unseen, len(padding))
    if by_time.any():
        notes.add(
            "GREY-PADDING-BY-TIME",
            f"{counted(int(by_time.sum()), 'frame')} exactly 50 ms apart taken for grey padding "
            "without looking at the pictures; the frames at the ends of each run may be wrong.",
        )
    padding |= by_time
    if (padding & ~by_time).any():
        notes.add(
            "GREY-PADDING",
            f"{counted(int((padding & ~by_time).sum()), 'grey frame')} of Pupil Cloud between "
            f"{len(padding) - int(padding.sum())} real ones.",
        )
    return replace(world, valid=world.valid & ~padding)


def is_grey(picture: Picture) -> bool:
    """Tell whether a picture has the plain colour of padding."""
    away = np.abs(picture.sample.astype(np.int16) - PADDING_GREY)
    return bool(away.max() <= _GREY_TOLERANCE)


def _runs(step: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Give first and last row of each run of frames exactly one step apart."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], step, [False]]).astype(np.int8)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _look(
    first: int, last: int, picture: Callable[[int], Picture | None]
) -> NDArray[np.bool_] | None:
    """Mark the padding of a run by its pictures; None where they can't be had.

    The first and the last of a run may be real frames that happen to lie on its grid, hence the
    look at their neighbours. Frames between two grey ones are grey.
    """
    rows = sorted({first, first + 1, (first + last) // 2, last - 1, last})
    grey: list[bool] = []
    for row in rows:
        seen = picture(row)
        if seen is None:
            return None
        grey.append(is_grey(seen))
    padding = np.zeros(last - first + 1, dtype=np.bool_)
    for i, row in enumerate(rows):
        padding[row - first] = grey[i]
        if i and grey[i - 1] and grey[i]:
            padding[rows[i - 1] - first : row - first] = True
    return padding


def _picture(world: WorldFrames, parts: tuple[WorldPart, ...], row: int) -> Picture | None:
    path = parts[int(world.part[row])].path
    if path is None or world.pts[row] < 0 or not world.valid[row]:
        return None
    return picture_at(path, int(world.pts[row]))


def _by_time(runs: list[tuple[int, int]], frame_count: int) -> NDArray[np.bool_]:
    """Mark padding by times alone: frames with a whole step on either side.

    The recording's edges count as a step, since padding runs up to them.
    """
    padding = np.zeros(frame_count, dtype=np.bool_)
    for first, last in runs:
        if last - first + 1 >= _MIN_RUN_WITHOUT_VIDEO:
            start = first if first == 0 else first + 1
            end = last if last == frame_count - 1 else last - 1
            padding[start : end + 1] = True
    return padding
