"""Reading the CSV tables of an export, whatever version of them."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import RecordingError

from .untrusted import MAX_TABLE_BYTES, check_size

if TYPE_CHECKING:
    import pyarrow

_MAX_HEADER_BYTES = 2**16
_LONGEST_TITLE = 200
_UNIT = re.compile(r"\[([^\]]*)\]")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column that is looked for in a table.

    Attributes
    ----------
    names
        Its names in the versions of the format, in lower case and without unit.
    kind
        ``whole`` for int64 (a missing value is an error), ``number`` for float64 (missing is NaN),
        ``text`` (missing is the empty string).
    unit
        The unit it has to have, in lower case; a column without unit is taken to have it.
    required
        Whether a table without it is an error.
    """

    names: tuple[str, ...]
    kind: Literal["whole", "number", "text"]
    unit: str = ""
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class Text:
    """A column of text with few different values.

    Attributes
    ----------
    values
        The different values.
    codes
        Index into `values` for each row, shape (n,).
    """

    values: tuple[str, ...]
    codes: NDArray[np.int64]

    def rows(self) -> list[str]:
        """Give the value of each row."""
        return [self.values[code] for code in self.codes.tolist()]


@dataclass(frozen=True, kw_only=True)
class CsvTable:
    """The columns that were asked for and found.

    Attributes
    ----------
    path
        The file.
    row_count
        Rows without the header.
    numbers
        Columns of kind ``whole`` and ``number``, by the key they were asked for with.
    texts
        Columns of kind ``text``.
    """

    path: Path
    row_count: int
    numbers: Mapping[str, NDArray[Any]]
    texts: Mapping[str, Text]

    def whole(self, key: str) -> NDArray[np.int64]:
        """Give a column of kind ``whole``."""
        return self.numbers[key]


def read_table(path: Path, columns: Mapping[str, Column], *, stream: str) -> CsvTable:
    """Read some columns of a CSV file.

    Names are matched whatever their case, and with or without units; other columns are not read.

    Parameters
    ----------
    path
        A UTF-8 file, with or without byte order mark, with Unix or Windows line ends.
    columns
        What to look for, by the key to give it in the result.
    stream
        Name of the stream, for error messages.

    Raises
    ------
    RecordingError
        If a required column is missing or has another unit, rows differ in length, or a cell is
        not a number; the message names the column and the row.
    """
    header, has_rows = _read_header(path, stream)
    places = _find_columns(header, columns, path, stream)
    chosen = {key: (places[key], columns[key]) for key in places}
    if not has_rows:
        return _empty_table(path, chosen)
    table = _parse(path, header, chosen, stream)
    numbers: dict[str, NDArray[Any]] = {}
    texts: dict[str, Text] = {}
    for key, place in places.items():
        column = table.column(f"{place}")
        if columns[key].kind == "text":
            texts[key] = _to_text(column)
        else:
            numbers[key] = _to_numbers(column, columns[key], header[place], path, stream)
    return CsvTable(path=path, row_count=table.num_rows, numbers=numbers, texts=texts)


def _empty_table(path: Path, chosen: Mapping[str, tuple[int, Column]]) -> CsvTable:
    kinds = {key: column.kind for key, (_, column) in chosen.items()}
    nothing = Text(values=("",), codes=np.zeros(0, dtype=np.int64))
    return CsvTable(
        path=path,
        row_count=0,
        numbers={
            key: np.zeros(0, dtype=np.int64 if kind == "whole" else np.float64)
            for key, kind in kinds.items()
            if kind != "text"
        },
        texts={key: nothing for key, kind in kinds.items() if kind == "text"},
    )


def _read_header(path: Path, stream: str) -> tuple[list[str], bool]:
    """Give the titles of the columns, and whether anything follows them."""
    size = check_size(path, MAX_TABLE_BYTES)
    try:
        with path.open("rb") as file:
            line = file.readline(_MAX_HEADER_BYTES)
        header = next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")]), [])
    except OSError as error:
        raise RecordingError(
            f"{path} can't be read: {error.strerror or error}.",
            stream=stream,
            fix="Check that you may read it.",
            path=path,
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise _broken(path, stream, f"its header can't be read ({error})") from error
    if not header:
        raise _broken(path, stream, "it has no header")
    return header, len(line) < size


def _find_columns(
    header: Sequence[str], columns: Mapping[str, Column], path: Path, stream: str
) -> dict[str, int]:
    """Give the place in the header of each column that is there."""
    by_name: dict[str, int] = {}
    for place, title in enumerate(header):
        by_name.setdefault(_plain_name(title), place)
    places: dict[str, int] = {}
    for key, column in columns.items():
        found = [by_name[name] for name in column.names if name in by_name]
        if not found:
            if column.required:
                raise _broken(
                    path,
                    stream,
                    f"it has no column '{_full_name(column)}' (there are: {_listed(header)})",
                )
            continue
        title = header[found[0]]
        unit = _UNIT.search(title[:_LONGEST_TITLE])
        if column.unit and unit and unit[1].strip().lower() != column.unit:
            raise _broken(path, stream, f"column '{title}' is not in {column.unit}, as expected")
        places[key] = found[0]
    return places


def _parse(
    path: Path, header: Sequence[str], chosen: Mapping[str, tuple[int, Column]], stream: str
) -> "pyarrow.Table":
    import pyarrow
    from pyarrow import csv as arrow_csv

    types = {
        "whole": pyarrow.int64(),
        "number": pyarrow.float64(),
        "text": pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
    }

    def parse(threads: bool) -> "pyarrow.Table":
        return arrow_csv.read_csv(
            str(path),
            read_options=arrow_csv.ReadOptions(
                column_names=[f"{place}" for place in range(len(header))],
                skip_rows=1,
                use_threads=threads,
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=[f"{place}" for place, _ in chosen.values()],
                column_types={f"{place}": types[column.kind] for place, column in chosen.values()},
                null_values=["", "nan", "NaN", "NAN", "null", "NULL", "None", "NA", "<NA>"],
            ),
        )

    try:
        return parse(threads=True)
    except pyarrow.ArrowInvalid:
        pass  # said again below, with the row
    except OSError as error:
        raise _broken(path, stream, f"it can't be read ({error})") from error
    try:
        return parse(threads=False)  # slower, but knows the row
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise _broken(path, stream, _explain(str(error), header)) from error


def _explain(message: str, header: Sequence[str]) -> str:
    """Say what a parser's message means in terms of the file."""
    cell = re.search(r"column #(\d+): Row #(\d+): .*invalid value '(.*)'", message, re.DOTALL)
    if cell:
        title = header[int(cell[1])]
        return f"row {cell[2]} has {cell[3][:40]!r} in column '{title}', which is not a number"
    width = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message)
    if width:
        return f"row {width[1]} has {width[3]} cells; the header has {width[2]}"
    return " ".join(message.split())[:200]


def _to_text(column: "pyarrow.ChunkedArray") -> Text:
    array = column.unify_dictionaries().combine_chunks()
    values = tuple("" if value is None else str(value) for value in array.dictionary.to_pylist())
    codes = np.asarray(array.indices.fill_null(len(values)), dtype=np.int64)
    return Text(values=(*values, ""), codes=codes)


def _to_numbers(
    column: "pyarrow.ChunkedArray", asked: Column, title: str, path: Path, stream: str
) -> NDArray[Any]:
    if asked.kind == "number":
        return np.asarray(column.to_numpy(), dtype=np.float64)
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0]) + 2
        raise _broken(path, stream, f"row {row} has nothing in column '{title}'")
    return np.asarray(column.to_numpy(), dtype=np.int64)


def _plain_name(title: str) -> str:
    # No column has a longer name, and the search takes the square of the length.
    return " ".join(_UNIT.sub(" ", title[:_LONGEST_TITLE]).lower().split())


def _full_name(column: Column) -> str:
    return f"{column.names[0]} [{column.unit}]" if column.unit else column.names[0]


def _listed(header: Sequence[str]) -> str:
    shown = ", ".join(f"'{title[:40]}'" for title in header[:20])
    return shown + (", …" if len(header) > 20 else "")


def _broken(path: Path, stream: str, what: str) -> RecordingError:
    return RecordingError(
        f"{path} can't be used: {what}.",
        stream=stream,
        fix="Download the export again.",
        path=path,
    )
