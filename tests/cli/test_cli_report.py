"""``dashgaze report``: text, JSON, exit codes."""

import json
import webbrowser

import pytest

import dashgaze.reports


@pytest.fixture
def page(monkeypatch, tmp_path):
    """Let `report` give a page with figures made up for a test."""

    def make(**content):
        path = tmp_path / "report.html"
        path.write_text("<!doctype html>", encoding="utf-8")
        path.with_suffix(".json").write_text(json.dumps(content), encoding="utf-8")
        monkeypatch.setattr(dashgaze.reports, "report", lambda *args, **kwargs: path)
        return path

    return make


REASONS = [
    {"severity": "redo", "code": "A", "message": "The lens was covered.", "fix": "Uncover it."},
    {"severity": "note", "code": "B", "message": "It rained.", "fix": ""},
]


@pytest.mark.parametrize(
    ("verdict", "code", "title"),
    [
        ("usable", 0, "usable"),
        ("usable_with_flags", 3, "usable with flags"),
        (None, 3, "not yet known"),
        ("redo", 4, "redo the drive"),
    ],
)
def test_the_verdict_is_the_exit_code(run, run_json, page, tmp_path, verdict, code, title):
    path = page(verdict=verdict, reasons=REASONS)
    result = run("report", tmp_path)
    assert result.exit_code == code
    assert result.stdout.splitlines() == [
        title,
        "  redo: The lens was covered.",
        "    → Uncover it.",
        f"  written to {path}",
    ]
    found, content = run_json("report", tmp_path)
    assert found == code
    assert content == {"path": str(path), "verdict": verdict, "reasons": REASONS}


def test_a_folder_is_as_bad_as_its_worst_drive(run, page, tmp_path):
    drive = {
        "path": "a",
        "session_id": "a1",
        "verdict": "usable",
        "problem": None,
        "first_reason": None,
    }
    torn = drive | {"path": "b", "session_id": None, "verdict": None, "problem": "It is torn."}
    page(sessions=[torn, drive], counts={})
    result = run("report", tmp_path)
    assert result.exit_code == 3
    assert result.stdout.splitlines()[:2] == ["not yet known  b: It is torn.", "usable  a1"]


@pytest.mark.parametrize("fails", [False, True])
def test_without_a_browser_the_path_is_told(run, page, tmp_path, monkeypatch, fails):
    def show(address):
        if fails:
            raise webbrowser.Error("no")
        return False

    monkeypatch.setattr(webbrowser, "open", show)
    path = page(verdict="usable", reasons=[])
    result = run("report", tmp_path, "--open")
    assert result.exit_code == 0
    assert f"open {path} yourself" in result.stderr


def test_a_browser_is_shown_the_page(run, page, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(webbrowser, "open", lambda address: shown.append(address) or True)
    path = page(verdict="usable", reasons=[])
    result = run("report", tmp_path, "--open")
    assert shown == [path.as_uri()]
    assert result.stderr == ""


def test_bad_input(run, tmp_path):
    result = run("report", tmp_path)
    assert result.exit_code == 1
    assert "holds no session" in result.stderr
    assert run("report").exit_code == 2


def test_a_raw_session(run_json, session):
    code, content = run_json("report", session, "--no-sound", "-q")
    assert code == 3
    assert content["verdict"] is None
    assert content["sounds"] == {}
    assert content["options"] == {"listen": False}
