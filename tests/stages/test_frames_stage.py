"""The frames stage on a session that is small enough to work out by hand.

Tracker time starts at the first ego frame: four grey padding frames 50 ms apart, then 60 real ones at
30 Hz from 0.2 s. Gaze comes every 5 ms from 0.1 s to 2.3 s, at (500, 600) px until the eyes jump to
(700, 600) at 1.0 s. They blink from 1.2 s to 1.3 s, and the glasses are off from 1.5 s to 1.6 s. The
phone's clock starts 1 s after the tracker's.
"""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pytest

from dashgaze.collection.eye_tracker import (
    EyeTrackerRecording,
    GazeSamples,
    ImuSamples,
    Intervals,
    RecordingNote,
    SceneCamera,
    WorldFrames,
)
from dashgaze.collection.simulation.media_writer import write_video
from dashgaze.errors import InputError
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.schemas.gaze_table import GAZE_TABLE
from dashgaze.schemas.session_table import SESSION_TABLE
from dashgaze.schemas.time_map import Evidence, Segment, TimeMapDocument
from dashgaze.session import Session, open_session
from dashgaze.stages.frames import FramesOptions, frames
from dashgaze.stages.record import read_record

START_NS = 1_778_571_362_134_567_891
MS = 1_000_000
FRAME_MS = np.concatenate([np.arange(4) * 50.0, 200 + np.arange(60) * 100 / 3])
GAZE_MS = np.arange(100, 2300, 5)
PHONE_AT_MS = 1000

MANIFEST = """\
schema: dashgaze/session/1
session_id: by_hand
driver_id: D01
recorded_at: '2026-05-12T09:30:00+02:00'
car: VW Golf
camera_position: under_mirror
weather: clear
lighting: day
eyewear: none
passengers: 2
consent: {version: '1.0', scope: blurred}
phone:
  model: OnePlus 8
  road: phone/road.mp4
  driver: phone/driver.mp4
  location: phone/location.csv
  driver_offset_s: 0.5
eye_tracker: {kind: pupil_invisible, path: eye_tracker}
"""
PHONE_START_NS = 1_778_571_000 * 10**9


def intervals(*spans_ms: tuple[int, int], method: str = "device", first: int = 1) -> Intervals:
    bounds = START_NS + np.array(spans_ms, dtype=np.int64).reshape(-1, 2) * MS
    return Intervals(
        id=np.arange(first, first + len(bounds)),
        start_ns=bounds[:, 0],
        end_ns=bounds[:, 1],
        method=method,
    )


def make_recording(path: Path, **changes: Any) -> EyeTrackerRecording:
    blinking = (GAZE_MS >= 1200) & (GAZE_MS < 1300)
    x = np.where(GAZE_MS < 1000, 500.0, 700.0)
    imu_ms = np.arange(0, 2000, 10)
    recording = EyeTrackerRecording(
        kind="pupil_invisible",
        source="cloud",
        path=path,
        recording_id=None,
        start_time_ns=START_NS,
        duration_ns=None,
        info={},
        scene_camera=SceneCamera(
            matrix=np.array([[1000.0, 0, 500], [0, 1000, 600], [0, 0, 1]]),
            distortion=np.zeros(8),
            width_px=1088,
            height_px=1080,
            serial="abcde",
            origin="scene_camera.json",
        ),
        world=WorldFrames(
            timestamp_ns=START_NS + np.round(FRAME_MS * MS).astype(np.int64),
            valid=np.arange(64) >= 4,
            part=np.zeros(64, dtype=np.int32),
            pts=np.arange(64),
        ),
        world_parts=(),
        gaze=GazeSamples(
            timestamp_ns=START_NS + GAZE_MS * MS,
            x_px=np.where(blinking, 9000.0, x),
            y_px=np.full(len(x), 600.0),
            worn=(GAZE_MS < 1500) | (GAZE_MS >= 1600),
            rate="cloud",
        ),
        imu=ImuSamples(
            timestamp_ns=START_NS + imu_ms * MS,
            gyro_deg_s=np.tile([1.0, 2, 3], (len(imu_ms), 1)),
            accel_g=np.tile([0.1, -1.0, 0.2], (len(imu_ms), 1)),
            quaternion=None,
            axes="x right, y down, z forward",
        ),
        blinks=intervals((1200, 1300), first=7),
        fixations=None,
        saccades=None,
        events=(),
        notes=(RecordingNote(code="GREY-PADDING", message="4 grey frames."),),
    )
    return dataclasses.replace(recording, **changes)


def write_time_map(
    root: Path, verdict: str = "ok", reasons: tuple[str, ...] = (), *, empty: bool = False
) -> Path:
    segment = Segment(
        phone_start_s=0,
        phone_end_s=3,
        offset_s=PHONE_AT_MS / 1e3,
        drift_ppm=40.0,
        offset_se_ms=2.0,
        drift_se_ppm=None,
    )
    unknown: dict[str, Any] = dict.fromkeys(Evidence.model_fields, None)
    document = TimeMapDocument(
        verdict=verdict,  # type: ignore[arg-type]
        reasons=reasons,
        segments=() if empty else (segment,),
        evidence=Evidence(**unknown | {"method": "sound", "windows_total": 0, "windows_used": 0}),
        inputs={},
        options={},
        versions={},
    )
    path = root / "derived" / "time_map.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(document.model_dump_json(by_alias=True))
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("written") / "Sitzung ü 1"
    (root / "phone").mkdir(parents=True)
    (root / "eye_tracker").mkdir()
    (root / "eye_tracker" / "info.json").write_text("{}")
    (root / "session.yaml").write_text(MANIFEST, encoding="utf-8")
    write_video(root / "phone" / "road.mp4", times_s=np.arange(30) * 0.04)
    write_video(root / "phone" / "driver.mp4", times_s=np.arange(10) * 0.05)
    rows = [f"{PHONE_START_NS + k * 10**9},52,13,{10 + 5 * k}" for k in range(-1, 2)]
    table = "\n".join(["timestamp [ns],latitude,longitude,speed [m/s]", *rows])
    (root / "phone" / "location.csv").write_text(table)
    return root


@pytest.fixture
def root(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "session"))


Run = Any


@pytest.fixture
def run(root: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs the stage and returns its frame table, as columns, and record."""

    def run(recording: EyeTrackerRecording | None = None, **options: Any) -> tuple[Any, Any]:
        given = recording or make_recording(root / "eye_tracker")
        monkeypatch.setattr(
            "dashgaze.collection.eye_tracker.open_recording", lambda _, progress: given
        )
        path = frames(open_session(root), FramesOptions(**options))
        assert path == root / "derived" / "frames.parquet"
        record = json.loads((root / "derived" / "frames.json").read_text(encoding="utf-8"))
        return pq.read_table(path).to_pydict(), record

    return run


def frame_at(ms: float) -> int:
    """Give the frame shown at a time, ms."""
    return int(np.flatnonzero(np.abs(FRAME_MS - ms) < 0.1)[0])


def gaze_table(root: Path) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = pq.read_table(root / "derived" / "gaze.parquet").to_pydict()
    return table


def test_tables_are_as_their_contracts_say(root: Path, run: Run) -> None:
    write_time_map(root)
    run()
    for name, contract, rows in (("frames", FRAME_TABLE, 64), ("gaze", GAZE_TABLE, 440)):
        table = pq.read_table(root / "derived" / f"{name}.parquet")
        wanted = contract.to_arrow()
        assert table.schema.equals(wanted)
        assert [field.metadata for field in table.schema] == [field.metadata for field in wanted]
        assert table.schema.metadata == wanted.metadata
        assert table.num_rows == rows
        for field in contract.fields:
            assert field.nullable or table.column(field.name).null_count == 0, field.name
        jsonschema.Draft202012Validator(contract.to_json_schema()).validate(table.to_pylist()[30])
        assert set(table.column("session_id").to_pylist()) == {"by_hand"}


def test_columns_of_later_stages_are_null(root: Path, run: Run) -> None:
    write_time_map(root)
    columns, _ = run()
    stages = ("gaze_road", "homography", "road_from_ego", "vanishing_point", "car_yaw_rate")
    for name in FRAME_TABLE.column_names:
        later = name.startswith(stages)
        assert later == all(value is None for value in columns[name]), name


def test_frames_are_those_of_the_device(run: Run) -> None:
    columns, _ = run()
    assert columns["frame_index"] == list(range(64))
    assert columns["ego_frame_valid"] == [False] * 4 + [True] * 60
    assert columns["timestamp_ns"][:5] == [START_NS + t * MS for t in (0, 50, 100, 150, 200)]


def test_gaze_of_frames(run: Run) -> None:
    columns, _ = run()
    count = columns["gaze_sample_count"]
    # padding at 50 ms has none before 100 ms − 33.3 ms; that at 100 ms has 100 … 125 ms
    assert count[:4] == [0, 0, 6, 10]
    # 200 ms has 180 … 215 ms (175 ms is a tie and goes to the frame at 150 ms)
    assert count[4] == 8
    assert columns["gaze_ego_x_px"][2:5] == [500.0] * 3
    assert columns["gaze_ego_x_px"][:2] == [None, None]
    assert columns["worn"][:3] == [None, None, True]
    # 1000 ms: 985, 990, 995 ms at 500 px, 1000 … 1015 ms at 700 px
    jump = frame_at(1000)
    assert count[jump] == 7
    assert columns["gaze_ego_x_px"][jump] == pytest.approx((3 * 500 + 4 * 700) / 7)
    assert columns["gaze_ego_median_x_px"][jump] == 700
    assert columns["gaze_ego_y_px"][jump] == columns["gaze_ego_median_y_px"][jump] == 600
    mean = (3 * 500 + 4 * 700) / 7
    spread = ((3 * (500 - mean) ** 2 + 4 * (700 - mean) ** 2) / 7) ** 0.5
    assert columns["gaze_spread_px"][jump] == pytest.approx(spread, rel=1e-6)
    assert columns["gaze_azimuth_deg"][jump] == pytest.approx(
        np.degrees(np.arctan((mean - 500) / 1000))
    )
    assert columns["gaze_elevation_deg"][jump] == pytest.approx(0)
    assert columns["gaze_spread_px"][4] == 0


def test_blinks_and_removed_glasses_don_t_count(root: Path, run: Run) -> None:
    columns, _ = run()
    inside = frame_at(1233.33)
    assert columns["gaze_sample_count"][inside] == 0
    for name in ("gaze_ego_x_px", "gaze_ego_median_y_px", "gaze_spread_px", "gaze_azimuth_deg"):
        assert columns[name][inside] is None
    assert columns["worn"][inside] is True
    # 1200 ms has 1185, 1190 and 1195 ms before the blink
    assert columns["gaze_sample_count"][frame_at(1200)] == 3
    assert columns["gaze_ego_x_px"][frame_at(1200)] == 700
    blinking = [i for i, blink in enumerate(columns["blink"]) if blink]
    assert blinking == [frame_at(t) for t in (1200, 1233.33, 1266.67)]
    assert [columns["blink_id"][i] for i in blinking] == [7, 7, 7]
    assert columns["blink_id"].count(None) == 61
    off = [i for i, worn in enumerate(columns["worn"]) if worn is False]
    assert off == [frame_at(t) for t in (1500, 1533.33, 1566.67)]
    assert columns["gaze_sample_count"][frame_at(1533.33)] == 0
    # 1500 ms has 1485, 1490 and 1495 ms before they were taken off
    assert columns["gaze_sample_count"][frame_at(1500)] == 3


def test_without_blinks_of_the_device_they_are_unknown(root: Path, run: Run) -> None:
    columns, record = run(make_recording(root, blinks=None))
    assert set(columns["blink"]) == set(columns["blink_id"]) == {None}
    assert columns["gaze_ego_x_px"][frame_at(1233.33)] == 9000
    assert record["methods"]["blinks"] is None
    assert record["session"]["blink_method"] is None
    assert any("found no blinks" in note for note in record["notes"])
    assert set(gaze_table(root)["blink_id"]) == {None}


def test_raw_samples_are_kept(root: Path, run: Run) -> None:
    recording = make_recording(root)
    recording.gaze.x_px[5] = np.nan
    columns, record = run(recording)
    gaze = gaze_table(root)
    assert gaze["timestamp_ns"] == (START_NS + GAZE_MS * MS).tolist()
    assert gaze["gaze_ego_x_px"][5] is None
    assert gaze["gaze_azimuth_deg"][5] is None
    at_blink = GAZE_MS.tolist().index(1250)
    assert gaze["gaze_ego_x_px"][at_blink] == 9000
    assert gaze["blink_id"][at_blink - 11 : at_blink + 12] == [None] + [7] * 20 + [None] * 2
    assert gaze["worn"].count(False) == 20
    # 175 ms is as far from 150 as from 200 ms: the earlier frame has it
    assert gaze["frame_index"][GAZE_MS.tolist().index(175)] == 3
    # the last frame is at 2166.7 ms; from 2200 ms on samples are more than 33.3 ms away
    assert gaze["frame_index"][GAZE_MS.tolist().index(2200)] == 63
    assert gaze["frame_index"][GAZE_MS.tolist().index(2205)] is None
    assert gaze["gaze_azimuth_deg"][0] == 0
    last = gaze["gaze_azimuth_deg"][-1]
    assert last == pytest.approx(np.degrees(np.arctan(0.2)), abs=1e-5)
    counted = [i for i in gaze["frame_index"] if i is not None]
    assert record["counts"]["gaze_samples"] == 440
    assert record["counts"]["gaze_samples_in_frames"] == len(counted)
    assert record["counts"]["gaze_samples_counted"] == sum(columns["gaze_sample_count"])
    assert sum(columns["gaze_sample_count"]) == len(counted) - 20 - 20 - 1


def test_fixations_found_in_gaze(root: Path, run: Run) -> None:
    columns, record = run()
    assert record["methods"]["fixations"] == "ivt_900px_s"
    assert record["session"]["fixation_method"] == "ivt_900px_s"
    ids = columns["fixation_id"]
    assert ids[frame_at(500)] == 1
    assert ids[frame_at(1100)] == 2
    assert ids[frame_at(1400)] == 3
    assert ids[frame_at(1800)] == 4
    assert ids[frame_at(1000)] is None
    assert columns["saccade"][frame_at(1000)] is True
    # no saccade: before gaze, within fixations, in the blink; with the glasses off nobody knows
    assert columns["saccade"][0] is None
    assert columns["saccade"][frame_at(500)] is False
    assert columns["saccade"][frame_at(1233.33)] is False
    assert columns["saccade"][frame_at(1533.33)] is None
    assert columns["saccade"].count(True) in (1, 2)
    gaze = gaze_table(root)
    assert gaze["fixation_id"][GAZE_MS.tolist().index(500)] == 1
    assert gaze["fixation_id"][GAZE_MS.tolist().index(1250)] is None


def test_the_device_s_fixations_are_preferred(root: Path, run: Run) -> None:
    recording = make_recording(
        root,
        fixations=intervals((300, 900), (1150, 1400), (1450, 1700), method="pupil_cloud", first=5),
    )
    columns, record = run(recording)
    assert record["methods"]["fixations"] == "pupil_cloud"
    expected: list[int | None] = [None] * 64
    for frame, ms in enumerate(FRAME_MS):
        for number, (start, end) in zip(
            (5, 6, 7), ((300, 900), (1150, 1400), (1450, 1700)), strict=True
        ):
            if start <= ms < end:
                expected[frame] = number
    assert columns["fixation_id"] == expected
    # saccades are what lies between
    true = [i for i, value in enumerate(columns["saccade"]) if value]
    assert true == [i for i, ms in enumerate(FRAME_MS) if 900 <= ms < 1150 or 1400 <= ms < 1450]
    own, record = run(recording, device_fixations=False, velocity_px_s=800)
    assert record["methods"]["fixations"] == "ivt_800px_s"
    assert own["fixation_id"][frame_at(1100)] == 2


def test_the_device_s_saccades_are_preferred(root: Path, run: Run) -> None:
    recording = make_recording(
        root, fixations=intervals((300, 900), (1150, 1400)), saccades=intervals((960, 1240))
    )
    columns, _ = run(recording)
    true = [i for i, value in enumerate(columns["saccade"]) if value]
    # without what is in the second fixation
    assert true == [i for i, ms in enumerate(FRAME_MS) if 960 <= ms < 1150]


def test_a_device_that_saw_no_fixation_is_believed(root: Path, run: Run) -> None:
    columns, record = run(make_recording(root, fixations=intervals()))
    assert set(columns["fixation_id"]) == {None}
    assert record["methods"]["fixations"] == "device"
    assert True not in columns["saccade"]


def test_numbers_too_large_for_the_table_start_anew(root: Path, run: Run) -> None:
    columns, _ = run(make_recording(root, blinks=intervals((1200, 1300), first=2**40)))
    assert {i for i in columns["blink_id"] if i is not None} == {1}


def test_inertial_samples(root: Path, run: Run) -> None:
    columns, _ = run()
    names = [f"gyro_{a}_deg_s" for a in "xyz"] + [f"accel_{a}_g" for a in "xyz"]
    assert [columns[name][20] for name in names] == pytest.approx([1, 2, 3, 0.1, -1, 0.2])
    # samples end at 1990 ms
    assert columns["gyro_x_deg_s"][frame_at(2000)] is not None
    assert columns["gyro_x_deg_s"][frame_at(2033.33)] is None
    missing, _ = run(make_recording(root, imu=None), velocity_px_s=901)
    assert set(missing["gyro_x_deg_s"]) == {None}


def test_neon_s_axes_are_turned_to_the_camera_s(root: Path, run: Run) -> None:
    imu = make_recording(root).imu
    assert imu is not None
    # upright and still, z up: the specific force points up
    neon = dataclasses.replace(
        imu,
        axes="x right, y forward, z up",
        accel_g=np.tile([0.0, 0.1, 1.0], (200, 1)),
    )
    columns, _ = run(make_recording(root, imu=neon))
    names = [f"gyro_{a}_deg_s" for a in "xyz"] + [f"accel_{a}_g" for a in "xyz"]
    assert [columns[name][20] for name in names] == pytest.approx([1, -3, 2, 0, -1, 0.1])


def phone_ms(frame: int) -> float:
    return (FRAME_MS[frame] - PHONE_AT_MS) / (1 + 40e-6)


@pytest.mark.parametrize(
    ("view", "times_ms", "interval_ms"),
    [("road", np.arange(30) * 40.0, 40.0), ("driver", 500 + np.arange(10) * 50.0, 50.0)],
)
def test_phone_frames(
    root: Path, run: Run, view: str, times_ms: np.ndarray, interval_ms: float
) -> None:
    write_time_map(root)
    columns, record = run()
    seen = 0
    for frame in range(64):
        error_ms = times_ms - phone_ms(frame)
        nearest = int(np.abs(error_ms).argmin())
        if abs(error_ms[nearest]) <= interval_ms:
            seen += 1
            assert columns[f"{view}_frame_index"][frame] == nearest
            assert columns[f"{view}_time_error_ms"][frame] == pytest.approx(
                error_ms[nearest], abs=0.02
            )
        else:
            assert columns[f"{view}_frame_index"][frame] is None
            assert columns[f"{view}_time_error_ms"][frame] is None
    assert record["counts"][f"frames_with_{view}"] == seen > 15


def test_speed(root: Path, run: Run) -> None:
    write_time_map(root)
    columns, _ = run()
    for frame in range(64):
        expected = 10 + 5 * phone_ms(frame) / 1e3  # fixes from −1 s to 1 s
        speed = columns["speed_m_s"][frame]
        if -1000 <= phone_ms(frame) <= 1000:
            assert speed == pytest.approx(expected, abs=1e-5)
        else:
            assert speed is None


def test_the_car_s_own_speed_goes_before_the_phone_s(root: Path, run: Run) -> None:
    write_time_map(root)
    log = "".join(f"2026-05-12T07:30:0{s}Z,{36 * s}\n" for s in range(3))
    (root / "phone" / "obd.csv").write_text("time,speed (km/h)\n" + log)
    location = "location: phone/location.csv"
    (root / "session.yaml").write_text(MANIFEST.replace(location, "speed: phone/obd.csv"))
    columns, record = run()
    assert columns["speed_m_s"][frame_at(1500)] == pytest.approx(4.9998, abs=1e-3)
    assert any("unchecked: there are no positions" in note for note in record["notes"])


def test_a_car_s_log_that_can_t_be_read_leaves_the_phone_s_track(root: Path, run: Run) -> None:
    write_time_map(root)
    (root / "phone" / "obd.csv").write_text("what,ever\n1,2\n")
    location = "location: phone/location.csv"
    both = MANIFEST.replace(location, location + "\n  speed: phone/obd.csv")
    (root / "session.yaml").write_text(both)
    columns, record = run()
    assert columns["speed_m_s"][frame_at(0)] is not None
    assert any("obd.csv is left out" in note for note in record["notes"])


def test_padding_frames_have_phone_frames_too(root: Path, run: Run) -> None:
    path = write_time_map(root)
    path.write_text(path.read_text().replace('"offset_s":1.0', '"offset_s":-0.1'))
    columns, _ = run()
    assert columns["ego_frame_valid"][0] is False
    assert columns["road_frame_index"][0] == 2


def test_without_time_map_nothing_of_the_phone(root: Path, run: Run) -> None:
    columns, record = run()
    for name in ("road_frame_index", "driver_time_error_ms", "speed_m_s"):
        assert set(columns[name]) == {None}
    assert columns["gaze_sample_count"][10] > 0
    assert any("run `dashgaze sync`" in note for note in record["notes"])
    assert record["session"]["sync_verdict"] is None
    assert record["session"]["sync_offset_se_ms"] is None


def test_a_failed_time_map_is_not_used(root: Path, run: Run) -> None:
    write_time_map(root, "failed", ("No sound in common.",), empty=True)
    columns, record = run()
    assert set(columns["road_frame_index"]) == {None}
    assert any(note.endswith("No sound in common.") for note in record["notes"])
    assert record["session"]["sync_verdict"] == "failed"
    assert record["session"]["sync_drift_ppm"] is None


def test_a_doubtful_time_map_is_used_with_a_note(root: Path, run: Run) -> None:
    write_time_map(root, "doubtful", ("Few windows agree.",))
    columns, record = run()
    assert columns["road_frame_index"][frame_at(1000)] == 0
    assert "The alignment of the clocks is doubtful. Few windows agree." in record["notes"]
    assert record["session"]["sync_verdict"] == "doubtful"


def test_a_broken_time_map_is_an_error(root: Path, run: Run) -> None:
    write_time_map(root).write_text("{]")
    with pytest.raises(
        InputError, match=r"time_map\.json is not a time map.*dashgaze sync --force"
    ):
        run()


def test_the_record_and_the_session_s_row(root: Path, run: Run) -> None:
    write_time_map(root)
    _, record = run()
    row = record["session"]
    jsonschema.Draft202012Validator(SESSION_TABLE.to_json_schema()).validate(row)
    assert list(row) == list(SESSION_TABLE.column_names)
    assert row["session_id"] == "by_hand"
    assert row["consent_scope"] == "blurred"
    assert (row["frame_count"], row["valid_frame_count"]) == (64, 60)
    assert row["duration_s"] == pytest.approx(FRAME_MS[-1] / 1e3)
    assert row["gaze_sample_count"] == 440
    assert row["blink_method"] == "device"
    assert row["scene_camera_origin"] == "scene_camera.json"
    assert row["sync_method"] == "sound"
    assert row["sync_drift_ppm"] == pytest.approx(40)
    assert row["sync_offset_se_ms"] is None  # with the drift's error unknown, so is the offset's
    assert record["stage"] == "frames"
    assert record["options"]["velocity_px_s"] == 900
    assert set(record["inputs"]) == {
        "derived/time_map.json",
        "eye_tracker",
        "phone/driver.mp4",
        "phone/location.csv",
        "phone/road.mp4",
        "session.yaml",
    }
    assert set(record["outputs"]) == {"derived/frames.parquet", "derived/gaze.parquet"}
    assert "GREY-PADDING: 4 grey frames." in record["notes"]


@pytest.mark.parametrize("name", ["road.mp4", "driver.mp4", "location.csv"])
@pytest.mark.parametrize("damage", ["missing", "broken"])
def test_a_phone_file_that_can_t_be_read_is_left_out(
    root: Path, run: Run, name: str, damage: str
) -> None:
    write_time_map(root)
    path = root / "phone" / name
    path.unlink()
    if damage == "broken":
        path.write_bytes(b"not what it should be")
    columns, record = run()
    column = {"road.mp4": "road_frame_index", "driver.mp4": "driver_frame_index"}
    assert set(columns[column.get(name, "speed_m_s")]) == {None}
    others = {"road_frame_index", "driver_frame_index", "speed_m_s"} - {
        column.get(name, "speed_m_s")
    }
    assert all(set(columns[other]) != {None} for other in others)
    assert any(note.startswith(f"{name} is left out. ") for note in record["notes"])
    assert (f"phone/{name}" in record["inputs"]) == (damage == "broken")


def test_a_drive_without_driver_video_and_track(root: Path, run: Run) -> None:
    write_time_map(root)
    kept = [
        line
        for line in MANIFEST.splitlines()
        if not line.strip().startswith(("driver:", "location:"))
    ]
    (root / "session.yaml").write_text("\n".join(kept))
    columns, record = run()
    assert set(columns["driver_frame_index"]) == set(columns["speed_m_s"]) == {None}
    assert not any("left out" in note for note in record["notes"])


def test_a_track_without_a_place_in_time_is_left_out(root: Path, run: Run) -> None:
    write_time_map(root)
    kept = [line for line in MANIFEST.splitlines() if not line.startswith("recorded_at")]
    (root / "session.yaml").write_text("\n".join(kept))
    columns, record = run()
    assert set(columns["speed_m_s"]) == {None}
    assert any("neither recorded_at nor phone.started_at_ns" in note for note in record["notes"])


def test_a_track_of_another_hour_is_noted(root: Path, run: Run) -> None:
    write_time_map(root)
    (root / "session.yaml").write_text(MANIFEST.replace("+02:00", "+01:00"))
    columns, record = run()
    assert set(columns["speed_m_s"]) == {None}
    assert any("check recorded_at and its offset from UTC" in note for note in record["notes"])


def test_satellite_time_is_noted(root: Path, run: Run) -> None:
    write_time_map(root)
    points = "".join(
        f'<trkpt lat="0" lon="0"><time>2026-05-12T07:30:0{s}Z</time><speed>{s}</speed></trkpt>'
        for s in range(3)
    )
    (root / "phone" / "track.gpx").write_text(f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>")
    (root / "session.yaml").write_text(MANIFEST.replace("location.csv", "track.gpx"))
    columns, record = run()
    assert columns["speed_m_s"][frame_at(1500)] == pytest.approx(0.49998)
    assert any("satellite time" in note for note in record["notes"])


def test_another_device_than_the_manifest_says_is_noted(root: Path, run: Run) -> None:
    _, record = run(make_recording(root, kind="neon"))
    assert "session.yaml says pupil_invisible; the recording is of a neon." in record["notes"]
    assert record["session"]["eye_tracker_kind"] == "neon"


class TestRerun:
    @pytest.fixture
    def session(self, root: Path, run: Run) -> Session:
        write_time_map(root)
        run()
        return open_session(root)

    def bytes_of(self, root: Path) -> list[bytes]:
        return [
            (root / "derived" / name).read_bytes()
            for name in ("frames.parquet", "gaze.parquet", "frames.json")
        ]

    def was_redone(self, session: Session, *args: Any, **kwargs: Any) -> bool:
        record = session.derived / "frames.json"
        before = record.stat().st_mtime_ns, record.stat().st_ino
        frames(session, *args, **kwargs)
        return before != (record.stat().st_mtime_ns, record.stat().st_ino)

    def test_nothing_is_done_twice(self, session: Session) -> None:
        assert not self.was_redone(session)

    def test_same_input_same_bytes(self, session: Session) -> None:
        before = self.bytes_of(session.root)
        assert self.was_redone(session, force=True)
        assert self.bytes_of(session.root) == before

    def test_other_options(self, session: Session) -> None:
        assert self.was_redone(session, FramesOptions(velocity_px_s=700))
        assert not self.was_redone(session, FramesOptions(velocity_px_s=700))

    @pytest.mark.parametrize(
        "name",
        ["session.yaml", "phone/location.csv", "eye_tracker/info.json", "derived/time_map.json"],
    )
    def test_other_input(self, session: Session, name: str) -> None:
        path = session.root / name
        path.write_text(path.read_text() + "\n")
        assert self.was_redone(session)

    def test_time_map_gone(self, session: Session) -> None:
        (session.derived / "time_map.json").unlink()
        assert self.was_redone(session)
        table = pq.read_table(session.derived / "frames.parquet")
        assert table.column("road_frame_index").null_count == 64

    @pytest.mark.parametrize("name", ["frames.parquet", "gaze.parquet", "frames.json"])
    def test_lost_or_damaged_output(self, session: Session, name: str) -> None:
        before = self.bytes_of(session.root)
        (session.derived / name).unlink()
        frames(session)
        assert self.bytes_of(session.root) == before
        (session.derived / name).write_bytes(b"PAR1")
        frames(session)
        assert self.bytes_of(session.root) == before

    def test_the_record_can_be_read_back(self, session: Session) -> None:
        record = read_record(session.derived / "frames.json")
        assert record is not None
        assert record.stage == "frames"


@pytest.mark.parametrize("name", ["velocity_px_s", "max_speed_gap_s"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_options_that_make_no_sense(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} has to be a positive number"):
        FramesOptions(**{name: value})


def test_progress_ascends_to_one(root: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    write_time_map(root)
    run()
    seen: list[float] = []
    frames(open_session(root), force=True, progress=lambda _, fraction: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


def test_a_recording_without_gaze(root: Path, run: Run) -> None:
    nothing = np.zeros(0)
    gaze = GazeSamples(
        timestamp_ns=nothing.astype(np.int64),
        x_px=nothing,
        y_px=nothing,
        worn=nothing.astype(np.bool_),
        rate="realtime",
    )
    columns, record = run(make_recording(root, gaze=gaze))
    assert columns["gaze_sample_count"] == [0] * 64
    assert set(columns["worn"]) == set(columns["gaze_ego_x_px"]) == {None}
    assert record["session"]["fixation_method"] is None
    assert record["counts"]["gaze_samples"] == 0


def test_a_recording_of_a_single_frame(root: Path, run: Run) -> None:
    world = make_recording(root).world
    one = dataclasses.replace(
        world,
        **{name: getattr(world, name)[:1] for name in ("timestamp_ns", "valid", "part", "pts")},
    )
    write_time_map(root)
    columns, record = run(make_recording(root, world=one))
    # there is no interval, so no sample is known to belong to it
    assert columns["gaze_sample_count"] == [0]
    assert record["session"]["duration_s"] == 0


def test_frames_that_are_all_broken_still_have_an_interval(root: Path, run: Run) -> None:
    world = make_recording(root).world
    broken = dataclasses.replace(world, valid=np.zeros(64, dtype=np.bool_))
    columns, record = run(make_recording(root, world=broken))
    assert record["session"]["valid_frame_count"] == 0
    assert columns["gaze_sample_count"][frame_at(500)] == 7
