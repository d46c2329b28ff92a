"""One location fix as a file has it, before anything is checked or sorted."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

NAN = float("nan")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Fix(NamedTuple):
    """One fix; NaN and None where the file says nothing or nothing readable.

    Attributes
    ----------
    timestamp_ns
        Unix time, ns.
    latitude_deg, longitude_deg
        WGS 84, deg.
    speed_m_s
        Speed over ground, m/s.
    segment
        Number of the uninterrupted piece of track that the fix belongs to.
    """

    timestamp_ns: int | None
    latitude_deg: float = NAN
    longitude_deg: float = NAN
    speed_m_s: float = NAN
    segment: int = 0


def to_number(text: str | None) -> float:
    """Read a number; NaN where there is none."""
    try:
        return float(text) if text else NAN
    except ValueError:
        return NAN


def iso_to_ns(text: str) -> int | None:
    """Read an ISO 8601 time, UTC unless it says otherwise, to the microsecond; None if it is none."""
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
    except (ValueError, OverflowError):
        return None
