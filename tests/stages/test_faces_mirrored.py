"""The `faces` stage on a driver video that is stored as in a mirror."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.errors import ManifestError
from dashgaze.face_detection.detector import Faces
from dashgaze.schemas.manifest import parse_manifest
from dashgaze.session import open_session
from dashgaze.stages import faces_work
from dashgaze.stages.faces import FacesOptions, faces, faces_parts, read_faces_summary

SIZE_PX = (160, 120)
HZ, COUNT = 10, 320
TIMES_S = np.arange(COUNT) / HZ
NOSE_PX = 9 * np.interp(
    TIMES_S, np.arange(33), np.random.default_rng(4).uniform(-1, 1, 33)
)  # to the driver's left: the right of the picture
MANIFEST = """\
schema: dashgaze/session/1
session_id: s1
phone: {{road: phone/road.mp4, driver: phone/driver.mp4{more}}}
eye_tracker: {{kind: pupil_invisible, path: eye_tracker}}
"""
FLAG = ", driver_mirrored: true"


def show(index: int) -> np.ndarray:
    """A bright face left of the middle, with a dark nose that says where it is turned."""
    picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 40, dtype=np.uint8)
    picture[30:90, 20:80] = 230
    nose = round(50 + NOSE_PX[index])
    picture[62:68, nose - 3 : nose + 4] = 100
    return picture


class Bright:
    """Takes the bright square for a face and the dark dot for its nose."""

    name, notes = "bright", ()
    facts = {}  # noqa: RUF012

    def detect(self, picture, *, least_face_px=0.0) -> Faces:
        rows, columns = np.nonzero(picture[:, :, 1] > 170)
        if len(rows) < 100:
            return Faces.none()
        x, y = columns.min(), rows.min()
        width, height = np.ptp(columns) + 1.0, np.ptp(rows) + 1.0
        shape = np.array([[0.7, 0.3], [0.3, 0.3], [0.5, 0.58], [0.68, 0.76], [0.32, 0.76]])
        points = np.array([x, y]) + shape * [width, height]
        inside = picture[y + 4 : y + int(height) - 4, x + 4 : x + int(width) - 4, 1]
        points[2, 0] = x + 4 + np.nonzero(inside < 160)[1].mean()
        return Faces(
            boxes=np.array([[x, y, width - 1, height - 1]]),
            confidence=np.array([0.99]),
            landmarks=points[None],
        )


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("mirrored")
    options = FileOptions(key_interval=40, video_options={"preset": "ultrafast", "crf": "8"})
    for name, image in {"plain": show, "mirrored": lambda index: show(index)[:, ::-1]}.items():
        write_video(
            folder / f"{name}.mp4", times_s=TIMES_S, size_px=SIZE_PX, images=image, options=options
        )
    return folder


@pytest.fixture
def a_session(videos, tmp_path, monkeypatch):
    """Make a session of either video; with a frame table whose gyroscope saw the head turn."""
    monkeypatch.setattr(faces_work, "open_network", lambda choice: Bright())
    monkeypatch.setattr(
        "dashgaze.face_detection.opening.mtcnn_digests", lambda folder: {"pnet": "a"}
    )

    def make(video: str, *, more: str = "", name: str = "s1") -> Path:
        root = tmp_path / name
        for each in ("phone", "eye_tracker", "derived"):
            (root / each).mkdir(parents=True)
        (root / "session.yaml").write_text(MANIFEST.format(more=more), encoding="utf-8")
        shutil.copy(videos / f"{video}.mp4", root / "phone" / "driver.mp4")
        # The nose is some 29 mm before a face of 63 mm between the eyes, of 24 px here.
        yaw_left = np.degrees(np.arcsin(NOSE_PX / 24 * 63 / 29 * 0.6))
        table = pa.table(
            {
                "frame_index": pa.array(range(COUNT), pa.int32()),
                "timestamp_ns": pa.array((TIMES_S * 1e9).astype(np.int64) + 10**18),
                "driver_frame_index": pa.array(range(COUNT), pa.int32()),
                "gyro_y_deg_s": pa.array(-np.gradient(yaw_left, TIMES_S), pa.float32()),
                "gaze_azimuth_deg": pa.array([None] * COUNT, pa.float32()),
            }
        )
        pq.write_table(table, root / "derived" / "frames.parquet")
        return root

    return make


def columns(root: Path) -> dict[str, np.ndarray]:
    table = pq.read_table(faces(open_session(root), FacesOptions()))
    names = [name for name in table.column_names if name != "session_id"]
    return {name: table[name].to_numpy().astype(float) for name in names}


def test_a_mirrored_video_gives_the_table_of_the_true_one(a_session):
    plain = columns(a_session("plain", name="plain"))
    back = columns(a_session("mirrored", more=FLAG, name="back"))
    for name, values in plain.items():
        tolerance = 4.0 if name.endswith("_deg") else 1.0
        assert np.allclose(back[name], values, atol=tolerance), name
    assert np.ptp(plain["head_yaw_deg"]) > 20
    # The square is left of the middle in the true picture.
    assert np.median(plain["face_x_px"]) < 30
    assert (plain["left_eye_x_px"] > plain["right_eye_x_px"]).all()


def test_nothing_is_said_of_a_true_picture_and_of_one_turned_back(a_session):
    for video, more in (("plain", ""), ("mirrored", FLAG)):
        root = a_session(video, more=more, name=video)
        columns(root)
        summary = read_faces_summary(root / "derived")
        assert summary["verdict"] == "ok", summary["reasons"]
        assert summary["mirror_check"]["mirrored"] is False, str(summary["mirror_check"])
        assert summary["mirror_check"]["turns_correlation"] > 0.6
        assert not any("mirrored" in reason for reason in summary["reasons"])


def test_a_mirrored_video_that_nobody_told_of_is_doubtful(a_session):
    from dashgaze.cli import faces as command
    from dashgaze.cli.application import app

    root = a_session("mirrored")
    assert command.__name__
    done = CliRunner().invoke(app, ["faces", str(root), "--workers", "1", "--quiet"])
    assert done.exit_code == 3, done.output
    assert "looks mirrored" in done.output
    assert "driver_mirrored: true" in done.output
    summary = read_faces_summary(root / "derived")
    assert summary["mirror_check"]["mirrored"] is True
    assert summary["mirror_check"]["turns_correlation"] < -0.6


def test_a_flag_that_is_wrong_is_doubtful_as_well(a_session):
    root = a_session("plain", more=FLAG)
    columns(root)
    summary = read_faces_summary(root / "derived")
    assert summary["verdict"] == "doubtful"
    assert any("Take that line out" in reason for reason in summary["reasons"])


def test_without_a_frame_table_nothing_is_claimed(a_session):
    root = a_session("mirrored")
    (root / "derived" / "frames.parquet").unlink()
    columns(root)
    summary = read_faces_summary(root / "derived")
    assert summary["verdict"] == "ok"
    assert summary["mirror_check"]["mirrored"] is None
    assert "no frame table" in summary["mirror_check"]["reason"]


def test_the_record_holds_the_flag_and_work_is_done_again_for_it(a_session):
    root = a_session("mirrored")
    before = columns(root)
    record = json.loads((root / "derived" / "faces.json").read_text(encoding="utf-8"))
    assert record["options"]["driver_mirrored"] is False
    (root / "session.yaml").write_text(MANIFEST.format(more=FLAG), encoding="utf-8")
    after = columns(root)
    record = json.loads((root / "derived" / "faces.json").read_text(encoding="utf-8"))
    assert record["options"]["driver_mirrored"] is True
    assert record["summary"]["driver_mirrored"] is True
    assert not np.allclose(before["face_x_px"], after["face_x_px"], atol=10)


def test_parts_done_elsewhere_are_turned_back_too(a_session):
    here = columns(a_session("mirrored", more=FLAG, name="here"))
    root = a_session("mirrored", more=FLAG, name="parts")
    parts = faces_parts(open_session(root), FacesOptions())
    assert parts
    for part in parts:
        part.do()
    there = columns(root)
    assert all(np.array_equal(there[name], here[name], equal_nan=True) for name in here)


def test_faces_found_elsewhere_are_taken_to_be_of_the_stored_pictures(a_session, tmp_path):
    root = a_session("mirrored", more=FLAG)
    lines = ["driver_frame_index,face_x_px,face_y_px,face_width_px,face_height_px,face_confidence"]
    lines += [f"{index},79,30,60,60,0.9" for index in range(COUNT)]
    path = tmp_path / "faces.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = pq.read_table(faces(open_session(root), FacesOptions(detector=f"precomputed:{path}")))
    assert set(table["face_x_px"].to_pylist()) == {20.0}


def test_the_manifest_knows_the_flag_and_takes_nothing_else_for_it():
    path = Path("session.yaml")
    assert parse_manifest(MANIFEST.format(more=""), path=path).phone.driver_mirrored is False
    assert parse_manifest(MANIFEST.format(more=FLAG), path=path).phone.driver_mirrored is True
    with pytest.raises(ManifestError, match="did you mean 'driver_mirrored'"):
        parse_manifest(MANIFEST.format(more=", driver_mirored: true"), path=path)
    with pytest.raises(ManifestError, match="driver_mirrored"):
        parse_manifest(MANIFEST.format(more=", driver_mirrored: 1"), path=path)
