"""Speed from the car itself: CSV of OBD and CAN loggers, and a check of the unit that they state."""

import csv
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from .location_fix import to_number
from .location_nmea import KNOT_M_S
from .speed_times import TIME_UNITS_NS, read_times

MAX_BYTES = 256 * 2**20
"""Largest file that is read: eight hours of forty signals at 10 Hz."""

FASTEST_M_S = 90.0
"""Above this (324 km/h) a unit is doubted."""

UNITS_M_S = {"m/s": 1.0, "km/h": 1 / 3.6, "mph": 0.44704, "kn": KNOT_M_S}
"""Metres a second of one of each unit."""

_UNIT_WORDS = {
    **dict.fromkeys(("m/s", "mps", "m s", "meters/second", "metres/second", "meter/s"), "m/s"),
    **dict.fromkeys(("km/h", "kmh", "kph", "km h", "kmph", "kilometers/hour"), "km/h"),
    **dict.fromkeys(("mph", "mi/h", "miles/hour", "miles per hour"), "mph"),
    **dict.fromkeys(("kn", "kt", "kts", "knots", "knot"), "kn"),
}
# The car's own speed first; that of a satellite receiver in the same file only if there is no other.
_SPEED_WORDS = (
    r"speed obd|obd speed|vehicle ?speed|vehicle speed sensor|vss|can speed|wheel speed|car speed",
    r"speed",
    r"gps speed|speed gps|ground speed|velocity",
)
_TIME_WORDS = (
    r"timestamp|unix time|epoch|epoch time|utc|device time|date time|datetime|date",
    r"time|seconds|elapsed time|elapsed|t",
)
_LONGEST_TITLE = 200
_BRACKETS = re.compile(r"[\[(]([^\])]*)[\])]")
_SUFFIX = re.compile(
    r"^(?P<name>.*?)[ ](?P<unit>m s|mps|km h|kmh|kph|mph|kn|kt|knots|ns|us|ms|s|sec)$"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class SpeedTrack:
    """Speed as a car's logger wrote it; arrays of shape (n,), at least one row.

    Attributes
    ----------
    timestamp_ns
        Strictly ascending, ns: Unix time, or from the file's own zero (see `is_elapsed`).
    is_elapsed
        Whether times count from the logger's start; then only who knows that moment can place them.
    speed_m_s
        By the unit that was stated, or assumed; NaN where missing.
    column, unit
        Heading of the speed, and its unit as it was taken.
    unit_is_stated
        Whether the file names the unit.
    notes
        What was left out, sorted or assumed, in sentences.
    """

    timestamp_ns: NDArray[np.int64]
    is_elapsed: bool
    speed_m_s: NDArray[np.float64]
    column: str
    unit: str
    unit_is_stated: bool
    notes: tuple[str, ...] = ()


class _Column(NamedTuple):
    place: int
    title: str
    unit: str


def read_obd(path: Path, *, zone_s: float | None = None) -> SpeedTrack:
    """Read the speed from a CSV of an OBD or CAN logger.

    Two forms are known. *Wide*: a column of times and one for each signal (Torque, OBD Fusion, RaceChrono,
    most CAN tools). *Long*: columns for time, name of the signal, value and unit (Car Scanner, python-can).
    Names and units of columns are read without regard to case, brackets or underscores. A speed without
    unit is taken as km/h, which is what OBD itself sends (mode 01, PID 0D), and that is noted.

    What a header states may be wrong: hold it against positions with `check_speed_units`.

    Parameters
    ----------
    path
        UTF-8 with commas, semicolons or tabs.
    zone_s
        By how much clocks at the place are ahead of UTC, s: for dates that name no zone. None takes them as
        UTC, with a note.

    Raises
    ------
    InputError
        If the file can't be read, or has no time and speed.
    """
    rows = _rows(path)
    header = rows[0] if rows else []
    time = _find(header, _TIME_WORDS, TIME_UNITS_NS)
    notes: list[str] = []
    if time is None:
        raise _refused(path, "names no time")
    long_form = _long_form(header, rows[1:], time, notes)
    if long_form is None:
        speed = _find(header, _SPEED_WORDS, {"": 0, **dict.fromkeys(_UNIT_WORDS, 0)})
        if speed is None:
            raise _refused(path, "names no speed")
        cells = [(_cell(row, time.place), _cell(row, speed.place)) for row in rows[1:]]
    else:
        speed, cells = long_form
    unit = _UNIT_WORDS.get(speed.unit, "")
    if not unit:
        notes.append(f"No unit is named for {speed.title}; taken as km/h, as OBD sends it.")
    values = np.array([to_number(text.replace(",", ".")) for _, text in cells], dtype=np.float64)
    stamps, is_elapsed = read_times([text for text, _ in cells], time.unit, zone_s, notes)
    return _track(
        path,
        stamps,
        values * UNITS_M_S[unit or "km/h"],
        is_elapsed=is_elapsed,
        column=speed.title,
        unit=unit or "km/h",
        stated=bool(unit),
        raw=values,
        notes=notes,
    )


def _rows(path: Path) -> list[list[str]]:
    try:
        if path.exists() and not path.is_file():  # to open a pipe is to wait without end
            raise OSError("it is not a file")
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                f"{path} has more than {MAX_BYTES / 2**20:.0f} MiB; a log of speed is smaller.",
                fix="Export speed only.",
                path=path,
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check its name.", path=path
        ) from error
    lines = content.decode("utf-8-sig", errors="replace").replace("\0", "").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        return []
    delimiter = max(",;\t", key=lines[0].count)
    try:
        return [
            [cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter) if row
        ]
    except csv.Error as error:
        raise InputError(
            f"{path} is no table: {error}.", fix="Export it as CSV.", path=path
        ) from error


def _plain(title: str) -> tuple[str, tuple[str, ...]]:
    """Give a heading without brackets, and what stood in them, in small letters."""
    # No heading of a signal is longer, and the search takes the square of the length.
    short = title[:_LONGEST_TITLE]
    text = " ".join(short.lower().replace("_", " ").replace("*", " ").split())
    bracketed = tuple(each.strip() for each in _BRACKETS.findall(text))
    bare = " ".join(_BRACKETS.sub(" ", text).split()).strip(" *.:")
    words = [each for each in bracketed if each in ("obd", "gps", "can")]
    bare = " ".join([bare, *words])
    return bare, bracketed


def _find(header: Sequence[str], groups: Sequence[str], units: dict[str, int]) -> _Column | None:
    """Find the first column whose name is of the best group, and whose unit is one of some."""
    for group in groups:
        pattern = re.compile(rf"(?:{group})(?: obd| can)?")
        for place, title in enumerate(header):
            bare, bracketed = _plain(title)
            unit = next((each for each in bracketed if each in units), "")
            if pattern.fullmatch(bare):
                return _Column(place, title, unit)
            suffix = _SUFFIX.match(bare)
            if suffix and pattern.fullmatch(suffix["name"]) and suffix["unit"] in units:
                return _Column(place, title, suffix["unit"])
    return None


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _long_form(
    header: Sequence[str], rows: Sequence[Sequence[str]], time: _Column, notes: list[str]
) -> tuple[_Column, list[tuple[str, str]]] | None:
    names = [_plain(title)[0] for title in header]
    name = next((names.index(each) for each in ("pid", "signal", "name") if each in names), None)
    value = next((names.index(each) for each in ("value", "values") if each in names), None)
    if name is None or value is None:
        return None
    unit = next((names.index(each) for each in ("units", "unit") if each in names), None)
    for group in _SPEED_WORDS:
        pattern = re.compile(rf"(?:{group})(?: obd| can)?")
        fits = [row for row in rows if pattern.fullmatch(_plain(_cell(row, name))[0])]
        if not fits:
            continue
        title = _cell(fits[0], name)
        kept = [row for row in fits if _cell(row, name) == title]
        stated = {_cell(row, unit).lower() for row in kept} if unit is not None else {""}
        if len(stated) > 1:
            notes.append(f"{title} is given in several units; only the first one's rows count.")
        first = _cell(kept[0], unit).lower() if unit is not None else ""
        cells = [
            (_cell(row, time.place), _cell(row, value))
            for row in kept
            if unit is None or _cell(row, unit).lower() == first
        ]
        return _Column(value, title, first), cells
    return None


def _track(
    path: Path,
    stamps: Sequence[int | None],
    speed_m_s: NDArray[np.float64],
    *,
    is_elapsed: bool,
    column: str,
    unit: str,
    stated: bool,
    raw: NDArray[np.float64],
    notes: list[str],
) -> SpeedTrack:
    below = np.isfinite(speed_m_s) & (speed_m_s < 0)
    speed_m_s = np.where(below, np.nan, speed_m_s)
    if below.any():
        notes.append(f"{np.count_nonzero(below)} speeds are below 0; left out.")
    if wild := np.count_nonzero(speed_m_s > FASTEST_M_S):
        notes.append(
            f"{wild} speeds are above {FASTEST_M_S:.0f} m/s, which no car drives: is {unit} right?"
        )
    whole = raw[np.isfinite(raw) & (raw > 0)]
    if stated and unit != "km/h" and len(whole) >= 20 and np.array_equal(whole, np.round(whole)):
        notes.append(
            f"{column} is said to be in {unit}, but all numbers are whole, as those of OBD in km/h are: "
            "check it against positions."
        )
    pairs = [
        (stamp, float(speed))
        for stamp, speed in zip(stamps, speed_m_s, strict=True)
        if stamp is not None and 0 <= stamp < 2**63
    ]
    if not any(np.isfinite(speed) for _, speed in pairs):
        raise _refused(path, "holds no row with a time and a speed")
    if lost := len(stamps) - len(pairs):
        notes.append(f"{lost} of {len(stamps)} rows have no usable time; left out.")
    ordered = sorted(pairs, key=lambda pair: pair[0])
    if ordered != pairs:
        notes.append("Rows are not in order of time; sorted.")
    once = [next(same) for _, same in itertools.groupby(ordered, key=lambda pair: pair[0])]
    if repeated := len(ordered) - len(once):
        notes.append(f"{repeated} rows have the time of another one; left out.")
    return SpeedTrack(
        timestamp_ns=np.array([stamp for stamp, _ in once], dtype=np.int64),
        is_elapsed=is_elapsed,
        speed_m_s=np.array([speed for _, speed in once], dtype=np.float64),
        column=column,
        unit=unit,
        unit_is_stated=stated,
        notes=tuple(notes),
    )


def _refused(path: Path, what: str) -> InputError:
    return InputError(
        f"{path} {what}.",
        fix='Expected is a CSV with a header such as "Timestamp (s),Vehicle speed (km/h)", or with the '
        'columns "SECONDS","PID","VALUE","UNITS".',
        path=path,
    )
