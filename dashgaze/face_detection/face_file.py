"""Faces that were found elsewhere: a CSV file.

Its columns are those of the face table (``derived/faces.parquet``): ``driver_frame_index``,
``face_x_px``, ``face_y_px``, ``face_width_px``, ``face_height_px``, ``face_confidence``, and, where the
detector gives landmarks, all ten of ``left_eye_x_px`` … ``right_mouth_y_px``. Other columns are passed over.

A frame may have several rows, one for each face; a row without a box says that the frame was looked at and
shows no face. Places and sides are those that a detector finds in the pictures as they are stored, mirror images
or not.
"""

import csv
import hashlib
import io
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze.errors import InputError
from dashgaze.schemas.face_table import LANDMARKS

from .detector import LANDMARK_COUNT, Faces

INDEX = "driver_frame_index"
BOX = ("face_x_px", "face_y_px", "face_width_px", "face_height_px")
CONFIDENCE = "face_confidence"
POINTS = tuple(f"{name}_{axis}_px" for name in LANDMARKS for axis in "xy")

_MOST_BYTES = 1 << 30
_MOST_PX = 1e5
_MOST_FACES = 64


@dataclass(frozen=True, kw_only=True, eq=False)
class FaceFile:
    """Content of such a file.

    Attributes
    ----------
    path
        The file.
    sha256
        Of its content.
    faces
        Faces by frame of the driver video; a frame that is not in it was not looked at.
    """

    path: Path
    sha256: str
    faces: dict[int, Faces]

    @property
    def name(self) -> str:
        """What it is called."""
        return "precomputed"

    @property
    def facts(self) -> dict[str, Any]:
        """What tells it from another."""
        return {"file": self.path.name, "sha256": self.sha256}

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing."""
        return ()


def read_face_file(path: Path) -> FaceFile:
    """Read a file of faces.

    Raises
    ------
    InputError
        If it can't be read, is cut short, or has a row that is not as it should be; the line is named.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise _wrong(path, " is larger than 1 GiB; faces of a drive have some megabytes")
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check it.", path=path
        ) from error
    except UnicodeDecodeError as error:
        raise _wrong(path, f" is not UTF-8 text (byte {error.start})") from error
    if not text.endswith("\n"):
        raise _wrong(path, " does not end with the end of a line: it was cut short")
    rows: dict[int, list[_Row]] = defaultdict(list)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        place = _columns(path, next(reader, []))
        for line, cells in enumerate(reader, start=2):
            try:
                index, row = _row(cells, place)
                faces = rows[index]
                if row is not None:
                    faces.append(row)
                if len(faces) > _MOST_FACES:
                    raise ValueError(f"more than {_MOST_FACES} faces in one frame")
            except ValueError as error:
                raise _wrong(path, f", line {line}: {error}") from error
    except csv.Error as error:
        raise _wrong(path, f" is not CSV: {error}") from error
    return FaceFile(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        faces={index: _faces(found) for index, found in rows.items()},
    )


@dataclass(frozen=True)
class _Row:
    box: list[float]
    confidence: float
    points: list[float]


def _columns(path: Path, header: list[str]) -> dict[str, int]:
    """Find where each column stands."""
    names = [name.strip() for name in header]
    if len(set(names)) < len(names):
        raise _wrong(path, " has a column twice")
    missing = [name for name in (INDEX, *BOX, CONFIDENCE) if name not in names]
    if missing:
        raise _wrong(path, f" has no column {', '.join(missing)}")
    points = [name for name in POINTS if name in names]
    if points and len(points) < len(POINTS):
        lost = [name for name in POINTS if name not in names]
        raise _wrong(path, f" has columns of landmarks, but none {', '.join(lost)}")
    return {name: place for place, name in enumerate(names)} | {"": len(names)}


def _row(cells: list[str], place: dict[str, int]) -> tuple[int, _Row | None]:
    if len(cells) != place[""]:
        raise ValueError(f"{len(cells)} values, {place['']} were expected")
    index = cells[place[INDEX]].strip()
    if not index.isascii() or not index.isdigit() or len(index) > 9:
        raise ValueError(f"{INDEX} is {index!r}; a whole number was expected")
    needed = [cells[place[name]].strip() for name in (*BOX, CONFIDENCE)]
    points = [cells[place[name]].strip() for name in POINTS if name in place]
    if not any(needed) and not any(points):
        return int(index), None
    if not all(needed):
        raise ValueError(f"a face needs all of {', '.join((*BOX, CONFIDENCE))}")
    if any(points) and not all(points):
        raise ValueError("landmarks have to be all there or all missing")
    box = [_number(cell) for cell in needed[:4]]
    if box[2] <= 0 or box[3] <= 0:
        raise ValueError("the box has no area")
    confidence = _number(needed[4])
    if not 0 <= confidence <= 1:
        raise ValueError(f"{CONFIDENCE} is {confidence}; 0 … 1 was expected")
    if not any(points):
        return int(index), _Row(box, confidence, [math.nan] * len(POINTS))
    return int(index), _Row(box, confidence, [_number(cell) for cell in points])


def _number(cell: str) -> float:
    value = float(cell)
    if not abs(value) <= _MOST_PX:
        raise ValueError(f"{cell} is no place in a picture")
    return value


def _faces(rows: list[_Row]) -> Faces:
    if not rows:
        return Faces.none()
    return Faces(
        boxes=np.array([row.box for row in rows]),
        confidence=np.array([row.confidence for row in rows]),
        landmarks=np.array([row.points for row in rows]).reshape(-1, LANDMARK_COUNT, 2),
    )


def _wrong(path: Path, what: str) -> InputError:
    return InputError(
        f"{path}{what}.",
        fix=f"Faces are CSV with the columns {INDEX}, {', '.join(BOX)}, {CONFIDENCE} and, if there are "
        f"landmarks, {POINTS[0]} … {POINTS[-1]}, as in derived/faces.parquet; a row without a box says "
        "that the frame shows no face.",
        path=path,
    )
