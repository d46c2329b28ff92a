"""``dashgaze withdraw``."""

import json
import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.command import SafeCommand
from dashgaze.cli.withdraw import withdraw_command
from dashgaze.collection.simulation.session.simulate import SimulateOptions, simulate
from dashgaze.dataset.packing import assembly
from dashgaze.dataset.packing.pack import pack

program = typer.Typer(rich_markup_mode="markdown")
program.command("withdraw", cls=SafeCommand)(withdraw_command)


@pytest.fixture(scope="module")
def labels(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("labels") / "drives"
    return simulate(folder, SimulateOptions(sessions=3, minutes=0.4, labels_only=True))


@pytest.fixture
def places(labels, tmp_path, monkeypatch) -> tuple[Path, Path]:
    """A packed data set and its drives."""

    def write(folder, manifest, about, **_):
        (folder / "README.md").write_text(manifest.build)
        return [folder / "README.md"]

    monkeypatch.setattr(assembly, "write_papers", write)
    drives = Path(shutil.copytree(labels, tmp_path / "drives"))
    pack(drives, tmp_path / "dashgaze")
    return tmp_path / "dashgaze", drives


def run(*arguments):
    result = CliRunner().invoke(program, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_without_yes_it_lists_and_changes_nothing(places):
    dataset, drives = places
    result = run("D002", dataset, drives)
    assert result.exit_code == 0
    assert "type the command again with --yes" in result.stdout
    assert "rows of frames" in result.stdout
    assert "manifest.json" in result.stdout
    assert f"by hand: {drives / 'session_002'}" in result.stdout
    assert list(dataset.rglob("session_002.parquet"))
    assert (drives / "session_002" / "derived").is_dir()


def test_with_yes_it_removes(places):
    dataset, drives = places
    result = run("D002", dataset, drives, "--yes")
    assert result.exit_code == 0
    assert "removed" in result.stdout
    assert not list(dataset.rglob("session_002*"))
    assert not (drives / "session_002" / "derived").exists()
    again = run("D002", dataset, drives, "--yes")
    assert "list of withdrawals already" in again.stdout


def test_json_lists_every_file(places):
    dataset, _ = places
    content = json.loads(run("D002", dataset, "--json").stdout)
    (found,) = content["found"]
    assert not content["done"]
    assert found["kind"] == "data set"
    assert found["sessions"] == ["session_002"]
    assert found["rows"]["sessions"] == 1
    assert all((dataset / name).is_file() for name in found["files"])


def test_an_unknown_driver_is_code_1(places):
    result = run("D02", *places)
    assert result.exit_code == 1
    assert "Did you mean D002" in result.stderr


def test_a_place_has_to_be_given():
    assert run("D002").exit_code == 2
