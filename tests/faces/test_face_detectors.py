"""Detectors: MTCNN on real faces, YuNet through OpenCV, and how they are asked for."""

import importlib.util
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from dashgaze.errors import InputError, MissingExtraError
from dashgaze.face_detection import mtcnn_weights, open_face_detector
from dashgaze.face_detection.detector import Faces
from dashgaze.face_detection.opening import DetectorChoice
from dashgaze.face_detection.suppression import surest
from dashgaze.schemas.face_table import LANDMARKS

# Of the astronaut: pupils, tip of the nose and corners of the mouth, (x, y) from left to right.
ASTRONAUT = {
    "right_eye": (205, 102), "left_eye": (247, 104), "nose": (225, 129),
    "right_mouth": (202, 139), "left_mouth": (245, 142),
}  # fmt: skip
PUPILS = {"right_eye": (203.2, 100.9), "left_eye": (246.2, 103.0)}


def points(faces: Faces) -> dict[str, np.ndarray]:
    return dict(zip(LANDMARKS, faces.landmarks[0], strict=True))


def test_mtcnn_finds_the_astronaut_where_others_find_her(mtcnn, astronaut):
    faces = mtcnn.detect(astronaut)
    assert len(faces) == 1
    assert faces.confidence[0] > 0.999
    left, top, width, height = faces.boxes[0]
    # The box of other implementations, whose own varies by some pixels with the least size of a face.
    assert [left, top, left + width, top + height] == pytest.approx([181, 62, 268, 172], abs=4)
    found = points(faces)
    for name, place in ASTRONAUT.items():
        assert np.abs(found[name] - place).max() < 2.2, name


def test_mtcnn_finds_pupils_to_half_a_pixel(mtcnn, astronaut):
    found = points(mtcnn.detect(astronaut, least_face_px=40))
    for name, place in PUPILS.items():
        assert np.hypot(*(found[name] - place)) < 0.8, name


def test_left_and_right_are_the_subjects(mtcnn, astronaut):
    found = points(mtcnn.detect(astronaut))
    assert found["right_eye"][0] < found["left_eye"][0]  # the picture is not mirrored
    assert found["right_mouth"][0] < found["left_mouth"][0]


def test_mtcnn_moves_with_the_picture(mtcnn, astronaut):
    here = mtcnn.detect(astronaut, least_face_px=60)
    there = mtcnn.detect(np.roll(astronaut, (7, -5), (0, 1)), least_face_px=60)
    assert there.landmarks[0] - [-5, 7] == pytest.approx(here.landmarks[0], abs=1.2)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_mtcnn_finds_smaller_and_larger_faces(mtcnn, astronaut, scale):
    size = (round(512 * scale), round(512 * scale))
    faces = mtcnn.detect(cv2.resize(astronaut, size, interpolation=cv2.INTER_AREA))
    assert len(faces) == 1
    found = points(faces)
    for name, place in PUPILS.items():
        wanted = (np.array(place) + 0.5) * scale - 0.5
        assert np.hypot(*(found[name] - wanted)) < 1.2 * max(1, scale), name


def test_mtcnn_finds_a_face_that_is_cut_off_by_the_edge(mtcnn, astronaut):
    faces = mtcnn.detect(np.ascontiguousarray(astronaut[:, 196:]))
    assert len(faces) == 1
    assert faces.boxes[0, 0] < 0


def test_mtcnn_finds_two_faces(mtcnn, astronaut):
    pair = np.concatenate([astronaut[:300, 50:400], astronaut[:300, 50:400, :]], axis=1)
    faces = mtcnn.detect(np.ascontiguousarray(pair))
    assert len(faces) == 2
    assert np.abs(np.diff(faces.boxes[:, 0]))[0] == pytest.approx(350, abs=3)


@pytest.mark.parametrize("shape", [(11, 40), (12, 12), (480, 640)])
def test_mtcnn_finds_nothing_in_noise(mtcnn, shape):
    noise = np.random.default_rng(1).integers(0, 256, (*shape, 3), dtype=np.uint8)
    faces = mtcnn.detect(noise)
    assert (faces.boxes.shape, faces.landmarks.shape) == ((0, 4), (0, 5, 2))


def test_mtcnn_finds_six_faces_in_the_picture_of_its_package(mtcnn):
    spec = importlib.util.find_spec("facenet_pytorch")
    folders = list(getattr(spec, "submodule_search_locations", None) or ())
    path = next(
        (p for each in folders if (p := Path(each) / "data" / "multiface.jpg").is_file()), None
    )
    if path is None:
        pytest.skip("the installed facenet-pytorch brings no multiface.jpg")
    assert len(mtcnn.detect(cv2.imread(str(path)))) == 6


def test_known_weights_need_no_remark_and_are_named_by_digest(mtcnn):
    assert mtcnn.notes == ()
    digests = mtcnn.facts["weights_sha256"]
    assert sorted(digests) == ["onet", "pnet", "rnet"]
    assert DetectorChoice().facts() == mtcnn.facts  # without loading it


def test_other_weights_are_remarked_upon(mtcnn, tmp_path):
    torch = pytest.importorskip("torch")
    source = mtcnn_weights._installed(importlib.util.find_spec)
    for name in ("pnet", "rnet", "onet"):
        shutil.copyfile(source / f"{name}.pt", tmp_path / f"{name}.pt")
    state = torch.load(tmp_path / "rnet.pt", weights_only=True)
    torch.save({name: value * 1.01 for name, value in state.items()}, tmp_path / "rnet.pt")
    detector = open_face_detector("mtcnn", mtcnn_weights=tmp_path)
    assert "not those of facenet-pytorch" in detector.notes[0]
    del state["dense5_2.bias"]
    torch.save(state, tmp_path / "rnet.pt")
    with pytest.raises(InputError, match=r"rnet should hold dense5_2.bias of shape \(4,\)"):
        open_face_detector("mtcnn", mtcnn_weights=tmp_path)


def test_missing_weights_say_what_to_type(monkeypatch, tmp_path):
    pytest.importorskip("torch")
    monkeypatch.setattr(mtcnn_weights, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"pip install --no-deps facenet-pytorch==2\.6\.0"):
        open_face_detector("mtcnn")
    with pytest.raises(InputError, match=r"pnet\.pt can't be read"):
        open_face_detector("mtcnn", mtcnn_weights=tmp_path)


def test_missing_torch_says_what_to_type(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"needs torch.*dashgaze\[train\]"):
        open_face_detector("mtcnn")


def test_a_file_that_holds_no_weights_is_refused(tmp_path):
    pytest.importorskip("torch")
    for name in ("pnet", "rnet", "onet"):
        (tmp_path / f"{name}.pt").write_bytes(b"not weights at all")
    with pytest.raises(InputError, match=r"pnet\.pt holds no weights"):
        open_face_detector("mtcnn", mtcnn_weights=tmp_path)


@pytest.mark.parametrize("spec", ["", "haar", "yunet", "yunet:", "mtcnn:x", "precomputed"])
def test_unknown_detectors_are_refused(spec):
    with pytest.raises(InputError, match=r"no face detector.*precomputed:PATH.csv"):
        open_face_detector(spec)


def test_weights_of_mtcnn_for_another_detector_are_refused(tmp_path):
    with pytest.raises(InputError, match="Weights of MTCNN were given"):
        open_face_detector("yunet:a.onnx", mtcnn_weights=tmp_path)


@pytest.fixture(scope="module")
def networks():
    path = Path(__file__).parents[1] / "dataset" / "privacy_networks.py"
    spec = importlib.util.spec_from_file_location("faces_privacy_networks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_yunet_gives_boxes_and_landmarks(networks, tmp_path):
    """A network of the form of YuNet that sees a face of 16 × 24 px around (44, 20), whatever it is shown."""
    out = {}
    for step in (8, 16, 32):
        count = (64 // step) * (96 // step)
        for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            out[f"{name}_{step}"] = np.zeros((1, count, width), dtype=np.float32)
    place = 2 * 12 + 5
    out["cls_8"][0, place], out["obj_8"][0, place] = 0.95, 0.95
    out["bbox_8"][0, place] = 0.5, 0.5, np.log(16 / 8), np.log(24 / 8)
    marks = [(-0.25, 0.0), (1.0, 0.0), (0.5, 0.5), (0.0, 1.0), (1.0, 1.25)]
    out["kps_8"][0, place] = np.ravel(marks)
    path = networks.write_network(tmp_path / "yunet.onnx", out, input_shape=(1, 3, 64, 96))
    detector = open_face_detector(f"yunet:{path}")
    faces = detector.detect(np.zeros((64, 96, 3), dtype=np.uint8))
    assert faces.boxes[0] == pytest.approx([36, 8, 16, 24], abs=1e-3)
    assert faces.confidence[0] == pytest.approx(0.95, abs=1e-3)
    found = points(faces)
    assert found["right_eye"] == pytest.approx([38, 16])  # YuNet's first is the subject's right
    assert found["left_eye"] == pytest.approx([48, 16])
    assert found["left_mouth"] == pytest.approx([48, 26])
    assert DetectorChoice(spec=f"yunet:{path}").facts() == detector.facts
    # A larger picture in which only large faces count is shown to it at half its size.
    large = detector.detect(np.zeros((128, 192, 3), dtype=np.uint8), least_face_px=80)
    assert large.boxes[0] == pytest.approx([72.5, 16.5, 32, 48], abs=1e-3)


def test_what_is_no_yunet_is_refused(tmp_path):
    (tmp_path / "a.onnx").write_bytes(b"nothing")
    with pytest.raises(InputError, match="OpenCV 5 needs the newer one"):
        open_face_detector(f"yunet:{tmp_path / 'a.onnx'}")
    with pytest.raises(InputError, match="can't be read"):
        open_face_detector(f"yunet:{tmp_path / 'b.onnx'}")


def test_overlapping_boxes_give_way_to_the_surest():
    corners = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [4, 4, 6, 6], [30, 30, 40, 40.0]])
    score = np.array([0.8, 0.9, 0.7, 0.5])
    assert surest(corners, score, most=0.5).tolist() == [1, 2, 3]
    assert surest(corners, score, most=0.5, overlap="min").tolist() == [1, 3]
    assert surest(corners[:0], score[:0], most=0.5).tolist() == []
