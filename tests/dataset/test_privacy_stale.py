"""What was anonymized and is not true any more is not taken, and it is said what to type."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from dashgaze.dataset.privacy import AnonymizeOptions, anonymize, anonymized_view
from dashgaze.errors import InputError


@pytest.fixture(scope="module")
def drives() -> ModuleType:
    path = Path(__file__).with_name("privacy_session.py")
    spec = importlib.util.spec_from_file_location("privacy_session_for_stale", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def made(drives, tmp_path_factory) -> Path:
    return drives.make(tmp_path_factory.mktemp("made") / "drive")


@pytest.fixture
def session(drives, made, tmp_path):
    return drives.copy_of(made, tmp_path / "drive")


@pytest.fixture
def boxes(drives, tmp_path):
    return lambda: drives.write_boxes(tmp_path / "boxes.csv")


def _touch_recording(session, path):
    with session.road_path.open("r+b") as file:
        file.seek(100)
        file.write(b"\1\2\3")


def _swap_boxes(session, path):
    path.write_text(path.read_text().replace("0.9", "0.8"))


def _swap_output(session, path):
    (session.derived / "anonymized" / "road.mp4").write_bytes(session.road_path.read_bytes())


def _lose_output(session, path):
    (session.derived / "anonymized" / "road.mp4").unlink()


def _older_method(session, path):
    record = session.derived / "anonymized.json"
    record.write_text(record.read_text().replace('"anonymize": "1"', '"anonymize": "0"'))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_touch_recording, "what it was made of changed"),
        (_swap_boxes, "what it was made of changed"),
        (_swap_output, "not the file that was written"),
        (_lose_output, "not the file that was written"),
        (_older_method, "another version of the method"),
    ],
)
def test_what_is_stale_is_refused_with_what_to_type(drives, session, change, said):
    path = drives.write_boxes(session.root / "boxes.csv")  # in the session, so it is looked after
    anonymize(session, AnonymizeOptions(boxes=path, views=("road",)))
    change(session, path)
    with pytest.raises(InputError, match=said) as error:
        anonymized_view(session, "road")
    assert f"dashgaze anonymize {session.root} --view road" in error.value.fix


def test_a_record_that_can_not_be_read_is_no_record(session, boxes):
    path = boxes()
    anonymize(session, AnonymizeOptions(boxes=path, views=("road",)))
    (session.derived / "anonymized.json").write_text('{"schema": "dashgaze/anonymized/9"}')
    with pytest.raises(InputError, match="nobody knows what is covered"):
        anonymized_view(session, "road")
    with pytest.raises(InputError, match="nobody knows"):
        anonymize(session, AnonymizeOptions(boxes=path, views=("road",)))
    anonymize(session, AnonymizeOptions(boxes=path, views=("road",)), force=True)
    assert anonymized_view(session, "road") is not None


def test_a_file_without_a_record_is_not_taken(session):
    (session.derived / "anonymized").mkdir(parents=True)
    (session.derived / "anonymized" / "road.mp4").write_bytes(session.road_path.read_bytes())
    assert anonymized_view(session, "road") is None
