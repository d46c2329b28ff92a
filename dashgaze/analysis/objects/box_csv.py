"""Boxes from a CSV file.

::

    session_id,road_frame_index,x_px,y_px,width_px,height_px,class,score,track_id
    session_001,240,512.0,300.5,120,86,car,0.91,7
    session_001,242,,,,,,,

One row for each box; x_px and y_px are its left upper corner in pixels of the road picture. A row without a box
says that the picture was searched and has none. Instead of ``road_frame_index`` there may be ``frame_index``
(the ego frame, as in ``frames`` and ``images``) or ``time_s`` (from the session's first ego frame). ``score``
and ``track_id`` may be left out; so may ``picture_width_px`` and ``picture_height_px``, the size of the pictures
that the boxes are given in where it is not that of the road picture. Other columns are ignored.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dashgaze.errors import InputError
from dashgaze.files import replacing

from ..contract.study import FloatArray
from .boxes import NO_TRACK, BoxRows, Clock, ObjectBoxes, boxes_of_rows

if TYPE_CHECKING:
    import pyarrow as pa

CLOCKS: tuple[Clock, ...] = ("road_frame_index", "frame_index", "time_s")
_BOX = ("x_px", "y_px", "width_px", "height_px")
_SIZE = ("picture_width_px", "picture_height_px")
_MOST_BYTES = 1 << 31
_FIX = (
    "Boxes are CSV with the columns session_id, road_frame_index (or frame_index, or time_s), "
    "x_px, y_px, width_px, height_px, class, and, if known, score, track_id, picture_width_px, picture_height_px."
)


def read_box_csv(path: Path) -> dict[str, ObjectBoxes]:
    """Read a CSV file of boxes, by session.

    Parameters
    ----------
    path
        The file; see the module for its columns.

    Raises
    ------
    InputError
        If it can't be read or has a row that is not as it should be.
    """
    table = _table(path)
    names = table.column_names
    clock = next((name for name in CLOCKS if name in names), None)
    missing = [name for name in ("session_id", *_BOX, "class") if name not in names]
    if clock is None:
        missing.append("road_frame_index")
    if missing or clock is None:
        raise InputError(
            f"{path.name} lacks the columns {', '.join(missing)}.", fix=_FIX, path=path
        )
    count = table.num_rows
    if not count:
        raise InputError(f"{path.name} has no rows.", fix=_FIX, path=path)
    x, y, width, height = (_numbers(table, name) for name in _BOX)
    box = np.column_stack([x, y, x + width, y + height])
    # A box of which a part is missing must not pass for none.
    parts = np.isfinite(np.column_stack([x, y, width, height]))
    box[parts.any(axis=1) & ~parts.all(axis=1)] = (0.0, np.nan, 0.0, np.nan)
    track = _numbers(table, "track_id")
    score = _numbers(table, "score")
    rows = BoxRows(
        path=path,
        line=np.arange(2, count + 2),
        clock=clock,
        session_id=_words(table, "session_id"),
        moment=_numbers(table, clock),
        corners_px=box,
        kind=_words(table, "class"),
        score=np.where(np.isnan(score), 1.0, score),
        track_id=np.where(np.isnan(track), NO_TRACK, np.nan_to_num(track)).astype(np.int64),
        size_px=np.column_stack([_numbers(table, name) for name in _SIZE]),
        tells_empty=bool((~parts.any(axis=1)).any()),
    )
    return boxes_of_rows(rows)


def write_box_csv(path: Path, boxes: dict[str, ObjectBoxes]) -> Path:
    """Write boxes so that `read_box_csv` gives them again; nothing is half-written.

    Raises
    ------
    InputError
        If sessions are counted by different clocks.
    OutputError
        If it can't be written.
    """
    clocks = {each.clock for each in boxes.values()}
    if len(clocks) != 1:
        raise InputError(
            f"{len(clocks)} clocks in one file of boxes.", fix="Write one file for each clock."
        )
    clock = clocks.pop()
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(",".join(("session_id", clock, *_BOX, "class", "score", "track_id", *_SIZE)))
        file.write("\n")
        for session_id, each in sorted(boxes.items()):
            moments = [f"{value:.6f}".rstrip("0").rstrip(".") for value in each.moment.tolist()]
            size = ",".join(map(str, each.size_px)) if each.size_px else ","
            counts = np.bincount(each.picture, minlength=len(moments))
            for place in np.flatnonzero(counts == 0).tolist():
                file.write(f"{session_id},{moments[place]},,,,,,,,{size}\n")
            for number, place in enumerate(each.picture.tolist()):
                left, top, right, bottom = each.corners_px[number].tolist()
                track = each.track_id[number]
                file.write(
                    f"{session_id},{moments[place]},{left:.2f},{top:.2f},{right - left:.2f},"
                    f"{bottom - top:.2f},{_cell(str(each.kind[number]))},{each.score[number]:.4f},"
                    f"{'' if track == NO_TRACK else track},{size}\n"
                )
    return path


def _cell(word: str) -> str:
    return '"' + word.replace('"', '""') + '"' if set(word) & set(',"\n') else word


def _table(path: Path) -> "pa.Table":
    import pyarrow as pa
    from pyarrow import csv

    words = {"session_id": pa.string(), "class": pa.string()}
    numbers = dict.fromkeys((*CLOCKS, *_BOX, "score", "track_id", *_SIZE), pa.float64())
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path.name} is larger than 2 GiB.", fix="Split it.", path=path)
        table = csv.read_csv(
            path,
            convert_options=csv.ConvertOptions(
                column_types=words | numbers,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
        _ = table.column_names  # bytes that are no UTF-8 show here
        return table
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check it.", path=path
        ) from error
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise InputError(
            f"{path.name} is not as expected: {str(error)[:200]}.", fix=_FIX, path=path
        ) from error


def _numbers(table: "pa.Table", name: str) -> FloatArray:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    return np.asarray(table.column(name).to_numpy(), dtype=np.float64)


def _words(table: "pa.Table", name: str) -> np.ndarray:
    encoded = table.column(name).fill_null("").combine_chunks().dictionary_encode()
    known = np.array([str(word).strip() for word in encoded.dictionary.to_pylist()] or [""])
    return np.asarray(known[encoded.indices.to_numpy(zero_copy_only=False)], dtype=np.str_)
