"""Where in a parquet file each picture lies.

Pictures are stored as they are: neither compressed nor in a dictionary (`dashgaze.dataset.tables.shard`).
So each is a run of bytes in the file, behind its length, and can be read alone once its place is known. Only
the headers of pages and these lengths are looked at, a few bytes for each picture. Of files that are written
otherwise nothing is told; those are read by `pyarrow`.

Formats: Apache Parquet, ``parquet.thrift`` (``PageHeader``) and ``Encodings.md``; Thrift's compact protocol.
"""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyarrow.parquet as pq

Places = NDArray[np.int64]
"""First byte and length of each row's picture, shape (n, 2); length 0 where there is none."""

_DATA_PAGE, _DATA_PAGE_V2, _PLAIN = 0, 3, 0
_STRUCT = 12


class UnknownLayoutError(ValueError):
    """The file is written in another way than those of the data set."""


def find_places(content: mmap.mmap | bytes, metadata: pq.FileMetaData, column: str) -> Places:
    """Find where the values of a column of bytes lie.

    Parameters
    ----------
    content
        The file.
    metadata
        Its footer.
    column
        Path of the leaf: ``driver.bytes``.

    Raises
    ------
    UnknownLayoutError
        If it can't be told.
    """
    places = []
    for group in range(metadata.num_row_groups):
        rows = metadata.row_group(group)
        chunks = [rows.column(number) for number in range(rows.num_columns)]
        chunk = next((each for each in chunks if each.path_in_schema == column), None)
        if chunk is None or chunk.compression != "UNCOMPRESSED" or chunk.has_dictionary_page:
            raise UnknownLayoutError(column)
        levels = metadata.schema.column(
            [each.path_in_schema for each in chunks].index(column)
        ).max_definition_level
        start = chunk.data_page_offset
        found = _chunk(content, start, start + chunk.total_compressed_size, rows.num_rows, levels)
        places.append(found)
    return np.concatenate(places) if places else np.zeros((0, 2), np.int64)


def _chunk(content: mmap.mmap | bytes, start: int, end: int, rows: int, levels: int) -> Places:
    places = np.zeros((rows, 2), np.int64)
    row = 0
    while row < rows:
        if start >= end:
            raise UnknownLayoutError("pages end before the rows do")
        try:
            header, body = _read_struct(content, start)
            start = body + header[3]
            if start > end:
                raise UnknownLayoutError("a page is longer than its column")
            row += _page(content, header, body, start, places[row:], levels)
        except (KeyError, IndexError, TypeError, struct.error) as error:
            raise UnknownLayoutError("a page header that is not known") from error
    return places


def _page(
    content: mmap.mmap | bytes,
    header: dict[int, Any],
    body: int,
    end: int,
    places: Places,
    levels: int,
) -> int:
    """Fill in the places of one page's values; give how many rows it has."""
    if header[1] == _DATA_PAGE:
        count, encoding = header[5][1], header[5][2]
        length = struct.unpack_from("<I", content, body)[0] if levels else 0
        first = body + (4 if levels else 0)
        at = first + length
    elif header[1] == _DATA_PAGE_V2:
        count, encoding, length = header[8][1], header[8][4], header[8][5]
        if header[8][6]:
            raise UnknownLayoutError("a column of lists")
        first, at = body, body + length
    else:
        raise UnknownLayoutError("a page of another kind")
    if encoding != _PLAIN or count > len(places):
        raise UnknownLayoutError("values are coded")
    known = np.ones(count, np.bool_)
    if levels:
        known = _levels(bytes(content[first:at]), count, levels.bit_length()) == levels
    for row in np.flatnonzero(known).tolist():
        size = struct.unpack_from("<I", content, at)[0]
        places[row] = (at + 4, size)
        at += 4 + size
    if at != end:  # lengths that fit the page to the byte are lengths
        raise UnknownLayoutError("values don't fill their page")
    return int(count)


def _levels(data: bytes, count: int, width: int) -> NDArray[np.int64]:
    """Decode runs and packed bits of small numbers."""
    values: list[NDArray[np.int64]] = []
    at = found = 0
    while found < count:
        head, at = _varint(data, at)
        if head & 1:
            size = (head >> 1) * width
            bits = np.unpackbits(
                np.frombuffer(data[at : at + size], np.uint8), bitorder="little"
            ).reshape(-1, width)
            values.append(bits.astype(np.int64) @ (1 << np.arange(width)))
            at += size
        else:
            size = (width + 7) // 8
            values.append(
                np.full(head >> 1, int.from_bytes(data[at : at + size], "little"), np.int64)
            )
            at += size
        found += len(values[-1])
        if not len(values[-1]):
            raise UnknownLayoutError("an empty run")
    return np.concatenate(values)[:count] if values else np.zeros(0, np.int64)


def _varint(content: mmap.mmap | bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 0x7F) << shift
        at += 1
        if byte < 0x80:
            return value, at
        shift += 7


def _read_struct(content: mmap.mmap | bytes, at: int) -> tuple[dict[int, Any], int]:
    """Read a struct of Thrift's compact protocol: its fields by number, and where it ends."""
    fields: dict[int, Any] = {}
    number = 0
    while True:
        head = content[at]
        at += 1
        if not head:
            return fields, at
        if head >> 4:
            number += head >> 4
        else:
            coded, at = _varint(content, at)
            number = (coded >> 1) ^ -(coded & 1)
        fields[number], at = _read_value(content, at, head & 0x0F)


def _read_value(content: mmap.mmap | bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, at
    if kind == 3:
        return content[at], at + 1
    if kind in (4, 5, 6):
        coded, at = _varint(content, at)
        return (coded >> 1) ^ -(coded & 1), at
    if kind == 7:
        return None, at + 8
    if kind == 8:
        size, at = _varint(content, at)
        return None, at + size
    if kind == _STRUCT:
        return _read_struct(content, at)
    raise UnknownLayoutError(f"a field of kind {kind}")
