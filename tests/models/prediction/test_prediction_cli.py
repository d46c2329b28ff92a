"""The command `dashgaze predict`, and real footage where it is at hand."""

import importlib.util
import json
from pathlib import Path

import pytest
import torch
import typer
from typer.testing import CliRunner

from dashgaze.cli.command import SafeCommand
from dashgaze.cli.predict import predict_command
from dashgaze.models.networks.registry import build

REAL = Path(__file__).parents[4] / "shared" / "data" / "driver_view" / "man_indoors.mp4"


@pytest.fixture(scope="module")
def command():
    app = typer.Typer()
    app.command("predict", cls=SafeCommand)(predict_command)
    app.command("other")(lambda: None)
    return lambda *words: CliRunner().invoke(app, ["predict", *map(str, words)])


@pytest.fixture
def words(drive, driver_video, nose_pointer, tmp_path):
    faces = drive.write_faces(tmp_path / "faces.csv")
    return (
        driver_video, "-m", nose_pointer, "-o", tmp_path / "out",
        "--detector", f"precomputed:{faces}",
    )  # fmt: skip


def test_it_prints_what_was_answered(command, words, tmp_path):
    done = command(*words, "--road-size", "640x360")
    assert done.exit_code == 0, done.output
    assert "answered   48 of 48 frames (100.0%) with nose_pointer" in done.output
    assert "ms a frame" in done.output
    assert sorted(each.name for each in (tmp_path / "out").iterdir()) == [
        "predictions.json",
        "predictions.parquet",
    ]


def test_json_is_the_record(command, words, tmp_path):
    done = command(*words, "--road-size", "640x360", "--json", "--quiet")
    content = json.loads(done.stdout)
    written = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))
    assert content == {"path": str(tmp_path / "out" / "predictions.parquet")} | written


def test_doubt_has_an_exit_code_of_its_own(command, words, drive, tmp_path):
    faces = drive.write_faces(tmp_path / "faces.csv", [0, 1, 2, 30])
    done = command(*words[:-1], f"precomputed:{faces}", "--no-follow", "--road-size", "640x360")
    assert done.exit_code == 0  # most frames have a face that is young enough
    road = drive.write_road(tmp_path / "road.mp4", count=10)
    done = command(*words[:4], tmp_path / "second", *words[5:], "--road", road, "--no-overlay")
    assert done.exit_code == 3
    assert "doubtful" in done.output


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ((), "size of the road picture is not known"),
        (("--road-size", "large"), "is no size of a picture"),
        (("--road-size", "640x360", "--start", "99"), "no frame from 99 s"),
    ],
)
def test_mistakes_are_told_in_one_paragraph(command, words, more, says, tmp_path):
    done = command(*words, *more)
    assert done.exit_code == 1
    assert "error: " in done.output
    assert says in " ".join(done.output.split())
    assert not (tmp_path / "out").exists()


def test_missing_weights_of_the_detector_are_told(command, words, tmp_path):
    (tmp_path / "empty").mkdir()
    done = command(*words[:5], "--road-size", "640x360", "--mtcnn-weights", tmp_path / "empty")
    assert done.exit_code == 1
    assert "pnet.pt" in done.output


def test_help_has_an_example(command):
    done = command("--help")
    assert "Example: `dashgaze predict" in " ".join(done.output.split())


@pytest.mark.skipif(not REAL.is_file(), reason="the real footage is not at hand")
@pytest.mark.skipif(
    importlib.util.find_spec("facenet_pytorch") is None, reason="MTCNN's weights are not installed"
)
def test_a_real_face_is_found_now_and_then_and_followed_in_between(command, drive, tmp_path):
    import pyarrow.parquet as pq

    torch.manual_seed(0)
    checkpoint = drive.write_checkpoint(tmp_path / "tiny", build("facegaze", {"size": "tiny"}))

    def landmarks(every, name):
        done = command(
            REAL, "-m", checkpoint, "-o", tmp_path / name, "--road-size", "1280x720", "--end", "1.5",
            "--every", every, "--json",
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        rows = pq.read_table(tmp_path / name / "predictions.parquet").to_pandas()
        return json.loads(done.stdout), rows

    record, each = landmarks(1, "each")
    assert record["answered_share"] > 0.95
    assert record["detector"]["looks"] == len(each)
    record, some = landmarks(10, "some")
    assert record["answered_share"] > 0.95
    assert record["detector"]["looks"] < len(each) / 5
    for name in ("left_eye", "right_eye", "nose"):
        off = (each[f"{name}_x_px"] - some[f"{name}_x_px"]).abs() / each["face_width_px"]
        assert off.median() < 0.03
