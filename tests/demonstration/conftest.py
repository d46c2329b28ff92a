"""The demonstration with a short drive in the place of the simulated minute."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from dashgaze.collection.simulation.session import simulate as simulating
from dashgaze.collection.simulation.session.drive import Drive
from dashgaze.collection.simulation.session.facts import asked
from dashgaze.demonstration import Demo, demo

demo_module = sys.modules["dashgaze.demonstration.demo"]

FRAMES = 30


@dataclass
class Shown:
    """What the demonstration gave, and what it told of its progress."""

    demo: Demo
    told: list[tuple[str, float]]


def put_doubles(monkeypatch, short_drive, made_drive) -> list[str]:
    made: list[str] = []

    def drive(folder: Path, wanted: Drive, **_: object) -> Path:
        made.append("drive")
        folder.parent.mkdir(parents=True, exist_ok=True)
        short_drive.copy_of(made_drive, folder, ego_frames=FRAMES)
        path = folder / "truth" / "truth.json"
        facts = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(facts | {"asked": asked(wanted)}), encoding="utf-8")
        return folder

    def clocks(session, **_: object) -> Path:
        # Five seconds of sound are not enough to align clocks by.
        if not (session.derived / "time_map.json").is_file():
            made.append("clocks")
            short_drive.set_clocks(session.root)
        return session.derived / "time_map.json"

    def overlay(session, path: Path, options, *, force: bool, progress) -> None:
        made.append("overlay")
        progress("drawing", 0.5)
        path.write_bytes(b"video")

    monkeypatch.setattr(simulating, "simulate_drive", drive)
    monkeypatch.setattr(demo_module, "sync", clocks)
    monkeypatch.setattr(demo_module, "make_overlay", overlay)
    return made


@pytest.fixture
def quick(monkeypatch, short_drive, made_drive) -> list[str]:
    """Let the demonstration work on a second of a small drive; give what of it is made, as it is made."""
    return put_doubles(monkeypatch, short_drive, made_drive)


@pytest.fixture(scope="session")
def shown(short_drive, made_drive, tmp_path_factory) -> Shown:
    """A demonstration of that drive; not to be changed."""
    told: list[tuple[str, float]] = []
    with pytest.MonkeyPatch.context() as patch:
        put_doubles(patch, short_drive, made_drive)
        made = demo(
            tmp_path_factory.mktemp("demo") / "new",
            progress=lambda phase, part: told.append((phase, part)),
        )
    return Shown(made, told)


@pytest.fixture
def folder(shown, tmp_path) -> Path:
    """A copy of its folder."""
    return Path(shutil.copytree(shown.demo.session.parent, tmp_path / "copy"))
