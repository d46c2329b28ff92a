"""Numbers as people read them; what is missing is a dash, never a zero."""

import math
from datetime import datetime

MISSING = "—"


def number(value: float | None, digits: int = 0, unit: str = "") -> str:
    """Write a number with its unit; a dash if it is missing or not finite."""
    if value is None or not math.isfinite(value):
        return MISSING
    text = f"{value:,.{digits}f}".replace("-", "−")
    if not float(f"{value:.{digits}f}"):
        text = text.lstrip("−")
    return f"{text} {unit}" if unit else text


def small(value: float | None, digits: int) -> str:
    """Write a size; what is not nothing never reads as zero."""
    least = 10.0**-digits
    if value is not None and 0 < abs(value) < least / 2:
        return f"< {least:.{digits}f}"
    return number(value, digits)


def percent(share: float | None) -> str:
    """Write a share in per cent; what is nearly nothing, or nearly all, never reads as that."""
    if share is None or not math.isfinite(share):
        return MISSING
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    digits = 1 if share < 0.1 or share > 0.9 else 0
    text = f"{share * 100:.{digits}f}"
    return f"{text.removesuffix('.0')} %"


def clock(seconds: float | None) -> str:
    """Write a length or a time of the drive as m:ss or h:mm:ss."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    whole = round(abs(seconds))
    sign = "−" if seconds < 0 and whole else ""
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours:
        return f"{sign}{hours}:{minutes:02}:{left:02}"
    return f"{sign}{minutes}:{left:02}"


def moment(iso: str | None) -> str:
    """Write a date and time to the minute, in its own time zone."""
    return MISSING if not iso else datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M")


def counted(count: int, noun: str) -> str:
    """Write a count with its noun."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"
