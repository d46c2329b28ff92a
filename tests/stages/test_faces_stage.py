"""The `faces` stage on a session whose driver video shows planted faces."""

import importlib.util
import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.errors import InputError, MediaError, MissingExtraError
from dashgaze.face_detection.detector import Faces
from dashgaze.reports.faces import read_face_facts
from dashgaze.reports.records import read_stage_states
from dashgaze.schemas.face_table import FACE_TABLE
from dashgaze.session import open_session
from dashgaze.stages import faces_work
from dashgaze.stages.faces import FacesOptions, faces, read_faces_summary

SIZE_PX = (320, 240)
COUNT = 60
TIMES_S = np.arange(COUNT) / 20 + 0.01 * (np.arange(COUNT) % 3)  # not steady
MANIFEST = """\
schema: dashgaze/session/1
session_id: s1
phone: {road: phone/road.mp4, driver: phone/driver.mp4}
eye_tracker: {kind: pupil_invisible, path: eye_tracker}
"""


def place_of(index: int) -> tuple[int, int, int]:
    """Left, top and side of the bright square that is the driver's face; frames 30 to 34 have none."""
    return 60 + index, 70, 80


def show(index: int) -> np.ndarray:
    picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 40, dtype=np.uint8)
    if not 30 <= index < 35:
        x, y, side = place_of(index)
        picture[y : y + side, x : x + side] = 230
    return picture


class Bright:
    """Takes the bright square for a face."""

    name, notes = "bright", ()
    facts = {}  # noqa: RUF012
    looked_at = 0

    def detect(self, picture, *, least_face_px=0.0) -> Faces:
        type(self).looked_at += 1
        rows, columns = np.nonzero(picture[:, :, 1] > 150)
        if len(rows) < 100:
            return Faces.none()
        x, y = columns.min(), rows.min()
        width, height = np.ptp(columns) + 1.0, np.ptp(rows) + 1.0
        shape = np.array([[0.7, 0.35], [0.3, 0.35], [0.5, 0.58], [0.68, 0.76], [0.32, 0.76]])
        return Faces(
            boxes=np.array([[x - 0.5, y - 0.5, width, height]]),
            confidence=np.array([0.99]),
            landmarks=(np.array([x, y]) + shape * [width, height])[None],
        )


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("faces") / "s1"
    (root / "phone").mkdir(parents=True)
    (root / "eye_tracker").mkdir()
    (root / "session.yaml").write_text(MANIFEST, encoding="utf-8")
    options = FileOptions(key_interval=10, video_options={"preset": "ultrafast"})
    write_video(
        root / "phone" / "driver.mp4",
        times_s=TIMES_S,
        size_px=SIZE_PX,
        images=show,
        options=options,
    )
    return root


@pytest.fixture
def root(made, tmp_path) -> Path:
    return shutil.copytree(made, tmp_path / "s1")


@pytest.fixture
def bright(monkeypatch):
    """Find bright squares in place of faces, in stretches of 16 pictures."""
    monkeypatch.setattr(faces_work, "open_network", lambda choice: Bright())
    monkeypatch.setattr(faces_work, "CHUNK_FRAMES", 16)
    monkeypatch.setattr(
        "dashgaze.face_detection.opening.mtcnn_digests",
        lambda folder: {"pnet": "a", "folder": str(folder)},
    )
    monkeypatch.setattr(Bright, "looked_at", 0)
    return Bright


def run(root: Path, **options) -> pa.Table:
    return pq.read_table(faces(open_session(root), FacesOptions(**options)))


def write_frames(root: Path, driver_index) -> None:
    (root / "derived").mkdir(exist_ok=True)
    table = pa.table(
        {
            "frame_index": pa.array(range(len(driver_index)), pa.int32()),
            "driver_frame_index": pa.array(driver_index, pa.int32()),
        }
    )
    pq.write_table(table, root / "derived" / "frames.parquet")


def test_the_table_has_the_form_and_content_that_were_promised(root, bright):
    table = run(root)
    assert table.schema.equals(FACE_TABLE.to_arrow(), check_metadata=True)
    assert table["driver_frame_index"].to_pylist() == list(range(COUNT))
    rows = table.to_pylist()
    for index in (0, 17, 29, 35, 59):
        x, y, side = place_of(index)
        assert rows[index]["face_x_px"] == pytest.approx(x - 0.5, abs=1)
        assert rows[index]["face_y_px"] == pytest.approx(y - 0.5, abs=1)
        assert rows[index]["face_width_px"] == pytest.approx(side, abs=2)
        assert rows[index]["left_eye_x_px"] > rows[index]["right_eye_x_px"]
        assert abs(rows[index]["head_roll_deg"]) < 1
    for index in range(30, 35):
        empty = {name for name, value in rows[index].items() if value is not None}
        assert empty == {"session_id", "driver_frame_index"}


def test_the_record_tells_what_was_done_and_the_report_reads_it(root, bright):
    run(root)
    session = open_session(root)
    summary = read_faces_summary(session.derived)
    assert (summary["verdict"], summary["people"]) == ("ok", 1)
    assert summary["face_share"] == pytest.approx(55 / 60)
    assert summary["pose_share"] == pytest.approx(55 / 60)
    assert summary["doubtful_share"] == 0
    assert summary["fov_assumed"]
    assert str(root) not in (session.derived / "faces.json").read_text(encoding="utf-8")
    facts = read_face_facts(session.derived, has_driver_video=True)
    assert facts.visible_share == pytest.approx(55 / 60)
    state = next(each for each in read_stage_states(session) if each.stage == "faces")
    assert state.record is not None
    assert not state.stale
    assert state.record.options["detector_facts"]["weights_sha256"]["pnet"] == "a"


def test_what_stands_is_not_made_again_until_something_changes(root, bright):
    first = run(root)
    done = bright.looked_at
    assert run(root).equals(first)
    assert bright.looked_at == done
    run(root, fov_deg=80.0)
    assert bright.looked_at > done
    done = bright.looked_at
    faces(open_session(root), FacesOptions(fov_deg=80.0), force=True)
    assert bright.looked_at > done
    done = bright.looked_at
    (root / "derived" / "faces.parquet").write_bytes(b"spoilt")
    assert run(root, fov_deg=80.0).num_rows == COUNT
    assert bright.looked_at > done


def test_only_pictures_that_an_ego_frame_refers_to_are_looked_at(root, bright):
    write_frames(root, [None, 3, 3, 7, 8, 12, None, 40])
    assert run(root)["driver_frame_index"].to_pylist() == [3, 7, 8, 12, 40]
    assert run(root, every=2)["driver_frame_index"].to_pylist() == [3, 8]
    write_frames(root, [None, None])  # clocks that could not be aligned
    assert run(root, every=25)["driver_frame_index"].to_pylist() == [0, 25, 50]
    write_frames(root, [60])
    with pytest.raises(InputError, match="it is of another video"):
        run(root)


def test_other_columns_of_the_frame_table_change_nothing(root, bright):
    write_frames(root, [3, 7])
    run(root)
    done = bright.looked_at
    path = root / "derived" / "frames.parquet"
    table = pq.read_table(path)
    pq.write_table(table.append_column("speed", pa.array([1.0, 2.0])), path)
    run(root)
    assert bright.looked_at == done


def test_a_run_that_was_killed_goes_on_where_it_stopped(root, bright, monkeypatch):
    whole = run(root)
    shutil.rmtree(root / "derived")
    save, saved = faces_work.FoundFaces.save, []

    def die(self, path):
        save(self, path)
        saved.append(path)
        if len(saved) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(faces_work.FoundFaces, "save", die)
    with pytest.raises(KeyboardInterrupt):
        run(root)
    assert not (root / "derived" / "faces.parquet").exists()
    monkeypatch.setattr(faces_work.FoundFaces, "save", save)
    saved[0].write_bytes(saved[0].read_bytes()[:50])  # torn by the crash: made again
    bright.looked_at = 0
    seen = []
    again = pq.read_table(
        faces(open_session(root), progress=lambda phase, share: seen.append((phase, share)))
    )
    assert again.equals(whole)
    assert bright.looked_at < 60
    assert next(share for phase, share in seen if phase == "looking for faces") > 0.2
    assert [path.name for path in (root / "derived").iterdir() if path.name.startswith(".")] == []


def test_a_video_without_a_face_has_a_table_of_nulls_and_a_failure(root, bright, monkeypatch):
    monkeypatch.setattr(Bright, "detect", lambda self, picture, **given: Faces.none())
    table = run(root)
    assert table["face_confidence"].null_count == COUNT
    summary = read_faces_summary(root / "derived")
    assert summary["verdict"] == "failed"
    assert "No face was found" in summary["reasons"][0]
    assert summary["median_face_px"] is None


def test_a_face_that_is_seen_seldom_is_doubtful(root, bright):
    write_frames(root, [10, 11, 12, *range(30, 35)])
    run(root)
    summary = read_faces_summary(root / "derived")
    assert summary["verdict"] == "doubtful"
    assert "38% of the pictures" in summary["reasons"][0]


def test_faces_found_elsewhere_are_taken_as_they_are(root, tmp_path):
    lines = ["driver_frame_index,face_x_px,face_y_px,face_width_px,face_height_px,face_confidence"]
    for index in range(50):
        lines.append(f"{index},{60 + index},70,80,80,0.95")
        lines.append(f"{index},250,80,40,44,0.99")  # a passenger in the back
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    table = run(root, detector=f"precomputed:{path}")
    assert table["face_x_px"].to_pylist()[:50] == [60.0 + index for index in range(50)]
    assert table["face_x_px"].null_count == 10
    assert table["head_yaw_deg"].null_count == COUNT  # no landmarks, no pose
    summary = read_faces_summary(root / "derived")
    assert (summary["people"], summary["landmark_share"]) == (2, 0)
    assert "mine.csv says nothing of 10 of 60 frames." in summary["reasons"]
    path.write_text("\n".join([lines[0], "60,1,1,9,9,1"]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="speaks of 1 frames that the driver video"):
        run(root, detector=f"precomputed:{path}")


def test_a_table_of_faces_may_be_read_back_as_faces_found_elsewhere(root, bright, tmp_path):
    first = run(root)
    path = tmp_path / "again.csv"
    first.to_pandas().to_csv(path, index=False)
    again = run(root, detector=f"precomputed:{path}")
    for name in ("face_x_px", "nose_y_px", "head_yaw_deg"):
        ours, theirs = (each[name].to_numpy() for each in (first, again))
        np.testing.assert_allclose(theirs, ours, atol=2e-3)


def test_without_a_driver_video_nothing_can_be_done(root, bright):
    video = root / "phone" / "driver.mp4"
    video.rename(root / "phone" / "other.mp4")
    with pytest.raises(InputError, match="does not exist"):
        run(root)
    video.write_bytes(b"no video")
    with pytest.raises(MediaError):
        run(root)
    text = MANIFEST.replace(", driver: phone/driver.mp4", "")
    (root / "session.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"session\.yaml names none"):
        run(root)
    assert not (root / "derived" / "faces.parquet").exists()


def test_a_turned_video_is_looked_at_as_it_is_shown(root, bright):
    def lying(index: int) -> np.ndarray:
        return np.ascontiguousarray(
            np.rot90(show(index))
        )  # counter-clockwise; 270 more make it whole

    options = FileOptions(rotation_deg=270, video_options={"preset": "ultrafast"})
    write_video(
        root / "phone" / "driver.mp4", times_s=TIMES_S, size_px=SIZE_PX[::-1], images=lying,
        options=options,
    )  # fmt: skip
    row = run(root).to_pylist()[10]
    x, y, side = place_of(10)
    assert [row["face_x_px"], row["face_y_px"]] == pytest.approx([x - 0.5, y - 0.5], abs=1)
    assert row["face_width_px"] == pytest.approx(side, abs=2)


def test_options_that_cannot_be_are_refused():
    for wrong in ({"every": 0}, {"fov_deg": 3.0}, {"confidence": 1.0}):
        with pytest.raises(ValueError):
            FacesOptions(**wrong)


def test_the_command_says_verdict_and_shares_and_exits_by_the_verdict(root, bright, monkeypatch):
    import typer

    from dashgaze.cli.command import SafeCommand
    from dashgaze.cli.faces import faces_command

    app = typer.Typer()
    app.command("faces", cls=SafeCommand)(faces_command)
    given = [str(root), "--workers", "1", "--quiet"]
    said = CliRunner().invoke(app, given)
    assert said.exit_code == 0, said.output
    assert "face in 91.7% of them" in said.output
    said = CliRunner().invoke(app, [*given, "--json"])
    assert json.loads(said.output)["face_share"] == pytest.approx(55 / 60)
    monkeypatch.setattr(Bright, "detect", lambda self, picture, **given: Faces.none())
    assert CliRunner().invoke(app, [*given, "--force"]).exit_code == 4
    write_frames(root, [0])
    said = CliRunner().invoke(app, [*given, "--detector", "haar"])
    assert said.exit_code == 1
    assert "There is no face detector 'haar'" in said.output


def test_the_result_does_not_depend_on_the_number_of_processes(root, monkeypatch):
    """With MTCNN, since other processes don't know of what is planted here."""
    if importlib.util.find_spec("skimage") is None:
        pytest.skip("scikit-image, which brings the picture of a face, is not installed")
    from skimage import data

    face = np.ascontiguousarray(data.astronaut()[30:250, 120:340])

    def shown(index: int) -> np.ndarray:
        picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 60, dtype=np.uint8)
        picture[10:230, 20 + index : 240 + index] = face
        return picture

    options = FileOptions(key_interval=10, video_options={"preset": "ultrafast"})
    write_video(
        root / "phone" / "driver.mp4", times_s=TIMES_S[:24], size_px=SIZE_PX, images=shown,
        options=options,
    )  # fmt: skip
    monkeypatch.setattr(faces_work, "CHUNK_FRAMES", 8)
    try:
        one = pq.read_table(faces(open_session(root), workers=1))
    except MissingExtraError as error:
        pytest.skip(f"MTCNN is not installed: {error}")
    two = pq.read_table(faces(open_session(root), workers=2, force=True))
    assert two.equals(one)
    assert one["face_x_px"].null_count == 0
    eyes = one["right_eye_x_px"].to_numpy()
    wanted = 203.2 - 120 + 20 + np.arange(24)
    assert np.abs(eyes - wanted).max() < 1.5
