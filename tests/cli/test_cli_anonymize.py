"""``dashgaze anonymize``: what it prints, and how it refuses."""

import importlib.util
import json
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.anonymize import anonymize_command
from dashgaze.cli.command import SafeCommand

DETECTOR = """
import json, sys
print(json.dumps({"protocol": "dashgaze-regions/1", "name": "blind", "classes": ["face", "plate"]}), flush=True)
for line in sys.stdin.buffer:
    head = json.loads(line)
    sys.stdin.buffer.read(head["bytes"])
    print(json.dumps({"frame": head["frame"], "regions": []}), flush=True)
"""


@pytest.fixture(scope="module")
def drives() -> ModuleType:
    path = Path(__file__).parents[1] / "dataset" / "privacy_session.py"
    spec = importlib.util.spec_from_file_location("privacy_session_for_cli", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(drives, tmp_path_factory) -> Path:
    return drives.make(tmp_path_factory.mktemp("made") / "drive")


@pytest.fixture
def drive(drives, made, tmp_path) -> Path:
    return drives.copy_of(made, tmp_path / "drive", scope="blurred").root


@pytest.fixture
def ask():
    app = typer.Typer()
    app.command(cls=SafeCommand)(anonymize_command)

    def invoke(*arguments):
        result = CliRunner().invoke(app, [str(each) for each in arguments] + ["--quiet"])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_it_says_what_was_found_and_what_was_not_covered(drives, drive, ask, tmp_path):
    boxes = drives.write_boxes(tmp_path / "boxes.csv", drives.box_rows(lost=[5]))
    result = ask(drive, "--boxes", boxes)
    assert result.exit_code == 0
    assert "road  40 pictures\n" in result.stdout
    assert (
        "faces   39 found, 1 added between and beside them, in 40 pictures (boxes.csv)"
        in result.stdout
    )
    assert "Licence plates were not looked for in the driver video." in result.stdout
    assert f"written to {drive / 'derived' / 'anonymized.json'}" in result.stdout
    content = json.loads(ask(drive, "--boxes", boxes, "--json").stdout)
    assert set(content["views"]) == {"ego", "road", "driver"}
    assert content["views"]["road"]["account"]["classes"]["face"]["added"] == 1


def test_without_a_detector_it_says_what_to_type(drive, ask):
    result = ask(drive)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: Nothing looks for faces in the driver video.")
    assert "--faces WEIGHTS.onnx" in result.stderr
    content = json.loads(ask(drive, "--view", "road", "--json").stdout)
    assert "--no-faces REASON" in content["error"]["fix"]


def test_a_program_may_be_the_detector(drive, ask, tmp_path):
    program = tmp_path / "detector.py"
    program.write_text(DETECTOR)
    command = "command:" + shlex.join([sys.executable, "-S", str(program)])
    result = ask(drive, "--faces", command, "--plates", command, "--view", "road", "--view", "ego")
    assert result.exit_code == 0
    assert "faces   0 found" in result.stdout
    assert "(command: blind)" in result.stdout
    result = ask(drive, "--faces", command, "--view", "driver")
    assert result.exit_code == 1
    assert "No face was found in any of the 30 pictures" in result.stderr


def test_a_reason_stands_for_a_detector_in_road_and_ego_only(drive, ask):
    reasons = ("--no-faces", "a track without people", "--no-plates", "and without cars")
    result = ask(drive, *reasons, "--view", "road")
    assert result.exit_code == 0
    assert "Faces were not looked for, because: a track without people" in result.stdout
    result = ask(drive, *reasons, "--view", "driver")
    assert result.exit_code == 1
    assert "this can't be waived" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--view", "rear"), "The view rear is not possible"),
        (("--faces", "weights.pt"), "names no detector"),
        (("--faces", "nothing.onnx"), "can't be read"),
        (("--boxes", "nothing.csv"), "can't be read"),
        (("--no-faces", " "), "No reason for not looking for faces"),
    ],
)
def test_bad_input_is_one_paragraph(drive, ask, arguments, said):
    result = ask(drive, *arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
