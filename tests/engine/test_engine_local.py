"""The engine on this machine: processes that are killed, parents that are killed, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dashgaze.engine.hands import LocalHands, _no_interrupt
from dashgaze.engine.job import Job

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc"
)


@pytest.fixture
def hands_of(jobs):
    made = []

    def make(count, do=jobs.leave_a_mark):
        made.append(LocalHands(count, do=do))
        return made[-1]

    yield make
    for each in made:
        each.close(at_once=True)


def in_session_of(leader):
    """Processes, but for unburied ones, of the terminal session that a process leads."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[3] == str(leader) and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def test_a_process_killed_from_outside_loses_nothing(hands_of, engine, made_up):
    hands, paths = hands_of(2), made_up("a", "slow b", "c", "slow d")
    killed = []

    def kill_one(job, result):
        if len(keeper_results) == 2:
            killed.append(next(iter(hands._pool._processes)))
            os.kill(killed[0], signal.SIGKILL)
        keeper_results.append(result)

    keeper_results = []
    keeper = engine(hands, paths, until="frames", at_end=kill_one)
    assert killed
    assert len(keeper.finished) == 4
    assert not any(course.is_bad for course in keeper.finished.values())
    assert all((path / f"{name}.done").exists() for path in paths for name in ("sync", "frames"))


def test_a_job_that_always_kills_its_process_is_named_and_the_others_are_done(
    hands_of, engine, made_up
):
    paths = made_up("a", "b", "killer", "c")
    keeper = engine(hands_of(2), paths, until="align")
    assert [name for name, course in keeper.finished.items() if course.is_bad] == ["killer"]
    bad = keeper.finished["killer"].outcomes
    assert (bad["frames"].outcome, bad["align"].outcome) == ("failed", "skipped")
    assert "killed 2 times" in bad["frames"].reasons[0]
    for path in paths:
        if path.name != "killer":
            assert (path / "align.done").exists()
        # what had ended before it was killed is not done again
        assert (path / "sync.done").read_text().count("\n") == 1, "done once"


def test_an_error_that_no_job_gives_is_a_fault_of_that_job(hands_of, engine, made_up, jobs):
    hands = hands_of(1, jobs.raise_what_no_job_should)
    outcome = engine(hands, made_up("a"), until="sync").finished["a"].outcomes["sync"]
    assert (outcome.outcome, outcome.reasons) == ("fault", ("RuntimeError: not in the book",))
    assert "raise_what_no_job_should" in outcome.trace


def test_processes_that_are_dismissed_end_in_good_order(hands_of, tmp_path, jobs, capfd):
    hands = hands_of(1, jobs.leave_a_note_at_exit)
    hands.submit(Job(session=str(tmp_path), stage="sync")).result(60)
    (process,) = hands._pool._processes.values()
    hands.close(at_once=False)
    assert process.exitcode == 0
    assert (tmp_path / "exit.done").read_text() == str(process.pid)
    assert capfd.readouterr().out == "said at last"


@needs_proc
def test_ctrl_c_that_another_thread_is_given_waits_until_processes_have_started():
    done, went_on = threading.Event(), []
    other = threading.Thread(target=done.wait)
    other.start()

    def start_processes():
        with _no_interrupt():
            signal.pthread_kill(other.ident, signal.SIGINT)
            time.sleep(0.2)
            went_on.append(True)

    try:
        with pytest.raises(KeyboardInterrupt):
            start_processes()
        assert went_on
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        done.set()
        other.join()


def test_processes_use_one_thread(hands_of, jobs):
    result = hands_of(1, jobs.say_threads).submit(Job(session=".", stage="sync")).result(60)
    assert result.reasons == ("1", "1")


_PARENT = """
import sys
import threading
import time
sys.path.insert(0, sys.argv[1])
import engine_jobs
from dashgaze.engine.hands import LocalHands, _no_interrupt
from dashgaze.engine.job import Job
if __name__ == "__main__":
    hands = LocalHands(2, do=engine_jobs.leave_a_mark)
    jobs = [hands.submit(Job(session=path, stage=f"s{n}")) for n in range(90) for path in sys.argv[2:]]
    for job in jobs:
        job.result()
"""


@needs_proc
def test_no_process_outlives_a_killed_parent(tmp_path, made_up, wait_until):
    paths = made_up("slow a", "slow b")
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    here = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, str(script), here, *map(str, paths)], start_new_session=True
    ) as parent:
        try:
            wait_until(lambda: all((path / "s0.done").exists() for path in paths), seconds=60)
            assert len(in_session_of(parent.pid)) >= 3
        finally:
            parent.kill()
    wait_until(lambda: not in_session_of(parent.pid), seconds=10)


@needs_proc
@pytest.mark.parametrize("moment", ["while processes start", "while they work"])
def test_ctrl_c_ends_all_quietly_and_another_run_goes_on(moment, drive, tmp_path, wait_until):
    root = drive("kept")
    log = tmp_path / "log.jsonl"
    command = [sys.executable, "-m", "dashgaze", "run", str(root.parent), "--until", "frames",
               "--workers", "2", "--log", str(log)]  # fmt: skip

    def noted(event):
        lines = log.read_text().splitlines() if log.exists() else []
        return [each for each in map(json.loads, lines) if each["event"] == event]

    with subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            what = "session began" if moment == "while processes start" else "job ended"
            wait_until(lambda: noted(what), seconds=60)
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert "KeyboardInterrupt" not in err
    wait_until(lambda: not in_session_of(process.pid), seconds=10)
    assert [each["error"] for each in noted("interrupted")] == ["KeyboardInterrupt"]
    if moment == "while they work":
        again = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert again.returncode in (0, 3), again.stderr
        assert noted("run over")
        assert (root / "derived" / "frames.json").exists()
