"""Predictions from a driver video that is stored as in a mirror."""

import json

import av
import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
import typer
from typer.testing import CliRunner

from dashgaze.cli.command import SafeCommand
from dashgaze.cli.predict import predict_command
from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.media import read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.models.networks.registry import build
from dashgaze.models.prediction import PredictOptions, predict
from dashgaze.models.prediction.driver_reader import DriverReader


@pytest.fixture
def mirrored_video(drive, tmp_path):
    """What `drive.write_driver` writes, left and right exchanged."""

    def stored(index):
        y = drive.luma(index)[:, ::-1]
        return np.concatenate([y, np.full((y.shape[0] // 2, y.shape[1]), 128, np.uint8)])

    return write_video(
        tmp_path / "mirrored.mp4",
        times_s=drive.TIMES_S,
        size_px=drive.DRIVER_PX,
        images=stored,
        options=FileOptions(key_interval=12, video_options={"preset": "ultrafast", "crf": "10"}),
    )


@pytest.fixture
def mirrored_faces(drive, tmp_path):
    """Faces as a detector finds them there: the eye that looks like a left one is called so."""
    lines = drive.write_faces(tmp_path / "true.csv").read_text(encoding="utf-8").splitlines()
    names = lines[0].split(",")
    last = drive.DRIVER_PX[0] - 1
    rows = []
    for line in lines[1:]:
        true = dict(zip(names, line.split(","), strict=True))
        seen = dict(true)
        seen["face_x_px"] = str(last - float(true["face_x_px"]) - float(true["face_width_px"]))
        for one, other in (
            ("left_eye", "right_eye"), ("right_eye", "left_eye"), ("nose", "nose"),
            ("left_mouth", "right_mouth"), ("right_mouth", "left_mouth"),
        ):  # fmt: skip
            seen[f"{one}_x_px"] = str(last - float(true[f"{other}_x_px"]))
            seen[f"{one}_y_px"] = true[f"{other}_y_px"]
        rows.append(",".join(seen[name] for name in names))
    path = tmp_path / "seen.csv"
    path.write_text("\n".join([lines[0], *rows]) + "\n", encoding="utf-8")
    return path


def run(video, checkpoint, faces, out, **options):
    path = predict(
        video, checkpoint, PredictOptions(detector=f"precomputed:{faces}", **options), out
    )
    record = json.loads((out / "predictions.json").read_text(encoding="utf-8"))
    return pq.read_table(path), record


def test_a_mirror_image_gets_the_answers_of_the_true_picture(
    drive, driver_video, mirrored_video, mirrored_faces, nose_pointer, tmp_path
):
    true = drive.write_faces(tmp_path / "faces.csv")
    size = {"road_size_px": drive.ROAD_PX}
    plain, _ = run(driver_video, nose_pointer, true, tmp_path / "plain", **size)
    back, record = run(
        mirrored_video, nose_pointer, mirrored_faces, tmp_path / "back", mirrored=True, **size
    )
    assert record["options"]["mirrored"] is True
    for name in plain.column_names:
        if name != "reason":
            values = [table[name].cast("float64").to_numpy() for table in (plain, back)]
            assert np.allclose(*values, atol=0.05, equal_nan=True), name
    forgotten, _ = run(mirrored_video, nose_pointer, mirrored_faces, tmp_path / "forgotten", **size)
    away = np.abs(plain["x_px"].to_numpy() - forgotten["x_px"].to_numpy())
    assert np.median(away) > 30


def test_networks_see_the_pictures_turned_back(
    drive, driver_video, mirrored_video, mirrored_faces, tmp_path
):
    torch.manual_seed(0)
    network = build("facegaze", {"size": "tiny", "driver": True})
    folder = drive.write_checkpoint(tmp_path / "run", network)
    true = drive.write_faces(tmp_path / "faces.csv")
    size = {"road_size_px": drive.ROAD_PX}
    plain, _ = run(driver_video, folder, true, tmp_path / "plain", **size)
    back, _ = run(mirrored_video, folder, mirrored_faces, tmp_path / "back", mirrored=True, **size)
    forgotten, _ = run(mirrored_video, folder, mirrored_faces, tmp_path / "forgotten", **size)
    away = [
        np.abs(plain["x_px"].to_numpy() - table["x_px"].to_numpy()).mean()
        for table in (back, forgotten)
    ]
    assert away[0] < 0.2 * away[1]


def test_the_reader_turns_back_what_is_mirrored_and_nothing_else(driver_video, mirrored_video):
    pictures = {}
    for name, path in {"plain": driver_video, "mirrored": mirrored_video}.items():
        times = read_frame_times(path)
        with ColourReader(path, times) as opened:
            reader = DriverReader(opened, mirrored=name == "mirrored")
            assert reader.size_px == opened.size_px
            pictures[name] = reader.read(7).y.astype(int)
            if name == "plain":
                assert np.array_equal(pictures[name], opened.read(7).y)
    assert np.abs(pictures["plain"] - pictures["mirrored"]).mean() < 3


def test_the_overlay_shows_the_driver_turned_back(
    drive, driver_video, mirrored_video, road_video, mirrored_faces, nose_pointer, tmp_path
):
    true = drive.write_faces(tmp_path / "faces.csv")
    options = {"road": road_video, "overlay_width_px": 480, "offset_s": 0.2}
    run(driver_video, nose_pointer, true, tmp_path / "plain", **options)
    run(mirrored_video, nose_pointer, mirrored_faces, tmp_path / "back", mirrored=True, **options)
    insets = []
    for name in ("plain", "back"):
        with av.open(str(tmp_path / name / "overlay.mp4")) as movie:
            picture = [each.to_ndarray(format="gray") for each in movie.decode(video=0)][10]
        insets.append(picture[-85:, -115:].astype(float))
    assert (
        np.abs(insets[0] - insets[1]).mean() < 0.3 * np.abs(insets[0] - insets[0][:, ::-1]).mean()
    )


def test_the_command_takes_the_flag(drive, mirrored_video, mirrored_faces, nose_pointer, tmp_path):
    app = typer.Typer()
    app.command("predict", cls=SafeCommand)(predict_command)
    app.command("other")(lambda: None)
    words = [
        "predict", mirrored_video, "-m", nose_pointer, "-o", tmp_path / "out", "--mirrored",
        "--road-size", "640x360", "--detector", f"precomputed:{mirrored_faces}", "--json", "--quiet",
    ]  # fmt: skip
    done = CliRunner().invoke(app, [str(each) for each in words])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["options"]["mirrored"] is True
