"""The program as a whole: help, version, errors, exit codes."""

import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import dashgaze
from dashgaze.cli import app
from dashgaze.errors import DashgazeError, InputError

COMMANDS = (
    "align",
    "analyze",
    "anonymize",
    "check",
    "compress",
    "demo",
    "detect-objects",
    "doctor",
    "evaluate",
    "explain",
    "export",
    "faces",
    "frames",
    "import",
    "match",
    "offset",
    "pack",
    "predict",
    "published",
    "render",
    "report",
    "run",
    "score-saliency",
    "simulate",
    "status",
    "sync",
    "train",
    "validate",
    "vanishing-point",
    "view",
    "withdraw",
)
HEAVY = ("av", "cv2", "datasets", "librosa", "numba", "numpy", "pandas", "pyarrow", "scipy")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


def test_version(run):
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"dashgaze {dashgaze.__version__}\n")


def test_help_names_every_command(run):
    result = run("--help")
    assert result.exit_code == 0
    assert all(command in result.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_has_an_example(run, command):
    result = run(command, "--help")
    assert result.exit_code == 0
    assert f"dashgaze {command}" in result.stdout.split("Example")[1]


def test_help_is_cheap():
    code = (
        "import sys; sys.argv = ['dashgaze', '--help']\n"
        "from dashgaze.cli import main\n"
        "try: main()\n"
        "finally: print('loaded:', *sorted(set(sys.modules) & set(sys.argv_heavy)))"
    ).replace("sys.argv_heavy", repr(HEAVY))
    result = python(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1].strip() == "loaded:"


def test_no_command_and_unknown_ones_are_usage_errors(run):
    assert run().exit_code == 2
    result = run("chek", "x")
    assert result.exit_code == 2
    assert "chek" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("arguments", [["check"], ["check", "a", "b"], ["sync", "x", "--nope"]])
def test_wrong_usage(run, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_an_error_is_one_paragraph_on_stderr(run, tmp_path):
    result = run("check", tmp_path / "none")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"error: The session folder {tmp_path / 'none'} does not exist. Check the path.\n"
    )


def test_an_error_is_one_object_with_json(run, run_json, tmp_path):
    code, content = run_json("check", tmp_path / "none")
    assert code == 1
    assert content == {
        "error": {
            "type": "InputError",
            "what": f"The session folder {tmp_path / 'none'} does not exist.",
            "fix": "Check the path.",
            "path": str(tmp_path / "none"),
        }
    }
    assert run("check", tmp_path / "none", "--json").stderr == ""


@pytest.mark.parametrize("command", ["sync", "frames"])
def test_faults_of_the_manifest_are_listed(run_json, stand_in, tmp_path, command):
    stand_in("dashgaze.stages.sync", sync=None)
    stand_in("dashgaze.stages.frames", frames=None)
    (tmp_path / "session.yaml").write_text("wether: clear\n", encoding="utf-8")
    code, content = run_json(command, tmp_path)
    assert code == 1
    assert content["error"]["type"] == "ManifestError"
    assert "unknown key 'wether', did you mean 'weather'?" in content["error"]["problems"]


def fail(error):
    def raising(*args, **kwargs):
        raise error

    return raising


def test_a_fault_of_dashgaze_is_not_hidden(monkeypatch, tmp_path):
    monkeypatch.setattr("dashgaze.checks.check", fail(ZeroDivisionError("oops")))
    result = CliRunner().invoke(app, ["check", str(tmp_path)])
    assert isinstance(result.exception, ZeroDivisionError)


def test_every_error_of_dashgaze_is_told(monkeypatch, run, tmp_path):
    monkeypatch.setattr(
        "dashgaze.checks.check", fail(DashgazeError("It\n rains on  it.", fix="Wait."))
    )
    result = run("check", tmp_path)
    assert (result.exit_code, result.stderr) == (1, "error: It rains on  it. Wait.\n")


def test_an_interrupt_exits_with_130(monkeypatch, run, tmp_path):
    monkeypatch.setattr("dashgaze.checks.check", fail(KeyboardInterrupt))
    result = run("check", tmp_path)
    assert result.exit_code == 130
    assert result.stdout == ""


def test_the_program_exits_like_that_too(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", "from dashgaze.cli import main; main()", "check", tmp_path / "x"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 1
    assert result.stderr.startswith(b"error: ")
    assert result.stdout == b""


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_an_old_console_does_not_end_it(session, encoding):
    result = subprocess.run(
        [sys.executable, "-c", "from dashgaze.cli import main; main()", "check", session],
        capture_output=True,
        check=False,
        timeout=60,
        env=os.environ | {"PYTHONIOENCODING": encoding},
    )
    assert result.returncode == 0, result.stderr
    assert b"The session can be used" in result.stdout


def test_json_is_ascii(run, tmp_path):
    result = run("check", tmp_path / "Größe", "--json")
    assert result.stdout.isascii()


def test_input_errors_are_errors_of_dashgaze():
    assert issubclass(InputError, DashgazeError)
