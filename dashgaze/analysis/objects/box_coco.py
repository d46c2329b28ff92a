"""Boxes from COCO JSON.

Pictures say where they belong by ``session_id`` with ``road_frame_index`` or ``frame_index`` in their entry, or by
their ``file_name``::

    session_001/000240.jpg          frame 240 of the road video of session_001
    session_001_000120_road.jpg     ego frame 120: the names of the pictures in `images`

``width`` and ``height`` are the size that boxes are given in. Every picture counts as searched. ``score`` and
``track_id`` of an annotation are used where they are there.
"""

import json
import re
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashgaze.errors import InputError

from .boxes import NO_TRACK, BoxRows, Clock, ObjectBoxes, boxes_of_rows

_IN_FOLDER = re.compile(r"(?:.*/)?(?P<session>[^/]+)/(?:[^/]*_)?(?P<index>\d+)\.\w+")
_PACKED = re.compile(r"(?:.*/)?(?P<session>[^/]+)_(?P<index>\d{6,})_road\.jpg")
_MOST_BYTES = 1 << 30
_FIX = (
    "Name pictures session_001/000240.jpg (frame of the road video) or session_001_000120_road.jpg "
    "(ego frame), or give them session_id and road_frame_index."
)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=False, allow_inf_nan=False)


class _Picture(_Entry):
    id: int
    file_name: str = ""
    width: float | None = Field(default=None, gt=0)
    height: float | None = Field(default=None, gt=0)
    session_id: str | None = None
    road_frame_index: int | None = Field(default=None, ge=0)
    frame_index: int | None = Field(default=None, ge=0)


class _Annotation(_Entry):
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    score: float = 1.0
    track_id: int | None = None


class _Category(_Entry):
    id: int
    name: str


class _Coco(_Entry):
    images: list[_Picture]
    annotations: list[_Annotation]
    categories: list[_Category]


def read_box_coco(path: Path) -> dict[str, ObjectBoxes]:
    """Read a COCO file of boxes, by session.

    Raises
    ------
    InputError
        If it can't be read, is not COCO, or has a picture that says not where it belongs.
    """
    content = _content(path)
    places = [_place(path, picture) for picture in content.images]
    clocks = {clock for _, clock, _ in places}
    if len(clocks) != 1:
        raise InputError(
            f"{path.name} counts pictures by {len(clocks)} clocks; one was expected.",
            fix=_FIX,
            path=path,
        )
    where = {picture.id: number for number, picture in enumerate(content.images)}
    names = {category.id: category.name for category in content.categories}
    rows: list[tuple[int, tuple[float, ...], str, float, int]] = []
    for number, each in enumerate(content.annotations):
        if each.image_id not in where or each.category_id not in names:
            raise InputError(
                f"{path.name}, annotation {number}, is of picture {each.image_id} and category "
                f"{each.category_id}, which are not both there.",
                fix="Export the file again.",
                path=path,
            )
        x, y, width, height = each.bbox
        track = NO_TRACK if each.track_id is None else each.track_id
        corners = (x, y, x + width, y + height)
        rows.append((where[each.image_id], corners, names[each.category_id], each.score, track))
    boxed = {row[0] for row in rows}
    nothing = (float("nan"),) * 4
    rows += [
        (place, nothing, "", 1.0, NO_TRACK) for place in range(len(places)) if place not in boxed
    ]
    picture = np.array([row[0] for row in rows], dtype=np.int64)
    sizes = np.array(
        [(each.width or np.nan, each.height or np.nan) for each in content.images], dtype=np.float64
    )
    return boxes_of_rows(
        BoxRows(
            path=path,
            line=np.arange(len(rows)),
            clock=clocks.pop(),
            session_id=np.array([session for session, _, _ in places], dtype=np.str_)[picture],
            moment=np.array([index for _, _, index in places], dtype=np.float64)[picture],
            corners_px=np.array([row[1] for row in rows], dtype=np.float64).reshape(-1, 4),
            kind=np.array([row[2] for row in rows], dtype=np.str_),
            score=np.array([row[3] for row in rows], dtype=np.float64),
            track_id=np.array([row[4] for row in rows], dtype=np.int64),
            size_px=sizes[picture],
            tells_empty=True,
        ),
        row_word="annotation",
    )


def _content(path: Path) -> _Coco:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path.name} is larger than 1 GiB.", fix="Split it.", path=path)
        content = _Coco.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check it.", path=path
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise InputError(
            f"{path.name} is not COCO: {place}: {first['msg']} ({error.error_count()} faults).",
            fix="Export boxes as COCO JSON with images, annotations and categories.",
            path=path,
        ) from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path.name} is not JSON: {str(error)[:200]}.", fix="Export it again.", path=path
        ) from error
    if not content.images:
        raise InputError(f"{path.name} has no pictures.", fix=_FIX, path=path)
    return content


def _place(path: Path, picture: _Picture) -> tuple[str, Clock, int]:
    if picture.session_id and picture.road_frame_index is not None:
        return picture.session_id, "road_frame_index", picture.road_frame_index
    if picture.session_id and picture.frame_index is not None:
        return picture.session_id, "frame_index", picture.frame_index
    name = picture.file_name.replace("\\", "/")
    packed = _PACKED.fullmatch(name)
    if packed:
        return packed["session"], "frame_index", int(packed["index"])
    in_folder = _IN_FOLDER.fullmatch(name)
    if in_folder:
        return in_folder["session"], "road_frame_index", int(in_folder["index"])
    raise InputError(
        f"{path.name}: the picture {picture.file_name!r} does not say of which frame it is.",
        fix=_FIX,
        path=path,
    )
