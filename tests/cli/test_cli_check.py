"""``dashgaze check`` and ``dashgaze import``."""

import shutil

import pytest


def test_check_of_a_good_session(run, session):
    result = run("check", session)
    assert result.exit_code == 0
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "tiny"
    assert lines[1] == "  road        32.0 s   25.0 frames/s  96×64  with sound"
    assert lines[-2] == "The session can be used: 0 errors, 1 warning."
    assert "--deep" in lines[-1]


def test_check_of_a_bad_session(run, session):
    (session / "phone" / "road.mp4").unlink()
    result = run("check", session)
    assert result.exit_code == 1
    assert "error FILE-MISSING phone/road.mp4\n  The road video does not exist." in result.stdout
    assert "can't be used as it is: 1 error" in result.stdout


def test_check_as_json(run_json, session):
    code, content = run_json("check", session)
    assert code == 0
    assert content["ok"] is True
    assert content["session_id"] == "tiny"
    (session / "phone" / "road.mp4").unlink()
    code, content = run_json("check", session)
    assert code == 1
    assert content["findings"][0]["code"] == "FILE-MISSING"


def test_deep_check_listens(run_json, session):
    assert run_json("check", session)[1]["listened"] is False
    assert run_json("check", session, "--deep")[1]["listened"] is True


@pytest.fixture
def card(session, tmp_path):
    card = tmp_path / "card"
    shutil.copytree(session / "phone", card)
    shutil.copytree(session / "eye_tracker", card / "rec")
    return card


def test_import(run, card, tmp_path):
    result = run("import", card, "--session", tmp_path / "s07", "--lighting", "day")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{tmp_path / 's07'}: ")
    assert "all compared" in result.stdout
    assert "warning MISSING-WEATHER" in result.stdout
    assert "weather: clear   # clear | cloudy | rain | fog" in result.stdout
    assert "MISSING-LIGHTING" not in result.stdout


def test_import_as_json(run_json, card, tmp_path):
    (card / "notes.txt").write_text("x", encoding="utf-8")
    code, content = run_json(
        "import", card, "--session", tmp_path / "s07", "--driver-id", "D01", "--passengers", 2
    )
    assert code == 0
    assert content["session_id"] == "s07"
    assert content["left_out"] == [str(card / "notes.txt")]
    assert {"phone/road.mp4", "phone/driver.mp4", "phone/location.csv"} <= {
        each["target"] for each in content["copied"]
    }
    assert content["check"]["ok"] is True


def test_import_with_every_file_named(run, card, tmp_path):
    result = run(
        "import",
        "--session",
        tmp_path / "s07",
        "--road",
        card / "road.mp4",
        "--eye-tracker",
        card / "rec",
    )
    assert result.exit_code == 0
    assert "video of the driver" in result.stdout


def test_import_into_what_exists(run, card, session):
    result = run("import", card, "--session", session)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {session} exists and is not empty")
    assert len(result.stderr.strip().splitlines()) == 1


def test_import_needs_a_session(run, card):
    assert run("import", card).exit_code == 2
