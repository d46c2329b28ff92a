"""Detectors from ONNX files: layouts, letterbox, names, and the road videos of a data set."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from dashgaze.analysis.objects.box_csv import read_box_csv
from dashgaze.analysis.objects.detect_objects import ObjectDetector, detect_objects
from dashgaze.analysis.objects.onnx_classes import class_names
from dashgaze.analysis.study.opening import open_dataset
from dashgaze.errors import InputError


@pytest.fixture(scope="module")
def networks():
    path = Path(__file__).parents[1] / "dataset" / "privacy_networks.py"
    spec = importlib.util.spec_from_file_location("object_networks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def entry(key, value):
    def part(number, content):
        return bytes([number << 3 | 2, len(content)]) + content

    inner = part(1, key.encode()) + part(2, value.encode())
    return bytes([14 << 3 | 2, len(inner)]) + inner


def network(networks, path, output, *, names="{0: 'car', 1: 'bus'}", shape=(1, 3, 640, 640)):
    networks.write_network(path, {"output0": output.astype(np.float32)}, input_shape=shape)
    if names:
        path.write_bytes(path.read_bytes() + entry("names", names))
    return path


def v8(boxes, count=50):
    """Give (1, 4 + 2 classes, n): centre, size, and scores of two classes."""
    out = np.zeros((1, 6, count))
    for place, (x, y, width, height, kind, score) in enumerate(boxes):
        out[0, :4, place] = x, y, width, height
        out[0, 4 + kind, place] = score
    return out


def v5(boxes, count=50):
    out = np.zeros((1, count, 7))
    for place, (x, y, width, height, kind, score) in enumerate(boxes):
        out[0, place, :5] = x, y, width, height, score
        out[0, place, 5 + kind] = 1.0
    return out


@pytest.mark.parametrize("layout", [v8, v5])
def test_both_layouts_give_boxes_in_pixels_of_the_picture(networks, tmp_path, layout):
    # 1280 × 720 goes into 640 × 640 at half its size, with 140 px of grey above.
    given = [(320, 320, 100, 60, 0, 0.9), (322, 320, 100, 60, 0, 0.8), (320, 320, 100, 60, 1, 0.7)]
    detector = ObjectDetector(network(networks, tmp_path / "m.onnx", layout(given)))
    found = detector.detect(np.zeros((720, 1280, 3), dtype=np.uint8))
    np.testing.assert_allclose(found.corners, [[540, 300, 740, 420]] * 2)
    # Boxes of one class that overlap are one thing; those of two classes are two.
    assert [detector.name_of(number) for number in found.number] == ["car", "bus"]
    assert found.score.tolist() == pytest.approx([0.9, 0.7])


def test_names_are_read_from_the_file_and_nothing_of_it_is_run(networks, tmp_path):
    plain = network(networks, tmp_path / "a.onnx", v8([]), names="")
    assert class_names(plain) == {}
    assert ObjectDetector(plain).name_of(7) == "class_7"
    listed = network(networks, tmp_path / "b.onnx", v8([]), names="['car', 'bus']")
    assert class_names(listed) == {0: "car", 1: "bus"}
    for bad in ("__import__('os')", "{0: 1}", "3"):
        with pytest.raises(InputError, match="no list of class names"):
            class_names(network(networks, tmp_path / "c.onnx", v8([]), names=bad))


def test_what_is_no_detector_is_refused(networks, tmp_path):
    path = tmp_path / "m.onnx"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(InputError, match="not an ONNX network"):
        ObjectDetector(path)
    detector = ObjectDetector(network(networks, path, np.full((1, 6, 50), 7.0)))
    with pytest.raises(InputError, match="not a layout"):
        detector.detect(np.zeros((64, 64, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="least score"):
        ObjectDetector(path, confidence=0.0)


def test_a_data_set_without_videos_is_refused(networks, tmp_path, packed_labels):
    model = network(networks, tmp_path / "m.onnx", v8([]))
    with pytest.raises(InputError, match="no road videos"):
        detect_objects(packed_labels, model, tmp_path / "boxes.csv")
    assert not (tmp_path / "boxes.csv").exists()


def test_road_videos_are_searched_and_the_boxes_can_be_read(
    networks, tmp_path, packed_labels, monkeypatch
):
    import dashgaze.analysis.objects.detect_objects as module

    opened = open_dataset(packed_labels)
    name = next(iter(opened.rows))
    wanted = [(index, index * 3000) for index in range(0, 30, 3)]
    monkeypatch.setattr(module, "_wanted", lambda *_: iter(wanted))
    monkeypatch.setattr(
        module, "open_video", lambda row, view, root: np.zeros((720, 1280, 3), dtype=np.uint8)
    )
    opened.rows[name]["road_video"] = {"path": "there"}
    model = network(networks, tmp_path / "m.onnx", v8([(320, 320, 100, 60, 0, 0.9)]))
    told = []
    out = detect_objects(
        opened, model, tmp_path / "boxes.csv", progress=lambda _, share: told.append(share)
    )
    found = read_box_csv(out)[name]
    assert found.moment.tolist() == [float(index) for index, _ in wanted]
    assert set(found.kind.tolist()) == {"car"}
    assert (found.track_id == 0).all()
    assert found.size_px == (1280, 720)
    assert told[-1] == 1.0
