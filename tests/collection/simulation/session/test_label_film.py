"""Labels with a driver video: when its frames are, what they show, and that it can be packed."""

import json
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dashgaze.alignment.frame_grid import frame_interval, nearest_frame
from dashgaze.cli.application import app
from dashgaze.collection.simulation.driver_view.driver_camera import front_camera
from dashgaze.collection.simulation.driver_view.driver_look import draw_look
from dashgaze.collection.simulation.session.films import driver_film
from dashgaze.collection.simulation.session.label_film import driver_frames
from dashgaze.collection.simulation.session.simulate import SimulateOptions, simulate
from dashgaze.collection.simulation.story import labels as labelling
from dashgaze.collection.simulation.story.conditions import Conditions, Driver
from dashgaze.collection.simulation.story.effects import Effects
from dashgaze.collection.simulation.story.label_drive import label_drive
from dashgaze.collection.simulation.story.labels import simulate_labels
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.collection.simulation.story.tracker_gaze import TrackerError
from dashgaze.dataset.packing.options import PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.errors import OutputError, WorkerError
from dashgaze.media import probe, read_frame_times
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.session import open_session

FPS = 4.0
ASKED = {"sessions": 2, "minutes": 1 / 3, "seed": 3, "lighting": "day", "labels_only": True}
FILMED = SimulateOptions(**ASKED, driver_video=True, driver_fps=FPS)


@pytest.fixture(scope="module")
def drives(tmp_path_factory) -> Path:
    return simulate(tmp_path_factory.mktemp("filmed") / "drives", FILMED)


@pytest.fixture(scope="module")
def unfilmed(tmp_path_factory) -> Path:
    return simulate(tmp_path_factory.mktemp("unfilmed") / "drives", SimulateOptions(**ASKED))


def content_of(folder: Path) -> dict[str, bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def tables_of(root: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    names = ("derived/frames.parquet", "truth/frames.parquet", "truth/driver.parquet")
    frames, truth, driver = (pd.read_parquet(root / name) for name in names)
    return frames, truth, driver


class TestFiles:
    def test_each_session_also_has_the_video_and_its_truth(self, drives, unfilmed):
        added = set(content_of(drives)) - set(content_of(unfilmed))
        names = ("phone/driver.mp4", "truth/driver.parquet")
        assert added == {f"session_00{number}/{name}" for number in (1, 2) for name in names}

    def test_all_else_is_as_without(self, drives, unfilmed):
        for name in ("session.yaml", "truth/frames.parquet"):
            for root in drives.iterdir():
                other = unfilmed / root.name / name
                assert (root / name).read_bytes() == other.read_bytes()
        columns = [name for name in FRAME_TABLE.column_names if not name.startswith("driver_")]
        for root in drives.iterdir():
            table = pq.read_table(root / "derived" / "frames.parquet")
            assert table.schema.equals(FRAME_TABLE.to_arrow(), check_metadata=True)
            other = pq.read_table(unfilmed / root.name / "derived" / "frames.parquet")
            assert table.select(columns).equals(other.select(columns))
            assert other["driver_frame_index"].null_count == other.num_rows

    def test_the_truth_says_what_is_there(self, drives, unfilmed):
        for root in drives.iterdir():
            truth = json.loads((root / "truth" / "truth.json").read_text(encoding="utf-8"))
            before = json.loads(
                (unfilmed / root.name / "truth" / "truth.json").read_text(encoding="utf-8")
            )
            assert "no other recordings" in truth.pop("note")
            assert "no recordings" in before.pop("note")
            assert truth.pop("driver_fps") == FPS
            assert truth.pop("driver_frames") == len(tables_of(root)[2])
            camera = truth.pop("driver_camera")
            assert camera["size"] == [640, 480]
            assert np.shape(camera["car_from_camera"]) == (3, 4)
            assert truth == before

    def test_processes_write_the_same_bytes(self, drives, tmp_path):
        simulate(tmp_path / "drives", FILMED, workers=2)
        assert content_of(tmp_path / "drives") == content_of(drives)

    def test_a_killed_process_is_told_of(self, monkeypatch, tmp_path):
        class Killed:
            def __init__(self, *_args, **_options):
                pass

            def __enter__(self):
                return self

            def __exit__(self, *_error):
                return None

            def map(self, *_args, **_options):
                raise BrokenProcessPool("killed")

        monkeypatch.setattr(labelling.concurrent.futures, "ProcessPoolExecutor", Killed)
        with pytest.raises(WorkerError, match=r"enough memory.*--workers 1"):
            simulate(tmp_path / "drives", FILMED, workers=2)
        assert list(tmp_path.iterdir()) == []

    def test_an_error_of_the_camera_leaves_nothing_behind(self, tmp_path):
        def full(folder, drive):
            raise OutputError("The disk is full.")

        with pytest.raises(OutputError, match="The disk is full"):
            simulate_labels(tmp_path / "drives", sessions=1, minutes=0.4, film=full)
        assert list(tmp_path.iterdir()) == []


class TestTimes:
    def test_planted_times_find_their_frames(self):
        frame_s = np.array([1.0, 1.1, 1.2, 1.6])  # one is dropped between the last two
        phone_s = np.array([0.85, 0.95, 1.02, 1.04, 1.05 + 1e-9, 1.12, 1.31, 1.45, 1.52, 1.69, 1.8])
        found = driver_frames(phone_s, frame_s)
        index, error_ms = (column.to_pylist() for column in found.values())
        assert index == [None, 0, 0, 0, 1, 1, None, None, 3, 3, None]
        assert [e is None for e in error_ms] == [i is None for i in index]
        assert error_ms[1] == pytest.approx(50.0)
        assert error_ms[3] == pytest.approx(-40.0)
        assert error_ms[5] == pytest.approx(-20.0)
        assert error_ms[8] == pytest.approx(80.0)

    def test_they_are_those_that_the_frames_stage_would_find(self):
        rng = np.random.default_rng(1)
        frame_s = np.cumsum(rng.choice([0.1, 0.125, 0.25], 200))
        phone_s = np.concatenate([np.arange(0, 30, 1 / 30), (frame_s[1:] + frame_s[:-1]) / 2])
        expected = nearest_frame(frame_s, phone_s, within=frame_interval(frame_s))
        found = driver_frames(phone_s, frame_s)["driver_frame_index"]
        assert found.is_valid().to_numpy(zero_copy_only=False).tolist() == expected.found.tolist()
        assert found.drop_null().to_pylist() == expected.index[expected.found].tolist()

    def test_frames_are_where_video_and_truth_have_them(self, drives):
        for root in drives.iterdir():
            frames, truth, driver = tables_of(root)
            video_s = read_frame_times(root / "phone" / "driver.mp4").time_s
            assert len(video_s) == len(driver)
            assert np.abs(video_s - driver.t_phone_s).max() < 1e-6
            assert np.median(np.diff(video_s)) == pytest.approx(1 / FPS, abs=2e-3)
            known = frames.driver_frame_index.notna().to_numpy()
            index = frames.driver_frame_index[known].astype(int).to_numpy()
            off_ms = (video_s[index] - truth.phone_s[known]) * 1e3
            assert np.abs(off_ms - frames.driver_time_error_ms[known]).max() < 1e-3
            assert known.mean() > 0.98
            assert np.abs(off_ms).max() <= 1.02e3 / FPS

    def test_the_usual_rate_is_ten(self, tmp_path, monkeypatch):
        seen = {}

        def no_drives(folder, *, film, **_):
            seen["fps"] = film.keywords["fps"]
            return folder

        monkeypatch.setattr(
            "dashgaze.collection.simulation.session.simulate.simulate_labels", no_drives
        )
        simulate(tmp_path, SimulateOptions(labels_only=True, driver_video=True))
        assert seen == {"fps": 10.0}


def test_the_pictures_are_those_of_the_story(drives):
    """Decoded frames are nearest to what is drawn of the story at their own time."""
    root = drives / "session_001"
    truth = json.loads((root / "truth" / "truth.json").read_text(encoding="utf-8"))
    said = truth["conditions"]
    conditions = Conditions(**{**said, "driver": Driver(**said["driver"])})
    drive = label_drive(
        truth["seed"],
        conditions,
        truth["seconds"],
        Effects(),
        fps=30.0,
        error=TrackerError(),
        camera=RoadCamera(),
    )
    phone_s = tables_of(root)[2].t_phone_s.to_numpy()
    draw = driver_film(
        drive.story,
        draw_look(conditions.driver.look_seed, conditions.eyewear),
        front_camera(conditions.camera_position),
        phone_s,
        lambda: None,
    )
    drawn = {n: draw(n)[:480].astype(float) for n in range(0, len(phone_s), 13)}
    with av.open(str(root / "phone" / "driver.mp4")) as video:
        decoded = enumerate(video.decode(video=0))
        # Of I420 the first rows are the brightness.
        shown = {n: each.to_ndarray()[:480].astype(float) for n, each in decoded if n in drawn}
    assert shown.keys() == drawn.keys()
    for number, picture in shown.items():
        away = {other: np.abs(picture - each).mean() for other, each in drawn.items()}
        assert min(away, key=lambda other: away[other]) == number
        assert away[number] < 4.0


@pytest.fixture(scope="module")
def packed(drives, tmp_path_factory) -> Path:
    return pack([drives], tmp_path_factory.mktemp("packed") / "set", PackOptions(images=True)).path


class TestPacking:
    def test_every_chosen_row_has_its_driver_view_and_no_road(self, packed, drives):
        for path in sorted(packed.glob("images/*/*.parquet")):
            rows = pq.read_table(path).to_pandas()
            frames = tables_of(drives / path.stem)[0]
            chosen = frames[frames.frame_index % 6 == 0].dropna(subset="driver_frame_index")
            assert rows.frame_index.tolist() == chosen.frame_index.tolist()
            assert rows.driver_frame_index.tolist() == chosen.driver_frame_index.tolist()
            assert rows.driver.notna().all()
            assert rows.road.isna().all()
            assert rows.gaze_road_x_px.notna().mean() > 0.6
        assert len(list(packed.glob("images/*/*.parquet"))) == 2

    def test_the_frames_carry_the_videos_times(self, packed, drives):
        for path in sorted(packed.glob("frames/*/*.parquet")):
            rows = pq.read_table(path).to_pandas()
            pts = read_frame_times(drives / path.stem / "phone" / "driver.mp4").time_s
            known = rows.driver_frame_index.notna()
            wanted = (pts - pts[0])[rows.driver_frame_index[known].astype(int)]
            assert np.abs(rows.driver_pts[known] / 90000 - wanted).max() < 1e-4
            assert rows.road_pts.isna().all()


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "what", "fix"),
        [
            ({"driver_video": True}, "Full drives have a driver video", "Add --labels-only"),
            ({"driver_fps": 10}, "not asked for", "--labels-only --driver-video"),
            ({"driver_fps": 10, "labels_only": True}, "not asked for", "leave out --driver-fps"),
            *(
                (
                    {"driver_fps": fps, "labels_only": True, "driver_video": True},
                    f"{fps:g} frames a second can't",
                    "Ask for 1 to 30",
                )
                for fps in (0.5, 31, float("nan"), -1)
            ),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, options, what, fix):
        with pytest.raises(OutputError) as caught:
            SimulateOptions(**options)
        assert what in caught.value.what
        assert fix in caught.value.fix

    def test_slowest_and_fastest_are_possible(self):
        for fps in (1, 30):
            options = SimulateOptions(labels_only=True, driver_video=True, driver_fps=fps)
            assert options.driver_fps == fps


@pytest.fixture
def run():
    return lambda *args: CliRunner().invoke(app, [str(each) for each in args])


class TestCommand:
    def test_films_what_is_asked_for(self, run, tmp_path, drives, monkeypatch):
        monkeypatch.setattr("dashgaze.cli.simulate.keep_freed_memory", lambda: None)
        result = run(
            *("simulate", tmp_path / "out", "--labels-only", "--driver-video", "--driver-fps", 4),
            *("--minutes", 0.4, "--seed", 3, "--workers", 1, "--json"),
        )
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["sessions"] == ["session_001"]
        root = tmp_path / "out" / "session_001"
        assert open_session(root).driver_path == root / "phone" / "driver.mp4"
        assert probe(root / "phone" / "driver.mp4").video.width_px == 640
        assert 90 <= len(tables_of(root)[2]) <= 96

    def test_says_what_to_type_instead(self, run, tmp_path):
        result = run("simulate", tmp_path / "out", "--driver-video")
        assert result.exit_code == 1
        assert "Add --labels-only, or leave out --driver-video." in " ".join(result.output.split())
        assert not (tmp_path / "out").exists()

    def test_help_names_the_options(self, run):
        shown = run("simulate", "--help").output
        for name in ("--driver-video", "--driver-fps"):
            assert name in shown
