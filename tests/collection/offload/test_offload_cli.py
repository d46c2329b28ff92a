"""The commands on a drive of half a minute."""

import importlib.util
import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.collect.offload import offload_command
from dashgaze.cli.collect.verify import verify_command
from dashgaze.cli.command import SafeCommand

app = typer.Typer()
app.command("offload", cls=SafeCommand)(offload_command)
app.command("verify", cls=SafeCommand)(verify_command)


@pytest.fixture(scope="module")
def tiny():
    path = Path(__file__).parents[2] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("offload_tiny_session", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def devices(tiny, tmp_path_factory):
    """What the devices hold after a drive."""
    root = tmp_path_factory.mktemp("devices")
    (root / "card").mkdir()
    (root / "export").mkdir()
    tiny.write_road(root / "card" / "rear.mp4")
    tiny.write_driver(root / "card" / "front.mp4")
    tiny.write_location(root / "card" / "location.csv")
    tiny.write_tracker(root / "export" / "recording")
    return root


@pytest.fixture
def drive(tiny, devices, tmp_path):
    """A session that was recorded and is empty still, and the arguments to fill it."""
    session = tmp_path / "tiny"
    session.mkdir()
    (session / "session.yaml").write_text(tiny.MANIFEST, encoding="utf-8")
    card, export = str(devices / "card"), str(devices / "export")
    return session, ["offload", str(session), "--from-phone", card, "--from-tracker", export]


def run(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_a_drive_comes_home_and_is_judged_at_once(drive):
    session, arguments = drive
    done = run(*arguments)
    assert "Home and verified" in done.stdout
    assert "sync ok" in done.stdout
    content = json.loads((session / "derived" / "report.json").read_text())
    assert {"usable_with_flags": 3, None: 0, "redo": 4}[content["verdict"]] == done.exit_code
    again = run(*arguments, "--json")
    told = json.loads(again.stdout)
    assert told["complete"]
    assert told["copied"] == []
    assert told["quick"]["sync"] == "ok"
    assert any("align" in each for each in told["quick"]["open"])
    assert run("verify", str(session)).exit_code == 0


def test_a_drive_without_sound_is_to_be_made_again(drive, devices, tiny, tmp_path):
    card = tmp_path / "card"
    shutil.copytree(devices / "card", card)
    tiny.write_road(card / "rear.mp4", sound=None)
    _, arguments = drive
    arguments[3] = str(card)
    done = run(*arguments)
    assert done.exit_code == 4
    assert "Redo the drive" in done.stdout
    assert "sound" in done.stdout


def test_parts_are_joined_and_stay(drive, devices, tiny, tmp_path):
    card = tmp_path / "card"
    shutil.copytree(devices / "card", card)
    (card / "rear.mp4").rename(card / "rear_1.mp4")
    tiny.write_road(card / "rear_2.mp4")
    session, arguments = drive
    arguments[3] = str(card)
    names = ("rear_1.mp4", "rear_2.mp4", "front.mp4")
    taken = [word for name in names for word in ("--take", name)]
    done = run(*arguments, "--no-quick", *taken)
    assert done.exit_code == 0, done.output
    there = {path.name for path in (session / "phone").iterdir()}
    assert there == {"road.mp4", "road_1.mp4", "road_2.mp4", "driver.mp4", "location.csv"}
    assert "joined" in done.stdout
    record = json.loads((session / "field" / "offload.json").read_text())
    verified = {each["target"]: each["verified"] for each in record["files"]}
    assert verified["phone/road_2.mp4"] is True
    assert verified["phone/road.mp4"] is None


def test_what_can_not_be_told_is_asked_for_with_the_option_to_type(drive, devices, tmp_path):
    export = tmp_path / "export"
    shutil.copytree(devices / "export", export)
    shutil.copytree(export / "recording", export / "other")
    _, arguments = drive
    arguments[5] = str(export)
    done = run(*arguments)
    assert done.exit_code == 1
    assert "--take NAME" in done.stderr
    assert run(*arguments, "--take", "other", "--no-quick").exit_code == 0


def test_a_damaged_copy_ends_verify_with_four(drive):
    session, arguments = drive
    run(*arguments, "--no-quick")
    path = session / "phone" / "driver.mp4"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = run("verify", str(session), "--json")
    assert done.exit_code == 4
    assert json.loads(done.stdout)["copies"][0]["changed"] == ["phone/driver.mp4"]


def test_a_folder_that_is_not_there_is_told(drive):
    _, arguments = drive
    arguments[3] = "/nowhere/at/all"
    done = run(*arguments)
    assert done.exit_code == 1
    assert "Plug the device in" in done.stderr
