"""Boxes in pixels of the road view, at the frames of a session."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dashgaze.errors import InputError

from ..contract.study import BoolArray, FloatArray, IndexArray, SessionData
from ..study.packed_dataset import OpenDataset
from .box_coco import read_box_coco
from .box_csv import read_box_csv
from .boxes import ObjectBoxes, merged
from .iou_tracks import with_tracks
from .visible_parts import VisibleParts, visible_parts

LARGEST_GAP_S = 0.1
"""Frames that are further from a searched picture don't count: things move."""

_OUTSIDE_SHARE = 0.01
_EDGE_SHARE = 0.02
_SMALL_PART = 0.6
_ENOUGH_BOXES = 50
_SAME_SHAPE = 0.02
_LEAST_INSIDE = 0.5


@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedBoxes:
    """Boxes of a session of n frames.

    Attributes
    ----------
    boxes
        In pixels of the road view, cut at its edges, with tracks.
    parts
        What is seen of them.
    picture_of_row
        Place of each frame's picture in ``boxes.moment``; −1 where none was searched, shape (n,).
    size_px
        Width and height of the road picture.
    notes
        What a reader has to know.
    """

    boxes: ObjectBoxes
    parts: VisibleParts
    picture_of_row: IndexArray
    size_px: tuple[int, int]
    notes: tuple[str, ...] = ()

    @property
    def area_share(self) -> FloatArray:
        """Share of the picture that boxes cover, shape (p,)."""
        corners = self.parts.corners_px
        areas = (corners[:, 2:] - corners[:, :2]).prod(axis=1)
        picture = self.boxes.picture[self.parts.box]
        sums = np.bincount(picture, weights=areas, minlength=len(self.boxes.moment))
        return np.asarray(sums / (self.size_px[0] * self.size_px[1]), dtype=np.float64)


def read_boxes(files: Sequence[Path]) -> dict[str, ObjectBoxes]:
    """Read files of boxes: COCO where the name ends with ``.json``, else CSV.

    Raises
    ------
    InputError
        If one can't be read, is not as it should be, or two speak of the same session.
    """
    return merged(
        [
            read_box_coco(path) if path.suffix.lower() == ".json" else read_box_csv(path)
            for path in map(Path, files)
        ]
    )


def boxes_of_dataset(
    opened: OpenDataset,
    boxes: Mapping[str, ObjectBoxes],
    *,
    least_score: float = 0.0,
    kinds: Collection[str] | None = None,
) -> dict[str, PlacedBoxes]:
    """Place boxes at the frames of a data set.

    Parameters
    ----------
    opened
        The data set.
    boxes
        By session; sessions of the data set that are not wanted are left out.
    least_score, kinds
        Boxes that count; classes by their names, all if None.

    Raises
    ------
    InputError
        If there are no boxes, of a session that the data set has not, or they don't fit its frames.
    """
    known = {each.session_id for each in opened.manifest.sessions} | set(opened.rows)
    unknown = sorted(set(boxes) - known)
    if unknown:
        raise InputError(
            f"There are boxes of {unknown[0]!r}, which {opened.folder} has not.",
            fix=f"It has {', '.join(sorted(known)[:5])}{' …' if len(known) > 5 else ''}.",
        )
    wanted = [name for name in opened.rows if name in boxes]
    if not wanted:
        raise InputError(
            "There are no boxes of any of these sessions.",
            fix="Give a file with boxes of at least one of them.",
        )
    placed = {}
    for session_id in wanted:
        session = opened.session(session_id, ())
        road_frames = None
        if boxes[session_id].clock == "road_frame_index":
            table = opened.table("frames", session_id, ["road_frame_index"])
            column = None if table is None else table.column("road_frame_index")
            road_frames = None if column is None else _floats(column)
        placed[session_id] = place_boxes(
            boxes[session_id],
            session,
            road_frame_index=road_frames,
            least_score=least_score,
            kinds=kinds,
        )
    return placed


def place_boxes(
    boxes: ObjectBoxes,
    session: SessionData,
    *,
    road_frame_index: FloatArray | None = None,
    least_score: float = 0.0,
    kinds: Collection[str] | None = None,
) -> PlacedBoxes:
    """Place the boxes of one session at its frames.

    Each frame gets the nearest picture that was searched, if that is no further than 0.1 s, or the next frame.

    Parameters
    ----------
    boxes
        As they were given.
    session
        The session, with all of its frames.
    road_frame_index
        Of its frames, NaN where there is none, shape (n,); needed if boxes are counted by it.
    least_score, kinds
        As of `boxes_of_dataset`.

    Raises
    ------
    InputError
        If boxes are in pixels of other pictures, or most of their pictures lie beyond the session.
    """
    if session.road_size_px is None:
        raise InputError(
            f"{session.session_id} does not tell the size of its road picture, so that boxes can't be placed.",
            fix="Pack the drive again while its road video is at hand.",
        )
    rows = _moments_of_rows(boxes, session, road_frame_index)
    kept = boxes.score >= least_score
    if kinds is not None:
        kept &= np.isin(boxes.kind, sorted(kinds))
    fitted, notes = _in_view(_scaled(boxes.where(kept), session.road_size_px), session.road_size_px)
    tracked = with_tracks(fitted)
    return PlacedBoxes(
        boxes=tracked,
        parts=visible_parts(tracked),
        picture_of_row=_nearest(boxes, rows, session),
        size_px=session.road_size_px,
        notes=tuple(dict.fromkeys((*tracked.notes, *notes))),
    )


def _moments_of_rows(
    boxes: ObjectBoxes, session: SessionData, road_frame_index: FloatArray | None
) -> FloatArray:
    if boxes.clock == "time_s":
        return session.time_s
    if boxes.clock == "frame_index":
        return np.arange(len(session), dtype=np.float64)
    if road_frame_index is None or len(road_frame_index) != len(session):
        raise InputError(
            f"Boxes of {session.session_id} are counted by frames of the road video, which its frames don't name.",
            fix="Count them by frame_index or time_s, or give the data set's frames.",
        )
    return road_frame_index


def _nearest(boxes: ObjectBoxes, rows: FloatArray, session: SessionData) -> IndexArray:
    known = np.isfinite(rows)
    found = np.full(len(rows), -1, dtype=np.int64)
    if not known.any() or not len(boxes.moment):
        return found
    per_row = float(np.median(np.abs(np.diff(rows[known])))) if known.sum() > 1 else 1.0
    step_s = float(np.median(np.diff(session.time_s))) if len(session) > 1 else 1.0
    gap = max(LARGEST_GAP_S / step_s * per_row if step_s > 0 else per_row, per_row) * 1.001
    inside = (boxes.moment >= rows[known].min() - gap) & (boxes.moment <= rows[known].max() + gap)
    # Road videos start earlier and end later than the glasses; frames of the session don't.
    least = _LEAST_INSIDE if boxes.clock == "road_frame_index" else 1.0
    if np.mean(inside) < least:
        beyond = boxes.moment[~inside]
        raise InputError(
            f"{len(beyond)} of {len(inside)} pictures with boxes of {session.session_id} lie beyond its frames: "
            f"{boxes.clock} {beyond[0]:g}, where {rows[known].min():g} to {rows[known].max():g} was expected.",
            fix="Check that the boxes are of this session, and how their pictures are counted.",
        )
    after = np.clip(np.searchsorted(boxes.moment, rows[known]), 1, max(len(boxes.moment) - 1, 1))
    after = np.minimum(after, len(boxes.moment) - 1)
    before = np.maximum(after - 1, 0)
    closer = np.abs(boxes.moment[before] - rows[known]) <= np.abs(boxes.moment[after] - rows[known])
    place = np.where(closer, before, after)
    near = np.abs(boxes.moment[place] - rows[known]) <= gap
    found[known] = np.where(near, place, -1)
    return found


def _scaled(boxes: ObjectBoxes, size_px: tuple[int, int]) -> ObjectBoxes:
    """Give boxes in pixels of the road picture."""
    if boxes.size_px is not None:
        factors = np.array(size_px) / np.array(boxes.size_px)
        if abs(factors[0] / factors[1] - 1) > _SAME_SHAPE:
            raise InputError(
                f"Boxes of {boxes.session_id} are given in pictures of {boxes.size_px[0]} × {boxes.size_px[1]} px; "
                f"the road picture has {size_px[0]} × {size_px[1]} px, another shape.",
                fix="Give boxes of the whole road picture.",
            )
        return replace(boxes, corners_px=boxes.corners_px * np.tile(factors, 2), size_px=size_px)
    far = (boxes.corners_px[:, 2:] > np.array(size_px) * (1 + _EDGE_SHARE)).any(axis=1)
    furthest = boxes.corners_px[:, 2:].max(axis=0) if len(boxes) else np.zeros(2)
    small = len(boxes) >= _ENOUGH_BOXES and bool((furthest < _SMALL_PART * np.array(size_px)).all())
    if small or (len(boxes) and np.mean(far) > _OUTSIDE_SHARE):
        raise InputError(
            f"Boxes of {boxes.session_id} reach to {furthest[0]:.0f} × {furthest[1]:.0f} px; its road picture has "
            f"{size_px[0]} × {size_px[1]} px: they seem to be of pictures of another size.",
            fix="Say what size they are given in (picture_width_px and picture_height_px; width and height in COCO).",
        )
    return boxes


def _in_view(boxes: ObjectBoxes, size_px: tuple[int, int]) -> tuple[ObjectBoxes, tuple[str, ...]]:
    """Cut boxes at the edges of the picture; what is wholly outside is dropped, with a note."""
    limit = np.array([*size_px, *size_px], dtype=np.float64)
    cut = np.clip(boxes.corners_px, 0.0, limit)
    seen: BoolArray = np.asarray((cut[:, 2:] > cut[:, :2]).all(axis=1), dtype=np.bool_)
    lost = int(np.count_nonzero(~seen))
    notes = (f"{lost} boxes of {boxes.session_id} lie beyond the picture and were left out.",)
    return replace(boxes, corners_px=cut).where(seen), notes if lost else ()


def _floats(column: object) -> FloatArray:
    import pyarrow as pa

    values = column.cast(pa.float64()).to_numpy()  # type: ignore[attr-defined]  # a chunked array
    return np.asarray(values, dtype=np.float64)
