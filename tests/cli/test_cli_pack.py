"""``dashgaze pack``."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.command import SafeCommand
from dashgaze.cli.pack import pack_command
from dashgaze.collection.simulation.session.simulate import SimulateOptions, simulate
from dashgaze.dataset.packing import assembly
from dashgaze.schemas.dataset_manifest import read_dataset_manifest

program = typer.Typer(rich_markup_mode="markdown")
program.command("pack", cls=SafeCommand)(pack_command)


@pytest.fixture(scope="module")
def labels(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("labels") / "drives"
    return simulate(folder, SimulateOptions(sessions=3, minutes=0.4, labels_only=True))


@pytest.fixture
def drives(labels, tmp_path) -> Path:
    return Path(shutil.copytree(labels, tmp_path / "drives"))


@pytest.fixture(autouse=True)
def short_papers(monkeypatch):
    def write(folder, manifest, about, **_):
        (folder / "README.md").write_text(manifest.build)
        return [folder / "README.md"]

    monkeypatch.setattr(assembly, "write_papers", write)


def run(*arguments):
    # Help is set in columns; on a narrow terminal it breaks in the middle of what is looked for.
    wide = {"COLUMNS": "160"}
    result = CliRunner().invoke(program, [str(each) for each in arguments], env=wide)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_it_packs_and_says_so(drives, tmp_path):
    out = tmp_path / "dashgaze"
    result = run(drives, "-o", out, "--workers", 1)
    assert result.exit_code == 0
    assert "session_001, session_002, session_003" in result.stdout
    assert "version 1.0.0" in result.stdout
    assert str(out) in result.stdout
    again = run(drives, "-o", out, "--workers", 1)
    assert "nothing changed" in again.stdout


def test_json_says_all_of_it(drives, tmp_path):
    shutil.rmtree(drives / "session_002" / "derived")
    out = tmp_path / "dashgaze"
    result = run(drives, "-o", out, "--workers", 1, "--json")
    content = json.loads(result.stdout)
    assert result.exit_code == 0
    assert content["changed"]
    assert content["written"] == ["session_001", "session_003"]
    assert content["left_out"] == [
        {
            "session_id": "session_002",
            "path": str(drives / "session_002"),
            "reason": "its frames were not made",
            "advice": f"Type: dashgaze frames {drives / 'session_002'}",
        }
    ]
    manifest = read_dataset_manifest(out)
    assert content["rows"]["frames"] == manifest.rows("frames")
    assert (content["version"], content["build"]) == ("1.0.0", manifest.build)


def test_what_was_left_out_is_printed_and_no_error(drives, tmp_path):
    shutil.rmtree(drives / "session_002" / "derived")
    result = run(drives, "-o", tmp_path / "dashgaze", "--workers", 1)
    assert result.exit_code == 0
    assert "session_002: its frames were not made" in result.stdout


def test_options_reach_the_data_set(drives, tmp_path):
    out = tmp_path / "dashgaze"
    options = ("--version", "2.1.0", "--split-protocol", "thesis-25-8", "--no-raw-gaze")
    run(drives, "-o", out, "--workers", 1, *options)
    manifest = read_dataset_manifest(out)
    assert (manifest.version, manifest.protocol) == ("2.1.0", "thesis-25-8")
    assert manifest.options["raw_gaze"] is False


def test_a_dry_run_writes_nothing(drives, tmp_path):
    result = run(drives, "-o", tmp_path / "dashgaze", "--dry-run")
    assert "nothing was written" in result.stdout
    assert not (tmp_path / "dashgaze").exists()


def test_bad_input_is_one_paragraph_and_code_1(drives, tmp_path):
    path = drives / "session_001" / "session.yaml"
    path.write_text(path.read_text().replace("driver_id: D001\n", ""))
    result = run(drives, "-o", tmp_path / "dashgaze")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "driver_id: D01" in result.stderr
    content = json.loads(run(drives, "-o", tmp_path / "dashgaze", "--json").stdout)
    assert content["error"]["type"] == "ManifestError"
    assert len(content["error"]["problems"]) == 1


def test_a_folder_for_the_data_set_has_to_be_given(drives):
    assert run(drives).exit_code == 2


def test_help_shows_the_defaults():
    text = run("--help").stdout
    assert "--prune" in text
    assert "82-10-8" in text
    assert "default: 6" in text
