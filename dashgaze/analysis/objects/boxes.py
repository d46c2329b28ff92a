"""Boxes of what is to be seen in the road view, as a detector or a person gave them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from dashgaze.errors import InputError

from ..contract.study import BoolArray, FloatArray, IndexArray, TextArray

Clock = Literal["road_frame_index", "frame_index", "time_s"]
"""What pictures are counted by: frames of the road video (all of them, as recorded and as packed), ego frames
(rows of ``frames`` and ``images``), or seconds from the session's first ego frame."""

NO_TRACK = -1
_MOST_PICTURES = 10_000_000


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectBoxes:
    """Boxes of one session: m boxes in p pictures.

    Attributes
    ----------
    session_id
        Whose.
    clock
        What `moment` counts.
    moment
        Pictures that were searched, with boxes or without, ascending, shape (p,).
    picture
        Place in `moment` of each box's picture, ascending, shape (m,).
    corners_px
        Left, top, right, bottom, shape (m, 4).
    kind
        Class of each, shape (m,).
    score
        0 … 1, shape (m,).
    track_id
        The same for one thing in all pictures; −1 unknown, shape (m,).
    size_px
        Width and height of the pictures that the boxes are given in; None if not said.
    notes
        What a reader has to know.
    """

    session_id: str
    clock: Clock
    moment: FloatArray
    picture: IndexArray
    corners_px: FloatArray
    kind: TextArray
    score: FloatArray
    track_id: IndexArray
    size_px: tuple[int, int] | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.picture)

    @property
    def step(self) -> float:
        """Usual distance from one searched picture to the next, in units of the clock; NaN for a single one."""
        return float(np.median(np.diff(self.moment))) if len(self.moment) > 1 else float("nan")

    def where(self, boxes: BoolArray) -> "ObjectBoxes":
        """Give some of the boxes, shape (m,) of flags; all pictures stay."""
        return replace(
            self,
            picture=self.picture[boxes],
            corners_px=self.corners_px[boxes],
            kind=self.kind[boxes],
            score=self.score[boxes],
            track_id=self.track_id[boxes],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class BoxRows:
    """Rows of a file, of any session and in any order; arrays of shape (r,).

    Attributes
    ----------
    path, line
        Where they come from; each row's line or number, for messages.
    clock
        What `moment` counts.
    session_id, moment
        Picture of each row.
    corners_px
        Shape (r, 4); NaN in rows that only say that the picture was searched.
    kind, score, track_id
        As of `ObjectBoxes`.
    size_px
        Of the picture, shape (r, 2); NaN where it is not said.
    tells_empty
        Whether pictures without boxes have rows of their own.
    """

    path: Path
    line: IndexArray
    clock: Clock
    session_id: TextArray
    moment: FloatArray
    corners_px: FloatArray
    kind: TextArray
    score: FloatArray
    track_id: IndexArray
    size_px: FloatArray
    tells_empty: bool


def boxes_of_rows(rows: BoxRows, *, row_word: str = "line") -> dict[str, ObjectBoxes]:
    """Check rows and give the boxes of each session.

    Raises
    ------
    InputError
        If a number is not finite or negative where it can't be, a box has no area, a score is beyond 0 … 1,
        or a session has pictures of two sizes. The row is named.
    """
    has_box: BoolArray = np.asarray(np.isfinite(rows.corners_px).any(axis=1), dtype=np.bool_)
    left, top, right, bottom = rows.corners_px.T
    with np.errstate(invalid="ignore"):
        faults = (
            (
                ~np.isfinite(rows.moment) | (rows.moment < 0),
                "has no picture, or one before the first",
            ),
            (rows.session_id == "", "names no session"),
            (has_box & ~np.isfinite(rows.corners_px).all(axis=1), "has half a box"),
            (has_box & ~((right > left) & (bottom > top)), "has a box without an area"),
            (has_box & ~((rows.score >= 0) & (rows.score <= 1)), "has a score beyond 0 … 1"),
            (has_box & (rows.kind == ""), "has a box without a class"),
        )
    for wrong, what in faults:
        if wrong.any():
            raise InputError(
                f"{rows.path.name}, {row_word} {rows.line[np.flatnonzero(wrong)[0]]}, {what}"
                f" ({np.count_nonzero(wrong)} such rows).",
                fix="Mend the file.",
                path=rows.path,
            )
    found = {}
    for session_id in np.unique(rows.session_id).tolist():
        found[session_id] = _of_session(rows, session_id, has_box)
    return found


def _of_session(rows: BoxRows, session_id: str, has_box: BoolArray) -> ObjectBoxes:
    mine = rows.session_id == session_id
    moment, picture = np.unique(rows.moment[mine], return_inverse=True)
    boxed = has_box[mine]
    order = np.argsort(picture[boxed], kind="stable")
    chosen = np.flatnonzero(mine)[boxed][order]
    notes: tuple[str, ...] = ()
    picture = picture[boxed][order].astype(np.int64)
    if not rows.tells_empty:
        moment, picture, note = _filled(moment, picture, session_id, rows.path)
        notes = (f"{rows.path.name} has no rows for pictures without boxes: {note}",)
    return ObjectBoxes(
        session_id=session_id,
        clock=rows.clock,
        moment=moment,
        picture=picture,
        corners_px=rows.corners_px[chosen],
        kind=rows.kind[chosen],
        score=rows.score[chosen],
        track_id=rows.track_id[chosen],
        size_px=_one_size(rows.size_px[mine], session_id, rows.path),
        notes=notes,
    )


def _filled(
    moment: FloatArray, picture: IndexArray, session_id: str, path: Path
) -> tuple[FloatArray, IndexArray, str]:
    """Put in the pictures that a steady search must have seen without finding anything."""
    gaps = np.diff(moment)
    if not len(gaps):
        return moment, picture, "only those with boxes count as searched."
    step = float(np.min(gaps)) if np.all(moment == np.round(moment)) else float(np.median(gaps))
    if float(moment[-1] - moment[0]) > _MOST_PICTURES * step:
        raise InputError(
            f"{path.name} has boxes of {session_id} from {moment[0]:g} to {moment[-1]:g}, one picture in {step:g}: no "
            "drive is that long.",
            fix="Mend the rows whose number or time is far from that of the others.",
            path=path,
        )
    missing = np.maximum(np.round(gaps / step).astype(np.int64) - 1, 0)
    starts = np.arange(len(moment)) + np.concatenate([[0], np.cumsum(missing)])
    every = np.arange(int(starts[-1]) + 1)
    full = np.interp(every, starts, moment)
    note = f"those between the first and the last count as searched, one in {step:g}."
    return full, starts[picture], note


def _one_size(size_px: FloatArray, session_id: str, path: Path) -> tuple[int, int] | None:
    sizes = np.unique(size_px[np.isfinite(size_px).all(axis=1)], axis=0)
    if not len(sizes):
        return None
    if len(sizes) > 1 or (sizes[0] < 1).any():
        raise InputError(
            f"{path.name} gives pictures of {session_id} in {len(sizes)} sizes, or in one below 1 px.",
            fix="Give all boxes of a session in pixels of pictures of one size.",
            path=path,
        )
    return int(sizes[0][0]), int(sizes[0][1])


def merged(parts: Sequence[dict[str, ObjectBoxes]]) -> dict[str, ObjectBoxes]:
    """Put together what several files say, each of other sessions.

    Raises
    ------
    InputError
        If two files speak of the same session.
    """
    every: dict[str, ObjectBoxes] = {}
    for part in parts:
        twice = sorted(set(part) & set(every))
        if twice:
            raise InputError(
                f"Two files have boxes of {twice[0]}.", fix="Give each session's boxes in one file."
            )
        every |= part
    return every
