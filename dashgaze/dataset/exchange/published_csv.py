"""The labels of the published layout: CSV files."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from .published_columns import FRAME_NAMES, LABELS, UNPLACED, Header, read_header

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
_COMMA_NUMBER = r"^[+-]?\d+,\d+$"
_NO_NUMBER = ("nan", "+nan", "-nan", "inf", "+inf", "-inf")
_EMPTY = ("", "null", "none", "na", "n/a", "#n/a", "<na>")


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A CSV file as text.

    Attributes
    ----------
    path
        The file.
    headers
        Its columns.
    columns
        Their cells, trimmed; null where empty.
    skipped
        Rows with another number of cells, which were left out.
    twice
        Headers that came a second time; the first of them counts.
    """

    path: Path
    headers: tuple[Header, ...]
    columns: tuple[pa.Array, ...]
    skipped: int
    twice: tuple[str, ...]

    @property
    def row_count(self) -> int:
        """Give the number of rows."""
        return len(self.columns[0]) if self.columns else 0

    def find(self, names: Sequence[str] | frozenset[str]) -> int | None:
        """Give the place of the first column of one of these names."""
        places = (place for place, header in enumerate(self.headers) if header.name in names)
        return next(places, None)


class NotASheetError(ValueError):
    """A file that holds no labels of this layout; the message says why."""


def read_sheet(path: Path) -> Sheet:
    """Read a CSV file whatever its separator and encoding.

    Raises
    ------
    NotASheetError
        If it can't be read, is empty, or has none of the layout's columns.
    """
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise NotASheetError(f"can't be read: {error.strerror or error}") from error
    first, _, rest = text.lstrip("\r\n").partition("\n")
    if not first.strip():
        raise NotASheetError("is empty")
    separator = max(",;\t", key=first.count)
    try:
        cells = next(csv.reader([first], delimiter=separator))
    except csv.Error as error:
        raise NotASheetError(f"can't be read: {error}") from error
    headers = [read_header(cell) for cell in cells]
    names = {header.name for header in headers}
    if not names & (set(LABELS) | set(UNPLACED)):
        raise NotASheetError("has none of the columns of the published layout")
    skipped = 0

    def leave_out(row: Any) -> str:
        nonlocal skipped
        skipped += 1
        return "skip"

    places = [str(place) for place in range(len(headers))]
    columns: list[pa.Array] = [pa.array([], pa.string()) for _ in places]
    if rest.strip():
        try:
            table = arrow_csv.read_csv(
                io.BytesIO(rest.encode()),
                arrow_csv.ReadOptions(column_names=places, use_threads=False),
                arrow_csv.ParseOptions(delimiter=separator, invalid_row_handler=leave_out),
                arrow_csv.ConvertOptions(column_types=dict.fromkeys(places, pa.string())),
            )
        except pa.ArrowException as error:
            raise NotASheetError(f"can't be read: {error}") from error
        columns = [_trimmed(table[place].combine_chunks()) for place in places]
    if separator == ";":
        columns = [_with_points(column) for column in columns]
    once: dict[str, int] = {}
    for place, header in enumerate(headers):
        once.setdefault(header.name or f"#{place}", place)
    kept = sorted(once.values())
    return Sheet(
        path=path,
        headers=tuple(headers[place] for place in kept),
        columns=tuple(columns[place] for place in kept),
        skipped=skipped,
        twice=tuple(header.text for place, header in enumerate(headers) if place not in kept),
    )


def numbers(column: pa.Array) -> tuple[pa.Array, int, int]:
    """Read cells as numbers.

    Returns
    -------
    pyarrow.Array
        float64; null where there is no finite number.
    int
        Cells that say NaN or infinity.
    int
        Cells that say something else that is no number.
    """
    small = pc.utf8_lower(column)
    nothing = pc.fill_null(pc.is_in(small, pa.array(_NO_NUMBER)), False)
    number = pc.fill_null(pc.match_substring_regex(column, _NUMBER), False)
    values = pc.cast(pc.if_else(number, column, pa.scalar(None, pa.string())), pa.float64())
    values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    said = len(column) - column.null_count
    not_a_number = pc.sum(nothing).as_py() or 0
    return values, not_a_number, said - not_a_number - (pc.sum(number).as_py() or 0)


def frame_numbers(sheet: Sheet) -> pa.Array | None:
    """Read the frame index of each row; None if the sheet has none that tells rows apart."""
    place = sheet.find(FRAME_NAMES)
    if place is None:
        return None
    values, _, _ = numbers(sheet.columns[place])
    if values.null_count or len(pc.unique(values)) != len(values):
        return None
    if not pc.all(pc.equal(values, pc.floor(values))).as_py():
        return None
    low, high = (pc.min(values).as_py(), pc.max(values).as_py()) if len(values) else (0, 0)
    return pc.cast(values, pa.int32()) if low >= 0 and high < 2**31 else None


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _trimmed(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column)
    empty = pc.is_in(pc.utf8_lower(trimmed), pa.array(_EMPTY))
    return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)


def _with_points(column: pa.Array) -> pa.Array:
    """Give decimal commas as points, which only tables separated by semicolons can have."""
    with_comma = pc.fill_null(pc.match_substring_regex(column, _COMMA_NUMBER), False)
    return pc.if_else(with_comma, pc.replace_substring(column, ",", "."), column)
