"""Drives as many as one likes: which ones, what is kept, what is refused."""

import concurrent.futures
import json
import multiprocessing
import threading
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pandas as pd
import pytest

from dashgaze.collection.simulation.session import simulate as simulating
from dashgaze.collection.simulation.session.drive import Drive
from dashgaze.collection.simulation.session.facts import asked
from dashgaze.collection.simulation.session.simulate import SimulateOptions, simulate
from dashgaze.collection.simulation.story.population import draw_population
from dashgaze.errors import OutputError, WorkerError
from dashgaze.session import open_session

IN_ALL = ("lighting", "weather", "traffic", "camera_position")


def write_truth(folder: Path, content: object) -> None:
    (folder / "truth").mkdir(parents=True)
    (folder / "truth" / "truth.json").write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def drives(monkeypatch) -> dict[str, Drive]:
    """Let drives be made without pictures; give those that were made, by folder name."""
    made: dict[str, Drive] = {}

    def quick(folder: Path, drive: Drive, *, progress=lambda phase, fraction: None) -> Path:
        made[folder.name] = drive
        progress("pictures", 0.5)
        write_truth(folder, {"asked": asked(drive)})
        return folder

    monkeypatch.setattr(simulating, "simulate_drive", quick)
    return made


@pytest.fixture
def threads(monkeypatch) -> list[dict]:
    """Let threads do the work of processes; give how they were asked for."""
    pools: list[dict] = []

    class Threads(concurrent.futures.ThreadPoolExecutor):
        def __init__(self, workers, **options):
            pools.append({"workers": workers} | options)
            super().__init__(workers)

    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", Threads)
    return pools


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "what", "fix"),
        [
            ({"sessions": 0}, "0 sessions can't be", "1 to 10000"),
            ({"sessions": 10_001}, "10001 sessions can't be", "1 to 10000"),
            ({"drivers": 2}, "2 drivers can't drive 1 sessions", "1 to 1 drivers"),
            ({"sessions": 4, "drivers": 0}, "0 drivers can't drive 4", "1 to 4 drivers"),
            ({"minutes": 0.3}, "0.3 minutes can't be", "0.3 to 240 minutes"),
            ({"minutes": 241}, "241 minutes can't be", "0.3 to 240 minutes"),
            ({"minutes": float("nan")}, "nan minutes can't be", "0.3 to 240 minutes"),
            ({"minutes": -1, "labels_only": True}, "-1 minutes can't be", "0.3 to 240"),
            ({"seed": -1}, "-1 can't be a seed", "0 or more"),
        ],
    )
    def test_what_can_t_be_simulated_is_refused_with_what_can(self, options, what, fix):
        with pytest.raises(OutputError) as caught:
            SimulateOptions(**options)
        assert what in caught.value.what
        assert fix in caught.value.fix

    def test_an_unknown_condition_is_refused_before_anything_is_made(self, drives, tmp_path):
        with pytest.raises(ValueError, match="lighting is 'dusk'; expected one of day"):
            simulate(tmp_path / "out", SimulateOptions(lighting="dusk"))
        assert list(tmp_path.iterdir()) == []

    def test_the_shortest_and_longest_drives_are_possible(self):
        assert SimulateOptions(minutes=1 / 3).minutes == 1 / 3
        assert SimulateOptions(minutes=240.0).minutes == 240.0


class TestDrives:
    def test_one_is_made_in_a_folder_of_its_own(self, drives, tmp_path):
        assert simulate(tmp_path / "out", SimulateOptions(minutes=2)) == tmp_path / "out"
        assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["session_001"]
        assert drives["session_001"].seconds == 120.0

    def test_conditions_that_are_given_are_those_of_all(self, drives, tmp_path):
        given = {
            "lighting": "twilight",
            "weather": "fog",
            "traffic": "heavy",
            "camera_position": "windscreen_corner",
        }
        simulate(tmp_path, SimulateOptions(sessions=8, seed=3, **given))
        for drive in drives.values():
            assert {name: getattr(drive.conditions, name) for name in IN_ALL} == given

    def test_those_not_given_are_drawn_as_if_none_were_given(self, drives, tmp_path):
        simulate(tmp_path / "drawn", SimulateOptions(sessions=8, seed=3))
        drawn = dict(drives)
        simulate(tmp_path / "night", SimulateOptions(sessions=8, seed=3, lighting="night"))
        assert len({drive.conditions.lighting for drive in drawn.values()}) > 1
        for name, drive in drives.items():
            other = drawn[name].conditions
            assert drive.conditions.lighting == "night"
            assert (drive.conditions.weather, drive.conditions.driver) == (
                other.weather,
                other.driver,
            )
            assert drive.seed == drawn[name].seed

    def test_another_seed_is_another_drive(self, drives, tmp_path):
        simulate(tmp_path / "a", SimulateOptions(seed=1))
        first = drives["session_001"]
        simulate(tmp_path / "b", SimulateOptions(seed=2))
        assert drives["session_001"].seed != first.seed
        assert drives["session_001"].conditions.driver != first.conditions.driver

    def test_progress_rises_over_all_drives_and_names_each(self, drives, tmp_path):
        told = []
        simulate(
            tmp_path,
            SimulateOptions(sessions=2),
            progress=lambda phase, fraction: told.append((phase, fraction)),
        )
        assert told == [
            ("session_001: pictures", 0.25),
            ("session_002: pictures", 0.75),
            ("written", 1.0),
        ]

    def test_those_that_are_there_are_kept(self, drives, tmp_path):
        simulate(tmp_path, SimulateOptions(sessions=2))
        before = (tmp_path / "session_001" / "truth" / "truth.json").stat().st_mtime_ns
        drives.clear()
        simulate(tmp_path, SimulateOptions(sessions=2))
        assert drives == {}
        assert (tmp_path / "session_001" / "truth" / "truth.json").stat().st_mtime_ns == before

    def test_a_missing_one_is_made(self, drives, tmp_path):
        simulate(tmp_path, SimulateOptions(sessions=1))
        drives.clear()
        simulate(tmp_path, SimulateOptions(sessions=40))
        assert sorted(drives) == [f"session_{number:03d}" for number in range(2, 41)]

    @pytest.mark.parametrize(
        "content",
        [
            {"asked": asked(Drive(seconds=61.0))},
            {"labels_only": True},
            {"asked": None},
            [],
            None,
        ],
    )
    def test_another_drive_is_refused_before_anything_is_made(self, drives, tmp_path, content):
        write_truth(tmp_path / "session_002", content)
        with pytest.raises(OutputError, match="session_002 holds another session") as caught:
            simulate(tmp_path, SimulateOptions(sessions=2))
        assert caught.value.path == tmp_path / "session_002"
        assert "the options that it was made with" in caught.value.fix
        assert drives == {}
        assert [entry.name for entry in tmp_path.iterdir()] == ["session_002"]

    def test_a_truth_that_can_t_be_read_is_another_drive(self, drives, tmp_path):
        write_truth(tmp_path / "session_001", {})
        (tmp_path / "session_001" / "truth" / "truth.json").write_bytes(b"\xff{")
        with pytest.raises(OutputError, match="holds another session"):
            simulate(tmp_path)

    def test_a_folder_with_something_else_is_refused(self, tmp_path):
        (tmp_path / "session_001").mkdir()
        (tmp_path / "session_001" / "notes.txt").write_text("mine", encoding="utf-8")
        with pytest.raises(OutputError, match="not empty"):
            simulate(tmp_path)
        assert [entry.name for entry in tmp_path.rglob("*")] == ["session_001", "notes.txt"]


class TestProcesses:
    def test_make_all_drives(self, drives, threads, tmp_path):
        told = []
        simulate(
            tmp_path,
            SimulateOptions(sessions=3),
            workers=2,
            progress=lambda phase, fraction: told.append((phase, fraction)),
        )
        assert sorted(drives) == ["session_001", "session_002", "session_003"]
        assert told == [
            ("drives", pytest.approx(1 / 3)),
            ("drives", pytest.approx(2 / 3)),
            ("drives", 1.0),
            ("written", 1.0),
        ]
        (pool,) = threads
        assert pool["workers"] == 2
        assert pool["mp_context"] is multiprocessing.get_context("spawn")
        assert pool["initializer"] is simulating.keep_freed_memory

    def test_are_not_started_for_a_single_drive(self, drives, threads, tmp_path):
        told = []
        simulate(tmp_path, workers=4, progress=lambda phase, fraction: told.append(phase))
        assert threads == []
        assert told == ["session_001: pictures", "written"]

    def test_that_are_killed_are_told_of(self, monkeypatch, threads, tmp_path):
        def killed(folder, drive):
            raise BrokenProcessPool("killed")

        monkeypatch.setattr(simulating, "simulate_drive", killed)
        with pytest.raises(WorkerError, match=r"enough memory.*--workers 1"):
            simulate(tmp_path, SimulateOptions(sessions=2), workers=2)

    def test_after_an_error_no_further_drive_is_begun(self, monkeypatch, threads, tmp_path):
        begun, go_on = [], threading.Event()

        def full(folder, drive):
            begun.append(folder)
            if folder.name == "session_001":
                threading.Timer(0.5, go_on.set).start()
                raise OutputError("The disk is full.")
            assert go_on.wait(20)

        monkeypatch.setattr(simulating, "simulate_drive", full)
        with pytest.raises(OutputError, match="The disk is full"):
            simulate(tmp_path, SimulateOptions(sessions=30), workers=2)
        # Its thread may have taken one more, and the other thread has one.
        assert len(begun) <= 3


@pytest.fixture(scope="module")
def labels(tmp_path_factory) -> Path:
    """Three drives of half a minute, labels only."""
    folder = tmp_path_factory.mktemp("labels") / "study"
    options = SimulateOptions(sessions=3, minutes=0.5, seed=5, weather="rain", labels_only=True)
    assert simulate(folder, options) == folder
    return folder


def content_of(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class TestLabelsOnly:
    def test_each_session_has_a_manifest_and_tables_and_no_recordings(self, labels):
        names = ("session.yaml", "derived/frames.parquet", "truth/frames.parquet")
        assert set(content_of(labels)) == {
            f"session_{number:03d}/{name}"
            for number in (1, 2, 3)
            for name in (*names, "truth/truth.json")
        }

    def test_lengths_and_conditions_are_those_asked_for(self, labels):
        for root in sorted(labels.iterdir()):
            table = pd.read_parquet(root / "derived" / "frames.parquet")
            assert len(table) == 0.5 * 60 * 30
            assert open_session(root).manifest.weather == "rain"

    def test_they_are_the_drives_that_would_be_made_with_pictures(self, labels, drives, tmp_path):
        simulate(tmp_path, SimulateOptions(sessions=3, minutes=0.5, seed=5, weather="rain"))
        for name, drive in drives.items():
            truth = json.loads((labels / name / "truth" / "truth.json").read_text(encoding="utf-8"))
            assert truth["seed"] == drive.seed
            assert truth["conditions"] == asked(drive)["conditions"]

    def test_processes_write_the_same_bytes(self, labels, tmp_path):
        options = SimulateOptions(sessions=3, minutes=0.5, seed=5, weather="rain", labels_only=True)
        told = []
        simulate(
            tmp_path / "study",
            options,
            workers=2,
            progress=lambda phase, fraction: told.append(fraction),
        )
        assert content_of(tmp_path / "study") == content_of(labels)
        assert told == pytest.approx([1 / 3, 2 / 3, 1.0])

    def test_fewer_sessions_are_the_first_ones(self, labels, tmp_path):
        options = SimulateOptions(sessions=1, minutes=0.5, seed=5, weather="rain", labels_only=True)
        first = content_of(simulate(tmp_path / "study", options))
        every = content_of(labels)
        assert first == {name: every[name] for name in every if name.startswith("session_001/")}

    def test_a_folder_that_is_taken_is_refused(self, labels):
        before = content_of(labels)
        with pytest.raises(OutputError, match="not empty"):
            simulate(labels, SimulateOptions(labels_only=True))
        assert content_of(labels) == before


class TestPopulation:
    @pytest.mark.parametrize("sessions", [1, 2, 6, 7, 13, 33, 34, 66, 100, 1000])
    def test_the_first_sessions_do_not_depend_on_how_many_follow(self, sessions):
        assert draw_population(sessions, None, 3) == draw_population(1200, None, 3)[:sessions]

    @pytest.mark.parametrize("sessions", [10, 11, 15, 16, 40])
    def test_nor_do_they_with_a_number_of_drivers(self, sessions):
        assert draw_population(sessions, 10, 3) == draw_population(60, 10, 3)[:sessions]

    @pytest.mark.parametrize(("sessions", "blocks"), [(33, 1), (330, 10)])
    def test_of_33_sessions_a_driver_has_six_and_the_others_one(self, sessions, blocks):
        planned = draw_population(sessions, None, 3)
        drives = Counter(each.conditions.driver.driver_id for each in planned)
        assert Counter(drives.values()) == {1: 27 * blocks, 6: blocks}
        assert list(dict.fromkeys(each.conditions.driver.driver_id for each in planned)) == [
            f"D{number + 1:03d}" for number in range(28 * blocks)
        ]

    @pytest.mark.parametrize("drivers", [None, 28])
    def test_two_of_the_six_are_at_night_whatever_is_drawn(self, drivers):
        for seed in range(20):
            planned = draw_population(33, drivers, seed)
            first = [each for each in planned if each.conditions.driver.driver_id == "D001"]
            assert len(first) == 6
            assert sum(each.conditions.lighting == "night" for each in first) >= 2

    def test_further_sessions_are_shared_out_in_turn(self):
        planned = draw_population(60, 10, 3)
        drives = Counter(each.conditions.driver.driver_id for each in planned)
        assert drives["D001"] == 11
        assert Counter(drives.values()) == {11: 1, 6: 4, 5: 5}
