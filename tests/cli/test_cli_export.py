"""``dashgaze export`` and ``dashgaze published``: what they hand on, print and exit with."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest
import typer
from typer.testing import CliRunner, Result

from dashgaze.cli.command import SafeCommand
from dashgaze.cli.export import export_command
from dashgaze.cli.published import published_command

NAME = "my-lab/dashgaze"
# huggingface_hub's own call of its HTTP library, where files go to LFS.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def _module(name: str) -> ModuleType:
    path = Path(__file__).parents[1] / "dataset" / "exchange" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"{name}_of_the_command_line", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made() -> ModuleType:
    return _module("made_dataset")


@pytest.fixture(scope="module")
def hubs() -> ModuleType:
    return _module("stand_in_hub")


@pytest.fixture
def dataset(made, tmp_path) -> Path:
    return made.make_dataset(tmp_path / "dashgaze")


@pytest.fixture
def hub(hubs, monkeypatch, tmp_path):
    """Give a Hub that HF_ENDPOINT leads to, with somebody logged in."""
    from huggingface_hub import constants

    monkeypatch.setenv("HF_TOKEN", hubs.GOOD)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    with hubs.running_hub() as running:
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        yield running


@pytest.fixture
def validated(monkeypatch) -> list[dict]:
    """Let every data set be sound but those whose folder is named `unsound`; give the calls."""
    from dashgaze.dataset.reading import validate as validating
    from dashgaze.dataset.reading.validate_report import DatasetFinding, ValidationReport

    calls: list[dict] = []

    def validate(folder, *, deep=False, release=False, progress=None):
        calls.append({"folder": folder, "release": release})
        finding = DatasetFinding(
            severity="error", code="X", file="frames/a.parquet", message="Driver in two splits."
        )
        found = (finding, finding) if folder.name == "unsound" else ()
        return ValidationReport(folder=folder, deep=deep, release=release, findings=found)

    monkeypatch.setattr(validating, "validate", validate)
    return calls


@pytest.fixture
def run(validated):
    """Run one of both commands; anything but an exit is an error of the test."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("export", cls=SafeCommand)(export_command)
    app.command("published", cls=SafeCommand)(published_command)

    def invoke(*arguments: object) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def test_bids_is_written_and_how_to_check_it_is_said(run, dataset, tmp_path):
    out = tmp_path / "bids"
    result = run("export", dataset, "--bids", out)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        f"4 sessions of 3 participants in {out}\n  check it: bids-validator-deno {out}\n"
    )
    assert (out / "dataset_description.json").is_file()


def test_some_sessions_as_bids_in_json(run, dataset, tmp_path):
    arguments = ("--bids", tmp_path / "bids", "--session", "session_003", "--json")
    result = run("export", dataset, *arguments)
    assert json.loads(result.stdout) == {
        "path": str(tmp_path / "bids"),
        "subjects": ["sub-driver9"],
        "sessions": 1,
    }


def test_the_hub_gets_it_and_how_to_load_it_is_said(run, hub, dataset):
    result = run("export", dataset, "--hub", NAME)
    assert (result.exit_code, result.stderr) == (0, "")
    first, url, load = result.stdout.splitlines()
    assert first.startswith(f"{NAME}, version v1.0.0: 21 files sent (")
    assert first.endswith(" MB), 0 there already, 0 deleted")
    assert url == f"{hub.endpoint}/datasets/{NAME}"
    assert load == f"  load_dataset('{NAME}', revision='v1.0.0')"
    assert hub.repos[NAME].private
    assert hub.repos[NAME].tags == {"v1.0.0": hub.repos[NAME].head}


def test_an_unsound_data_set_is_not_published(run, hub, made, validated, tmp_path):
    unsound = made.make_dataset(tmp_path / "unsound")
    result = run("export", unsound, "--hub", NAME, "--public")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "2 errors, first: frames/a.parquet Driver in two splits." in result.stderr
    assert f"dashgaze validate {unsound} --release" in result.stderr
    assert validated == [{"folder": unsound, "release": True}]
    assert hub.requests == []


def test_a_private_export_need_not_be_ready_for_release(run, hub, dataset, validated):
    assert run("export", dataset, "--hub", NAME).exit_code == 0
    assert validated == [{"folder": dataset, "release": False}]


def test_a_dry_run_lists_and_sends_nothing(run, hub, dataset):
    result = run("export", dataset, "--hub", NAME, "--dry-run")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{NAME} (new), version v1.0.0: 21 files to send")
    assert "  + frames/test/session_003.parquet\n" in result.stdout
    assert hub.repos == {}
    content = json.loads(run("export", dataset, "--hub", NAME, "--dry-run", "--json").stdout)
    assert (content["url"], content["exists"], len(content["send"])) == (None, False, 21)


def test_options_reach_the_hub(run, hub, made, tmp_path):
    faces = made.make_dataset(tmp_path / "faces", images=True)
    refused = run("export", faces, "--hub", NAME, "--public")
    assert refused.exit_code == 1
    assert "--gated" in refused.stderr
    assert hub.repos == {}
    assert run("export", faces, "--hub", NAME, "--public", "--gated").exit_code == 0
    assert (hub.repos[NAME].private, hub.repos[NAME].gated) == (False, "manual")
    arguments = ("--hub", "my-lab/open", "--public", "--people-may-be-seen", "--forget")
    assert run("export", faces, *arguments).exit_code == 0
    assert hub.repos["my-lab/open"].messages == ["Start of history"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--bids", "out", "--hub", NAME],
        ["--bids", "out", "--dry-run"],
        ["--bids", "out", "--public"],
        ["--bids", "out", "--gated"],
        ["--bids", "out", "--forget"],
        ["--bids", "out", "--people-may-be-seen"],
        ["--hub", NAME, "--session", "session_001"],
    ],
)
def test_options_that_do_not_go_together_are_usage_errors(run, dataset, arguments, monkeypatch):
    monkeypatch.chdir(dataset.parent)
    result = run("export", dataset, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert [path.name for path in dataset.parent.iterdir()] == ["dashgaze"]


def test_errors_are_one_paragraph(run, tmp_path):
    for arguments in (("--bids", tmp_path / "bids"), ("--hub", NAME)):
        result = run("export", tmp_path / "nowhere", *arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"error: {tmp_path / 'nowhere'} is no packed data set")
        assert len(result.stderr.splitlines()) == 1


@pytest.fixture
def published(tmp_path) -> Path:
    folder = tmp_path / "download"
    folder.mkdir()
    text = "Dash Gaze X [px],dash gaze y [px],face x\n-1,-1,3\n100.5,200.25,4\n"
    (folder / "s01.csv").write_text(text, encoding="utf-8")
    (folder / "notes.txt").write_text("hello", encoding="utf-8")
    return folder


def test_published_says_what_is_there_and_what_is_not(run, published):
    result = run("published", published)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[0] == f"1 session in {published}"
    assert lines[1] == "  s01: 2 rows, 2 of 17 labels"
    assert lines[2].startswith("    not there: gaze_azimuth_deg, gaze_elevation_deg, left_eye_x_px")
    assert "    kept as published: face x" in lines
    assert "    made null: 1 × gaze_road -1, -1" in lines
    assert lines[-2:] == ["  not read", "    notes.txt: is of a kind that is not known here"]


def test_published_writes_what_datasets_reads(run, published, tmp_path):
    import pyarrow.parquet as pq

    out = tmp_path / "out"
    result = run("published", published, "-o", out, "--json")
    content = json.loads(result.stdout)
    assert (content["out"], content["sessions"][0]["rows"]) == (str(out), 2)
    assert content["not_read"] == [
        {"path": "notes.txt", "reason": "is of a kind that is not known here"}
    ]
    table = pq.read_table(out / "frames" / "s01.parquet")
    assert table["gaze_road_x_px"].to_pylist() == [None, 100.5]
    assert "config_name: frames" in (out / "README.md").read_text(encoding="utf-8")


def test_nothing_published_is_one_error(run, tmp_path):
    result = run("published", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {tmp_path} holds nothing of the published")
