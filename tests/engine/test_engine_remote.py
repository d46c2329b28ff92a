"""Sessions on a remote store, by a run: fetched, worked on, and sent back."""

import json
import shutil

import pyarrow.parquet as pq
import pytest

from dashgaze.engine.run import RunOptions, run
from dashgaze.engine.status import status
from dashgaze.session import open_session
from dashgaze.stages.frames import frames


@pytest.fixture
def store(drives, tmp_path, monkeypatch):
    """Give the address of a store with a good session and a broken one; its folder is `drives`."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    shutil.copytree(drives / "first", drives / "broken")
    (drives / "broken/eye_tracker/info.json").write_text("{")
    (drives / "broken/eye_tracker/gaze ps1.raw").write_bytes(b"")
    return f"file://{drives}"


def test_a_run_sends_back_what_a_run_beside_the_files_makes(store, drives, tmp_path):
    shutil.copytree(drives / "first", tmp_path / "beside")
    frames(open_session(tmp_path / "beside"))
    before = {path: path.read_bytes() for path in (drives / "first/phone").iterdir()}

    result = run(store, RunOptions(until="frames", log=tmp_path / "log.jsonl"))

    assert [each.path for each in result.sessions] == [f"{store}/broken", f"{store}/first"]
    broken, first = result.sessions
    assert [each.outcome for each in first.stages] == ["fresh", "done"]
    for name in ("frames", "gaze"):
        path = f"derived/{name}.parquet"
        assert pq.read_table(drives / "first" / path).equals(
            pq.read_table(tmp_path / "beside" / path)
        )
    assert {path: path.read_bytes() for path in (drives / "first/phone").iterdir()} == before
    assert broken.is_bad
    assert result.verdict == "failed"
    reason = next(each.reasons[0] for each in broken.stages if each.outcome == "failed")
    assert f"{store}/broken" in reason, "the address, not the place of the view"
    events = [
        json.loads(each)["event"] for each in (tmp_path / "log.jsonl").read_text().splitlines()
    ]
    assert events.count("session over") == 2

    again = run(store, RunOptions(until="frames"))
    assert [each.outcome for each in again.sessions[1].stages] == ["fresh", "fresh"]


def test_status_looks_without_doing(store, drives):
    found = status(store, until="frames")
    assert [each.path for each in found.sessions] == [f"{store}/broken", f"{store}/first"]
    assert found.sessions[1].to_do == ("frames",)
    assert not (drives / "first/derived/frames.parquet").exists()
