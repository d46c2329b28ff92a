"""Files of bytes that the fuzzing found readers to fall over: videos, archives, tables, weights, answers."""

import io
import json
import shutil
import zipfile

import numpy as np
import pytest
from fuzz_seeds import write_wire
from read_wire import read_answers
from seed_recordings import write_cloud

from dashgaze.collection.eye_tracker import open_recording
from dashgaze.collection.importing.unzip import is_recording_zip, list_members
from dashgaze.collection.page.remux import read_part
from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.dataset.exchange.published_runs import find_runs
from dashgaze.errors import DeviceError, InputError
from dashgaze.face_detection.video_scan import FoundFaces
from dashgaze.media import probe


@pytest.mark.parametrize("old", [b"avc1", b"mp4v"])
def test_a_part_of_a_page_in_an_unknown_coding_is_none(tmp_path, old):
    path = tmp_path / "road_1.mp4"
    write_video(path, times_s=np.arange(8) / 8, size_px=(32, 32), options=FileOptions())
    assert read_part(path) is not None
    content = path.read_bytes()
    path.write_bytes(content.replace(old, b"zzzz"))
    assert (read_part(path) is None) == (old in content)


@pytest.mark.parametrize("mark", [b"SNOD", b"TREE", b"HEAP", b"\x89HDF"])
def test_pictures_in_a_damaged_file_are_named(tmp_path, mark):
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="earliest") as file:
        file["face"] = np.zeros((4, 8, 8, 3), dtype=np.uint8)
        file["x/leye"] = np.zeros((8, 8, 3), dtype=np.uint8)
    content = path.read_bytes()
    assert mark in content
    path.write_bytes(content.replace(mark, b"XXXX"))
    with pytest.raises(InputError, match=r"a\.h5"):
        find_runs(path)


@pytest.mark.parametrize(
    "header", [b"{'descr': '<f4', ", b"{'descr': (", b"\x00\x01", b"{'shape': (9999999999,)}"]
)
def test_maps_and_kept_faces_with_a_damaged_head_are_told(tmp_path, header):
    from dashgaze.analysis.saliency.map_folder import read_map
    from dashgaze.densities.grid import Grid

    sound = io.BytesIO()
    np.save(sound, np.ones((8, 12), dtype=np.float32))
    damaged = sound.getvalue()[:10] + header.ljust(118, b"\n") + bytes(384)
    (tmp_path / "000000.npy").write_bytes(damaged)
    with pytest.raises(InputError, match=r"000000\.npy"):
        read_map(tmp_path / "000000.npy", (96, 64), Grid(columns=16, rows=9))
    with zipfile.ZipFile(tmp_path / "faces.npz", "w") as archive:
        for name in ("picture", "boxes", "confidence", "landmarks", "decoded"):
            archive.writestr(f"{name}.npy", damaged)
    assert FoundFaces.load(tmp_path / "faces.npz", count=3) is None


def test_an_archive_whose_names_are_no_text_is_named(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("drive-é/gaze.csv", "x")
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    for read in (is_recording_zip, list_members):
        with pytest.raises(InputError, match=r"a\.zip"):
            read(path)


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02.", b"\x80\x02}q\x00", b"PK\x03\x04", b"(" * 50]
)
def test_weights_that_are_none_are_named(tmp_path, content):
    pytest.importorskip("torch")
    from dashgaze.models.networks.weight_file import read_weights

    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"weights\.pt"):
        read_weights(path)


@pytest.mark.parametrize("name", ["status.json", "started.json", "event.json", "template.json"])
@pytest.mark.parametrize(
    "content", ["[" * 50_000, '{"message": "x", "result": {"timestamp": 1e999}}']
)
def test_an_answer_of_the_tracker_that_makes_no_sense_is_an_error_of_a_device(
    tmp_path, name, content
):
    pytest.importorskip("pupil_labs.realtime_api")
    write_wire(tmp_path)
    (tmp_path / name).write_text(content)
    if name == "started.json" and "result" in content:
        content = json.dumps({"result": None})
        (tmp_path / name).write_text(content)
    with pytest.raises(DeviceError):
        read_answers(tmp_path)


@pytest.mark.parametrize("name", ["events.csv", "gaze.csv"])
def test_a_heading_of_an_export_without_end_is_read_in_time(tmp_path, name):
    write_cloud(tmp_path)
    path = tmp_path / "export" / name
    path.write_text("[" * 60_000 + "\n" + path.read_text())
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        open_recording(tmp_path / "export")
    shutil.rmtree(tmp_path / "export")


def test_a_film_whose_time_scale_is_zero_is_read_or_named(tmp_path):
    path = tmp_path / "a.mp4"
    write_video(path, times_s=np.arange(8) / 8, size_px=(32, 32), options=FileOptions())
    content = path.read_bytes()
    at = content.find(b"mvhd") + 16
    path.write_bytes(content[:at] + bytes(4) + content[at + 4 :])
    assert probe(path).video is not None
