"""From a sheet of the published layout to the columns of ours."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .published_columns import (
    GROUPS,
    LABELS,
    PUBLISHED_FRAME_TABLE,
    SESSION_NAMES,
    TIME_NAMES,
)
from .published_csv import Sheet, frame_numbers, numbers

_ALONE = (-999.0, -9999.0, -99999.0)
"""Numbers that say "missing" even if only one of a pair says so."""

_TOGETHER = (-1.0, 0.0)
"""Numbers that say so if the whole pair does: alone they may be measured."""

_FEW = 100
_CLEAR = 0.3


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels of one session.

    Attributes
    ----------
    table
        Of `PUBLISHED_FRAME_TABLE`.
    other
        Columns that have no certain place in it, as published.
    numbered
        Whether frame indexes were published; otherwise they are row numbers.
    found, missing
        Columns of the layout that were there, by our name: header; those that were not.
    nulled
        How many values were made null, by what they said: ``"gaze_road -1": 12``.
    notes
        What a user should know.
    """

    table: pa.Table
    other: pa.Table
    numbered: bool
    found: dict[str, str]
    missing: tuple[str, ...]
    nulled: dict[str, int]
    notes: tuple[str, ...]


def read_labels(sheet: Sheet, session_id: str) -> Labels:
    """Give the labels of a sheet that is about one session."""
    notes: list[str] = []
    nulled: dict[str, int] = {}
    found: dict[str, str] = {}
    other: dict[str, pa.Array] = {}
    values: dict[str, pa.Array] = {}
    time_ns = None
    if sheet.skipped:
        notes.append(f"{sheet.skipped} rows have another number of cells and were left out.")
    if sheet.twice:
        notes.append(f"Columns that are there twice count once: {', '.join(sheet.twice)}.")
    frames = frame_numbers(sheet)
    for header, column in zip(sheet.headers, sheet.columns, strict=True):
        name = LABELS.get(header.name)
        if name is not None:
            values[name], not_a_number, broken = numbers(column)
            found[name] = header.text
            _count(nulled, f"{_stem(name)} NaN", not_a_number)
            if broken:
                notes.append(f"{header.text!r}: {broken} cells are no numbers and were made null.")
            if header.unit == "rad":
                values[name] = pc.multiply(values[name], 180 / np.pi)
                notes.append(f"{header.text!r} was in radians and is now in degrees.")
        elif header.name in TIME_NAMES and header.ns_per_unit and time_ns is None:
            time_ns = _since_first(column, header.ns_per_unit)
        elif header.name not in SESSION_NAMES:
            measured, _, broken = numbers(column)
            other[header.text or "(no name)"] = column if broken else measured
    for group in GROUPS:
        _null_sentinels(values, group, nulled)
    notes += _unlikely_turns(values, other, found)
    notes += _signs(values)
    count = sheet.row_count
    values["session_id"] = pa.array([session_id] * count, pa.string())
    values["frame_index"] = (
        frames if frames is not None else pa.array(np.arange(count, dtype=np.int32))
    )
    if time_ns is not None:
        values["time_ns"] = time_ns
    if frames is None:
        notes.append("Rows have no frame index of their own; frame_index counts them.")
    schema = PUBLISHED_FRAME_TABLE.to_arrow()
    table = pa.Table.from_arrays(
        [
            pc.cast(values[field.name], field.type)
            if field.name in values
            else pa.nulls(count, field.type)
            for field in schema
        ],
        schema=schema,
    )
    return Labels(
        table=table,
        other=pa.table(other) if other else pa.table({}),
        numbered=frames is not None,
        found=found,
        missing=tuple(name for name in LABELS.values() if name not in found),
        nulled=nulled,
        notes=tuple(notes),
    )


def _null_sentinels(
    values: dict[str, pa.Array], group: Sequence[str], nulled: dict[str, int]
) -> None:
    """Make numbers null that stand for "missing", and the rest of their pair with them."""
    names = [name for name in group if name in values]
    if not names:
        return
    stem = _stem(names[0])
    gone = None
    for number in _ALONE:
        any_says = _any([pc.equal(values[name], number) for name in names])
        _count(nulled, f"{stem} {number:g}", pc.sum(any_says).as_py() or 0)
        gone = any_says if gone is None else pc.or_(gone, any_says)
    if len(names) == len(group):
        for number in _TOGETHER:
            says = [pc.fill_null(pc.equal(values[name], number), False) for name in names]
            all_say = says[0]
            for each in says[1:]:
                all_say = pc.and_(all_say, each)
            text = ", ".join([f"{number:g}"] * len(names))
            _count(nulled, f"{stem} {text}", pc.sum(all_say).as_py() or 0)
            gone = pc.or_(gone, all_say)
    # Half of a point is none.
    gone = pc.or_(gone, _any([pc.is_null(values[name]) for name in names]))
    for name in names:
        values[name] = pc.if_else(gone, pa.scalar(None, pa.float64()), values[name])


def _unlikely_turns(
    values: dict[str, pa.Array], other: dict[str, pa.Array], found: dict[str, str]
) -> list[str]:
    """Move head angles that look like radians away: nothing says which they are."""
    names = [name for name in GROUPS[-1] if name in values]
    if not names or "rad" in "".join(found[name] for name in names):
        return []
    sizes = [float(pc.max(pc.abs(values[name])).as_py() or 0.0) for name in names]
    enough = min(len(values[name]) - values[name].null_count for name in names) >= _FEW
    if not enough or max(sizes) > np.pi or max(sizes) == 0.0:
        return []
    for name in names:
        other[found[name]] = values.pop(name)
        del found[name]
    note = (
        f"Head angles never exceed {max(sizes):.2f}: they may be radians, and stand under `other`, "
        "not in head_*_deg."
    )
    return [note]


def _signs(values: dict[str, pa.Array]) -> list[str]:
    """Say which way angles turn, as far as the point in the road view tells."""
    notes = []
    for angle, axis, positive, expected in (
        ("gaze_azimuth_deg", "x", "right", 1),
        ("gaze_elevation_deg", "y", "up", -1),
    ):
        point = f"gaze_road_{axis}_px"
        if angle not in values or point not in values:
            continue
        pair = np.array(
            [
                values[name].to_numpy(zero_copy_only=False).astype(np.float64)
                for name in (angle, point)
            ]
        )
        pair = pair[:, np.isfinite(pair).all(axis=0)]
        if pair.shape[1] < _FEW or np.any(pair.std(axis=1) == 0):
            continue
        correlation = float(np.corrcoef(pair)[0, 1])
        if abs(correlation) < _CLEAR:
            continue
        if correlation * expected < 0:
            notes.append(
                f"{angle} is as published, and seems to have the other sign than ours ({positive} "
                f"positive): its correlation with {point} is {correlation:+.2f}."
            )
    return notes


def _since_first(column: pa.Array, ns_per_unit: float) -> pa.Array:
    try:
        # Unix times in nanoseconds are more than a float can hold.
        values = pc.cast(column, pa.int64())
    except pa.ArrowInvalid:
        values = numbers(column)[0]
    first = pc.min(values)
    if pa.types.is_integer(values.type) and ns_per_unit == 1.0:
        return pc.subtract(values, first)
    return pc.cast(pc.round(pc.multiply(pc.subtract(values, first), ns_per_unit)), pa.int64())


def _any(columns: list[pa.Array]) -> pa.Array:
    result = pc.fill_null(columns[0], False)
    for column in columns[1:]:
        result = pc.or_(result, pc.fill_null(column, False))
    return result


def _stem(name: str) -> str:
    for ending in ("_x_px", "_y_px"):
        name = name.removesuffix(ending)
    if name in ("gaze_azimuth_deg", "gaze_elevation_deg"):
        return "gaze_angle"
    return "head" if name.startswith("head_") else name


def _count(nulled: dict[str, int], what: str, count: int) -> None:
    if count:
        nulled[what] = nulled.get(what, 0) + count
