"""``dashgaze simulate``: what it hands on, prints and exits with."""

import json
from pathlib import Path

import pytest

import dashgaze.cli.simulate as command
from dashgaze.collection.simulation.session import simulate as simulating
from dashgaze.collection.simulation.session.facts import asked
from dashgaze.collection.simulation.session.simulate import SimulateOptions


@pytest.fixture(autouse=True)
def kept(monkeypatch) -> list[bool]:
    """Leave this process's memory as it is; give how often it would have been changed."""
    calls: list[bool] = []
    monkeypatch.setattr(command, "keep_freed_memory", lambda: calls.append(True))
    return calls


@pytest.fixture
def cores(monkeypatch):
    def put(count: int) -> None:
        monkeypatch.setattr(command, "core_count", lambda: count)

    return put


@pytest.fixture
def calls(monkeypatch) -> list[tuple[Path, SimulateOptions, int]]:
    """Let nothing be simulated but the manifests; give the calls."""
    made: list[tuple[Path, SimulateOptions, int]] = []

    def simulate(out, options, *, workers, progress):
        made.append((out, options, workers))
        for number in range(options.sessions):
            folder = out / f"session_{number + 1:03d}"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "session.yaml").write_text("", encoding="utf-8")
        return out

    monkeypatch.setattr(simulating, "simulate", simulate)
    return made


def test_help_names_the_choices(run):
    result = run("simulate", "--help")
    assert result.exit_code == 0
    for choice in ("twilight", "cloudy", "--camera-position", "--labels-only", "--workers"):
        assert choice in result.stdout


def test_one_minute_is_simulated_if_nothing_is_asked_for(run, calls, kept, tmp_path):
    result = run("simulate", tmp_path / "out")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"1 session in {tmp_path / 'out'}\n"
    ((out, options, _),) = calls
    assert (out, options) == (tmp_path / "out", SimulateOptions())
    assert kept == [True]


def test_hands_its_options_on(run, calls, tmp_path):
    result = run(
        *("simulate", tmp_path / "out", "--sessions", 3, "--drivers", 2, "--minutes", 2.5),
        *("--seed", 9, "--lighting", "night", "--weather", "rain", "--traffic", "heavy"),
        *("--camera-position", "windscreen_centre", "--workers", 7),
    )
    assert result.stdout == f"3 sessions in {tmp_path / 'out'}\n"
    ((_, options, workers),) = calls
    assert options == SimulateOptions(
        sessions=3,
        drivers=2,
        minutes=2.5,
        seed=9,
        lighting="night",
        weather="rain",
        traffic="heavy",
        camera_position="windscreen_centre",
    )
    assert workers == 7


@pytest.mark.parametrize(
    ("count", "with_pictures", "labels"), [(1, 1, 1), (2, 1, 2), (3, 1, 3), (8, 4, 8)]
)
def test_a_drive_with_pictures_takes_two_cores(
    run, calls, cores, tmp_path, count, with_pictures, labels
):
    cores(count)
    run("simulate", tmp_path / "a")
    run("simulate", tmp_path / "b", "--labels-only")
    assert [workers for _, _, workers in calls] == [with_pictures, labels]
    assert [options.labels_only for _, options, _ in calls] == [False, True]


def test_as_json(run_json, calls, tmp_path):
    code, content = run_json("simulate", tmp_path / "out", "--sessions", 2)
    assert code == 0
    assert content == {
        "path": str(tmp_path / "out"),
        "sessions": ["session_001", "session_002"],
    }


def test_labels_only_really(run_json, tmp_path):
    out = tmp_path / "study"
    code, content = run_json(
        *("simulate", out, "--labels-only", "--minutes", 0.4, "--workers", 1, "--lighting", "night")
    )
    assert (code, content["sessions"]) == (0, ["session_001"])
    truth = json.loads((out / "session_001" / "truth" / "truth.json").read_text(encoding="utf-8"))
    assert truth["conditions"]["lighting"] == "night"
    assert truth["seconds"] == 24.0
    assert not list(out.rglob("*.mp4"))


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["out", "--sessions", 0],
        ["out", "--sessions", 10_001],
        ["out", "--minutes", 0.3],
        ["out", "--minutes", 241],
        ["out", "--minutes", "nan"],
        ["out", "--lighting", "dusk"],
        ["out", "--weather", "snow"],
        ["out", "--traffic", "none"],
        ["out", "--camera-position", "roof"],
        ["out", "--workers", 0],
        ["out", "--drivers", 0],
        ["out", "--seed", -1],
    ],
)
def test_impossible_options_are_usage_errors(run, calls, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    result = run("simulate", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert calls == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("labels", [[], ["--labels-only"]])
def test_bad_input_is_one_error_and_nothing_is_written(run, run_json, tmp_path, labels):
    arguments = ("simulate", tmp_path / "out", "--sessions", 2, "--drivers", 3, *labels)
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == ("error: 3 drivers can't drive 2 sessions. Ask for 1 to 2 drivers.\n")
    code, content = run_json(*arguments)
    assert code == 1
    assert content["error"]["type"] == "OutputError"
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_folder_is_one_error(run, tmp_path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    for labels in ([], ["--labels-only"]):
        result = run("simulate", tmp_path / "out", *labels)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"error: {tmp_path / 'out'}")
        assert len(result.stderr.splitlines()) == 1
    assert (tmp_path / "out").read_text(encoding="utf-8") == "mine"


def test_another_drive_in_its_place_is_one_error(run_json, tmp_path):
    truth = tmp_path / "out" / "session_001" / "truth" / "truth.json"
    truth.parent.mkdir(parents=True)
    truth.write_text('{"asked": {"seconds": 5}}', encoding="utf-8")
    code, content = run_json("simulate", tmp_path / "out", "--workers", 1)
    assert code == 1
    assert "holds another session" in content["error"]["what"]
    assert content["error"]["path"] == str(tmp_path / "out" / "session_001")
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == [truth]


def test_a_second_run_keeps_the_drives(run, monkeypatch, tmp_path):
    made = []

    def drive(folder, wanted, *, progress):
        made.append(folder.name)
        (folder / "truth").mkdir(parents=True)
        content = json.dumps({"asked": asked(wanted)})
        (folder / "truth" / "truth.json").write_text(content, encoding="utf-8")
        (folder / "session.yaml").write_text("", encoding="utf-8")

    monkeypatch.setattr(simulating, "simulate_drive", drive)
    for count in (1, 1, 3):
        result = run("simulate", tmp_path, "--sessions", count, "--workers", 1)
        assert result.exit_code == 0
    assert made == ["session_001", "session_002", "session_003"]
    assert result.stdout == f"3 sessions in {tmp_path}\n"
