"""The commands: from a form in options to words at the end, in real time and a real process."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.collect.event import event_command
from dashgaze.cli.collect.preflight import preflight_command
from dashgaze.cli.collect.record import record_command
from dashgaze.cli.collect.resume import resume_command
from dashgaze.cli.collect.status import status_command
from dashgaze.cli.collect.stop import stop_command
from dashgaze.cli.command import SafeCommand
from dashgaze.collection.record import read_events, read_journal, replay

FAKES = Path(__file__).with_name("field_fakes.py")
FORM = [
    *("--driver", "P07", "--consent-version", "2.1", "--consent-scope", "blurred"),
    *("--car", "VW Golf", "--camera-position", "under_mirror", "--weather", "clear"),
    *("--lighting", "night", "--eyewear", "none", "--passengers", "1", "--minutes", "1"),
    *("--observer", "AB", "--eye-tracker", "neon", "--phone", "hand"),
]


def program():
    app = typer.Typer()
    for command in (
        record_command,
        resume_command,
        status_command,
        event_command,
        stop_command,
        preflight_command,
    ):
        app.command(command.__name__.removesuffix("_command"), cls=SafeCommand)(command)
    return app


@pytest.fixture
def run(monkeypatch, fakes, tmp_path):
    """Run a command with made-up devices."""

    def make(root, options, confirm):
        return {
            role: fakes.FakeDevice(role, tmp_path / f"{role}.json") for role in ("phone", "tracker")
        }

    monkeypatch.setattr("dashgaze.collection.record.recording.make_devices", make)
    monkeypatch.setattr("dashgaze.collection.record.make_devices", make)
    monkeypatch.setattr("dashgaze.collection.record.find_loudspeaker", lambda: None)
    return lambda *args, **more: CliRunner().invoke(program(), [str(arg) for arg in args], **more)


def test_help_of_each_command_teaches_with_an_example(run):
    for name in ("record", "resume", "status", "event", "stop", "preflight"):
        result = run(name, "--help")
        assert result.exit_code == 0
        assert f"dashgaze collect {name}" in " ".join(result.output.split())


def test_yes_without_a_driver_is_refused_and_leaves_nothing(run, tmp_path):
    result = run("record", tmp_path / "d" / "s1", "--yes", *FORM[2:])
    assert result.exit_code == 1
    assert "driver has no answer" in result.output
    assert not (tmp_path / "d").exists()


def test_a_wrong_answer_in_an_option_names_the_right_ones(run, tmp_path):
    result = run("record", tmp_path / "s1", "--yes", *FORM, "--weather", "snow")
    assert result.exit_code == 1
    assert "clear, cloudy, rain, fog" in result.output


def test_an_amber_check_is_not_accepted_by_saying_yes(run, tmp_path, monkeypatch, fakes):
    def amber(root, options, confirm):
        device = fakes.FakeDevice("phone", tmp_path / "phone.json")
        device.level = "amber"
        return {"phone": device}

    monkeypatch.setattr("dashgaze.collection.record.recording.make_devices", amber)
    result = run("record", tmp_path / "s1", *FORM, "--yes")
    assert result.exit_code == 4
    assert "amber checks were not accepted" in result.output
    assert "Nothing records" in result.output
    assert not (tmp_path / "phone.json").exists()


def test_preflight_gives_its_level_as_the_exit_code(run, tmp_path, monkeypatch, fakes):
    result = run("preflight", tmp_path / "s1", "--json", "--minutes", "1", "--phone", "hand")
    content = json.loads(result.stdout)
    assert content["level"] == "amber"  # no form yet
    assert result.exit_code == 3

    def red(root, options, confirm):
        device = fakes.FakeDevice("phone", tmp_path / "phone.json")
        device.level = "red"
        return {"phone": device}

    monkeypatch.setattr("dashgaze.collection.record.make_devices", red)
    result = run("preflight", tmp_path / "s1", "--minutes", "1", "--phone", "hand")
    assert result.exit_code == 4
    assert "Charge it." in result.stdout


@pytest.mark.parametrize("command", ["status", "stop", "resume"])
def test_commands_on_no_drive_say_how_to_begin(run, tmp_path, command):
    result = run(command, tmp_path)
    assert result.exit_code == 1
    assert "dashgaze collect record" in result.output


RECORDER = f"""
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("record_field_fakes", {str(FAKES)!r})
fakes = importlib.util.module_from_spec(spec); sys.modules["record_field_fakes"] = fakes
spec.loader.exec_module(fakes)
import dashgaze.collection.record.recording as recording
import dashgaze.collection.record as package
top = Path(sys.argv[1])
recording.make_devices = lambda *a: {{
    role: fakes.FakeDevice(role, top / (role + ".json")) for role in ("phone", "tracker")
}}
package.find_loudspeaker = lambda: None
import typer
from dashgaze.cli.command import SafeCommand
from dashgaze.cli.collect.record import record_command
from dashgaze.cli.collect.resume import resume_command
app = typer.Typer()
app.command("record", cls=SafeCommand)(record_command)
app.command("resume", cls=SafeCommand)(resume_command)
app(sys.argv[2:])
"""


def recorder(folder, *args):
    return subprocess.Popen(
        [sys.executable, "-c", RECORDER, str(folder), *map(str, args)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


def until(what, seconds=30.0):
    end_s = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end_s, "it did not happen in time"
        time.sleep(0.05)


def phase(root):
    return replay(read_journal(root)).phase


def test_record_killed_then_status_event_resume_and_stop(run, tmp_path):
    root = tmp_path / "drives" / "s1"
    root.parent.mkdir()
    arguments = ("record", root, *FORM, "--yes", "--accept-amber", "--plain")
    with recorder(tmp_path, *arguments) as first:
        until(lambda: phase(root) == "recording")
        assert run("record", root, *FORM, "--yes").exit_code == 1
        first.send_signal(signal.SIGKILL)
        first.communicate()
    devices = [json.loads((tmp_path / f"{role}.json").read_text()) for role in ("phone", "tracker")]
    assert all(device["recording"] for device in devices)

    shown = run("status", root)
    assert "RECORDING" in shown.output
    assert "No recorder is at work: `dashgaze collect resume" in shown.output
    waiting = run("event", root, "roadworks", "--json")
    assert json.loads(waiting.stdout)["recorder_at_work"] is False

    with recorder(tmp_path, "resume", root, "--plain") as second:
        until(lambda: any(event.name == "roadworks" for event in read_events(root)))
        assert "logged." in run("event", root, "roadworks_end").output
        until(lambda: len(read_events(root)) == 2)
        second.send_signal(signal.SIGTERM)
        said, _ = second.communicate(timeout=30)
        assert second.returncode == 3
        assert "RECORDING GOES ON: phone and tracker" in said
        assert "records on and is taken over" in said

    with recorder(tmp_path, "resume", root, "--plain") as third:
        until(lambda: run("status", root, "--json").output.count('"recorder_at_work": true'))
        stopped = run("stop", root, "--wait", "30")
        said, _ = third.communicate(timeout=30)
    assert stopped.exit_code == 0
    assert third.returncode == 0
    assert f"Bring it home now: `dashgaze collect offload {root}`" in said
    devices = [json.loads((tmp_path / f"{role}.json").read_text()) for role in ("phone", "tracker")]
    assert [(d["starts"], d["stops"], d["recording"]) for d in devices] == [(1, 1, False)] * 2
    assert "is over" in run("resume", root).output


def test_stop_does_the_work_itself_where_no_recorder_is(run, tmp_path):
    root = tmp_path / "drives" / "s1"
    root.parent.mkdir()
    arguments = ("record", root, *FORM, "--yes", "--accept-amber", "--plain")
    with recorder(tmp_path, *arguments) as first:
        until(lambda: phase(root) == "recording")
        first.stdin.write("d")
        first.stdin.flush()
        time.sleep(0.8)
        first.stdin.write("y")
        first.stdin.flush()
        said, _ = first.communicate(timeout=30)
    assert first.returncode == 3
    assert "RECORDING GOES ON" in said
    result = run("stop", root, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["end"] == "closed"
    assert phase(root) == "closed"
