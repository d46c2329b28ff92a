"""What the names of files tell about parts of one recording."""

import re
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from .formats import moment_in_name, part_number

# Action cameras number the chapters of a recording before its own number: GX010123, GX020123 … or,
# older ones, GOPR0123, GP010123 …
_CHAPTER = re.compile(r"(G[HXLS])(\d\d)(\d{4})", re.IGNORECASE)
_FIRST_CHAPTER = re.compile(r"GOPR(\d{4})", re.IGNORECASE)
_LATER_CHAPTER = re.compile(r"GP(\d\d)(\d{4})", re.IGNORECASE)
_DIGITS = re.compile(
    r"20\d\d[-_.]?\d\d[-_.]?\d\d[-_ T.]{1,3}\d\d[-_.:h]?\d\d[-_.:m]?\d\d(?:\d{3})?"
)


def is_chapter(path: Path) -> bool:
    """Whether a name is an action camera's, which proves what it is a part of."""
    patterns = (_CHAPTER, _FIRST_CHAPTER, _LATER_CHAPTER)
    return any(pattern.fullmatch(path.stem) for pattern in patterns)


def part_key(path: Path) -> tuple[str, int | None]:
    """Give what the names of all parts of one recording share, and the number of this part.

    As `part_number`, with the chapters of action cameras.
    """
    if match := _CHAPTER.fullmatch(path.stem):
        return f"{match[1].casefold()} {match[3]}", int(match[2])
    if match := _FIRST_CHAPTER.fullmatch(path.stem):
        return f"gopr {match[1]}", 0
    if match := _LATER_CHAPTER.fullmatch(path.stem):
        return f"gopr {match[2]}", int(match[1])
    return part_number(path)


def moment_key(path: Path) -> tuple[str, datetime] | None:
    """Give what is beside date and time in a name, and the two; None if it has none."""
    moment = moment_in_name(path)
    if moment is None or part_key(path)[1] is not None:
        return None
    return _DIGITS.sub("*", path.stem).casefold(), moment


def part_keys(paths: Iterable[Path]) -> dict[Path, tuple[str, int | None]]:
    """Give `part_key` of each of several files that lie together.

    A name that others number on is a first part, whatever number it ends with: ``VID_001.mp4`` of
    ``VID_001_2.mp4``.
    """
    keys = {path: part_key(path) for path in paths}
    numbered = {key for key, number in keys.values() if number is not None}
    for path in keys:
        if path.stem.casefold() in numbered:
            keys[path] = (path.stem.casefold(), None)
    return keys
