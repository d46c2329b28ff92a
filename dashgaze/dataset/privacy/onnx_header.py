"""What an ONNX file takes and gives, read from the file itself, whatever runs it later.

Of the format (https://onnx.ai, onnx.proto) only the names and shapes of the graph's inputs and outputs
are looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError

_GRAPH, _INITIALIZER, _INPUT, _OUTPUT = 7, 5, 11, 12
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Tensor:
    """An input or output: its name, and its sizes; None for one that is open."""

    name: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class OnnxHeader:
    """What a network takes and gives."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def read_onnx_header(path: Path) -> OnnxHeader:
    """Read what a network takes and gives.

    Raises
    ------
    InputError
        If the file can't be read or is not ONNX.
    """
    try:
        content = memoryview(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"The weights {path} can't be read: {error.strerror or error}.",
            fix="Give the path of an ONNX file.",
            path=path,
        ) from error
    inputs: list[Tensor] = []
    outputs: list[Tensor] = []
    weights: set[str] = set()
    try:
        for number, graph in _fields(content):
            if number != _GRAPH or not isinstance(graph, memoryview):
                continue
            for part, value in _fields(graph):
                if not isinstance(value, memoryview):
                    continue
                if part == _INITIALIZER:
                    weights.add(_text(value, 8))
                elif part == _INPUT:
                    inputs.append(_tensor(value))
                elif part == _OUTPUT:
                    outputs.append(_tensor(value))
    except (IndexError, ValueError) as error:
        raise _not_onnx(path) from error
    # Old files list their weights as inputs, too.
    taken = tuple(each for each in inputs if each.name not in weights)
    if not taken or not outputs:
        raise _not_onnx(path)
    return OnnxHeader(inputs=taken, outputs=tuple(outputs))


def _tensor(value: memoryview) -> Tensor:
    shape: list[int | None] = []
    # ValueInfo: type = 2 → tensor_type = 1 → shape = 2 → dim = 1 → dim_value = 1.
    for kind in _inside(value, 2):
        for tensor in _inside(kind, 1):
            for sizes in _inside(tensor, 2):
                for size in _inside(sizes, 1):
                    numbers = [each for field, each in _fields(size) if field == 1]
                    given = numbers[0] if numbers and isinstance(numbers[0], int) else 0
                    shape.append(given if given > 0 else None)
    return Tensor(name=_text(value, 1), shape=tuple(shape))


def _text(value: memoryview, number: int) -> str:
    return next((bytes(each).decode("utf-8") for each in _inside(value, number)), "")


def _inside(value: memoryview, number: int) -> Iterator[memoryview]:
    for field, each in _fields(value):
        if field == number and isinstance(each, memoryview):
            yield each


def _fields(data: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Give number and content of each field of a protocol buffer."""
    place = 0
    while place < len(data):
        key, place = _varint(data, place)
        form = key & 7
        if form == _VARINT:
            number, place = _varint(data, place)
            yield key >> 3, number
        elif form in (_FIXED64, _FIXED32):
            place += 8 if form == _FIXED64 else 4
        elif form == _BYTES:
            size, place = _varint(data, place)
            if place + size > len(data):
                raise ValueError("a field is cut off")
            yield key >> 3, data[place : place + size]
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


def _not_onnx(path: Path) -> InputError:
    return InputError(
        f"{path} is not an ONNX network.",
        fix="Export the detector to ONNX and give that file.",
        path=path,
    )
