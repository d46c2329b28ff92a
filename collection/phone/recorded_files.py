"""The files that a camera app writes, watched from outside."""

import re
import shlex
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Literal

from dashgaze.errors import InputError

from ..field.device import RemoteFile

CameraRole = Literal["road", "driver"]

VIDEO_SUFFIXES = frozenset({".mp4", ".mov", ".m4v", ".mkv", ".webm", ".3gp", ".ts"})
# The words that dual camera apps name their files by; the rear camera of a phone on the windscreen
# looks at the road.
_ROAD_WORDS = frozenset({"road", "rear", "back", "main", "outside", "street"})
_DRIVER_WORDS = frozenset({"driver", "front", "face", "selfie", "cabin", "inside"})
# Android's media store gives unfinished files such a name, and takes it off when they are closed.
_PENDING = re.compile(r"^\.pending-\d+-")
# Over how long a file may keep its size before it counts as standing still.
GROWTH_S = 5.0
_HISTORY_S = 30.0


@dataclass(frozen=True, kw_only=True)
class CameraFiles:
    """Where the camera app writes, and how many files at once.

    Attributes
    ----------
    folders
        Folders of the phone to watch, with all that is below.
    count
        How many video files grow while it records: 2 for two files, 1 for one camera or a composite.
    road, driver
        Patterns of the files' names or paths (``*_rear*``, ``*/front/*``); None to tell them by the
        words in them.
    """

    folders: tuple[str, ...] = ("/sdcard/DCIM/Camera",)
    count: int = 2
    road: str | None = None
    driver: str | None = None

    def __post_init__(self) -> None:
        if not self.folders or any(not name.startswith("/") for name in self.folders):
            raise InputError(
                f"The watched folders are {', '.join(self.folders) or 'none'}.",
                fix="Give full paths on the phone, such as /sdcard/DCIM/Camera.",
            )
        if self.count < 1:
            raise InputError(f"{self.count} files can't be watched.", fix="Give 1 or 2.")

    def role_of(self, path: str) -> CameraRole | None:
        """Tell which camera a file is of; None if its name does not tell, or tells both."""
        if self.count == 1:
            return "road"
        if self.road is not None or self.driver is not None:
            is_road, is_driver = _matches(path, self.road), _matches(path, self.driver)
        else:
            place = max(
                (name for name in self.folders if path.startswith(name)), key=len, default=""
            )
            words = set(re.findall(r"[a-z]+", path[len(place) :].casefold()))
            words |= set(re.findall(r"[a-z]+", PurePosixPath(place).name.casefold()))
            is_road, is_driver = bool(words & _ROAD_WORDS), bool(words & _DRIVER_WORDS)
        if is_road == is_driver:
            return None
        return "road" if is_road else "driver"


@dataclass(frozen=True, kw_only=True)
class FoundFile:
    """A video file on the phone.

    Attributes
    ----------
    name
        Its path as it will be when it is closed.
    path
        Its path now.
    size_bytes, modified_s
        Its size, and Unix time on the phone's clock when it was last written to.
    """

    name: str
    path: str
    size_bytes: int
    modified_s: int

    @property
    def is_open(self) -> bool:
        """Whether its name says that it is not finished."""
        return self.name != self.path


def listing_command(folders: Iterable[str]) -> str:
    """Give the line for the phone's shell that lists all files in some folders."""
    lines = [
        f"[ -d {quoted} ] && find -L {quoted} -type f -exec stat -c '%s|%Y|%n' {{}} +"
        for quoted in map(shlex.quote, folders)
    ]
    return "; ".join(lines)


def parse_listing(text: str) -> dict[str, FoundFile]:
    """Read the listing: video files by the names they will have."""
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(r"(\d+)\|(\d+)\|(/.*)", line.strip())
        if match is None:
            continue
        path = PurePosixPath(match[3])
        plain = _PENDING.sub("", path.name)
        if path.suffix.lower() not in VIDEO_SUFFIXES or plain.startswith("."):
            continue
        name = str(path.with_name(plain))
        found[name] = FoundFile(
            name=name, path=str(path), size_bytes=int(match[1]), modified_s=int(match[2])
        )
    return found


@dataclass
class FileWatch:
    """Sizes of files over time, against those that were there before.

    Attributes
    ----------
    before
        Names of files that don't belong to the recording.
    found
        What was there when last looked.
    """

    before: set[str] = field(default_factory=set)
    found: dict[str, FoundFile] = field(default_factory=dict)
    _history: deque[tuple[float, dict[str, int]]] = field(default_factory=deque)

    def observe(self, found: Mapping[str, FoundFile], at_s: float) -> list[str]:
        """Take note of the files at a time; give the names of new ones of the recording."""
        seen_before = set(self.found)
        looked_before = bool(self._history)
        self.found = dict(found)
        self._history.append((at_s, {name: file.size_bytes for name, file in found.items()}))
        # One that is older than the time to judge over has to stay.
        while len(self._history) > 2 and at_s - self._history[1][0] >= _HISTORY_S:
            self._history.popleft()
        if not looked_before:
            return []
        return sorted(set(found) - seen_before - self.before)

    def recorded(self) -> list[FoundFile]:
        """Files of the recording, oldest first."""
        files = [file for name, file in self.found.items() if name not in self.before]
        return sorted(files, key=lambda file: (file.modified_s, natural(file.name)))

    def growing(self) -> set[str] | None:
        """Names of files of the recording that grew over the last seconds; None if it is too early."""
        if len(self._history) < 2:
            return None
        now_s, now = self._history[-1]
        earlier = [entry for entry in self._history if now_s - entry[0] >= GROWTH_S]
        _, then = earlier[-1] if earlier else self._history[0]
        grown = {
            name
            for name, size_bytes in now.items()
            if name not in self.before and size_bytes > then.get(name, 0)
        }
        return grown if grown or earlier else None

    def still_for(self, seconds: float) -> bool:
        """Whether it was watched for so long, and no file of the recording grew meanwhile."""
        if not self._history:
            return False
        now_s, now = self._history[-1]
        earlier = [sizes for at_s, sizes in self._history if now_s - at_s >= seconds]
        return bool(earlier) and not any(
            size_bytes > earlier[-1].get(name, 0)
            for name, size_bytes in now.items()
            if name not in self.before
        )

    def bytes_per_s(self) -> float | None:
        """How fast the recording grows; None if it is too early to say."""
        if len(self._history) < 2:
            return None
        (start_s, then), (end_s, now) = self._history[0], self._history[-1]
        if end_s - start_s < GROWTH_S:
            return None
        total = sum(
            max(0, size_bytes - then.get(name, 0))
            for name, size_bytes in now.items()
            if name not in self.before
        )
        return total / (end_s - start_s)


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Sort key by which ``a_2`` comes before ``a_10``, and ``a.mp4`` before ``a_1.mp4``."""
    stem = str(PurePosixPath(name).with_suffix(""))
    pieces = re.findall(r"\d+|\D+", stem)
    return tuple((int(piece), "") if piece.isdigit() else (-1, piece) for piece in pieces)


def as_remote(files: Sequence[FoundFile], cameras: CameraFiles) -> list[RemoteFile]:
    """Say where each file of a recording belongs in a session.

    Several of one camera are numbered from 1. What does not tell its camera becomes ``video_1`` …:
    `dashgaze import` looks at the pictures.
    """
    kinds: dict[str, list[FoundFile]] = {}
    for file in files:
        kinds.setdefault(cameras.role_of(file.name) or "video", []).append(file)
    remote = []
    for kind in sorted(kinds, key=("road", "driver", "video").index):
        for number, file in enumerate(kinds[kind], 1):
            several = len(kinds[kind]) > 1 or kind == "video"
            stem = f"{kind}_{number}" if several else kind
            remote.append(
                RemoteFile(
                    name=file.path,
                    target=f"phone/{stem}{PurePosixPath(file.name).suffix.lower()}",
                    size_bytes=file.size_bytes,
                )
            )
    return remote


def _matches(path: str, pattern: str | None) -> bool:
    if pattern is None:
        return False
    return fnmatchcase(path, pattern) or fnmatchcase(PurePosixPath(path).name, pattern)
