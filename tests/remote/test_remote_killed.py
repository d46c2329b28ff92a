"""Killed while it sends: a record on the store never vouches for what is not there."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dashgaze.remote import remote_session

KEY = "drives/one"
CONTENT = {"one", "two"}


def start(s3, folder: Path, content: str) -> subprocess.Popen:
    program = Path(__file__).with_name("paper_session.py")
    command = [sys.executable, str(program), f"{s3.url}/{KEY}", str(folder / "cache")]
    return subprocess.Popen([*command, json.dumps(s3.options), content], cwd=folder)


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL")
@pytest.mark.parametrize(("number", "done"), [(2, False), (3, True), (5, False)])
def test_a_kill_leaves_no_record_without_its_outputs(
    s3, papers, tmp_path: Path, number: int, done: bool
) -> None:
    for name, data in papers.inputs().items():
        s3.put(f"{KEY}/{name}", data)
    with remote_session(f"{s3.url}/{KEY}", tmp_path / "first", storage_options=s3.options) as view:
        papers.work(view, "one")
    before = s3.keys(KEY)
    s3.log.clear()
    child = start(s3, tmp_path, "two")
    count = 0

    def kill(request) -> tuple[str, str] | None:
        nonlocal count
        if request.method not in ("PUT", "POST", "DELETE"):
            return None
        count += 1
        if count < number:
            return None
        os.kill(child.pid, signal.SIGKILL)
        return None if done and count == number else ("503 Gone", "ServiceUnavailable")

    s3.refuse = kill
    assert child.wait(timeout=60) == -signal.SIGKILL
    s3.refuse = lambda request: None
    files = {name: s3.get(f"{KEY}/{name}") for name in s3.keys(KEY)}
    assert papers.false_records(files, tmp_path / "check") == []
    assert {name: files[name] for name in papers.inputs()} == papers.inputs()
    for name in ("frames", "gaze"):
        assert files[f"derived/{name}.parquet"].decode() in {f"{name} {each}" for each in CONTENT}
    # The next run on that machine sends what is left, without doing the work again.
    with remote_session(f"{s3.url}/{KEY}", tmp_path / "cache", storage_options=s3.options):
        pass
    assert s3.keys(KEY) == before
    files = {name: s3.get(f"{KEY}/{name}") for name in before}
    assert papers.false_records(files, tmp_path / "check2") == []
    assert files["derived/gaze.parquet"] == b"gaze two"
    assert b'"two"' in files["derived/time_map.json"]
