"""A lab session from log to stored offset."""

import hashlib
import importlib.util
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.collect.targets import targets_command
from dashgaze.cli.command import SafeCommand
from dashgaze.collection.eye_tracker import open_recording
from dashgaze.collection.targets import make_targets, pack_targets, store_gaze_offset
from dashgaze.errors import InputError

SIZE_PX, RATE_HZ, SECONDS = (1280, 720), 25, 30
START_NS = 1_780_000_000_000_000_000
TRACKER_AHEAD_MS = 345.0
PLANTED_DEG = (1.2, -0.7)
RUN = "00112233aabbccdd"

app = typer.Typer()
app.command("targets", cls=SafeCommand)(targets_command)
app.command("nothing")(lambda: None)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = Path(__file__).parents[2] / "tiny_session.py"
    spec = importlib.util.spec_from_file_location("targets_tiny_session", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_tracker(tmp_path_factory.mktemp("rec") / "eye_tracker", duration_s=2.0)


def write_log(session, targets, *, page_offset_ms=1000.0):
    lines = [
        {
            "kind": "film",
            "host_ns": START_NS,
            "video": "film.mp4",
            "width_px": SIZE_PX[0],
            "height_px": SIZE_PX[1],
            "targets": [target.to_json() for target in targets],
        }
    ]
    own = {"run": RUN, "seq": 0}
    for at_ms in np.arange(0, SECONDS * 1000, 2000.0):
        host = str(START_NS + round((at_ms + page_offset_ms + 1.0) * 1e6))
        clock = {"kind": "clock", "sent_ms": at_ms, "back_ms": at_ms + 2}
        lines.append(own | clock | {"host_received_ns": host, "host_sent_ns": host})
    for number in range(SECONDS * RATE_HZ):
        if number == 200:  # the computer was too slow
            continue
        page_ms = 100.0 + number * 40
        lines.append(
            own
            | {"kind": "frame", "page_ms": page_ms, "media_s": number / RATE_HZ}
            | {
                "presented_ms": page_ms,
                "expected_ms": page_ms + 16,
                "count": number + (number > 99),
            }
            | {"target": None, "x_px": None, "y_px": None, "visible": True, "full": number != 5}
        )
    (session / "field").mkdir(parents=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (session / "field" / "targets.jsonl").write_text(text + '{"kind": "fra')
    clocks = [{"role": "tracker", "host_ns": START_NS, "offset_ms": TRACKER_AHEAD_MS}]
    (session / "field" / "clocks.json").write_text(json.dumps({"measurements": clocks}))


def write_frames(session, targets, camera, *, looks=True):
    """Frames of the scene camera whose head turns, and gaze that is off by what is planted."""
    rng = np.random.default_rng(4)
    count = SECONDS * 30
    media_s = np.arange(count) / 30
    # On the screen 16 ms after the page's time, which is 1.1 s after the start of its clock.
    stamps_ns = START_NS + np.round((media_s + 1.116) * 1e9).astype(np.int64)
    stamps_ns += round(TRACKER_AHEAD_MS * 1e6)
    places = np.full((count, 2), np.nan)
    for target in targets:
        at = target.at(media_s)
        places = np.where(np.isfinite(at), at, places)
    maps, gaze = [], np.full((count, 2), np.nan)
    for row in range(count):
        shift = 40 * np.sin(media_s[row]) * np.array([1.0, 0.3])
        road_from_ego = np.array(
            [[1.6, 0.02, -220 + shift[0]], [0.01, 1.6, -480 + shift[1]], [0, 0, 1]]
        )
        maps.append(road_from_ego.ravel().tolist())
        place = places[row] if np.isfinite(places[row, 0]) else rng.uniform((0, 0), SIZE_PX)
        ego = np.linalg.solve(road_from_ego, np.array([*place, 1.0]))
        x, y, _ = np.linalg.solve(camera.matrix, ego / ego[2])
        gaze[row] = np.degrees(np.arctan(x)), -np.degrees(np.arcsin(y / np.sqrt(x * x + y * y + 1)))
    gaze += PLANTED_DEG + rng.normal(0, 0.2, gaze.shape)
    if not looks:
        gaze = rng.uniform(-30, 30, gaze.shape)
    columns = {
        "timestamp_ns": stamps_ns,
        "gaze_azimuth_deg": gaze[:, 0],
        "gaze_elevation_deg": gaze[:, 1],
        "road_from_ego": pa.array([None, *maps[1:]], type=pa.list_(pa.float64())),
    }
    (session / "derived").mkdir()
    pq.write_table(pa.table(columns), session / "derived" / "frames.parquet")


@pytest.fixture
def lab(tmp_path, recording):
    session = tmp_path / "lab"
    targets = make_targets(12, duration_s=SECONDS, size_px=SIZE_PX)
    write_log(session, targets)
    (session / "eye_tracker").symlink_to(recording)
    camera = open_recording(recording).scene_camera
    return session, targets, camera


def test_the_table_has_tracker_times_and_tells_missed_and_unseen_frames(lab):
    session, targets, _ = lab
    table = pq.read_table(pack_targets(session)).to_pandas()
    assert len(table) == SECONDS * RATE_HZ - 1
    assert (table["tracker_ns"] - table["host_ns"]).unique().tolist() == [345_000_000]
    assert abs(table["host_ns"][0] - (START_NS + 1_116_000_000)) < 1_000_000
    assert table.index[table["frames_missed"] == 1].tolist() == [100, 200]
    assert table["frames_missed"].sum() == 2
    assert table.index[~table["seen"]].tolist() == [5]
    assert set(table["target_id"].dropna()) == {target.target_id for target in targets}


def test_a_planted_offset_is_stored_and_no_gaze_is_changed(lab):
    session, targets, camera = lab
    write_frames(session, targets, camera)
    pack_targets(session)
    before = hashlib.sha256((session / "derived" / "frames.parquet").read_bytes()).digest()
    offset = store_gaze_offset(session)
    assert offset.verdict == "ok", offset.reasons
    assert offset.used >= 10
    for found, planted, error in zip(offset.offset, PLANTED_DEG, offset.error_95, strict=True):
        assert abs(found - planted) < 0.15
        assert error < 0.5
    stored = json.loads((session / "field" / "gaze_offset.json").read_text())
    assert stored["offset"] == list(offset.offset)
    assert stored["unit"] == "deg"
    after = hashlib.sha256((session / "derived" / "frames.parquet").read_bytes()).digest()
    assert after == before


def test_the_command_refuses_an_offset_of_gaze_that_was_elsewhere(lab):
    session, targets, camera = lab
    write_frames(session, targets, camera, looks=False)
    done = CliRunner().invoke(app, ["targets", "film.mp4", str(session), "--compare", "--json"])
    assert done.exit_code == 4
    told = json.loads(done.stdout)
    assert (told["verdict"], told["offset"]) == ("refused", None)
    assert told["reasons"]


def test_without_the_trackers_clock_nothing_is_compared(lab):
    session, targets, camera = lab
    write_frames(session, targets, camera)
    (session / "field" / "clocks.json").unlink()
    pack_targets(session)
    with pytest.raises(InputError, match=r"clocks\.json"):
        store_gaze_offset(session)


def test_before_align_it_is_told_what_to_type(lab):
    pack_targets(lab[0])
    with pytest.raises(InputError, match="dashgaze align"):
        store_gaze_offset(lab[0])


def test_a_session_without_a_film_is_told_what_to_type(tmp_path):
    with pytest.raises(InputError, match="dashgaze collect targets"):
        pack_targets(tmp_path)


def test_the_command_wants_targets_from_one_source(tmp_path):
    done = CliRunner().invoke(app, ["targets", "film.mp4", str(tmp_path / "s")])
    assert done.exit_code == 1
    assert "--make-targets 20" in done.stderr
