"""A phone behind the fake adb of the phone's own tests, for commands that run as processes."""

import importlib.util
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

PHONE_TESTS = Path(__file__).parents[1] / "phone"
ROAD, DRIVER = "sdcard/DCIM/Camera/rear_1.mp4", "sdcard/DCIM/Camera/front_1.mp4"
START, STOP = "am start -n org.example.cam/.Record", "input keyevent 24"
CONFIG = f"""\
folders: [/sdcard/DCIM/Camera]
count: 2
road: "rear_*"
driver: "front_*"
start: {START}
stop: {STOP}
"""


def _texts(name: str) -> dict[str, str]:
    path = PHONE_TESTS / "phone_texts.py"
    spec = importlib.util.spec_from_file_location("whole_drive_phone_texts", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.texts(name)


class FakeAdbPhone:
    """Puts ``adb`` on the path; its camera app's files grow in real time."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        if os.name == "nt" or shutil.which("bash") is None:
            pytest.skip("the fake adb needs bash")
        self.root, programs = folder / "phone", folder / "bin"
        (self.root / "sdcard/DCIM/Camera").mkdir(parents=True)
        (self.root / "texts").mkdir()
        programs.mkdir()
        for name, text in _texts("Pixel 7, Android 14").items():
            (self.root / "texts" / name).write_text(text)
        program = programs / "adb"
        source = (PHONE_TESTS / "phone_fake_adb.py").read_text(encoding="utf-8")
        program.write_text(f"#!{sys.executable} -IS\n" + source, encoding="utf-8")
        program.chmod(0o755)
        self._state = self.root / "state.json"
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
                    "rate": 300_000,
                    "will_record": [ROAD, DRIVER],
                    "start_words": START,
                    "stop_words": STOP,
                    "start_count": 0,
                    "stop_count": 0,
                }
            )
        )
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("FAKE_PHONE", str(self.root))

    @property
    def state(self) -> dict:
        # it is replaced as a whole, but by processes that read it first
        for _ in range(20):
            try:
                return json.loads(self._state.read_text())
            except (OSError, ValueError):
                time.sleep(0.02)
        raise AssertionError("the phone's state can't be read")

    def file(self, name: str) -> bytes:
        return (self.root / name).read_bytes()
