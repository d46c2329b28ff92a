"""Names of the classes of a detector, as its ONNX file has them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from dashgaze.errors import InputError

_METADATA, _KEY, _VALUE = 14, 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MOST_NAMES = 10_000


def class_names(path: Path) -> dict[int, str]:
    """Read the entry ``names`` of a model's metadata, which exporters of YOLO write; empty without one.

    Parameters
    ----------
    path
        ONNX file.

    Raises
    ------
    InputError
        If the file can't be read, or the entry is not a list or dictionary of names.
    """
    try:
        content = memoryview(path.read_bytes())
        entries = {
            _text(entry, _KEY): _text(entry, _VALUE) for entry in _inside(content, _METADATA)
        }
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Give the path of an ONNX file.",
            path=path,
        ) from error
    except (IndexError, ValueError) as error:
        raise InputError(
            f"{path} is not an ONNX network.", fix="Export the detector to ONNX.", path=path
        ) from error
    if "names" not in entries:
        return {}
    try:
        # Plain values only: nothing of the file is run.
        given = ast.literal_eval(entries["names"])
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise _wrong(path) from error
    names = dict(enumerate(given)) if isinstance(given, list | tuple) else given
    if (
        not isinstance(names, dict)
        or len(names) > _MOST_NAMES
        or not all(isinstance(k, int) and isinstance(v, str) and v for k, v in names.items())
    ):
        raise _wrong(path)
    return names


def _wrong(path: Path) -> InputError:
    return InputError(
        f"The metadata 'names' of {path.name} is no list of class names.",
        fix="Give the names yourself, or export the network again.",
        path=path,
    )


def _text(entry: memoryview, number: int) -> str:
    return next((bytes(each).decode("utf-8") for each in _inside(entry, number)), "")


def _inside(data: memoryview, wanted: int) -> Iterator[memoryview]:
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        form = key & 7
        if form == _VARINT:
            _, place = _varint(data, place)
        elif form in (_FIXED64, _FIXED32):
            place += 8 if form == _FIXED64 else 4
        elif form == _BYTES:
            size, place = _varint(data, place)
            if place + size > len(data):
                raise ValueError("a field is cut off")
            if key >> 3 == wanted:
                yield data[place : place + size]
            place += size
        else:
            raise ValueError(f"no such form of field: {form}")


def _varint(data: memoryview, place: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
        if shift > 63:
            raise ValueError("a number is too long")
