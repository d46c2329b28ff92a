"""Tables of columns in Markdown, made of the contracts in `schemas`."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashgaze.schemas.field import Field, Table

from .markdown import cell


@dataclass(frozen=True, kw_only=True)
class ColumnRow:
    """One row of a table of columns: Markdown, ready to stand in a cell."""

    name: str
    type: str
    unit: str
    frame: str
    null: str
    meaning: str


def column_rows(table: Table) -> list[ColumnRow]:
    """Describe the columns of a table."""
    return [
        ColumnRow(
            name=f"`{field.name}`",
            type=field.type,
            unit=cell(field.unit),
            frame=cell(_label(field.frame)),
            null="yes" if field.nullable else "",
            meaning=cell(_meaning(field)),
        )
        for field in table.fields
    ]


def frames_of_reference(tables: Iterable[Table]) -> list[tuple[str, str]]:
    """Give short name and full text of each frame of reference that needs more than its name."""
    found: dict[str, str] = {}
    for table in tables:
        for field in table.fields:
            label = _label(field.frame)
            if label != field.frame:
                found.setdefault(label, field.frame.removeprefix(f"{label}: "))
    return sorted(found.items())


def _label(frame: str) -> str:
    return frame.split(": ", 1)[0]


def _meaning(field: Field) -> str:
    values = ", ".join(f"`{value}`" for value in field.values)
    return f"{field.meaning} One of {values}." if values else field.meaning
