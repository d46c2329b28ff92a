"""Bringing tables that an earlier version wrote to the schema of this one, where nothing is guessed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from dashgaze.errors import InputError
from dashgaze.schemas.face_table import FACE_TABLE
from dashgaze.schemas.field import Table
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.schemas.gaze_table import GAZE_TABLE

UNMARKED = ""
"""Stands for the schema of a file that says nothing of it."""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """One step from a schema to a later one.

    Attributes
    ----------
    result
        Id of the schema that the table has after it.
    change
        What it does to the table: columns renamed, or computed from others without loss.
    """

    result: str
    change: Callable[[pa.Table], pa.Table]


def _as_it_is(table: pa.Table) -> pa.Table:
    """Take a file that other software rewrote, losing the mark; its columns are checked anyway."""
    return table


def _with_yaw_rate(table: pa.Table) -> pa.Table:
    """Add the column that came with dashgaze/frames/2: what was not measured is null."""
    name = "car_yaw_rate_deg_s"
    if name in table.column_names:
        return table
    return table.append_column(name, pa.nulls(table.num_rows, pa.float32()))


MIGRATIONS: Mapping[tuple[str, str], Migration] = {
    **{
        (table.name, UNMARKED): Migration(result=table.id, change=_as_it_is)
        for table in (FRAME_TABLE, GAZE_TABLE, FACE_TABLE)
    },
    (FRAME_TABLE.name, "dashgaze/frames/1"): Migration(
        result="dashgaze/frames/2", change=_with_yaw_rate
    ),
}
"""Steps by name of the table and id of the schema that they start from."""


def migrate(
    table: pa.Table,
    schema: Table,
    *,
    path: Path,
    fix: str,
    migrations: Mapping[tuple[str, str], Migration] = MIGRATIONS,
) -> pa.Table:
    """Bring a table to a schema, step by step.

    Parameters
    ----------
    table
        As read from a file, its metadata included.
    schema
        The schema that is wanted.
    path, fix
        The file and how to make it again, for messages.
    migrations
        The steps there are.

    Raises
    ------
    InputError
        If no steps lead from the table's schema to the wanted one.
    """
    found = (table.schema.metadata or {}).get(b"schema", b"").decode("utf-8", "replace")
    at = found
    while at != schema.id:
        step = migrations.get((schema.name, at))
        if step is None:
            raise InputError(
                f"{path} has the schema {found or 'of nothing'}; expected was {schema.id}, and "
                "nothing leads from one to the other without guessing.",
                fix=fix,
                path=path,
            )
        table, at = step.change(table), step.result
    return table
