"""What `doctor` says of a computer, and of one that lacks things."""

import errno
import inspect
import json
import os
import socket
from email.message import Message

import pytest

from dashgaze.cli.collect.serve import serve_command
from dashgaze.cli.collect.targets import targets_command
from dashgaze.collection.phone.adb import AttachedDevice
from dashgaze.errors import DeviceError, InputError
from dashgaze.host import Finding, collection, computer, doctor, graphics, media, packages
from dashgaze.host.probe import Broken, probe


class Installed:
    """An installed distribution with some needs."""

    def __init__(self, *requires):
        self.requires = list(requires)
        self.metadata = Message()
        for extra in ("train", "view", "dev", "all"):
            self.metadata["Provides-Extra"] = extra


@pytest.fixture
def versions(monkeypatch):
    """Versions of installed packages, and what dashgaze asks for."""

    def put(needs, **there):
        there = {name.replace("_", "-"): version for name, version in there.items()}
        monkeypatch.setattr(packages.metadata, "distribution", lambda name: Installed(*needs))
        monkeypatch.setattr(packages, "_version_of", there.get)
        return {each.code: each for each in packages.package_findings()}

    return put


def found(findings, code):
    return next(each for each in findings if each.code == code)


OPENCV = {"opencv_python_headless": "5.0.0"}


class TestPackages:
    NEEDS = (
        "numpy>=2",
        "torch>=2.4; extra == 'train'",
        "accelerate>=1; extra == 'train'",
        "rerun-sdk>=0.41; extra == 'view'",
        "ruff; extra == 'dev'",
    )

    def test_all_is_there(self, versions):
        findings = versions(
            self.NEEDS,
            numpy="2.1",
            torch="2.13.0+cpu",
            accelerate="1.15",
            rerun_sdk="0.41",
            **OPENCV,
        )
        assert {each.level for each in findings.values()} == {"good"}
        assert sorted(findings) == [
            "dashgaze.opencv",
            "dashgaze.packages",
            "dashgaze.version",
            "extras.train",
            "extras.view",
        ]

    def test_an_extra_that_is_not_installed_is_a_note_with_the_line_to_type(self, versions):
        view = versions(self.NEEDS, numpy="2.1", **OPENCV)["extras.view"]
        assert (view.level, view.fix) == ("note", "pip install 'dashgaze[view]'")
        assert view.what == "view (`dashgaze view`, in the Rerun viewer): not installed."

    def test_an_extra_in_part_says_what_is_missing(self, versions):
        train = versions(self.NEEDS, numpy="2.1", torch="2.5", **OPENCV)["extras.train"]
        assert train.level == "note"
        assert "in part: accelerate is missing" in train.what

    def test_too_old_a_package_of_an_extra_is_doubtful(self, versions):
        view = versions(self.NEEDS, numpy="2.1", rerun_sdk="0.20.3", **OPENCV)["extras.view"]
        assert (view.level, view.fix) == ("doubtful", "pip install 'dashgaze[view]'")
        assert "rerun-sdk 0.20.3 is not >=0.41" in view.what

    def test_a_needed_package_that_is_too_old_or_missing_is_doubtful(self, versions):
        for there, words in (
            ({"numpy": "1.26"}, "numpy 1.26 is not >=2"),
            ({}, "numpy is missing"),
        ):
            needed = versions(self.NEEDS, **there, **OPENCV)["dashgaze.packages"]
            assert needed.level == "doubtful"
            assert words in needed.what

    @pytest.mark.parametrize(
        ("there", "words"),
        [
            ({}, "not installed"),
            ({"opencv_python": "4.12", "opencv_python_headless": "5.0"}, "installed 2 times"),
        ],
    )
    def test_opencv_must_be_there_once(self, versions, there, words):
        opencv = versions(self.NEEDS, numpy="2.1", **there)["dashgaze.opencv"]
        assert opencv.level == "doubtful"
        assert words in opencv.what
        assert "opencv-python-headless" in opencv.fix

    def test_a_source_tree_that_is_not_installed_is_doubtful(self, monkeypatch):
        def missing(name):
            raise packages.metadata.PackageNotFoundError(name)

        monkeypatch.setattr(packages.metadata, "distribution", missing)
        (version,) = packages.package_findings()
        assert version.level == "doubtful"

    def test_every_extra_for_users_has_a_purpose(self):
        told = packages.metadata.distribution("dashgaze").metadata.get_all("Provides-Extra")
        assert set(told) - {"all", "dev", "docs"} == set(packages.PURPOSES)


class TestComputer:
    def test_a_disk_without_room_for_a_drive_is_doubtful(self, tmp_path, monkeypatch):
        monkeypatch.setattr(computer, "DRIVE_BYTES", 1e18)
        disk = found(computer.computer_findings(tmp_path), "computer.disk")
        assert disk.level == "doubtful"
        assert "GB are free" in disk.what

    def test_a_folder_that_is_not_there_yet_is_looked_at_where_it_would_be(
        self, tmp_path, monkeypatch
    ):
        monkeypatch.setattr(computer, "DRIVE_BYTES", 0)
        folder = tmp_path / "drives" / "today"
        assert found(computer.computer_findings(folder), "computer.disk").level == "good"
        assert not folder.parent.exists()

    def test_a_file_in_place_of_the_folder_is_an_error(self, tmp_path):
        (tmp_path / "notes.txt").touch()
        with pytest.raises(InputError, match="is a file"):
            doctor(tmp_path / "notes.txt" / "drives")

    def test_a_disk_that_can_only_be_read_is_doubtful(self, tmp_path, monkeypatch):
        monkeypatch.setattr(computer.os, "access", lambda place, mode: False)
        disk = found(computer.computer_findings(tmp_path), "computer.disk")
        assert (disk.level, disk.what) == ("doubtful", f"{tmp_path} can't be written to.")

    def test_a_disk_that_fails_is_told(self, tmp_path, monkeypatch):
        def fail(place):
            raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(computer.shutil, "disk_usage", fail)
        disk = found(computer.computer_findings(tmp_path), "computer.disk")
        assert "Input/output error" in disk.what

    def memory(self, tmp_path, monkeypatch, *, available_kb, limit=None, used=0):
        info, group = tmp_path / "meminfo", tmp_path / "group"
        info.write_text(f"MemTotal: 9 kB\nMemAvailable: {available_kb} kB\n", encoding="ascii")
        group.mkdir(exist_ok=True)
        if limit is not None:
            (group / "memory.max").write_text(f"{limit}\n", encoding="ascii")
            (group / "memory.current").write_text(f"{used}\n", encoding="ascii")
        monkeypatch.setattr(computer, "_MEMORY", info)
        monkeypatch.setattr(computer, "_GROUP_MEMORY", group)
        return computer.free_memory_bytes()

    def test_memory_is_that_of_the_machine(self, tmp_path, monkeypatch):
        assert self.memory(tmp_path, monkeypatch, available_kb=1000) == 1_024_000
        assert self.memory(tmp_path, monkeypatch, available_kb=1000, limit="max") == 1_024_000

    def test_or_of_the_container(self, tmp_path, monkeypatch):
        assert (
            self.memory(tmp_path, monkeypatch, available_kb=1000, limit=90_000, used=40_000)
            == 50_000
        )
        assert self.memory(tmp_path, monkeypatch, available_kb=1000, limit=10, used=40_000) == 0

    def test_too_little_memory_names_the_number_of_workers(self, tmp_path, monkeypatch):
        self.memory(tmp_path, monkeypatch, available_kb=900_000)
        memory = computer._memory(8)[0]
        assert memory.level == "doubtful"
        assert memory.fix.endswith("--workers 2.")

    def test_a_system_that_does_not_tell_is_a_note(self, tmp_path, monkeypatch):
        monkeypatch.setattr(computer, "_MEMORY", tmp_path / "none")
        assert computer._memory(8)[0].level == "note"


class TestProbe:
    def test_gives_what_was_found(self):
        assert probe("import sys\nfound['a'] = 1\nprint('chatter')") == {"a": 1}

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            ("import no_such_library", "No module named 'no_such_library'"),
            ("raise OSError('libGL.so.1: cannot open')", "OSError: libGL.so.1: cannot open"),
            ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "signal 4"),
            ("import os; os._exit(3)", "said nothing"),
        ],
    )
    def test_a_library_that_fails_or_crashes_is_broken(self, code, words):
        result = probe(code)
        assert isinstance(result, Broken)
        assert words in result.reason

    def test_a_library_that_hangs_is_broken(self):
        assert (
            "did not come to an end"
            in probe("import time; time.sleep(60)", time_limit_s=0.5).reason
        )


class TestMedia:
    def test_what_is_installed_here_works(self):
        assert [each.level for each in media.media_findings()] == ["good", "good", "good"]

    def test_broken_libraries_are_doubtful(self, monkeypatch):
        monkeypatch.setattr(media, "probe", lambda code: Broken("libGL.so.1 is missing"))
        findings = media.media_findings()
        assert {each.level for each in findings} == {"doubtful"}
        assert all("libGL.so.1 is missing" in each.what for each in findings)

    def test_codecs_that_are_lacking_are_named(self, monkeypatch):
        told = {"version": "1", "libraries": {"libavcodec": "62"}, "lacking": ["hevc"]}
        monkeypatch.setattr(media, "probe", lambda code: told)
        assert "lacks hevc" in media._codecs().what


class TestCollection:
    def test_a_port_that_is_taken_is_doubtful(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen(1)
            number = other.getsockname()[1]
            port = collection._port(number, "tests", "another")
        assert port.level == "doubtful"
        assert "taken by another program" in port.what
        assert collection._port(number, "tests", "another").level == "good"

    def test_the_ports_are_those_of_the_commands(self):
        defaults = [
            inspect.signature(command).parameters["port"].default
            for command in (serve_command, targets_command)
        ]
        assert defaults == list(collection.PORTS)

    def test_no_adb_is_a_note(self, monkeypatch):
        def missing():
            raise DeviceError("adb is not installed.", fix="Install it.")

        monkeypatch.setattr(collection, "Adb", missing)
        (adb,) = collection._adb()
        assert (adb.level, adb.fix) == ("note", "Install it.")

    @pytest.mark.skipif(os.name != "posix", reason="the stand-in for adb is a shell script")
    def test_phones_on_adb_are_listed_with_what_they_need(self, tmp_path, monkeypatch):
        program = tmp_path / "adb"
        program.write_text(
            "#!/bin/sh\necho List of devices attached\n"
            "echo 'R5CT device model:SM_G991B'\necho 'X1 unauthorized'\n",
            encoding="utf-8",
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        adb, first, second = collection._adb()
        assert "2 phones attached" in adb.what
        assert (first.level, first.what) == (
            "good",
            "SM G991B (R5CT) is attached and can be used.",
        )
        assert second.level == "doubtful"
        assert "Allow USB debugging" in second.fix

    def test_an_adb_that_fails_is_doubtful(self, monkeypatch):
        class Failing:
            program = "adb"

            async def devices(self):
                raise DeviceError("It did not answer.", fix="Replug it.")

        monkeypatch.setattr(collection, "Adb", Failing)
        (adb,) = collection._adb()
        assert (adb.level, adb.fix) == ("doubtful", "Replug it.")

    def test_attached_phones_of_any_state_have_a_fix(self):
        for state in ("offline", "no permissions", "recovery", "unauthorized"):
            assert collection._phone(AttachedDevice(serial="A", state=state)).fix


class TestGraphics:
    @pytest.mark.parametrize(
        ("told", "level", "words"),
        [
            (Broken("libcudart is missing"), "doubtful", "libcudart is missing"),
            ({"version": "2.13", "cards": [], "metal": False}, "note", "without a graphics card"),
            ({"version": "2.13", "cards": [], "metal": True}, "good", "this Mac"),
            (
                {"version": "2.13", "cards": [["Card", 8e9]], "metal": False},
                "good",
                "Card with 8 GB",
            ),
        ],
    )
    def test_says_what_torch_sees(self, monkeypatch, told, level, words):
        monkeypatch.setattr(graphics, "find_spec", lambda name: True)
        monkeypatch.setattr(graphics, "probe", lambda code: told)
        (card,) = graphics.graphics_findings()
        assert card.level == level
        assert words in card.what

    def test_no_torch_is_a_note(self, monkeypatch):
        monkeypatch.setattr(graphics, "find_spec", lambda name: None)
        assert graphics.graphics_findings()[0].level == "note"


def test_what_is_doubtful_needs_a_fix():
    with pytest.raises(ValueError, match="needs a fix"):
        Finding(code="a", group="media", level="doubtful", what="It is broken.")


def test_the_whole_of_it_is_json_and_writes_nothing(tmp_path):
    before = list(tmp_path.iterdir())
    diagnosis = doctor(tmp_path)
    assert list(tmp_path.iterdir()) == before
    content = json.loads(json.dumps(diagnosis.to_json(), allow_nan=False))
    assert content["schema"] == "dashgaze/host/1"
    assert content["verdict"] == ("doubtful" if diagnosis.is_doubtful else "good")
    groups = [each["group"] for each in content["findings"]]
    assert list(dict.fromkeys(groups)) == [
        "computer",
        "dashgaze",
        "extras",
        "media",
        "collection",
        "graphics",
    ]
