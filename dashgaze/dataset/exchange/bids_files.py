"""How BIDS writes tables and metadata: tab-separated text, ``n/a`` for what is missing, JSON."""

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

MISSING = "n/a"
_DECIMALS = 6
_NS_PER_S = 1_000_000_000


def write_tsv_gz(path: Path, columns: Mapping[str, pa.Array]) -> None:
    """Write columns without a header, compressed; the same bytes for the same content.

    BIDS keeps the names of the columns of such a file in its JSON sidecar.
    """
    table = pa.table({name: as_text(column) for name, column in columns.items()})
    options = csv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with (
        path.open("wb") as raw,
        # Neither a name nor a time in the header: both would differ from run to run.
        gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as file,
    ):
        csv.write_csv(table, file, options)


def write_tsv(path: Path, names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a small table with a header."""
    lines = ["\t".join(names)]
    lines += ["\t".join(_cell(row.get(name)) for name in names) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write metadata."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def as_text(column: pa.Array) -> pa.Array:
    """Write values as text: numbers to six decimals at most, truth as 1 and 0, else ``n/a``."""
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_boolean(array.type):
        array = pc.cast(array, pa.int8())
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, array.type))
    if pa.types.is_float64(array.type):
        array = pc.round(array, _DECIMALS)  # a float32 has no more, and is written as it is
    if not pa.types.is_string(array.type):
        array = pc.cast(array, pa.string())
    return pc.fill_null(array, MISSING)


def seconds_text(time_ns: pa.Array) -> pa.Array:
    """Write nanoseconds as seconds with nine decimals, without loss.

    Examples
    --------
    >>> seconds_text(pa.array([1_500_000_000, -1, None])).to_pylist()
    ['1.500000000', '-0.000000001', None]
    """
    array = time_ns.combine_chunks() if isinstance(time_ns, pa.ChunkedArray) else time_ns
    size = pc.abs(array)
    whole = pc.divide(size, _NS_PER_S)
    rest = pc.subtract(size, pc.multiply(whole, _NS_PER_S))
    sign = pc.if_else(pc.less(array, 0), "-", "")
    return pc.binary_join_element_wise(
        pc.binary_join_element_wise(sign, pc.cast(whole, pa.string()), ""),
        pc.utf8_lpad(pc.cast(rest, pa.string()), width=9, padding="0"),
        ".",
    )


def seconds(time_ns: int) -> float:
    """Give nanoseconds as the nearest number of seconds."""
    return float(np.float64(time_ns) / _NS_PER_S)


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return MISSING
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return f"{value:.12g}"
    return " ".join(str(value).split()) or MISSING
