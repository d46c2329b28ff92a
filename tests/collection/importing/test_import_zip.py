"""Pupil Cloud's zip archives: as they are, and as someone with bad intentions makes them."""

import stat
import zipfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dashgaze.collection.importing import import_session
from dashgaze.collection.importing.unzip import is_recording_zip, list_members
from dashgaze.errors import InputError
from dashgaze.session import open_session


def pack(path: Path, folder: Path, *, prefix: str = "", extra=()) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, prefix + file.relative_to(folder).as_posix())
        for name, content in extra:
            archive.writestr(name, content)
    return path


@pytest.fixture
def import_zip(card, tmp_path):
    """Import the phone's files and an archive of the recording."""

    def run(prefix="", extra=()):
        archive = pack(tmp_path / "dl.zip", card / "eye_tracker", prefix=prefix, extra=extra)
        for path in (card / "eye_tracker").iterdir():
            path.unlink()
        return import_session([card, archive], tmp_path / "s07")

    return run


@pytest.mark.parametrize("prefix", ["", "2026-05-12_09-30-00-0c668683/", "a/b/c/"])
def test_the_folders_around_a_recording_are_taken_off(import_zip, tmp_path, prefix, made):
    import_zip(prefix)
    for path in (made / "eye_tracker").iterdir():
        copy = tmp_path / "s07" / "eye_tracker" / path.name
        assert copy.read_bytes() == path.read_bytes()
    assert open_session(tmp_path / "s07").recording().kind == "pupil_invisible"


def test_a_download_keeps_its_files(import_zip, tmp_path):
    done = import_zip("rec/", [("enrichment_info.txt", "x"), ("sections.csv", "a,b\n")])
    assert done.manifest.eye_tracker.kind == "pupil_invisible"
    assert (tmp_path / "s07" / "eye_tracker" / "sections.csv").read_text() == "a,b\n"
    assert open_session(tmp_path / "s07").recording().source == "native"


def test_what_a_mac_adds_is_left_out(import_zip, tmp_path):
    import_zip("rec/", [("__MACOSX/rec/._info.json", "x"), ("rec/.DS_Store", "x")])
    names = {path.name for path in (tmp_path / "s07").rglob("*")}
    assert not names & {"__MACOSX", "._info.json", ".DS_Store"}


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/evil.txt",
        "rec/../../evil.txt",
        "C:/evil.txt",
        "rec\\..\\..\\evil.txt",
        "..",
    ],
)
def test_names_that_lead_out_are_refused(import_zip, tmp_path, name):
    with pytest.raises(InputError, match="leads out of it"):
        import_zip("rec/", [(name, "evil")])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["card", "dl.zip"]


def test_links_are_refused(import_zip, tmp_path):
    info = zipfile.ZipInfo("rec/link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(InputError, match="the link 'rec/link'"):
        import_zip("rec/", [(info, "/etc/passwd")])
    assert not (tmp_path / "s07").exists()


def test_two_files_of_one_name_are_refused(import_zip):
    with pytest.raises(InputError, match="twice"):
        import_zip("rec/", [("rec/INFO.json", "{}")])


def test_a_bomb_does_not_fit(import_zip, tmp_path, monkeypatch):
    from collections import namedtuple

    from dashgaze.errors import OutputError

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(10**9, 0, 70 * 10**6))
    with pytest.raises(OutputError, match="GB free"):
        import_zip("rec/", [("rec/zeros.bin", bytes(50 << 20))])


def test_damaged_content_is_told(card, tmp_path):
    archive = pack(tmp_path / "dl.zip", card / "eye_tracker")
    content = bytearray(archive.read_bytes())
    start = content.find(b"gaze ps1.raw") + 40
    content[start : start + 200] = bytes(200)
    archive.write_bytes(content)
    with pytest.raises(InputError, match=r"dl\.zip is damaged at|no zip archive"):
        import_session([card / "road.mp4", archive], tmp_path / "s07")
    assert not (tmp_path / "s07").exists()


def test_several_recordings_are_refused(card, tmp_path):
    archive = tmp_path / "dl.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("sections.csv", "")
        for name in ("one", "two"):
            file.writestr(f"{name}/gaze.csv", "")
            file.writestr(f"{name}/info.json", "{}")
    with pytest.raises(InputError, match="2 recordings: 'one', 'two'"):
        import_session([card / "road.mp4", archive], tmp_path / "s07")
    assert not (tmp_path / "s07.part").exists()


def test_other_archives_are_not_taken(card, tmp_path):
    with zipfile.ZipFile(card / "photos.zip", "w") as archive:
        archive.writestr("a.jpg", "x")
    done = import_session([card], tmp_path / "s07")
    assert done.left_out == (card / "photos.zip",)
    with pytest.raises(InputError, match="is no video, no track"):
        import_session([card / "photos.zip"], tmp_path / "s08")


def test_what_is_no_archive_is_told(card, tmp_path):
    (card / "x.zip").write_bytes(b"PK\x03\x04 but no more")
    with pytest.raises(InputError, match="no zip archive that can be read"):
        import_session([card], tmp_path / "s07")


@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "x.zip"
    path.write_bytes(content)
    with pytest.raises(InputError):
        is_recording_zip(path)


@example(at=1011, value=0)  # a file without a name
@given(at=st.integers(0, 10_000), value=st.integers(0, 255))
def test_any_damage_is_read_or_refused(tmp_path_factory, at, value):
    folder = tmp_path_factory.mktemp("any")
    path = folder / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rec/info.json", "{}")
        archive.writestr("rec/gaze.csv", "x" * 50)
    content = bytearray(path.read_bytes())
    content[at % len(content)] = value
    path.write_bytes(content)
    try:
        names = [str(member.name) for member in list_members(path)]
    except InputError:
        return
    assert not any(".." in Path(name).parts or name.startswith("/") for name in names)
