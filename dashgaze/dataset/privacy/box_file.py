"""Boxes that were made elsewhere: a CSV file with a verdict on every frame.

::

    view,frame_index,x_px,y_px,width_px,height_px,class,confidence
    road,0,512.0,300.5,20,26,face,0.91
    road,0,,,,,plate,
    road,1,,,,,,

Row 2 says that frame 0 was searched for plates and has none; row 3 says so of frame 1 and all classes.
A frame without a row for a class was not searched for it: silence is no verdict, so that a file
which was cut short can't pass for a drive without people.
"""

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from dashgaze.dataset.video.view_source import View
from dashgaze.errors import InputError

from .regions import REGION_CLASSES, Region, RegionClass

COLUMNS = (
    "view",
    "frame_index",
    "x_px",
    "y_px",
    "width_px",
    "height_px",
    "class",
    "confidence",
)
_BOX = COLUMNS[2:6]
_MOST_BYTES = 1 << 30


@dataclass
class ViewBoxes:
    """What a file says of one view.

    Attributes
    ----------
    regions
        Regions by frame index.
    searched
        Frame indexes that were searched, by class.
    """

    regions: dict[int, list[Region]] = field(default_factory=dict)
    searched: dict[RegionClass, set[int]] = field(
        default_factory=lambda: {kind: set() for kind in REGION_CLASSES}
    )


@dataclass(frozen=True, kw_only=True)
class BoxFile:
    """Content of a file of boxes.

    Attributes
    ----------
    path
        The file.
    sha256
        Of its content.
    views
        What it says, by view.
    """

    path: Path
    sha256: str
    views: dict[View, ViewBoxes]

    @property
    def facts(self) -> dict[str, str]:
        """What tells it from another."""
        return {"name": self.path.name, "sha256": self.sha256}


def read_boxes(path: Path) -> BoxFile:
    """Read a file of boxes.

    Raises
    ------
    InputError
        If it can't be read, is cut short, or has a row that is not as it should be; the line is named.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _wrong(path, "is larger than 1 GiB; boxes of a drive have some megabytes.")
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check it.", path=path
        ) from error
    except UnicodeDecodeError as error:
        raise _wrong(path, f"is not UTF-8 text (byte {error.start}).") from error
    if not text.endswith("\n"):
        raise _wrong(path, "does not end with the end of a line: it was cut short.")
    views: dict[View, ViewBoxes] = {}
    try:
        rows = csv.reader(text.splitlines(), strict=True)
        header = next(rows, [])
        if tuple(name.strip() for name in header) != COLUMNS:
            raise _wrong(path, f"has the columns {', '.join(header) or '(none)'}.")
        for line, row in enumerate(rows, start=2):
            try:
                _add(views, row)
            except ValueError as error:
                raise _wrong(path, f"line {line}: {error}.") from error
    except csv.Error as error:
        raise _wrong(path, f"is not CSV: {error}.") from error
    return BoxFile(path=path, sha256=hashlib.sha256(content).hexdigest(), views=views)


def _add(views: dict[View, ViewBoxes], row: Sequence[str]) -> None:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} values, {len(COLUMNS)} were expected")
    cell = dict(zip(COLUMNS, (value.strip() for value in row), strict=True))
    view = next((name for name in get_args(View) if name == cell["view"]), None)
    if view is None:
        raise ValueError(f"the view {cell['view']!r}; ego, road or driver was expected")
    if not cell["frame_index"].isascii() or not cell["frame_index"].isdigit():
        raise ValueError(f"the frame index {cell['frame_index']!r}; a whole number was expected")
    frame = int(cell["frame_index"])
    kind = next((name for name in REGION_CLASSES if name == cell["class"]), None)
    if cell["class"] and kind is None:
        raise ValueError(f"the class {cell['class']!r}; face or plate was expected")
    boxes = views.setdefault(view, ViewBoxes())
    given = [name for name in _BOX if cell[name]]
    if given:
        if len(given) < len(_BOX) or kind is None:
            raise ValueError("a box needs x_px, y_px, width_px, height_px and class")
        numbers = {name: float(cell[name]) for name in _BOX}
        region = Region(kind=kind, **numbers, confidence=float(cell["confidence"] or 1.0))
        boxes.regions.setdefault(frame, []).append(region)
    for each in REGION_CLASSES if kind is None else (kind,):
        boxes.searched[each].add(frame)


def _wrong(path: Path, what: str) -> InputError:
    return InputError(
        f"{path} {what}" if not what.startswith("line") else f"{path}, {what}",
        fix=f"Boxes are CSV with the columns {','.join(COLUMNS)}, with at least one row for each frame "
        "of a view and class; a row without a box says that there is none.",
        path=path,
    )
