"""RMC sentences of an NMEA 0183 log: the one kind with date, position and speed together."""

import functools
import operator
import re

from .location_fix import NAN, Fix, iso_to_ns, to_number

KNOT_M_S = 1852 / 3600
"""One knot: a nautical mile of 1852 m an hour."""

# Loggers put words of their own around a sentence.
_START = re.compile(rb"\$[A-Z]{2}RMC,")
_SENTENCE = re.compile(rb"\$([A-Z]{2}RMC,[^$*\r\n]{0,200})\*([0-9A-Fa-f]{2})")
_TIME = re.compile(r"(\d\d)(\d\d)(\d\d)(\.\d{1,6})?\d*")
_DATE = re.compile(r"(\d\d)(\d\d)(\d\d)")
_SIGNS = {"N": 1.0, "E": 1.0, "S": -1.0, "W": -1.0}
_FIRST_YEAR = 1980  # the first that a date with two digits can mean: GPS time starts in it


def is_nmea(content: bytes) -> bool:
    """Tell whether there is an RMC sentence, whole or not."""
    return _START.search(content) is not None


def read_nmea(content: bytes) -> tuple[list[Fix], list[str]]:
    """Read all RMC sentences with a right checksum and a valid fix.

    Parameters
    ----------
    content
        The log; may hold other sentences too.

    Returns
    -------
    fixes
        In the order of the file.
    notes
        How many sentences were left out, and why.
    """
    fixes: list[Fix] = []
    whole = void = 0
    for match in _SENTENCE.finditer(content):
        body, checksum = match.groups()
        if functools.reduce(operator.xor, body) != int(checksum, 16):
            continue
        whole += 1
        fields = body.decode("latin-1").split(",")
        if len(fields) < 10 or fields[2] != "A":
            void += 1
            continue
        fixes.append(
            Fix(
                timestamp_ns=_timestamp_ns(time=fields[1], date=fields[9]),
                latitude_deg=_angle_deg(fields[3], fields[4]),
                longitude_deg=_angle_deg(fields[5], fields[6]),
                speed_m_s=to_number(fields[7]) * KNOT_M_S,
            )
        )
    notes = []
    if broken := len(_START.findall(content)) - whole:
        notes.append(f"{broken} RMC sentences with a wrong or no checksum left out.")
    if void:
        notes.append(f"{void} RMC sentences without a valid fix left out.")
    return fixes, notes


def _timestamp_ns(*, time: str, date: str) -> int | None:
    clock, day = _TIME.fullmatch(time), _DATE.fullmatch(date)
    if clock is None or day is None:
        return None
    century = _FIRST_YEAR // 100 * 100
    year = century + int(day[3])
    if year < _FIRST_YEAR:
        year += 100
    return iso_to_ns(
        f"{year}-{day[2]}-{day[1]}T{clock[1]}:{clock[2]}:{clock[3]}{clock[4] or '.0':0<7}"
    )


def _angle_deg(text: str, hemisphere: str) -> float:
    """Read ``ddmm.mmmm`` or ``dddmm.mmmm``: degrees and minutes, without anything between."""
    value = to_number(text)
    if not 0 <= value <= 18000 or hemisphere not in _SIGNS:  # false for NaN
        return NAN
    degrees, minutes = divmod(value, 100)
    return _SIGNS[hemisphere] * (degrees + minutes / 60)
