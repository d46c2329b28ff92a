"""``dashgaze demo``: what it prints, opens and exits with."""

import webbrowser
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import dashgaze.cli.demo as command
import dashgaze.demonstration
from dashgaze.comparison import ClockErrors, RoadGazeErrors
from dashgaze.demonstration import Demo
from dashgaze.errors import OutputError

CLOCKS = ClockErrors(
    verdict="ok",
    offset_s=-5.1234,
    drift_ppm=12.345,
    offset_error_ms=(0.5, 0.25, -0.125),
    offset_se_ms=0.75,
    drift_error_ppm=-1.5,
    drift_se_ppm=None,
    road_time_error_ms=0.3,
    same_road_frame_share=0.995,
)
GAZE = RoadGazeErrors(
    frame_count=1234,
    answered_share=0.99,
    median_px=3.21,
    p95_px=14.6,
    p99_px=30.0,
    median_deg=0.17,
    stated_median_px=4.0,
    in_ellipse_share=0.951,
    sure_and_wrong_count=0,
)
NO_CLOCKS = ClockErrors(
    verdict="failed",
    offset_s=-5.0,
    drift_ppm=1.0,
    offset_error_ms=None,
    offset_se_ms=None,
    drift_error_ppm=None,
    drift_se_ppm=None,
    road_time_error_ms=None,
    same_road_frame_share=None,
)
NO_GAZE = RoadGazeErrors(
    frame_count=0,
    answered_share=None,
    median_px=None,
    p95_px=None,
    p99_px=None,
    median_deg=None,
    stated_median_px=None,
    in_ellipse_share=None,
    sure_and_wrong_count=0,
)


@pytest.fixture(autouse=True)
def kept(monkeypatch) -> list[bool]:
    """Leave this process's memory as it is; give how often it would have been changed."""
    calls: list[bool] = []
    monkeypatch.setattr(command, "keep_freed_memory", lambda: calls.append(True))
    return calls


@pytest.fixture
def demo_gives(monkeypatch):
    """Let the demonstration find something; give its calls."""

    def put(**changes):
        calls = []

        def demo(folder, *, workers, progress):
            calls.append((folder, workers))
            root = folder / "session_001"
            made = Demo(
                session=root,
                report=root / "report.html",
                overlay=root / "overlay.mp4",
                clocks=CLOCKS,
                road_gaze=GAZE,
                seconds={"simulate": 61.2, "align": 30.4},
            )
            return replace(made, **changes)

        monkeypatch.setattr(dashgaze.demonstration, "demo", demo)
        return calls

    return put


def test_help_says_how_long_it_takes(run):
    result = run("demo", "--help")
    assert result.exit_code == 0
    assert "minutes on two cores" in " ".join(result.stdout.split())


def test_results_stand_beside_the_truth(run, demo_gives, tmp_path):
    demo_gives()
    result = run("demo", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    root = tmp_path / "session_001"
    lines = [" | ".join(line.split("  ")).strip(" |") for line in result.stdout.splitlines()]
    cells = [[cell.strip() for cell in line.split(" | ") if cell.strip()] for line in lines]
    assert cells == [
        ["truth", "off by", "stated (1σ)"],
        ["clock offset", "-5123.4 ms", "+0.250 ms", "± 0.75 ms"],
        ["clock drift", "12.35 ppm", "-1.50 ppm"],
        ["road frame beside", "the nearest", "99.5% right"],
        ["gaze in the road view", "1234 frames", "3.2 px (0.17°) median, 15 px 95 %", "± 4.0 px"],
        ["in its 95 % ellipse", "95 %", "95.1%"],
        [],
        ["92 s: simulate 61, align 30"],
        ["report", str(root / "report.html")],
        ["overlay", str(root / "overlay.mp4")],
        ["session", str(root)],
    ]


def test_columns_stand_below_each_other(run, demo_gives, tmp_path):
    demo_gives()
    head, first, *_ = run("demo", tmp_path).stdout.splitlines()
    assert head.index("off by") == first.index("+0.250")
    assert head.index("truth") == first.index("-5123.4")


def test_as_json(run_json, demo_gives, tmp_path):
    demo_gives()
    code, content = run_json("demo", tmp_path)
    assert code == 0
    root = tmp_path / "session_001"
    assert content == {
        "session": str(root),
        "report": str(root / "report.html"),
        "overlay": str(root / "overlay.mp4"),
        "clocks": asdict(CLOCKS) | {"offset_error_ms": [0.5, 0.25, -0.125]},
        "road_gaze": asdict(GAZE),
        "seconds": {"simulate": 61.2, "align": 30.4},
        "shortcomings": [],
    }


def test_results_that_are_off_exit_with_4(run, run_json, demo_gives, tmp_path):
    demo_gives(road_gaze=replace(GAZE, median_px=50.0))
    result = run("demo", tmp_path)
    assert result.exit_code == 4
    sentence = "gaze is off by 50.0 px in the median frame"
    assert result.stdout.splitlines()[-1] == f"not as it should be: {sentence}"
    code, content = run_json("demo", tmp_path)
    assert (code, content["shortcomings"]) == (4, [sentence])


def test_results_that_are_missing_are_not_printed(run, run_json, demo_gives, tmp_path):
    demo_gives(clocks=NO_CLOCKS, road_gaze=NO_GAZE)
    result = run("demo", tmp_path)
    assert result.exit_code == 4
    assert "clock offset" not in result.stdout
    assert "None" not in result.stdout
    assert "the clocks' verdict is failed" in result.stdout
    assert "no frame has gaze in the road view" in result.stdout
    code, content = run_json("demo", tmp_path)
    assert (code, content["clocks"]["offset_error_ms"]) == (4, None)


@pytest.mark.parametrize("missing", ["clocks", "gaze"])
def test_the_other_results_are_printed_even_so(run, demo_gives, tmp_path, missing):
    demo_gives(**({"clocks": NO_CLOCKS} if missing == "clocks" else {"road_gaze": NO_GAZE}))
    result = run("demo", tmp_path)
    assert result.exit_code == 4
    assert ("gaze in the road view  " in result.stdout) == (missing == "clocks")
    assert ("clock offset  " in result.stdout) == (missing == "gaze")


@pytest.mark.parametrize("name", ["road_time_error_ms", "same_road_frame_share", "drift_se_ppm"])
def test_single_figures_may_be_missing(run, demo_gives, tmp_path, name):
    demo_gives(clocks=replace(CLOCKS, **{name: None}))
    result = run("demo", tmp_path)
    assert result.exit_code == 0
    assert "None" not in result.stdout
    assert ("road frame beside" in result.stdout) == (name != "same_road_frame_share")


def test_folder_and_workers_are_handed_on(run, demo_gives, kept, monkeypatch):
    calls = demo_gives()
    monkeypatch.setattr(command, "core_count", lambda: 5)
    run("demo")
    run("demo", "here", "--workers", 3)
    assert calls == [(Path("dashgaze-demo"), 5), (Path("here"), 3)]
    assert kept == [True, True]


def test_the_report_is_opened_if_asked_for(run, demo_gives, monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr(webbrowser, "open", lambda address: shown.append(address) or True)
    demo_gives()
    run("demo", tmp_path)
    assert shown == []
    result = run("demo", tmp_path, "--open")
    assert (result.exit_code, result.stderr) == (0, "")
    assert shown == [(tmp_path / "session_001" / "report.html").as_uri()]


def test_it_is_opened_even_if_results_are_off(run, demo_gives, monkeypatch, tmp_path):
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    demo_gives(road_gaze=replace(GAZE, median_px=50.0))
    result = run("demo", tmp_path, "--open")
    assert result.exit_code == 4
    assert "yourself" in result.stderr


def test_a_folder_with_another_drive_is_one_error(run, run_json, monkeypatch, tmp_path):
    truth = tmp_path / "session_001" / "truth" / "truth.json"
    truth.parent.mkdir(parents=True)
    truth.write_text("{}", encoding="utf-8")
    result = run("demo", tmp_path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"error: {tmp_path / 'session_001'} holds another session")
    assert len(result.stderr.splitlines()) == 1
    code, content = run_json("demo", tmp_path)
    assert (code, content["error"]["type"]) == (1, OutputError.__name__)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [truth]


@pytest.mark.parametrize("arguments", [["--workers", 0], ["a", "b"], ["--nope"]])
def test_wrong_usage(run, demo_gives, arguments):
    calls = demo_gives()
    assert run("demo", *arguments).exit_code == 2
    assert calls == []
