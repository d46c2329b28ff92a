"""A phone behind a fake adb on PATH."""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROAD, DRIVER = "sdcard/DCIM/Camera/rear_1.mp4", "sdcard/DCIM/Camera/front_1.mp4"


def _load(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def phone_texts():
    return _load("phone_texts")


class FakeAdb:
    """What the tests turn on the fake phone, and see of it."""

    def __init__(self, root: Path, texts):
        self.root = root
        self._texts = texts
        self.camera = root / "sdcard" / "DCIM" / "Camera"
        self.camera.mkdir(parents=True)
        (root / "texts").mkdir()
        self._state = root / "state.json"
        self._state.write_text(
            json.dumps(
                {
                    "devices": {"A1B2": "device"},
                    "latency_s": 0.0,
                    "skew_s": 0.0,
                    "no_nanoseconds": False,
                    "free_kb": 90_000_000,
                    "disconnect_after_bytes": None,
                    "recordings": [],
                    "rate": 400_000,
                    "will_record": [ROAD, DRIVER],
                    "start_words": "am start -n org.example.cam/.Record",
                    "stop_words": "input keyevent 24",
                    "start_count": 0,
                    "stop_count": 0,
                }
            )
        )
        self.become("Pixel 7, Android 14")

    @property
    def state(self):
        return json.loads(self._state.read_text())

    def set(self, **changes):
        self._state.write_text(json.dumps(self.state | changes))

    def become(self, name):
        for path in (self.root / "texts").iterdir():
            path.unlink()
        for file, text in self._texts.texts(name).items():
            (self.root / "texts" / file).write_text(text)

    def say(self, file, text):
        (self.root / "texts" / file).write_text(text)

    def calls(self):
        return [json.loads(line) for line in (self.root / "calls.log").read_text().splitlines()]


@pytest.fixture
def fake_adb(tmp_path, monkeypatch, phone_texts):
    if os.name == "nt" or shutil.which("bash") is None:
        pytest.skip("the fake adb needs bash")
    root = tmp_path / "phone"
    root.mkdir()
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "adb"
    source = (HERE / "phone_fake_adb.py").read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable} -IS\n" + source, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_PHONE", str(root))
    return FakeAdb(root, phone_texts)


@pytest.fixture
def quick(monkeypatch):
    """Let seconds of waiting be tenths."""
    module = "dashgaze.collection.phone"
    monkeypatch.setattr(f"{module}.app_recording.POLL_S", 0.1)
    monkeypatch.setattr(f"{module}.app_recording.TAKE_OVER_S", 0.8)
    monkeypatch.setattr(f"{module}.recorded_files.GROWTH_S", 0.6)
