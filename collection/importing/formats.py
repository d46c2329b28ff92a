"""What the names of files tell."""

import re
from datetime import datetime
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mov", ".m4v", ".mkv", ".webm", ".avi", ".3gp", ".ts", ".mts", ".m2ts"}
)
LOCATION_SUFFIXES = frozenset({".csv", ".gpx", ".nmea"})

ROAD_WORDS = frozenset({"road", "street", "outside", "outward", "dashcam"})
# Front and rear are left out: a phone's front camera shows the driver, a dash cam's the road.
DRIVER_WORDS = frozenset({"driver", "face", "selfie", "cabin", "inside", "interior", "inward"})

_PART = re.compile(
    r"(?P<key>.*?)[ _.\-]*(?:part|pt)?[ _.\-]*\(?(?<!\d)(?P<number>\d{1,3})\)?", re.IGNORECASE
)
_MOMENT = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_ T.]{1,3}(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)(?:\d{3})?(?!\d)"
)


def part_number(path: Path) -> tuple[str, int | None]:
    """Split a file's name into what all parts of one recording share, and the number of the part.

    ``road_2.mp4`` gives ``("road", 2)``, ``road.mp4`` gives ``("road", None)``; the time in
    ``VID_20260512_093012.mp4`` is no part number.
    """
    match = _PART.fullmatch(path.stem)
    if match is None or not match["key"]:
        return path.stem.casefold(), None
    return match["key"].casefold(), int(match["number"])


def words_of(path: Path) -> frozenset[str]:
    """Give the words of a file's name, in small letters."""
    return frozenset(re.findall(r"[a-z]+", path.stem.casefold()))


def moment_in_name(path: Path) -> datetime | None:
    """Give the date and time in a file's name, without time zone; None if there is none."""
    match = _MOMENT.search(path.stem)
    if match is None:
        return None
    try:
        return datetime(*(int(group) for group in match.groups()[:6]))  # type: ignore[arg-type]
    except ValueError:
        return None


def looks_like_location(path: Path) -> bool:
    """Whether a file is a track of a phone, by its suffix and, for tables, its first line."""
    suffix = path.suffix.lower()
    if suffix != ".csv":
        return suffix in LOCATION_SUFFIXES
    try:
        with path.open("rb") as file:
            head = file.readline(4096).decode("utf-8", errors="replace").casefold()
    except OSError:
        return False
    return "lat" in head and "lon" in head
