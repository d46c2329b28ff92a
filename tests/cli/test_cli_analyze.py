"""``dashgaze analyze``."""

import json

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.analysis import presentation
from dashgaze.cli.analyze import analyze_command
from dashgaze.cli.command import SafeCommand

CONTENT = {
    "data": {
        "title": "Made up",
        "version": "1.0.0",
        "simulated": True,
        "sessions": ["s1", "s2"],
        "drivers": ["D1"],
    },
    "headline": [
        {
            "title": "Open",
            "verdict": "open",
            "question": "Is gaze wider at night?",
            "estimate": "1.10 (0.90 to 1.30) ×",
            "sessions": 2,
            "drivers": 1,
            "words": "The interval holds 1, no effect.",
            "warning": "Frames taken for samples would have called it an effect.",
        },
        {
            "title": "Can't be said",
            "verdict": "cannot",
            "question": "How much of gaze is on objects?",
            "words": "No boxes of objects were given.",
            "warning": "",
        },
    ],
    "notes": [f"note {number}" for number in range(8)],
}


@pytest.fixture
def command():
    app = typer.Typer(add_completion=False)
    app.command("analyze", cls=SafeCommand)(analyze_command)
    return lambda *arguments: CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What the library is asked for, instead of analysing."""
    calls = []

    def analyze(data, options, out, **more):
        calls.append((data, options, out, more))
        (tmp_path / "numbers.json").write_text(json.dumps(CONTENT), encoding="utf-8")
        return tmp_path / "report.html"

    monkeypatch.setattr(presentation, "analyze", analyze)
    return calls


def test_the_terminal_has_the_table_with_reasons_and_warnings(command, asked):
    result = command("data", "-o", "out", "--quiet")
    assert result.exit_code == 0
    assert "SIMULATED DATA" in result.output
    assert "1.10 (0.90 to 1.30) ×, n = 2 sessions of 1 driver" in result.output
    assert "No boxes of objects were given." in result.output
    assert "would have called it an effect" in result.output
    assert "2 more notes are in the report" in result.output


def test_json_has_every_number(command, asked):
    result = command("data", "--json", "--quiet")
    found = json.loads(result.output)
    assert found.pop("path").endswith("report.html")
    assert found == CONTENT


def test_options_reach_the_library(command, asked):
    command(
        "data", "--split", "test", "--session", "s1", "--session", "s2", "--repeats", "99", "-q",
        "--workers", "3", "--force", "--portraits",
    )  # fmt: skip
    ((_, options, _, more),) = asked
    assert (options.split, options.sessions, options.repeats) == ("test", ("s1", "s2"), 99)
    assert options.portraits
    assert (more["workers"], more["force"]) == (3, True)


def test_bad_input_exits_with_1_and_says_what_to_do(command, tmp_path):
    result = command(tmp_path, "-o", tmp_path / "out", "--quiet")
    assert result.exit_code == 1
    result = command(tmp_path, "--reference", "north", "--json", "--quiet")
    assert result.exit_code == 1
    assert "modal_gaze" in json.loads(result.output)["error"]["fix"]
    assert not (tmp_path / "out").exists()
