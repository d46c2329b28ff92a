"""``dashgaze doctor``: table, JSON, exit codes."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.command import SafeCommand
from dashgaze.cli.doctor import doctor_command
from dashgaze.errors import InputError
from dashgaze.host import Diagnosis, Finding

GOOD = Finding(code="computer.disk", group="computer", level="good", what="A disk.")
NOTE = Finding(
    code="extras.view", group="extras", level="note", what="No view.", fix="pip install [x]"
)
BAD = Finding(
    code="media.codecs", group="media", level="doubtful", what="No codecs.", fix="Get some."
)


@pytest.fixture
def run(monkeypatch):
    app = typer.Typer()
    app.command("doctor", cls=SafeCommand)(doctor_command)

    def invoke(findings, *arguments):
        def stand_in(folder, progress):
            if isinstance(findings, Exception):
                raise findings
            return Diagnosis(folder=Path(folder), findings=findings)

        monkeypatch.setattr("dashgaze.host.doctor", stand_in)
        return CliRunner().invoke(app, list(arguments))

    return invoke


def test_good_and_notes_exit_with_0(run):
    result = run((GOOD, NOTE))
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "All good; 1 worth knowing."
    assert "→ pip install [x]" in result.stdout  # no markup is read out of a line to type


def test_doubtful_exits_with_3(run):
    result = run((GOOD, BAD))
    assert result.exit_code == 3
    assert "→ Get some." in result.stdout
    assert result.stdout.splitlines()[-1] == "1 doubtful."


def test_json_is_one_object(run):
    result = run((GOOD, BAD), "drives", "--json")
    content = json.loads(result.stdout)
    assert result.exit_code == 3
    assert (content["verdict"], content["folder"]) == ("doubtful", "drives")
    assert [each["code"] for each in content["findings"]] == ["computer.disk", "media.codecs"]


def test_a_file_is_told(run):
    result = run(InputError("x is a file.", fix="Give the folder."), "x")
    assert (result.exit_code, result.stderr) == (1, "error: x is a file. Give the folder.\n")
