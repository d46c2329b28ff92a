"""The inertial sensor's packets of older Neon recordings: ``extimu ps*.raw``.

Each packet is a two-byte length and a protobuf message ``ImuPacket``::

    message ImuPacket { uint64 tsNs = 1; AccelData = 2; GyroData = 3; QuaternionData = 4; }

whose inner messages hold floats: x, y, z = 1, 2, 3, or w, x, y, z = 1, 2, 3, 4. Protobuf leaves
out what is zero.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LENGTH = struct.Struct("<H")
_FLOAT = struct.Struct("<f")
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
# field of ImuPacket → first place in the row and number of floats
_VECTORS = {2: (3, 3), 3: (0, 3), 4: (6, 4)}


@dataclass(frozen=True, kw_only=True)
class ImuPackets:
    """Decoded packets.

    Attributes
    ----------
    timestamp_ns
        Shape (n,).
    values
        gyro x, y, z (deg/s), accel x, y, z (g), quaternion w, x, y, z; shape (n, 10).
    has_quaternion
        Whether any packet has an orientation.
    broken_count
        Packets that can't be read, a cut last one included.
    """

    timestamp_ns: NDArray[np.int64]
    values: NDArray[np.float32]
    has_quaternion: bool
    broken_count: int


def parse_imu_packets(content: bytes) -> ImuPackets:
    """Decode all packets of a file; broken ones are counted and left out."""
    stamps: list[int] = []
    rows: list[list[float]] = []
    broken_count = 0
    has_quaternion = False
    place = 0
    while place < len(content):
        start = place + _LENGTH.size
        if start > len(content):
            broken_count += 1
            break
        place = start + _LENGTH.unpack_from(content, place)[0]
        try:
            stamp, row, oriented = _parse_packet(content, start, place)
        except (IndexError, ValueError, struct.error):
            broken_count += 1
            continue
        has_quaternion |= oriented
        stamps.append(stamp)
        rows.append(row)
    return ImuPackets(
        timestamp_ns=np.array(stamps, dtype=np.uint64).astype(np.int64),
        values=np.array(rows, dtype=np.float32).reshape(-1, 10),
        has_quaternion=has_quaternion,
        broken_count=broken_count,
    )


def _parse_packet(content: bytes, place: int, end: int) -> tuple[int, list[float], bool]:
    if end > len(content):
        raise ValueError("cut off")
    stamp = 0
    oriented = False
    row = [0.0] * 10
    while place < end:
        tag, place = _varint(content, place)
        field, wire = tag >> 3, tag & 7
        if field == 1 and wire == _VARINT:
            stamp, place = _varint(content, place)
        elif field in _VECTORS and wire == _BYTES:
            size, place = _varint(content, place)
            if place + size > end:
                raise ValueError("a field leaves its packet")
            first, count = _VECTORS[field]
            _parse_vector(content, place, place + size, row, first, count)
            oriented |= field == 4
            place += size
        else:
            place = _skip(content, place, wire)
    if place != end:
        raise ValueError("a field leaves its packet")
    return stamp, row, oriented


def _parse_vector(
    content: bytes, place: int, end: int, row: list[float], first: int, count: int
) -> None:
    while place < end:
        tag, place = _varint(content, place)
        field, wire = tag >> 3, tag & 7
        if wire == _FIXED32 and 1 <= field <= count:
            row[first + field - 1] = _FLOAT.unpack_from(content, place)[0]
            place += 4
        else:
            place = _skip(content, place, wire)
    if place != end:
        raise ValueError("a field leaves its message")


def _varint(content: bytes, place: int) -> tuple[int, int]:
    value = content[place]
    place += 1
    if value < 0x80:
        return value, place
    value &= 0x7F
    for shift in range(7, 70, 7):
        byte = content[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), place
    raise ValueError("a number without end")


def _skip(content: bytes, place: int, wire: int) -> int:
    if wire == _VARINT:
        return _varint(content, place)[1]
    if wire == _BYTES:
        size, place = _varint(content, place)
        return place + size
    if wire in (_FIXED32, _FIXED64):
        return place + (4 if wire == _FIXED32 else 8)
    raise ValueError(f"wire type {wire}")
