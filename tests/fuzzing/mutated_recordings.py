"""Damage to what was recorded: videos, streams of the eye tracker, the location track."""

import random
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from fuzz_mutation import mutate
from mutated_files import Change, Mutation, content_of, pick, said


def _box_number(name: bytes, offset: int, value: int) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        at = content.find(name)
        if at < 0:
            raise LookupError(name.decode())
        return content[: at + offset] + value.to_bytes(4, "big") + content[at + offset + 4 :]

    return change


def _renamed_box(name: bytes) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        if name not in content:
            raise LookupError(name.decode())
        return content.replace(name, b"free", 1)

    return change


def videos() -> Iterable[Mutation]:
    ways: dict[str, Callable[[bytes, random.Random], bytes]] = {
        "index missing": _renamed_box(b"moov"),
        "pictures missing": _renamed_box(b"mdat"),
        "wrong rate": _box_number(b"mdhd", 16, 1000),
        "no rate": _box_number(b"mdhd", 16, 0),
        "time scale of the film zero": _box_number(b"mvhd", 16, 0),
        "first step of time huge": _box_number(b"stts", 16, 0x7FFFFFFF),
        "steps of time zero": _box_number(b"stts", 16, 0),
        "frame count huge": _box_number(b"stsz", 12, 0x7FFFFFFF),
        "box size huge": _box_number(b"mdat", -4, 0x7FFFFFFF),
        "index size zero": _box_number(b"moov", -4, 0),
        "keyframes wrong": _box_number(b"stss", 12, 0xFFFFFFFF),
        "places wrong": _box_number(b"stco", 12, 0xFFFFFFF0),
        "edit list wrong": _box_number(b"elst", 12, 0x7FFFFFFF),
        "coding unknown": lambda content, rng: content.replace(b"avc1", b"zzzz").replace(
            b"hvc1", b"zzzz"
        ),
        "sound unknown": lambda content, rng: content.replace(b"mp4a", b"zzzz"),
        "pictures damaged": lambda content, rng: _damaged_middle(content, rng),
        "twice behind itself": lambda content, rng: content * 2,
    }
    for kind in ("road", "driver", "world"):
        for what, change in ways.items():
            yield Mutation(name=f"{kind} {what}", change=content_of(kind, change, what))
    for kind in ("road", "world"):
        yield Mutation(name=f"{kind} without sound", change=_remuxed(kind, sound=False))
        yield Mutation(name=f"{kind} without pictures", change=_remuxed(kind, pictures=False))


def _damaged_middle(content: bytes, rng: random.Random) -> bytes:
    at = len(content) // 3
    size = min(20_000, len(content) // 4)
    return content[:at] + rng.randbytes(size) + content[at + size :]


def _remuxed(kind: str, *, sound: bool = True, pictures: bool = True) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        import av

        path = pick(root, kind, rng)
        other = path.with_name(f"{path.stem}_remuxed{path.suffix}")
        with av.open(str(path)) as source, av.open(str(other), "w") as target:
            kept = [
                stream
                for stream in source.streams
                if (stream.type == "video" and pictures) or (stream.type == "audio" and sound)
            ]
            if not kept:
                other.unlink(missing_ok=True)
                raise LookupError(kind)
            made = {stream.index: target.add_stream_from_template(stream) for stream in kept}
            for packet in source.demux(kept):
                if packet.dts is not None:
                    packet.stream = made[packet.stream.index]
                    target.mux(packet)
        path.unlink()
        other.rename(path)
        return said(root, path, "no sound" if not sound else "no pictures")

    return apply


def _stamps(change: Callable[[Any, random.Random], Any]) -> Callable[[bytes, random.Random], bytes]:
    def apply(content: bytes, rng: random.Random) -> bytes:
        if not content or len(content) % 8:
            raise LookupError("stamps")
        with np.errstate(over="ignore"):
            return np.asarray(change(np.frombuffer(content, "<i8").copy(), rng), "<i8").tobytes()

    return apply


def _put(stamps: Any, value: Any) -> Any:
    stamps[len(stamps) // 2 :] = value
    return stamps


def trackers() -> Iterable[Mutation]:
    ways: dict[str, Callable[[Any, random.Random], Any]] = {
        "backwards": lambda stamps, rng: stamps[::-1],
        "shuffled": lambda stamps, rng: np.random.default_rng(rng.randrange(99)).permutation(
            stamps
        ),
        "all the same": lambda stamps, rng: np.full_like(stamps, stamps[0]),
        "zero": lambda stamps, rng: np.zeros_like(stamps),
        "negative": lambda stamps, rng: -stamps,
        "a day later from the middle": lambda stamps, rng: _put(
            stamps, stamps[len(stamps) // 2 :] + 86_400 * 10**9
        ),
        "back an hour from the middle": lambda stamps, rng: _put(
            stamps, stamps[len(stamps) // 2 :] - 3600 * 10**9
        ),
        "one is huge": lambda stamps, rng: np.append(stamps[:-1], 2**63 - 1),
        "in milliseconds": lambda stamps, rng: stamps // 10**6,
        "one second apart": lambda stamps, rng: stamps[0] + np.arange(len(stamps)) * 10**9,
        "of another year": lambda stamps, rng: stamps - 365 * 86_400 * 10**9,
        "only one": lambda stamps, rng: stamps[:1],
    }
    for kind in ("world times", "gaze times"):
        for what, change in ways.items():
            yield Mutation(name=f"{kind} {what}", change=content_of(kind, _stamps(change), what))
    values: dict[str, float] = {
        "nan": np.nan,
        "infinite": np.inf,
        "huge": 1e30,
        "far away": -5000.0,
    }
    for what, value in values.items():
        yield Mutation(name=f"gaze {what}", change=content_of("gaze", _floats(value), what))
    yield Mutation(
        name="tracker folder empty", change=_emptied_folder("eye_tracker"), expects="error"
    )
    yield Mutation(
        name="tracker folder a file", change=_folder_a_file("eye_tracker"), expects="error"
    )
    yield Mutation(name="phone folder a file", change=_folder_a_file("phone"))


def _floats(value: float) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        if len(content) % 8:
            raise LookupError("gaze")
        points = np.frombuffer(content, "<f4").copy()
        points[rng.randrange(2) :: 2] = value
        return points.tobytes()

    return change


def _emptied_folder(name: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        shutil.rmtree(root / name)
        (root / name).mkdir()
        return f"{name}: empty"

    return apply


def _folder_a_file(name: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        shutil.rmtree(root / name)
        (root / name).write_bytes(b"x")
        return f"{name}: is a file"

    return apply


def tracks() -> Iterable[Mutation]:
    cells = ("nan", "inf", "-1e308", "", "9" * 30, "x")
    for word in cells:
        yield Mutation(
            name=f"location cells {word[:8] or 'empty'}",
            change=content_of("location", _all_cells(word), f"cells {word[:9]}"),
        )
    yield Mutation(
        name="location head only",
        change=content_of(
            "location", lambda content, rng: content.split(b"\n")[0] + b"\n", "head only"
        ),
    )
    yield Mutation(
        name="location backwards", change=content_of("location", _lines_backwards, "backwards")
    )
    yield Mutation(
        name="location damaged text",
        change=content_of(
            "location", lambda content, rng: mutate(content, "x.csv", rng), "text changed"
        ),
    )


def _all_cells(word: str) -> Callable[[bytes, random.Random], bytes]:
    def change(content: bytes, rng: random.Random) -> bytes:
        head, *rows = content.decode().splitlines()
        at = rng.randrange(head.count(",") + 1)
        cells = [row.split(",") for row in rows]
        return "\n".join(
            [head, *(",".join([*row[:at], word, *row[at + 1 :]]) for row in cells), ""]
        ).encode()

    return change


def _lines_backwards(content: bytes, rng: random.Random) -> bytes:
    head, *rows = content.splitlines(keepends=True)
    return b"".join([head, *rows[::-1]])
