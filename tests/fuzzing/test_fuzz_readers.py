"""A short run over all readers; and that the harness sees what it is there to see."""

import os
import time
from pathlib import Path

import pytest
from fuzz_running import Target, copy_linked, damage, in_child, run_target
from fuzz_targets import targets

CASES = {"checks": 6, "stages": 2, "tables": 6, "dataset": 2, "loading": 1, "rtsp": 2, "answers": 6}
USUAL_CASES = 12


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory, small_session: Path) -> dict[str, Path]:
    """Folders of whole files, made as they are asked for."""
    return {"session": small_session, "": tmp_path_factory.mktemp("seeds")}


def seeds_of(target: Target, made: dict[str, Path]) -> Path:
    name = target.seeds or target.name
    if name not in made:
        made[name] = made[""] / name
        made[name].mkdir()
        in_child(lambda: target.make(made[name]))
    return made[name]


@pytest.mark.parametrize("name", list(targets()))
def test_damaged_files_are_read_or_refused(name, seeds, tmp_path):
    target = targets()[name]
    cases = range(CASES.get(name, USUAL_CASES))
    tally = run_target(target, seeds_of(target, seeds), tmp_path, seed=1, cases=cases)
    assert not tally.failures, tally.failures[0].text
    assert tally.tried == len(cases)


def planted(read) -> Target:
    return Target(
        name="planted", make=lambda folder: (folder / "a.txt").write_text("1,2\n" * 9), read=read
    )


def crowd(_: Path) -> None:
    held = [bytearray(os.urandom(1 << 20)) * 300 for _ in range(5)]
    held.clear()


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (lambda _: {}["x"], "KeyError"),
        (lambda _: os.abort(), "killed by SIGABRT"),
        (lambda _: os._exit(3), "exit"),
        (crowd, "memory"),
    ],
)
def test_the_harness_tells_what_a_reader_did(tmp_path, read, kind):
    target = planted(read)
    folder = tmp_path / "seeds"
    folder.mkdir()
    target.make(folder)
    count = 1 if kind == "memory" else 3
    tally = run_target(target, folder, tmp_path, seed=1, cases=range(count))
    assert tally.tried == sum(tally.counts.values()) == count
    assert tally.failures[0].kind == kind


def test_the_harness_tells_of_a_reader_that_hangs(tmp_path, monkeypatch):
    monkeypatch.setattr("fuzz_running.LIMIT_S", 0.2)
    monkeypatch.setattr("fuzz_running.WAIT_S", 1.0)
    monkeypatch.setattr("fuzz_running._GRACE_S", 0.5)
    folder = tmp_path / "seeds"
    folder.mkdir()
    busy = planted(lambda _: [None for _ in iter(int, 1)])
    busy.make(folder)
    for target in (busy, planted(lambda _: time.sleep(60))):
        tally = run_target(target, folder, tmp_path, seed=1, cases=range(1))
        assert tally.failures[0].kind == "hang"


def test_a_case_is_the_same_each_time_and_the_seeds_stay_whole(tmp_path):
    target = targets()["tracks"]
    folder = tmp_path / "seeds"
    folder.mkdir()
    target.make(folder)
    whole = {path: path.read_bytes() for path in folder.iterdir()}
    seen = []
    for turn in "ab":
        copies = []
        for case in range(20):
            place = tmp_path / f"{turn}{case}"
            copy_linked(folder, place)
            path = damage(place, target, 5, case)
            copies.append((path.name, path.read_bytes() if path.is_file() else None))
        seen.append(copies)
    assert seen[0] == seen[1]
    assert {path: path.read_bytes() for path in folder.iterdir()} == whole
    assert len({content for _, content in seen[0]}) > 15
