"""Damage inside of Parquet: the file stays a right one, its columns, types and values do not."""

import io
import math
import random
from typing import Any


def change_parquet(content: bytes, rng: random.Random) -> bytes | None:
    """Change columns, types, values and metadata of a table; None if it can't be."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(io.BytesIO(content))
        changed = _change_table(table, rng)
        sink = io.BytesIO()
        pq.write_table(changed, sink, row_group_size=rng.choice((None, 7)))
    except (OSError, ValueError, TypeError, OverflowError, KeyError, pa.ArrowException):
        return None
    return sink.getvalue()


def _change_table(table: Any, rng: random.Random) -> Any:
    import pyarrow as pa

    rows = table.num_rows
    at = rng.randrange(table.num_columns)
    name, column = table.column_names[at], table.column(at)
    if name != "" and rng.random() < 0.3 and "time" not in name:
        at = next(
            (i for i, each in enumerate(table.column_names) if "time" in each or "index" in each),
            at,
        )
        name, column = table.column_names[at], table.column(at)
    match rng.randrange(12):
        case 0:
            return table.remove_column(at)
        case 1:
            return table.rename_columns(
                [f"{each}x" if i == at else each for i, each in enumerate(table.column_names)]
            )
        case 2:
            return table.append_column(name, column)
        case 3:
            return table.slice(rng.randrange(rows + 1), rng.choice((0, 1, rows)))
        case 4:
            return table.take(pa.array([rng.randrange(rows) for _ in range(rows)], pa.int64()))
        case 5:
            return table.replace_schema_metadata(
                rng.choice(
                    (
                        None,
                        {},
                        {"dashgaze": "x"},
                        {"schema": "dashgaze/frames/99"},
                        {b"\xff": b"\xff"},
                    )
                )
            )
        case 6:
            return table.set_column(at, name, pa.nulls(rows, column.type))
        case 7:
            kinds = (
                pa.string(),
                pa.float32(),
                pa.float64(),
                pa.int8(),
                pa.int64(),
                pa.bool_(),
                pa.binary(),
            )
            kind = rng.choice(
                (*kinds, pa.list_(pa.float64()), pa.timestamp("ns"), pa.null(), pa.uint64())
            )
            values = [rng.choice((None, 0, 1)) for _ in range(rows)]
            return table.set_column(at, name, pa.array(values, pa.int64()).cast(kind, safe=False))
        case 8:
            return pa.concat_tables([table, table])
        case _:
            return table.set_column(at, name, _other_cells(column, rng))


def _other_cells(column: Any, rng: random.Random) -> Any:
    import pyarrow as pa

    values = column.to_pylist()
    kind = column.type
    word: Any
    if pa.types.is_integer(kind):
        top = 2 ** (kind.bit_width - (0 if str(kind).startswith("u") else 1)) - 1
        word = rng.choice(
            (0, 1, top, None, top // 2, *(() if str(kind).startswith("u") else (-1, -top - 1)))
        )
    elif pa.types.is_floating(kind):
        word = rng.choice((math.nan, math.inf, -math.inf, 0.0, -1.0, 1e300, 1e-300, None))
    elif pa.types.is_boolean(kind):
        word = rng.choice((True, False, None))
    elif pa.types.is_string(kind):
        word = rng.choice(("", "x", None, "\x00", "é" * 300))
    elif pa.types.is_fixed_size_list(kind):
        word = rng.choice((None, [rng.choice((math.nan, 0.0, 1e300))] * kind.list_size))
    elif pa.types.is_list(kind):
        word = rng.choice((None, [], [None], [0] * 17))
    else:
        word = None
    for _ in range(rng.choice((1, 1, 3, len(values)))):
        if values:
            values[rng.randrange(len(values))] = word
    return pa.array(values, kind)
