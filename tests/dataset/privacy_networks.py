"""Small ONNX files that always find the same, written by hand: the format is a protocol buffer."""

from pathlib import Path

import numpy as np

_FLOAT = 1


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    content = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _tensor(name: str, values: np.ndarray) -> bytes:
    sizes = b"".join(_field(1, int(size)) for size in values.shape)
    raw = np.ascontiguousarray(values, dtype="<f4").tobytes()
    return sizes + _field(2, _FLOAT) + _field(8, name) + _field(9, raw)


def _value(name: str, shape) -> bytes:
    sizes = b"".join(
        _field(1, _field(1, size) if isinstance(size, int) else _field(2, size)) for size in shape
    )
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, sizes)))


def write_network(
    path: Path, outputs: dict[str, np.ndarray], *, input_shape=(1, 3, "height", "width")
) -> Path:
    """Write a network whose outputs are the same for every picture.

    Each is a constant plus the picture's mean times zero, so that it depends on the picture.
    """
    nodes = _field(
        1, _field(1, "image") + _field(2, "mean") + _field(3, "m") + _field(4, "GlobalAveragePool")
    )
    weights = b""
    # An attribute: name, integers, and that it is a list of them.
    kernel = _field(1, "kernel_shape") + _field(8, 1) + _field(8, 1) + _field(20, 7)
    nodes += _field(
        1,
        _field(1, "mean")
        + _field(1, "pick")
        + _field(2, "one")
        + _field(4, "Conv")
        + _field(5, kernel),
    )
    weights += _field(5, _tensor("pick", np.zeros((1, 3, 1, 1))))
    for name, values in outputs.items():
        flat = values.reshape(1, 1, 1, -1)
        weights += _field(5, _tensor(f"{name}_flat", flat))
        weights += _field(5, _shape(f"{name}_shape", values.shape))
        nodes += _field(
            1,
            _field(1, "one")
            + _field(1, f"{name}_flat")
            + _field(2, f"{name}_sum")
            + _field(4, "Add"),
        )
        nodes += _field(
            1,
            _field(1, f"{name}_sum")
            + _field(1, f"{name}_shape")
            + _field(2, name)
            + _field(4, "Reshape"),
        )
    graph = nodes + _field(2, "made") + weights + _field(11, _value("image", input_shape))
    for name, values in outputs.items():
        graph += _field(12, _value(name, values.shape))
    path.write_bytes(_field(1, 8) + _field(7, graph) + _field(8, _field(1, "") + _field(2, 13)))
    return path


def _shape(name: str, shape: tuple[int, ...]) -> bytes:
    raw = np.array(shape, dtype="<i8").tobytes()
    return _field(1, len(shape)) + _field(2, 7) + _field(8, name) + _field(9, raw)
