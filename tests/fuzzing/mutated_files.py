"""Damage that any file of a session can have."""

import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Expected = Literal["error", "result", "either"]
Change = Callable[[Path, random.Random], str]


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A way to damage a session.

    Attributes
    ----------
    name
        Plain and unique.
    change
        Does it; says what was done. Raises `LookupError` where the session has nothing of that kind.
    expects
        What has to come of the stages at least: ``error``, one of them refuses with a named error; ``result``, all of
        them give one; ``either``.
    """

    name: str
    change: Change
    expects: Expected = "either"


KINDS: dict[str, tuple[str, ...]] = {
    "manifest": ("session.yaml",),
    "road": ("phone/road.*",),
    "driver": ("phone/driver.*",),
    "location": ("phone/location.*", "phone/speed.*"),
    "world": ("eye_tracker/*world*.mp4", "eye_tracker/*Scene Camera*.mp4", "eye_tracker/*.mp4"),
    "world times": (
        "eye_tracker/*world*.time",
        "eye_tracker/*Scene*.time",
        "eye_tracker/world_timestamps.csv",
    ),
    "gaze": ("eye_tracker/gaze*.raw", "eye_tracker/gaze.csv"),
    "gaze times": ("eye_tracker/gaze*.time",),
    "inertial": ("eye_tracker/*imu*.raw", "eye_tracker/*imu*.time", "eye_tracker/imu.csv"),
    "tracker info": ("eye_tracker/info.json", "eye_tracker/event.*", "eye_tracker/worn*"),
    "calibration": ("eye_tracker/calibration.bin", "eye_tracker/scene_camera.json"),
    "time map": ("derived/time_map.json",),
    "record": (
        "derived/align.json",
        "derived/frames.json",
        "derived/faces.json",
        "derived/vanishing_point.json",
    ),
    "frames": ("derived/frames.parquet",),
    "table": ("derived/gaze.parquet", "derived/homographies.parquet", "derived/faces.parquet"),
    "report": ("derived/report.json", "derived/report.html"),
}


def pick(root: Path, kind: str, rng: random.Random) -> Path:
    found = sorted(
        {path for pattern in KINDS[kind] for path in root.glob(pattern) if path.is_file()}
    )
    if not found:
        raise LookupError(kind)
    return rng.choice(found)


def rewrite(path: Path, content: bytes) -> None:
    """Give a file another content, whatever it is linked to."""
    path.unlink()
    path.write_bytes(content)


def said(root: Path, path: Path, what: str) -> str:
    return f"{path.relative_to(root).as_posix()}: {what}"


def content_of(kind: str, change: Callable[[bytes, random.Random], bytes], what: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        path = pick(root, kind, rng)
        content = path.read_bytes()
        changed = change(content, rng)
        if changed == content:
            raise LookupError(what)
        rewrite(path, changed)
        return said(root, path, what)

    return apply


def _place(kind: str, change: Callable[[Path], object], what: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        path = pick(root, kind, rng)
        if what != "can't be written":
            path.unlink()
        change(path)
        return said(root, path, what)

    return apply


def _swap(kind: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        path = pick(root, kind, rng)
        other = rng.choice(
            sorted(each for each in root.rglob("*") if each.is_file() and each != path)
        )
        rewrite(path, other.read_bytes())
        return said(root, path, f"holds {other.relative_to(root).as_posix()}")

    return apply


def any_file() -> Iterable[Mutation]:
    cuts: dict[str, Callable[[bytes, random.Random], bytes]] = {
        "truncated": lambda content, rng: content[: rng.randrange(len(content)) if content else 0],
        "emptied": lambda content, rng: b"",
        "noise": lambda content, rng: rng.randbytes(min(len(content), 100_000) or 10),
        "zeroed head": lambda content, rng: bytes(min(64, len(content))) + content[64:],
        "some bytes changed": lambda content, rng: _flipped(content, rng),
    }
    needed = ("manifest", "world times", "gaze times")
    for kind in KINDS:
        for what, change in cuts.items():
            sure = kind in needed and what == "emptied"
            yield Mutation(
                name=f"{kind} {what}",
                change=content_of(kind, change, what),
                expects="error" if sure else "either",
            )
        yield Mutation(name=f"{kind} deleted", change=_place(kind, lambda path: None, "deleted"))
        yield Mutation(
            name=f"{kind} a folder", change=_place(kind, lambda path: path.mkdir(), "is a folder")
        )
        yield Mutation(
            name=f"{kind} a link to itself",
            change=_place(kind, lambda path: path.symlink_to(path.name), "links to itself"),
        )
        yield Mutation(name=f"{kind} a pipe", change=_place(kind, os.mkfifo, "is a pipe"))
        yield Mutation(
            name=f"{kind} not readable", change=_place(kind, _unreadable, "can't be read")
        )
        yield Mutation(name=f"{kind} swapped", change=_swap(kind))


def _flipped(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(20):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _unreadable(path: Path) -> None:
    path.touch()
    path.chmod(0)  # root reads it all the same: then it is an empty file
