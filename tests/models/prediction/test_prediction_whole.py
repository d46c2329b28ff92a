"""Whole predictions: a network that points where the nose is, on videos whose faces are known."""

import json

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from dashgaze.errors import InputError, MediaError, OutputError
from dashgaze.media import read_frame_times
from dashgaze.models.contract.scale import px_from_unit, unit_from_px
from dashgaze.models.networks.registry import build
from dashgaze.models.prediction import PredictOptions, predict
from dashgaze.models.prediction.prediction_table import PREDICTION_TABLE


def run(drive, video, checkpoint, folder, faces=None, **options):
    """Predict with faces from a file; give the table as columns, and the record."""
    faces = faces or drive.write_faces(folder / "faces.csv")
    options = {"detector": f"precomputed:{faces}", "road_size_px": drive.ROAD_PX} | options
    path = predict(video, checkpoint, PredictOptions(**options), folder / "out")
    assert path == folder / "out" / "predictions.parquet"
    record = json.loads((folder / "out" / "predictions.json").read_text(encoding="utf-8"))
    return pq.read_table(path), record


def expected_px(drive, index):
    """Where the nose is, carried from the driver view to the road view by its share of the picture."""
    nose = drive.landmarks(index)[2][None]
    unit = unit_from_px(nose, np.array([drive.DRIVER_PX], float))
    return px_from_unit(unit, np.array([drive.ROAD_PX], float))[0]


@pytest.mark.parametrize("rotation_deg", [0, 90])
def test_every_frame_is_answered_at_its_own_time_whatever_the_turn_of_the_video(
    drive, nose_pointer, tmp_path, rotation_deg
):
    video = drive.write_driver(tmp_path / "driver.mp4", rotation_deg=rotation_deg)
    table, record = run(drive, video, nose_pointer, tmp_path)
    assert table.schema.equals(PREDICTION_TABLE.to_arrow())
    rows = table.to_pylist()
    assert [each["driver_frame_index"] for each in rows] == list(range(drive.COUNT))
    times_s = read_frame_times(video).time_s
    assert len(set(np.diff(times_s).round(3))) > 2  # not evenly
    assert [each["time_s"] for each in rows] == times_s.tolist()
    for row in rows:
        wanted = expected_px(drive, row["driver_frame_index"])
        assert (row["x_px"], row["y_px"]) == pytest.approx(wanted, abs=0.01)
        assert row["x_sd_px"] == pytest.approx(np.exp(drive.LOG_SD[0]) * drive.ROAD_PX[0] / 2)
        assert row["y_sd_px"] == pytest.approx(np.exp(drive.LOG_SD[1]) * drive.ROAD_PX[1] / 2)
        assert row["azimuth_deg"] == pytest.approx(row["head_yaw_deg"], abs=1e-4)
        assert row["face_age_frames"] == 0
        assert (row["reason"], row["in_view"], row["road_frame_index"]) == (None, True, None)
    assert record["video"]["size_px"] == list(drive.DRIVER_PX)
    assert record["answered_share"] == 1.0
    assert record["verdict"] == "ok"
    assert set(record["ms_a_frame"]) >= {"decode", "detect", "follow", "cut out", "network"}


def test_frames_without_a_face_have_no_answer_but_a_reason(
    drive, driver_video, nose_pointer, tmp_path
):
    faces = drive.write_faces(
        tmp_path / "faces.csv", range(10, 40, 5), seen=lambda index: index not in (20, 25)
    )
    table, record = run(drive, driver_video, nose_pointer, tmp_path, faces)
    rows = table.to_pylist()
    for row in rows[:10]:
        assert (row["reason"], row["x_px"], row["in_view"]) == ("not_looked_at", None, None)
        assert row["face_x_px"] is None
    for row in rows[20:30]:
        assert (row["reason"], row["x_px"], row["face_age_frames"]) == ("no_face", None, None)
    assert [row["face_age_frames"] for row in rows[10:20]] == [0, 1, 2, 3, 4] * 2
    for index in (12, 34):  # followed, not given
        wanted = expected_px(drive, index)
        assert (rows[index]["x_px"], rows[index]["y_px"]) == pytest.approx(wanted, abs=3)
    assert record["reasons"] == {"no_face": 10, "not_looked_at": 10}
    assert record["answered"] == drive.COUNT - 20


def test_a_part_of_the_video_gets_the_same_answers(drive, driver_video, nose_pointer, tmp_path):
    table, _ = run(drive, driver_video, nose_pointer, tmp_path, start_s=0.5, end_s=1.0)
    times_s = read_frame_times(driver_video).time_s
    wanted = np.flatnonzero((times_s >= 0.5) & (times_s < 1.0)).tolist()
    assert table["driver_frame_index"].to_pylist() == wanted
    assert table["x_px"].to_numpy()[0] == pytest.approx(expected_px(drive, wanted[0])[0], abs=0.01)


def test_the_overlay_shows_the_road_with_gaze_and_the_driver(
    drive, driver_video, road_video, nose_pointer, tmp_path
):
    offset_s = 0.2
    table, record = run(
        drive, driver_video, nose_pointer, tmp_path, road=road_video, offset_s=offset_s,
        road_size_px=None, overlay_width_px=480,
    )  # fmt: skip
    road_s = read_frame_times(road_video).time_s
    for row in table.to_pylist():
        away_s = np.abs(road_s - row["time_s"] - offset_s)
        if row["road_frame_index"] is None:
            assert away_s.min() > 0.03
        else:
            assert away_s[row["road_frame_index"]] == pytest.approx(away_s.min())
    with av.open(str(tmp_path / "out" / "overlay.mp4")) as movie:
        pictures = [each.to_ndarray(format="bgr24") for each in movie.decode(video=0)]
    driver_s = table["time_s"].to_numpy() + offset_s
    near = [t for t in road_s if np.abs(driver_s - t).min() <= np.median(np.diff(driver_s)) + 1e-9]
    assert len(pictures) == len(near) == record["overlay_pictures"]
    assert pictures[0].shape == (270, 480, 3)
    number = len(pictures) // 2
    row = int(np.argmin(np.abs(driver_s - near[number])))
    x, y = expected_px(drive, row) * 480 / drive.ROAD_PX[0]
    around = pictures[number][round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4]
    # The mark is yellow; the road is grey.
    assert (around[..., 2].astype(int) - around[..., 0]).max() > 60
    inset = pictures[number][-80:-10, -110:-10].astype(float)
    assert inset.std() > 10


def test_learning_on_the_way_answers_as_adaptation_does_on_a_data_set(drive, tmp_path):
    from dashgaze.models.adaptation.options import AdaptOptions
    from dashgaze.models.adaptation.predictor import AdaptivePredictor
    from dashgaze.models.networks.predictor import NetworkPredictor
    from dashgaze.models.prediction.answering import Learning, StreamAnswerer
    from dashgaze.models.prediction.driver_tracking import TrackedFace
    from dashgaze.models.prediction.head_turns import HeadTurns
    from dashgaze.models.prediction.seen_frames import HeldPictures, SeenFrame, samples_of
    from dashgaze.models.prediction.stopwatch import Stopwatch

    torch.manual_seed(0)
    small = {
        "size": "tiny", "picture_px": 32, "width": 2, "depths": [1], "eye_channels": [2, 2, 2, 2],
        "feature_size": 32,
    }  # fmt: skip
    network = build("dashgazenet", small).eval()
    random = np.random.default_rng(0)
    frames = [
        SeenFrame(
            index=index,
            time_s=index / 30,
            face=TrackedFace(
                box=drive.box(index), landmarks=drive.landmarks(index), confidence=0.9, age_frames=0
            ),
            pictures={
                name: random.integers(0, 255, (3, height, width), dtype=np.uint8)
                for name, (width, height) in network.picture_sizes_px.items()
            },
            head_pose_deg=np.full(3, np.nan),
        )
        for index in range(40)
    ]
    options = AdaptOptions(batch_size=8, learning_rate=0.5)

    def streamed(learning):
        turns = HeadTurns(drive.DRIVER_PX, fov_deg=None)
        answerer = StreamAnswerer(
            network, road_size_px=drive.ROAD_PX, driver_size_px=drive.DRIVER_PX, turns=turns,
            familiarity=None, learning=learning, device="cpu", watch=Stopwatch(),
        )  # fmt: skip
        blocks = [answerer.answer(frames[start : start + 8]) for start in range(0, 40, 8)]
        posed = [each for block in blocks for each in block.frames]
        return np.concatenate([each.predictions.xy_px for each in blocks]), posed, answerer

    before = {name: each.clone() for name, each in network.state_dict().items()}
    found, posed, answerer = streamed(Learning(options=options, hz=None))
    samples = samples_of(posed, road_size_px=drive.ROAD_PX, driver_size_px=drive.DRIVER_PX)
    adapted = AdaptivePredictor(network, options, name="a").predict(samples, HeldPictures(posed))
    plain = NetworkPredictor(network, name="n").predict(samples, HeldPictures(posed))
    np.testing.assert_allclose(found, adapted.xy_px, atol=3e-4)
    assert np.abs(found[:8] - plain.xy_px[:8]).max() < 1e-3  # nothing was learned yet
    assert np.abs(found[8:] - plain.xy_px[8:]).max() > 0.01
    assert answerer.pretext["updates"] == 5
    assert answerer.pretext["pretext_accuracy"] == adapted.notes["pretext_accuracy"]
    assert all(torch.equal(each, network.state_dict()[name]) for name, each in before.items())
    _, _, slower = streamed(Learning(options=options, hz=15.0))
    assert slower.pretext["frames"] == 16  # of 20 that are due: full batches only


def test_a_network_without_branches_cannot_learn_on_the_way(
    drive, driver_video, nose_pointer, tmp_path
):
    with pytest.raises(InputError, match="can't learn by shifted landmarks"):
        run(drive, driver_video, nose_pointer, tmp_path, adapt=True)


def test_a_video_without_any_face_is_refused_and_nothing_is_written(
    drive, driver_video, nose_pointer, tmp_path
):
    faces = drive.write_faces(tmp_path / "faces.csv", seen=lambda index: False)
    with pytest.raises(InputError, match=r"None of the 48 frames .* \(no_face in 48\)"):
        run(drive, driver_video, nose_pointer, tmp_path, faces)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["faces.csv", "nose_pointer"]


def test_faces_without_landmarks_are_refused_where_the_network_needs_eyes(
    drive, driver_video, tmp_path
):
    faces = drive.write_faces(tmp_path / "faces.csv", marks=False)
    checkpoint = drive.write_checkpoint(tmp_path / "tiny", build("facegaze", {"size": "tiny"}))
    with pytest.raises(InputError, match="needs eyes, nose and mouth"):
        run(drive, driver_video, checkpoint, tmp_path, faces)


def test_bad_requests_are_told_before_any_work(drive, driver_video, nose_pointer, tmp_path):
    with pytest.raises(InputError, match="--road-size"):
        run(drive, driver_video, nose_pointer, tmp_path, road_size_px=None)
    late = drive.write_road(tmp_path / "late.mp4", start_s=100.0)
    with pytest.raises(InputError, match="no time in common"):
        run(drive, driver_video, nose_pointer, tmp_path, road=late, road_size_px=None)
    with pytest.raises(InputError, match="not those of --road-size"):
        run(drive, driver_video, nose_pointer, tmp_path, road=late, road_size_px=(64, 48))
    with pytest.raises(InputError, match="no frame from 50 s"):
        run(drive, driver_video, nose_pointer, tmp_path, start_s=50.0)
    with pytest.raises(MediaError, match="does not exist"):
        run(drive, tmp_path / "none.mp4", nose_pointer, tmp_path)
    with pytest.raises(InputError, match="is no checkpoint"):
        run(drive, driver_video, tmp_path / "none", tmp_path)
    far = drive.write_faces(tmp_path / "far.csv", range(40, 50))
    with pytest.raises(InputError, match="speaks of 2 frames"):
        run(drive, driver_video, nose_pointer, tmp_path, far)
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="not empty"):
        run(drive, driver_video, nose_pointer, tmp_path)


def test_videos_of_different_lengths_are_told(drive, driver_video, nose_pointer, tmp_path):
    road = drive.write_road(tmp_path / "short.mp4", count=20)
    _, record = run(
        drive, driver_video, nose_pointer, tmp_path, road=road, road_size_px=None, overlay=False
    )
    assert record["verdict"] == "doubtful"
    assert any("no road frame beside them" in each for each in record["warnings"])
    assert not (tmp_path / "out" / "overlay.mp4").exists()


def test_a_killed_overlay_leaves_nothing(
    drive, driver_video, road_video, nose_pointer, tmp_path, monkeypatch
):
    from dashgaze.models.prediction import prediction_run

    def broken(*args, **more):
        raise OutputError("The disk is full.")

    monkeypatch.setattr(prediction_run, "write_overlay", broken)
    with pytest.raises(OutputError):
        run(drive, driver_video, nose_pointer, tmp_path, road=road_video, road_size_px=None)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["faces.csv", "nose_pointer"]
