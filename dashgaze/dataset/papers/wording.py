"""Numbers and lists in words, the same in card, datasheet and figures."""

import re
from collections.abc import Sequence

NOT_KNOWN = "not known"

_NAMES = {
    "under_mirror": "under the mirror",
    "windscreen_centre": "centre of windscreen",
    "windscreen_corner": "corner of windscreen",
    "glasses": "glasses",
    "lenses": "contact lenses",
    "none": "none",
}


def condition(name: str) -> str:
    """Give a condition's name as people say it."""
    return _NAMES.get(name, name)


def integer(value: int) -> str:
    """Write an integer with narrow spaces between thousands."""
    return f"{value:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def hours(value: float) -> str:
    """Write hours with one digit, or two where they are few."""
    return f"{value:.1f} h" if value >= 1 else f"{value:.2f} h"


def percent(part: float, whole: float) -> str:
    """Write a share in per cent; `NOT_KNOWN` of nothing.

    Neither what is rare nor what is nearly all is rounded away.
    """
    if whole <= 0:
        return NOT_KNOWN
    if part in (0, whole):
        return "100 %" if part else "0 %"
    share = 100 * part / whole
    if share < 0.1:
        return "< 0.1 %"
    if share > 99.9:
        return "> 99.9 %"
    return f"{share:.1f} %"


def counted(count: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun: 1 session, 2 sessions."""
    return f"{integer(count)} {noun if count == 1 else plural or noun + 's'}"


def listed(parts: Sequence[str]) -> str:
    """Join to 'a, b and c'."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def degrees(value: float) -> str:
    """Write an angle with one digit and a true minus sign."""
    text = f"{value:.1f}°".replace("-", "\N{MINUS SIGN}")
    return text.removeprefix("\N{MINUS SIGN}") if float(f"{value:.1f}") == 0 else text


def one_line(text: str) -> str:
    """Put a text on one line. Narrow spaces inside of numbers stay."""
    return re.sub(r"[ \t\r\n]+", " ", text).strip()


def sentence(text: str) -> str:
    """End a text with a full stop, where it has no end."""
    text = one_line(text)
    return text if not text or text[-1] in ".!?" else f"{text}."
