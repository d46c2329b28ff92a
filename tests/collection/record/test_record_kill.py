"""Kill -9 at every line of the journal, and during it: the drive is taken up, and nothing starts twice."""

import concurrent.futures
import importlib.util
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dashgaze.collection.record import (
    DeviceOptions,
    begin_drive,
    read_events,
    read_journal,
    replay,
)

SCRIPT = Path(__file__).with_name("killed_recorder.py")
# created form checked ready clock clock starting started growing starting started growing ending
# clock clock stopping stopped stopping stopped closed
LINES = 20


def run_and_kill(folder, at, how):
    folder.mkdir()
    return subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), str(at), how],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def recorder(fakes_module):
    spec = importlib.util.spec_from_file_location("killed_recorder", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def fakes_module():
    return sys.modules["record_field_fakes"]


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """One drive for each line, killed after it was written or in the midst of it; two at a time."""
    top = tmp_path_factory.mktemp("killed")
    found = {}

    def drives(how):
        if how not in found:
            lines = range(1, LINES + 1)
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                results = pool.map(lambda at: run_and_kill(top / f"{at}-{how}", at, how), lines)
                found[how] = [
                    (top / f"{at}-{how}", each) for at, each in zip(lines, results, strict=True)
                ]
        return found[how]

    return drives


def finish(recorder, folder):
    """Take the drive up as an observer would, and bring it to its end."""
    root = folder / "drives" / "s1"
    clock = recorder.fakes.JumpingClock(recorder.fakes.BEGAN_NS + 600 * 10**9)
    if replay(read_journal(root)).phase == "new":
        begin_drive(root, recorder.FORM, DeviceOptions(), clock=clock)
    if replay(read_journal(root)).phase != "closed":
        recorder.record(folder, clock, resumed=True)


def come_to_its_end(recorder, folder, result):
    assert result.returncode == -signal.SIGKILL, result.stderr
    root = folder / "drives" / "s1"
    before = replay(read_journal(root))
    if before.phase == "recording" and not before.ending:
        # Whatever ran when the recorder died, runs.
        for role in ("phone", "tracker"):
            assert json.loads((folder / f"{role}.json").read_text())["recording"]
    finish(recorder, folder)
    after = replay(read_journal(root))
    assert after.phase == "closed"
    assert after.not_understood == 0
    for role in ("phone", "tracker"):
        device = json.loads((folder / f"{role}.json").read_text())
        assert device["starts"] == 1, role
        assert device["stops"] == 1, role
        assert not device["recording"]
    assert [event.name for event in read_events(root)] == ["overtake"]


@pytest.mark.parametrize("at", range(1, LINES + 1))
def test_a_drive_killed_after_any_line_of_its_journal_comes_to_its_end(killed, recorder, at):
    come_to_its_end(recorder, *killed("after")[at - 1])


@pytest.mark.slow
@pytest.mark.parametrize("at", range(1, LINES + 1))
def test_a_drive_killed_while_any_line_is_written_comes_to_its_end(killed, recorder, at):
    come_to_its_end(recorder, *killed("torn")[at - 1])


def test_the_journal_has_as_many_lines_as_are_tried(killed):
    folder, _ = killed("after")[LINES - 1]
    steps = [line["step"] for line in read_journal(folder / "drives" / "s1")]
    assert len(steps) == LINES
    assert steps[-1] == "closed"
