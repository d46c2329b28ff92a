"""Layouts of the binary streams, and the ``*.dtype`` files in which Neon describes them."""

import ast
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .notes import NoteBook
from .untrusted import is_file, read_text

GAZE = np.dtype([("x", "<f4"), ("y", "<f4")])
WORN = np.dtype([("worn", "u1")])
IMU_INVISIBLE = np.dtype([("gyro", "<f4", (3,)), ("accel", "<f4", (3,))])
IMU_NEON = np.dtype(
    [
        ("timestamp_ns", "<i8"),
        *((f"{sensor}_{axis}", "<f4") for sensor in ("gyro", "accel") for axis in "xyz"),
        *((f"quaternion_{axis}", "<f4") for axis in "wxyz"),
    ]
)
BLINK_NEON = np.dtype(
    [("event_type", "<i4"), ("start_timestamp_ns", "<i8"), ("end_timestamp_ns", "<i8")]
)
FIXATION_NEON = np.dtype(
    [
        *((name, BLINK_NEON[name].str) for name in BLINK_NEON.names or ()),
        *(
            (name, "<f4")
            for name in (
                *("start_gaze_x", "start_gaze_y", "end_gaze_x", "end_gaze_y"),
                *("mean_gaze_x", "mean_gaze_y", "amplitude_pixels", "amplitude_angle_deg"),
                *("mean_velocity", "max_velocity"),
            )
        ),
    ]
)

_MAX_FIELDS = 64
_MAX_TEXT = 2**16  # real ones have a thousand characters
_TYPES = {
    name: np.dtype(name).newbyteorder("<")
    for name in (
        *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float32", "float64"),
    )
}


def read_layout(
    folder: Path, name: str, usual: np.dtype[Any], required: tuple[str, ...], notes: NoteBook
) -> np.dtype[Any]:
    """Read the layout of a stream from ``<name>.dtype``, a list of pairs as a Python literal.

    Parameters
    ----------
    folder
        The recording.
    name
        Name of the stream, without extension.
    usual
        Layout of current devices; used where there is no such file or it is of no use (noted).
    required
        Fields without which the layout is of no use.

    Returns
    -------
    numpy.dtype
        Little-endian and packed.
    """
    path = folder / f"{name}.dtype"
    if not is_file(path):
        return usual
    layout = _parse_layout(read_text(path, notes))
    if layout is None or not set(required) <= set(layout.names or ()):
        notes.add(
            "DTYPE-BROKEN",
            f"{path.name} does not describe records with the fields {', '.join(required)}; the "
            f"usual layout of {usual.itemsize} bytes is assumed.",
        )
        return usual
    return layout


def _parse_layout(text: str) -> np.dtype[Any] | None:
    if len(text) > _MAX_TEXT:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in damaged files
            value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    if not isinstance(value, list) or not 0 < len(value) <= _MAX_FIELDS:
        return None
    fields: dict[str, np.dtype[Any]] = {}
    for item in value:
        if not (isinstance(item, tuple) and len(item) == 2):
            return None
        name, kind = item
        if not isinstance(name, str) or not name or not isinstance(kind, str):
            return None
        if name in fields or kind not in _TYPES:
            return None
        if (name.endswith("_ns") or name == "event_type") and _TYPES[kind].kind not in "iu":
            return None
        fields[name] = _TYPES[kind]
    return np.dtype(list(fields.items()))
