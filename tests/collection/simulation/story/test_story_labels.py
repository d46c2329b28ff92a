"""Studies without pictures: what is written, and that it says what it should."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from dashgaze.alignment.gaze_angles import gaze_angles_deg
from dashgaze.collection.eye_tracker.scene_camera import typical_camera
from dashgaze.collection.simulation.story import Effects
from dashgaze.collection.simulation.story.labels import simulate_labels
from dashgaze.collection.simulation.story.projection import RoadCamera
from dashgaze.errors import OutputError
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.session import open_session

SESSIONS, MINUTES = 16, 5.0
FOCAL_PX = RoadCamera().focal_px


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("labels") / "study"
    return simulate_labels(folder, sessions=SESSIONS, minutes=MINUTES, drivers=10, seed=2)


@pytest.fixture(scope="module")
def tables(study) -> list[tuple[pd.DataFrame, pd.DataFrame]]:
    return [
        (
            pd.read_parquet(folder / "derived" / "frames.parquet"),
            pd.read_parquet(folder / "truth" / "frames.parquet"),
        )
        for folder in sorted(study.iterdir())
    ]


def test_each_session_has_manifest_tables_and_truth(study):
    folders = sorted(study.iterdir())
    assert [folder.name for folder in folders] == [f"session_{n + 1:03d}" for n in range(SESSIONS)]
    for folder in folders:
        manifest = open_session(folder).manifest
        assert manifest.session_id == folder.name
        truth = json.loads((folder / "truth" / "truth.json").read_text(encoding="utf-8"))
        assert "no recordings" in truth["note"]
        assert truth["labels_only"] is True
        assert truth["conditions"]["driver"]["driver_id"] == manifest.driver_id
        assert Effects(**truth["effects"]) == Effects()
        assert len(truth["tracker_bias_deg"]) == 2
        assert not (folder / manifest.phone.road).exists()
        hour = int(manifest.recorded_at[11:13])
        assert (hour >= 19) == (manifest.lighting == "night")


def test_tables_keep_their_contract(study):
    for folder in study.iterdir():
        schema = pq.read_schema(folder / "derived" / "frames.parquet")
        assert schema.equals(FRAME_TABLE.to_arrow(), check_metadata=True)
        table = pq.read_table(folder / "derived" / "frames.parquet")
        for field in FRAME_TABLE.fields:
            column = table.column(field.name)
            assert field.nullable or column.null_count == 0, field.name
            if field.values:
                assert set(column.unique().to_pylist()) <= {*field.values, None}
        assert table.num_rows == MINUTES * 60 * 30


def test_gaze_is_missing_where_it_would_be(tables):
    missing = []
    for frames, truth in tables:
        assert frames.gaze_ego_x_px[frames.blink].isna().all()
        assert (frames.blink == truth.blink).all()
        without = frames.gaze_ego_x_px.isna()
        assert (frames.gaze_sample_count[without] == 0).all()
        assert frames.gaze_sample_count[~without].between(6, 12).all()
        missing.append(without.mean())
        none = frames.homography_source == "none"
        assert frames.gaze_road_x_px[none].isna().all()
        assert frames.homography_error_px[none].isna().all()
        assert (frames.homography_hops[frames.homography_source == "direct"] == 0).all()
        assert frames.worn.isna().mean() < 0.06
        assert frames.speed_m_s.notna().mean() > 0.8
    assert 0.03 < np.mean(missing) < 0.15


def test_maps_have_realistic_sources(tables):
    shares = pd.concat([frames.homography_source for frames, _ in tables]).value_counts(True)
    assert 0.85 < shares["direct"] < 0.98
    assert 0.01 < shares["propagated"] < 0.12
    assert 0.001 < shares["none"] < 0.04


def test_angles_belong_to_pixels(tables):
    camera = typical_camera("pupil_invisible")
    frames = tables[0][0].dropna(subset="gaze_ego_x_px").iloc[::50]
    points = frames[["gaze_ego_x_px", "gaze_ego_y_px"]].to_numpy()
    size = (camera.width_px, camera.height_px)
    inside = ((points > 0) & (points < size)).all(axis=1)
    azimuth, elevation = gaze_angles_deg(points[inside], camera.matrix, camera.distortion)
    # both are rounded: to 1/64 px, which is 0.001°
    np.testing.assert_allclose(frames.gaze_azimuth_deg[inside], azimuth, atol=2e-3)
    np.testing.assert_allclose(frames.gaze_elevation_deg[inside], elevation, atol=2e-3)


def test_stated_errors_are_those_made(study):
    """Between true and measured gaze lie the tracker's errors, and that of carrying it over."""
    folder = simulate_labels_exactly(study.parent / "exact")
    frames = pd.read_parquet(folder / "derived" / "frames.parquet")
    truth = pd.read_parquet(folder / "truth" / "frames.parquet")
    off = (frames.gaze_road_x_px - truth.gaze_road_x_px) / np.sqrt(frames.gaze_road_cov_xx_px2)
    off = off[~truth.in_car].dropna()
    assert len(off) > 3000
    assert off.std() == pytest.approx(1, abs=0.05)
    assert off.mean() == pytest.approx(0, abs=0.05)


def simulate_labels_exactly(folder: Path) -> Path:
    from dashgaze.collection.simulation.story.tracker_gaze import TrackerError

    none = TrackerError(bias_sd_deg=0.0, drift_sd_deg=0.0, noise_deg=0.0)
    simulate_labels(folder, sessions=1, minutes=3.0, drivers=1, seed=4, error=none)
    return folder / "session_001"


def test_events_agree_with_each_other(tables):
    for frames, truth in tables[:4]:
        assert (frames.blink_id.notna() == frames.blink).all()
        fixating = frames.fixation_id.notna()
        assert not (fixating & frames.saccade).any()
        assert (fixating | frames.saccade | frames.blink).all()
        on_object = truth.object_id.notna()
        assert truth.target_kind[on_object].isin(["vehicle", "pedestrian"]).all()
        assert (truth.object_id[on_object] == truth.fixation_id[on_object]).all()
        assert truth.gaze_road_x_px[truth.in_car].isna().all() or truth.saccade.any()


def test_rates_and_forces_are_those_of_a_head_in_a_car(tables):
    for frames, _ in tables[:4]:
        gyro = frames[[f"gyro_{axis}_deg_s" for axis in "xyz"]].to_numpy()
        accel = frames[[f"accel_{axis}_g" for axis in "xyz"]].to_numpy()
        assert 5 < gyro[:, 1].std() < 40
        assert np.abs(gyro).max() < 150
        assert np.linalg.norm(accel, axis=1) == pytest.approx(1, abs=0.06)
        assert accel[:, 1].mean() == pytest.approx(-1, abs=0.03)


def test_the_road_video_tells_how_the_car_turns(tables):
    error = np.concatenate(
        [
            (frame["car_yaw_rate_deg_s"] - 0.98 * true["car_yaw_rate_deg_s"]).to_numpy()
            for frame, true in tables
        ]
    )
    assert abs(error.mean()) < 0.01
    assert 0.33 < error.std() < 0.37
    # To the right is positive, as what the glasses feel: the head turns with the car.
    turning = np.concatenate([true["car_yaw_rate_deg_s"].to_numpy() for _, true in tables])
    felt = np.concatenate([frame["gyro_y_deg_s"].to_numpy() for frame, _ in tables])
    bend = np.abs(turning) > 5
    assert np.median(felt[bend] / turning[bend]) == pytest.approx(1.0, abs=0.15)


def test_effects_are_found_in_measured_gaze(tables):
    """Roughly, and through the tracker's errors; tests of the effects themselves are elsewhere."""
    slopes, shifts = [], []
    for frames, truth in tables:
        usable = (truth.target_kind == "road") & ~truth.saccade & frames.gaze_road_x_px.notna()
        across = frames.gaze_road_x_px - truth.vanishing_point_x_px
        azimuth = np.degrees(np.arctan(across / FOCAL_PX))[usable]
        azimuth -= Effects().follow * truth.bearing_ahead_deg[usable]
        speed = truth.speed_m_s[usable]
        shifts.append(azimuth[speed > 1].median())
        bins = pd.cut(speed, [1, 7, 11, 15, 25])
        cells = pd.DataFrame({"azimuth": azimuth, "speed": speed}).groupby(bins, observed=True)
        enough = cells.size() > 900
        if enough.sum() > 1:
            log_sd = np.log(cells.azimuth.std()[enough])
            slopes.append(np.polyfit(cells.speed.mean()[enough] / 10, log_sd, 1)[0])
    error = np.std(slopes) / np.sqrt(len(slopes))
    assert len(slopes) > 10
    assert np.mean(slopes) == pytest.approx(Effects().speed_log, abs=3 * error + 0.03)
    # drivers' offsets (1°) and the tracker's bias (1.2°) come on top of 1.5°
    assert np.mean(shifts) == pytest.approx(1.5, abs=3 * 1.6 / np.sqrt(10))


def test_workers_do_not_change_anything(tmp_path):
    alone, many = (
        simulate_labels(
            tmp_path / f"with_{workers}",
            sessions=5,
            minutes=0.5,
            drivers=3,
            seed=2,
            workers=workers,
        )
        for workers in (1, 2)
    )
    paths = [path.relative_to(alone) for path in sorted(alone.rglob("*")) if path.is_file()]
    assert len(paths) == 5 * 4
    for path in paths:
        assert (alone / path).read_bytes() == (many / path).read_bytes(), path


def test_a_longer_study_begins_with_the_same_sessions(tmp_path):
    more = simulate_labels(tmp_path / "few", sessions=7, minutes=0.5, drivers=2, seed=2)
    other = simulate_labels(tmp_path / "more", sessions=8, minutes=0.5, drivers=2, seed=2)
    for name in ("session_001", "session_007"):
        path = Path(name) / "truth" / "frames.parquet"
        assert (more / path).read_bytes() == (other / path).read_bytes()


def test_nothing_is_overwritten(study):
    with pytest.raises(OutputError, match="not empty"):
        simulate_labels(study, sessions=1, minutes=0.1)


def test_progress_is_told(tmp_path):
    told = []
    simulate_labels(
        tmp_path / "study",
        sessions=2,
        minutes=0.2,
        drivers=2,
        progress=lambda what, part: told.append((what, part)),
    )
    assert told == [("sessions", 0.5), ("sessions", 1.0)]
