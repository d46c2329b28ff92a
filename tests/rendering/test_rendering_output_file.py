from pathlib import Path

import pytest

from dashgaze.errors import OutputError
from dashgaze.rendering.output_file import check_output


class Session:
    def __init__(self, root):
        self.road_path = root / "phone" / "road.mp4"
        self.driver_path = None
        self.location_path = root / "phone" / "location.csv"
        self.eye_tracker_path = root / "eye_tracker"
        for path in (self.road_path, self.eye_tracker_path / "PI world v1 ps1.mp4"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")


@pytest.fixture
def session(tmp_path):
    return Session(tmp_path)


def test_a_new_file_is_fine(session, tmp_path):
    check_output(tmp_path / "a.mp4", session, force=False)
    check_output(tmp_path / "phone" / "A.MP4", session, force=False)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.avi", "written as MP4.*Name it a.mp4"),
        ("a", "Name it a.mp4"),
        ("none/a.mp4", "The folder .*none does not exist"),
        ("phone/road.mp4", "part of the recording"),
        ("phone/../phone/road.mp4", "part of the recording"),
        ("eye_tracker/new.mp4", "never changed"),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_places_where_none_belongs(session, tmp_path, name, message, force):
    with pytest.raises(OutputError, match=message):
        check_output(Path(f"{tmp_path}/{name}"), session, force=force)


def test_another_name_of_an_input_is_the_input(session, tmp_path):
    link = tmp_path / "link.mp4"
    link.hardlink_to(session.road_path)
    with pytest.raises(OutputError, match="part of the recording"):
        check_output(link, session, force=True)


def test_files_are_replaced_only_by_force(session, tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match="--force"):
        check_output(path, session, force=False)
    check_output(path, session, force=True)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        check_output(tmp_path / "folder.mp4", session, force=True)
