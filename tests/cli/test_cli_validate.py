"""``dashgaze validate``: text, JSON, exit codes; what is found is tested in tests/dataset."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

import dashgaze.dataset.reading.validate as engine
from dashgaze.cli.command import SafeCommand
from dashgaze.cli.validate import validate_command
from dashgaze.dataset.reading.validate_report import DatasetFinding, ValidationReport

_app = typer.Typer()
_app.command("validate", cls=SafeCommand)(validate_command)

BAD = DatasetFinding(
    severity="error",
    code="FILE_CHANGED",
    file="frames/train/a.parquet",
    message="It was damaged.",
    fix="Copy it again.",
)
ODD = DatasetFinding(severity="warning", code="ODD", file="", message="It is odd.")


def validate_cli(*arguments):
    return CliRunner().invoke(_app, [str(argument) for argument in arguments])


@pytest.fixture
def found(monkeypatch):
    """Let `validate` find what a test says; give what it was called with."""

    def put(*findings: DatasetFinding) -> dict:
        called: dict = {}

        def stand_in(folder, *, deep, release, progress):
            called.update(folder=folder, deep=deep, release=release)
            return ValidationReport(
                folder=folder,
                deep=deep,
                release=release,
                build="0123456789abcdef",
                session_count=1,
                file_count=12,
                rows={"frames": 1200},
                findings=findings,
            )

        monkeypatch.setattr(engine, "validate", stand_in)
        return called

    return put


def test_a_sound_data_set_exits_with_0_and_says_what_was_not_read(found):
    found()
    result = validate_cli("out/dashgaze")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"{Path('out/dashgaze')}, build 0123456789abcdef",
        "  1 session, 12 files",
        "  frames            1,200 rows",
        "",
        "The data set is sound: 0 errors, 0 warnings.",
        "Pictures and videos were not read; --deep does.",
    ]


def test_a_warning_alone_exits_with_0(found):
    found(ODD)
    assert validate_cli("out").exit_code == 0


def test_an_error_exits_with_1_and_tells_file_fault_and_fix(found):
    found(BAD, ODD)
    result = validate_cli("out")
    assert result.exit_code == 1
    assert "frames/train/a.parquet\n  error   FILE_CHANGED" in result.stdout
    assert "It was damaged." in result.stdout
    assert "→ Copy it again." in result.stdout
    assert "the whole\n  warning ODD" in result.stdout
    assert "must not be used as it is: 1 error, 1 warning." in result.stdout


def test_json_is_one_object_with_all_of_it(found):
    called = found(BAD)
    result = validate_cli("out", "--deep", "--release", "--json")
    content = json.loads(result.stdout)
    assert result.exit_code == 1
    assert content["ok"] is False
    assert content["counts"] == {"error": 1, "warning": 0}
    assert content["findings"][0]["code"] == "FILE_CHANGED"
    assert content["rows"] == {"frames": 1200}
    assert called == {"folder": Path("out"), "deep": True, "release": True}


def test_a_folder_that_is_no_data_set_is_told_in_one_line(tmp_path):
    result = validate_cli(tmp_path)
    assert result.exit_code == 1
    assert result.stderr.startswith("error: ")
    assert "no packed data set" in result.stderr
