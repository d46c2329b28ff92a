"""Location tracks as CSV, as loggers for phones write them."""

import csv
import re
from collections.abc import Sequence
from decimal import Decimal, DecimalException
from typing import NamedTuple

from .location_fix import Fix, iso_to_ns, to_number
from .location_nmea import KNOT_M_S

# What a column may be called, the best first.
_TIME_NAMES = ("timestamp", "utc", "unix time", "time", "datetime", "date time", "date")
_LATITUDE_NAMES = ("latitude", "lat")
_LONGITUDE_NAMES = ("longitude", "lon", "lng", "long")
_SPEED_NAMES = ("speed", "ground speed", "velocity")

_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "sec": 10**9}
_M_S = {
    **dict.fromkeys(("m/s", "m s", "mps", "ms"), 1.0),
    **dict.fromkeys(("km/h", "km h", "kmh", "kph"), 1 / 3.6),
    "mph": 0.44704,
    **dict.fromkeys(("kn", "kt", "knots"), KNOT_M_S),
}
_DEGREES = ("", "deg", "degrees", "°")

# "speed [m/s]", "speed (m/s)", "speed_m_s", "speed"
_HEADER = re.compile(
    r"(?P<name>[a-z ]+?)"
    r"(?: ?[\[(] ?(?P<bracketed>[^\])]*?) ?[\])]| (?P<suffix>ns|us|ms|s|sec|deg|m s|mps|km h|kmh|kph"
    r"|mph|kn|kt|knots))?"
)


class _Column(NamedTuple):
    place: int
    unit: str  # empty if the header names none


def read_csv(content: bytes) -> tuple[list[Fix], list[str]]:
    """Read all rows of a table with a header line.

    Time may be Unix time in any unit or ISO 8601; a unit that the header does not name is told by the
    size of the number, and a speed without unit is taken as m/s. Both are noted.

    Parameters
    ----------
    content
        UTF-8 with commas, semicolons or tabs.

    Returns
    -------
    fixes
        In the order of the file; empty if the header names no time, or neither position nor speed.
    notes
        What was assumed.
    """
    lines = content.decode("utf-8-sig", errors="replace").replace("\0", "").splitlines()
    if not lines:
        return [], []
    delimiter = max(",;\t", key=lines[0].count)
    header = _split(lines[0], delimiter)
    time = _find(header, _TIME_NAMES, ("", *_NS))
    latitude = _find(header, _LATITUDE_NAMES, _DEGREES)
    longitude = _find(header, _LONGITUDE_NAMES, _DEGREES)
    speed = _find(header, _SPEED_NAMES, ("", *_M_S))
    if time is None or ((latitude is None or longitude is None) and speed is None):
        return [], []
    rows = [_split(line, delimiter) for line in lines[1:] if line.strip()]
    notes: list[str] = []
    unit_ns = _NS.get(time.unit) or _guess_unit(rows, time, notes)
    if speed is not None and not speed.unit:
        notes.append(f"The header names no unit for {header[speed.place].strip()}; taken as m/s.")
    factor = 1.0 if speed is None else _M_S.get(speed.unit, 1.0)
    fixes = [
        Fix(
            timestamp_ns=_timestamp_ns(_cell(row, time), unit_ns),
            latitude_deg=to_number(_cell(row, latitude)),
            longitude_deg=to_number(_cell(row, longitude)),
            speed_m_s=to_number(_cell(row, speed)) * factor,
        )
        for row in rows
    ]
    return fixes, notes


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:  # a field of more than 128 KiB
        return []


def _find(header: Sequence[str], names: Sequence[str], units: Sequence[str]) -> _Column | None:
    """Find the column with the best of several names, in one of several units."""
    found: dict[str, _Column] = {}
    for place, title in enumerate(header):
        match = _HEADER.fullmatch(" ".join(title.lower().replace("_", " ").split()))
        if match is None:
            continue
        unit = match["bracketed"] or match["suffix"] or ""
        if unit in units:
            found.setdefault(match["name"], _Column(place, unit))
    return next((found[name] for name in names if name in found), None)


def _cell(row: Sequence[str], column: _Column | None) -> str:
    return row[column.place] if column is not None and column.place < len(row) else ""


def _guess_unit(rows: Sequence[Sequence[str]], time: _Column, notes: list[str]) -> int:
    """Tell the unit of a Unix time by its size: each is a thousand times the next one's."""
    for row in rows:
        value = to_number(_cell(row, time))
        if value > 0:
            # up to the year 5138 in seconds, and down to March 1973 in milliseconds
            unit = next(
                (u for u, top in (("s", 1e11), ("ms", 1e14), ("us", 1e17)) if value < top), "ns"
            )
            notes.append(
                f"The header names no unit of time; taken as {unit} by the size of numbers."
            )
            return _NS[unit]
    return _NS["s"]  # no number at all: ISO 8601


def _timestamp_ns(text: str, unit_ns: int) -> int | None:
    try:
        stamp_ns = Decimal(text.strip()) * unit_ns
        # a guard also against numbers that would fill the memory as integers
        return round(stamp_ns) if 0 <= stamp_ns < 2**63 else None
    except DecimalException:
        return iso_to_ns(text)
