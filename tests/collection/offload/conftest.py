"""A drive that was recorded, with its devices as folders."""

import hashlib
import importlib.util
import json
import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from dashgaze.collection.offload import FolderStore

FIELD_START_NS = 1_780_000_000_000_000_000
DRIVE_S = 1800
RECORDING_ID = "5d1f0c2e-8f60-4a53-9d1b-000000000007"
PHONE_AHEAD_MS, TRACKER_AHEAD_MS = 4_000.0, -250.0

MANIFEST = """\
schema: dashgaze/session/1
session_id: session_07
driver_id: P07
phone:
  road: phone/road.mp4
  driver: phone/driver.mp4
eye_tracker:
  kind: pupil_invisible
  path: eye_tracker
"""


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree(folder):
    """Content and times of all files of a folder."""
    return {
        str(path.relative_to(folder)): (sha256(path), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


class Field:
    """A session with its journal, and what lies on the devices."""

    def __init__(self, root: Path):
        self.root = root
        self.session = root / "session_07"
        self.phone = root / "card" / "DCIM" / "Camera"
        self.export = root / "export"
        self.phone.mkdir(parents=True)
        self.export.mkdir()
        (self.session / "field").mkdir(parents=True)
        (self.session / "session.yaml").write_text(MANIFEST)

    def write_journal(
        self,
        *,
        phone_id="/sdcard/DCIM/Camera/rear_1.mp4|/sdcard/DCIM/Camera/front_1.mp4",
        tracker_id=RECORDING_ID,
        stopped=True,
    ):
        at = FIELD_START_NS
        lines = [
            {"step": "created", "host_ns": at, "monotonic_ns": 1},
            {"step": "started", "role": "phone", "recording_id": phone_id, "host_ns": at},
            {
                "step": "started",
                "role": "tracker",
                "recording_id": tracker_id,
                "host_ns": at + 10**9,
            },
        ]
        if stopped:
            end = at + DRIVE_S * 10**9
            lines.append({"step": "stopped", "role": "tracker", "host_ns": end})
            lines.append({"step": "stopped", "role": "phone", "host_ns": end + 10**9})
        text = "".join(json.dumps(line) + "\n" for line in lines) + '{"step": "cl'
        (self.session / "field" / "journal.jsonl").write_text(text)
        measured = [
            {"role": role, "when": "before", "host_ns": at, "offset_ms": ms, "uncertainty_ms": 3.0}
            for role, ms in (("phone", PHONE_AHEAD_MS), ("tracker", TRACKER_AHEAD_MS))
        ]
        (self.session / "field" / "clocks.json").write_text(json.dumps({"measurements": measured}))

    def add_video(self, name, *, size=300_000, after_start_s=DRIVE_S, seed=1):
        path = self.phone / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(random.Random(f"{name}{seed}").randbytes(size))
        end_ns = FIELD_START_NS + after_start_s * 10**9 + round(PHONE_AHEAD_MS * 1e6)
        os.utime(path, ns=(end_ns, end_ns))
        return path

    def add_recording(self, name, *, recording_id=RECORDING_ID, after_start_s=1, length_s=DRIVE_S):
        folder = self.export / name
        folder.mkdir()
        start_ns = FIELD_START_NS + after_start_s * 10**9 + round(TRACKER_AHEAD_MS * 1e6)
        info = {
            "recording_id": recording_id,
            "data_format_version": "1.4",
            "start_time": start_ns,
            "duration": length_s * 10**9,
        }
        (folder / "info.json").write_text(json.dumps(info))
        (folder / "gaze ps1.raw").write_bytes(random.Random(name).randbytes(80_000))
        (folder / "PI world v1 ps1.mp4").write_bytes(random.Random(name + "w").randbytes(200_000))
        (folder / ".DS_Store").write_bytes(b"x")
        return folder

    def copy_store(self, kind=FolderStore, **options):
        """The phone's videos as a store, in their usual places."""
        names = [("rear_1.mp4", "phone/road.mp4"), ("front_1.mp4", "phone/driver.mp4")]
        return kind(self.phone, names, **options)

    def record(self):
        return json.loads((self.session / "field" / "offload.json").read_text())


@pytest.fixture
def field(tmp_path):
    made = Field(tmp_path)
    made.write_journal()
    made.add_video("rear_1.mp4")
    made.add_video("front_1.mp4", size=200_001)
    made.add_recording("2026-05-28_20-26-40")
    return made


@pytest.fixture
def two_disks(monkeypatch):
    """Let each second copy lie on another disk."""
    monkeypatch.setattr(
        "dashgaze.collection.offload.second_copy.on_same_disk", lambda first, second: False
    )


@pytest.fixture
def phone_by_adb(tmp_path, monkeypatch):
    """A fake adb on PATH, whose phone is a folder."""
    if os.name == "nt" or shutil.which("bash") is None:
        pytest.skip("the fake adb needs bash")
    here = Path(__file__).parents[1] / "phone"
    spec = importlib.util.spec_from_file_location("offload_phone_conftest", here / "conftest.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    root, programs = tmp_path / "phone", tmp_path / "bin"
    root.mkdir()
    programs.mkdir()
    program = programs / "adb"
    source = (here / "phone_fake_adb.py").read_text(encoding="utf-8")
    program.write_text(f"#!{sys.executable} -IS\n" + source, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_PHONE", str(root))
    return module.FakeAdb(root, module._load("phone_texts"))
