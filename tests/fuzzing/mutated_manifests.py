"""Damage to a manifest, and names that are odd and right all the same."""

import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from fuzz_structures import change_document
from mutated_files import Change, Mutation, pick, rewrite

_MANIFEST = "session.yaml"


def _manifest(change: Callable[[dict[str, Any]], object], what: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        path = root / _MANIFEST
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(content)
        rewrite(path, yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode())
        return f"{_MANIFEST}: {what}"

    return apply


def _manifest_text(text: bytes, what: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        path = root / _MANIFEST
        rewrite(path, path.read_bytes() + text if text.startswith(b"\n") else text)
        return f"{_MANIFEST}: {what}"

    return apply


def _set(place: str, value: Any) -> Callable[[dict[str, Any]], object]:
    def change(content: dict[str, Any]) -> None:
        *outer, last = place.split(".")
        for name in outer:
            content = content[name]
        content[last] = value

    return change


def manifests() -> Iterable[Mutation]:
    refused: dict[str, Any] = {
        "schema": "dashgaze/session/99",
        "session_id": "no such/name",
        "driver_id": 7,
        "recorded_at": "2026-05-12T09:30:00",
        "passengers": -1,
        "weather": "sunny",
        "phone.road": "../road.mp4",
        "phone.driver": "/etc/passwd",
        "phone.driver_offset_s": "0.5",
        "phone": ["road"],
        "eye_tracker.kind": "tobii",
        "eye_tracker.path": 5,
    }
    for place, value in refused.items():
        yield Mutation(
            name=f"manifest {place} wrong",
            change=_manifest(_set(place, value), f"{place} {value!r}"),
            expects="error",
        )
    lens = {"width_px": 160, "height_px": 96, "distortion": [0.0] * 8}
    odd: dict[str, tuple[str, Any]] = {
        "offset not finite": ("phone.driver_offset_s", float("nan")),
        "offset infinite": ("phone.driver_offset_s", float("inf")),
        "offset huge": ("phone.driver_offset_s", 1e300),
        "start huge": ("phone.started_at_ns", 10**40),
        "start negative": ("phone.started_at_ns", -(10**18)),
        "recorded in the year 1": ("recorded_at", "0001-01-01T00:00:00+14:00"),
        "recorded in the year 9999": ("recorded_at", "9999-12-31T23:59:59-14:00"),
        "lens flat": ("phone.intrinsics", lens | {"matrix": [[0.0] * 3] * 3}),
        "lens not finite": ("phone.intrinsics", lens | {"matrix": [[float("nan")] * 3] * 3}),
        "lens of another size": (
            "phone.intrinsics",
            lens | {"width_px": 10**9, "matrix": np.eye(3).tolist()},
        ),
        "lens huge": (
            "phone.intrinsics",
            lens | {"matrix": [[1e300, 0.0, 0.0], [0.0, 1e300, 0.0], [0.0, 0.0, 1.0]]},
        ),
        "lens much distorted": (
            "phone.intrinsics",
            lens
            | {
                "matrix": [[150.0, 0.0, 80.0], [0.0, 150.0, 48.0], [0.0, 0.0, 1.0]],
                "distortion": [1e6] * 8,
            },
        ),
        "road is the driver's": ("phone.road", "phone/driver.mp4"),
        "road is a table": ("phone.road", "phone/location.csv"),
        "location is the video": ("phone.location", "phone/road.mp4"),
        "speed is the location": ("phone.speed", "phone/location.csv"),
        "another tracker": ("eye_tracker.kind", "neon"),
        "tracker is the session": ("eye_tracker.path", "."),
        "road not there": ("phone.road", "phone/röad 道.mp4"),
        "road's name too long": ("phone.road", "x" * 5000),
        "road is a folder": ("phone.road", "phone"),
        "car is odd": ("car", "\u202e\u0007<script>alert(1)</script>" * 20),
    }
    for name, (place, value) in odd.items():
        yield Mutation(name=f"manifest {name}", change=_manifest(_set(place, value), name))
    yield Mutation(
        name="manifest key twice",
        change=_manifest_text(b"\nsession_id: other\n", "a key twice"),
        expects="error",
    )
    yield Mutation(
        name="manifest tabs", change=_manifest_text(b"\n\tcar: x\n", "a tab"), expects="error"
    )
    yield Mutation(
        name="manifest deep", change=_manifest_text(b"[" * 50_000, "deep nesting"), expects="error"
    )
    yield Mutation(
        name="manifest aliases",
        change=_manifest_text(b"\ncar: &a [x]\nweather: [*a, *a]\n", "aliases"),
        expects="error",
    )
    yield Mutation(name="manifest UTF-16", change=_recoded("utf-16"), expects="error")
    yield Mutation(
        name="manifest with a mark and Windows lines", change=_windows_lines, expects="result"
    )
    yield Mutation(name="manifest structure", change=_structure)


def _recoded(coding: str) -> Change:
    def apply(root: Path, rng: random.Random) -> str:
        path = root / _MANIFEST
        rewrite(path, path.read_text(encoding="utf-8").encode(coding))
        return f"{_MANIFEST}: {coding}"

    return apply


def _windows_lines(root: Path, rng: random.Random) -> str:
    path = root / _MANIFEST
    rewrite(path, b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    return f"{_MANIFEST}: a mark of byte order, and Windows lines"


def _structure(root: Path, rng: random.Random) -> str:
    path = root / _MANIFEST
    content = change_document(yaml.safe_load(path.read_text(encoding="utf-8")), rng)
    rewrite(path, yaml.safe_dump(content, sort_keys=False).encode("utf-8", errors="surrogatepass"))
    return f"{_MANIFEST}: structure changed"


def names() -> Iterable[Mutation]:
    yield Mutation(name="road with a name in other letters", change=_renamed_road, expects="result")
    yield Mutation(name="foreign files beside", change=_foreign_files, expects="result")
    yield Mutation(name="links that go round", change=_circle, expects="result")


def _renamed_road(root: Path, rng: random.Random) -> str:
    path = pick(root, "road", rng)
    name = "Straße été 道路.mp4"
    path.rename(path.with_name(name))
    return _manifest(_set("phone.road", f"phone/{name}"), name)(root, rng)


def _foreign_files(root: Path, rng: random.Random) -> str:
    (root / "Neuer Ordner (2)").mkdir()
    (root / "Neuer Ordner (2)" / "\udcff\udcfe.txt").write_bytes(b"x")
    (root / "eye_tracker" / ".DS_Store").write_bytes(b"\0" * 99)
    (root / "phone" / "._road.mp4").write_bytes(b"\0\5\x16\7" * 9)
    (root / "a\nb.txt").write_bytes(b"x")
    return "files of other programs, with odd names"


def _circle(root: Path, rng: random.Random) -> str:
    (root / "phone" / "round").symlink_to("..", target_is_directory=True)
    (root / "nowhere").symlink_to("not there")
    return "a link to the folder above, and one to nowhere"
