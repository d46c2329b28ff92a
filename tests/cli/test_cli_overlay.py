"""`dashgaze render` and `dashgaze view`, with stand-ins for what does the work."""

from pathlib import Path

import pytest

import dashgaze.rendering
import dashgaze.viewing
from dashgaze.errors import MissingExtraError
from dashgaze.rendering import Overlay, RenderOptions
from dashgaze.viewing import Viewed, ViewOptions


@pytest.fixture
def rendered(monkeypatch):
    """Give what make_overlay is called with."""
    calls = []

    def make_overlay(session, output, options, *, force, progress):
        calls.append((session.root, output, options, force))
        return Overlay(
            path=output,
            frame_count=90,
            duration_s=3.0,
            size_px=(1280, 1100),
            notes=("Sync first.",),
        )

    monkeypatch.setattr(dashgaze.rendering, "make_overlay", make_overlay)
    return calls


@pytest.fixture
def viewed(monkeypatch):
    calls = []

    def show(session, options, *, save, force, progress):
        calls.append((session.root, options, save, force))
        return Viewed(path=save, notes=("Sync first.",))

    monkeypatch.setattr(dashgaze.viewing, "show", show)
    return calls


def test_render_takes_everything_as_it_is(run, session, rendered):
    result = run("render", session, "-o", "a.mp4")
    assert result.exit_code == 0
    assert rendered == [(session, Path("a.mp4"), RenderOptions(), False)]
    assert result.stdout == ("90 pictures of 1280 × 1100 px, 3.0 s, in a.mp4\n  Sync first.\n")


def test_render_passes_its_options_on(run, session, rendered):
    run(
        "render", session, "--output", "a.mp4", "--start", 1.5, "--end", 3, "--width", 640,
        "--panels", "road, driver", "--sound", "tracker", "--fps", 10, "--force", "-q",
    )  # fmt: skip
    options = RenderOptions(
        start_s=1.5, end_s=3.0, width_px=640, panels=("road", "driver"), sound="tracker", fps=10.0
    )
    assert rendered == [(session, Path("a.mp4"), options, True)]


def test_render_as_json(run_json, session, rendered):
    code, content = run_json("render", session, "-o", "a.mp4")
    assert code == 0
    assert content == {
        "path": "a.mp4",
        "frames": 90,
        "seconds": 3.0,
        "size_px": [1280, 1100],
        "notes": ["Sync first."],
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--panels", "road,sky"), "There is no panel 'sky'. Choose from road"),
        (("--width", "641"), "A width of 641 px can't be had"),
        (("--start", "5", "--end", "4"), "starts at 5 s and ends at 4 s"),
    ],
)
def test_render_refuses_what_makes_no_sense(run, session, arguments, message):
    result = run("render", session, "-o", "a.mp4", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.parametrize("arguments", [(), ("-o", "a.mp4", "--sound", "radio")])
def test_wrong_usage_of_render(run, session, arguments):
    assert run("render", session, *arguments).exit_code == 2


def test_render_warns_of_sound(run):
    assert "consent" in " ".join(run("render", "--help").stdout.split())


def test_render_of_a_tiny_session(run, session, tmp_path):
    """No stage has run: what there is, is shown."""
    result = run("render", session, "-o", tmp_path / "a.mp4", "--width", 320)
    assert result.exit_code == 0, result.stderr
    assert "dashgaze sync" in result.stdout
    assert (tmp_path / "a.mp4").stat().st_size > 1000


def test_view_opens_the_viewer(run, session, viewed):
    result = run("view", session)
    assert viewed == [(session, ViewOptions(), None, False)]
    assert result.stdout == "The viewer is open.\n  Sync first.\n"


def test_view_writes_a_file(run, run_json, session, viewed):
    result = run("view", session, "--save", "a.rrd", "--no-videos", "--force")
    assert viewed == [(session, ViewOptions(videos=False), Path("a.rrd"), True)]
    assert "rerun a.rrd" in result.stdout
    assert run_json("view", session, "--save", "a.rrd") == (
        0,
        {"path": "a.rrd", "notes": ["Sync first."]},
    )


def test_view_without_the_extra(run, session, monkeypatch):
    def missing():
        raise MissingExtraError("Not installed.", fix='Install it: pip install "dashgaze[view]"')

    monkeypatch.setattr("dashgaze.viewing.showing.import_rerun", missing)
    result = run("view", session)
    assert result.exit_code == 1
    assert 'pip install "dashgaze[view]"' in result.stderr
