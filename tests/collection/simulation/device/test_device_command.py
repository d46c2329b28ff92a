"""The command that simulates a device."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

pytest.importorskip("aiohttp")

from dashgaze.cli.collect.simulate_device import _print_device, simulate_device_command
from dashgaze.cli.command import SafeCommand
from dashgaze.collection.eye_tracker import open_recording
from dashgaze.collection.simulation.device import FAULTS, DeviceSimulator

PROGRAM = """
import typer
from dashgaze.cli.collect.simulate_device import simulate_device_command
from dashgaze.cli.command import SafeCommand
app = typer.Typer()
app.command("simulate-device", cls=SafeCommand)(simulate_device_command)
app()
"""
FREE = ("--port", "0", "--rtsp-port", "0", "--control-port", "0", "--no-announce")


@contextmanager
def running(*options: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", PROGRAM, *FREE, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "COLUMNS": "120"},
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_object(process: "subprocess.Popen[str]") -> dict[str, object]:
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.rstrip() == "}":
            break
    return dict(json.loads(text))


@pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
def test_it_serves_until_ctrl_c_and_saves_what_it_records(tmp_path: Path) -> None:
    with running("--json", "--record-to", str(tmp_path), "--fault", "not_worn") as process:
        device = read_object(process)
        api = f"http://127.0.0.1:{device['port']}/api"
        with urllib.request.urlopen(f"{api}/status", timeout=5) as answer:
            models = {part["model"] for part in json.load(answer)["result"]}
        assert models == {"Phone", "Hardware", "Sensor"}
        urllib.request.urlopen(f"{api}/recording:start", data=b"", timeout=5).close()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.9)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=10)
        assert process.returncode == 0, errors
        assert errors == ""
    (folder,) = tmp_path.iterdir()
    gaze = open_recording(folder).gaze
    assert len(gaze.worn) > 50
    assert not gaze.worn.any()


def test_it_prints_where_it_listens_and_all_faults(
    with_device: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")

    async def check(device: DeviceSimulator) -> None:
        _print_device(device)
        lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
        assert lines[0] == (
            f"pupil_invisible at 127.0.0.1: HTTP {device.port}, RTSP {device.rtsp_port}, "
            f"time echo {device.time_echo_port}"
        )
        assert f"faults: http://127.0.0.1:{device.control_port}/simulator" in lines
        for name, fault in FAULTS.items():
            (line,) = (line for line in lines if line.split()[:1] == [name])
            assert fault.usual_text in line
        assert [line.split()[0] for line in lines if line.endswith(" yes")] == ["packet_loss"]

    with_device(check, faults=("packet_loss=10",))


def test_a_wrong_fault_is_told_in_one_line() -> None:
    app = typer.Typer()
    app.command(cls=SafeCommand)(simulate_device_command)
    result = CliRunner().invoke(app, [*FREE, "--fault", "flood"])
    assert result.exit_code == 1
    assert "There is no fault 'flood'" in result.stderr


def test_the_help_tells_how_faults_are_switched() -> None:
    app = typer.Typer(rich_markup_mode="markdown")
    app.command(cls=SafeCommand)(simulate_device_command)
    result = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == 0
    assert "http://127.0.0.1:8090/simulator" in result.stdout
    assert '"packet_loss"' in result.stdout
