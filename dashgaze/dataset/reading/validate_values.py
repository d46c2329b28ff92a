"""Whether the values of each column are such as the column can have."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashgaze.schemas.field import Field, Table

from .validate_report import DatasetFindings

if TYPE_CHECKING:
    import pyarrow as pa

_FLOATS = ("float32", "float64")
_INTEGERS = ("int32", "int64")
# What programs write for "missing" where they know no null. Three of the same kind are no chance.
_SENTINELS = (-1.0, -99.0, -999.0, -9999.0, 999.0, 9999.0)
_SENTINEL_ROWS = 3
# Acceleration comes in steps of the sensor, and a resting head feels exactly one g.
_STEPPED = ("accel_", "gyro_")
_MISSING_IS_NULL = "What is missing has to be null: mend the stage that wrote it, and pack again."

_HALF_TURN = ("azimuth_deg", "yaw_deg", "roll_deg", "longitude_deg")
_QUARTER_TURN = ("elevation_deg", "pitch_deg", "latitude_deg")
_SHARES = ("_share", "_confidence")
_NOT_NEGATIVE = (
    "_count",
    "_hops",
    "_error_px",
    "_error_median_px",
    "_spread_px",
    "_index",
    "_id",
    "_pts",
    "_width_px",
    "_height_px",
    "_m_s",
    "_xx_px2",
    "_yy_px2",
    "_se_ms",
    "duration_s",
    "dispersion_px",
    "passengers",
)


@dataclass(frozen=True)
class Range:
    """From where to where the values of a column may go, both included; None for no end."""

    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        if self.high is None:
            return f"{self.low:g} or more"
        return f"{self.low:g} to {self.high:g}"

    def has(self, low: float, high: float) -> bool:
        """Tell whether a range of values lies in this one."""
        return (self.low is None or low >= self.low) and (self.high is None or high <= self.high)


def range_of(field: Field) -> Range | None:
    """Give what the name of a column says of its values; None if nothing."""
    if field.type not in (*_FLOATS, *_INTEGERS):
        return None
    name = field.name
    if name.endswith(_HALF_TURN):
        return Range(-180.0, 180.0)
    if name.endswith(_QUARTER_TURN):
        return Range(-90.0, 90.0)
    if name.endswith(_SHARES):
        return Range(0.0, 1.0)
    if name == "local_hour":
        return Range(0.0, 23.0)
    if name.endswith(_NOT_NEGATIVE):
        return Range(0.0)
    return None


def check_values(
    rows: pa.Table, table: Table, columns: Iterable[str], file: str, findings: DatasetFindings
) -> None:
    """Check each column for itself: closed sets, ranges, numbers that are none, stand-ins for null.

    Parameters
    ----------
    rows
        A shard, or a part of it.
    table
        Its schema.
    columns
        The columns that follow it.
    file
        Its path, for messages.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    kept = set(columns)
    for field in table.fields:
        if field.name not in kept or field.name not in rows.column_names:
            continue
        values = rows[field.name]
        if values.null_count == len(values):
            continue
        if field.values:
            _check_set(values, field, file, findings)
        if pa.types.is_fixed_size_list(values.type):
            values = pc.list_flatten(values)
        if pa.types.is_floating(values.type) and not pc.all(pc.is_finite(values)).as_py():
            count = pc.sum(pc.invert(pc.is_finite(values))).as_py()
            findings.add(
                "VALUE_NO_NUMBER",
                f"{field.name} is NaN or infinite in {count} places.",
                file=file,
                fix=_MISSING_IS_NULL,
            )
        if field.type in (*_FLOATS, *_INTEGERS):
            _check_range(values, field, file, findings)


def _check_set(values: pa.ChunkedArray, field: Field, file: str, findings: DatasetFindings) -> None:
    import pyarrow.compute as pc

    strange = {value for value in pc.unique(values).to_pylist() if value is not None}
    strange -= set(field.values)
    if strange:
        findings.add(
            "VALUE_NOT_IN_SET",
            f"{field.name} is {', '.join(sorted(map(repr, strange)))} somewhere; it may be "
            f"{', '.join(field.values)}.",
            file=file,
            fix="Mend it where it was recorded, and pack again.",
        )


def _check_range(
    values: pa.ChunkedArray, field: Field, file: str, findings: DatasetFindings
) -> None:
    import pyarrow.compute as pc

    ends = pc.min_max(values).as_py()
    low, high = ends["min"], ends["max"]
    if low is None or math.isnan(low):  # nothing but NaN
        return
    allowed = range_of(field)
    if allowed is not None and not allowed.has(low, high):
        findings.add(
            "VALUE_OUT_OF_RANGE",
            f"{field.name} goes from {low:g} to {high:g}; it may be {allowed}.",
            file=file,
            fix=_MISSING_IS_NULL if low in _SENTINELS else "Mend what computed it, and pack again.",
        )
        return
    if field.type not in _FLOATS or field.name.startswith(_STEPPED):
        return
    for sentinel in _SENTINELS:
        if not low <= sentinel <= high or (sentinel not in (low, high) and abs(sentinel) == 1.0):
            continue
        count = pc.sum(pc.equal(values, sentinel)).as_py() or 0
        if count >= _SENTINEL_ROWS:
            findings.add(
                "VALUE_SENTINEL",
                f"{field.name} is exactly {sentinel:g} in {count} rows.",
                file=file,
                fix=_MISSING_IS_NULL,
            )
