"""Times of OBD and CAN logs."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from .location_fix import iso_to_ns, to_number

TIME_UNITS_NS = {"": 0, "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "sec": 10**9}
TIME_UNITS_NS |= {"seconds": 10**9, "msec": 10**6, "milliseconds": 10**6}
"""Nanoseconds of one of each unit; 0 where none is named."""

# "06-Jul-2016 17:21:22.373", as Torque writes it
_TORQUE_TIME = re.compile(
    r"(\d{1,2})-([A-Z][a-z]{2})-(\d{4}) (\d{1,2}):(\d{2}):(\d{2})(?:\.(\d+))?"
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_YEAR_1990_S = 631_152_000
_INT64_END = 2.0**63


def read_times(
    texts: Sequence[str], unit: str, zone_s: float | None, notes: list[str]
) -> tuple[list[int | None], bool]:
    """Read times, ns, and tell whether they count from the logger's own start.

    Parameters
    ----------
    texts
        Numbers, ISO 8601, or dates as Torque writes them; what can't be read is None.
    unit
        Of numbers, one of `TIME_UNITS_NS`; "" to tell it by their size.
    zone_s
        By how much clocks are ahead of UTC where dates name no zone, s; None for UTC.
    notes
        Where it is added what was assumed.
    """
    numbers = [to_number(text.replace(",", ".")) for text in texts]
    known = [number for number in numbers if np.isfinite(number)]
    if not known:
        without_zone = [_names_no_zone(text) for text in texts]
        if zone_s is None and any(without_zone):
            notes.append("Times name no zone; taken as UTC.")
        shift_ns = round((zone_s or 0.0) * 1e9)
        dates = [_date_ns(text) for text in texts]
        return [
            None if date is None else date - shift_ns * bare
            for date, bare in zip(dates, without_zone, strict=True)
        ], False
    factor = TIME_UNITS_NS.get(unit, 0)
    if not factor:
        largest = max(known)
        guess = next(
            (u for u, top in (("s", 1e11), ("ms", 1e14), ("us", 1e17)) if largest < top), "ns"
        )
        factor = TIME_UNITS_NS[guess]
        notes.append(f"The header names no unit of time; taken as {guess} by the size of numbers.")
    is_elapsed = max(known) * factor / 1e9 < _YEAR_1990_S
    # As doubles: at 1.7e18 ns they have steps of 256 ns, which is nothing to a speed.
    return [
        round(n * factor) if abs(n * factor) < _INT64_END else None for n in numbers
    ], is_elapsed


def _names_no_zone(text: str) -> bool:
    if _TORQUE_TIME.fullmatch(text):
        return True
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False


def _date_ns(text: str) -> int | None:
    match = _TORQUE_TIME.fullmatch(text)
    if match is None:
        return iso_to_ns(text)
    day, month, year, hour, minute, second, rest = match.groups()
    if month not in _MONTHS:
        return None
    try:
        moment = datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(seconds=1) * 10**9 + round(float(f"0.{rest or 0}") * 1e9)
