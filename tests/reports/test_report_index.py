"""One page over many drives."""

import json

import pytest

from dashgaze.errors import InputError, OutputError
from dashgaze.reports import report


@pytest.fixture
def drives(tiny, whole_session, short_drive, aligned_drive, tmp_path):
    """A whole drive, a raw one in a folder of its own, and one that can't be read."""
    folder = tmp_path / "drives"
    short_drive.copy_of(aligned_drive, folder / "a whole one")
    tiny.copy_of(whole_session, folder / "may" / "raw")
    tiny.copy_of(whole_session, folder / "torn")
    (folder / "torn" / "session.yaml").write_text("<b>: 1\n", encoding="utf-8")
    return folder


def test_a_folder_of_drives(drives):
    page = report(drives)
    assert page == drives / "report.html"
    content = json.loads((drives / "report.json").read_text(encoding="utf-8"))
    assert content["counts"] == {"redo": 0, "unknown": 2, "usable_with_flags": 1, "usable": 0}
    assert [each["path"] for each in content["sessions"]] == ["may/raw", "torn", "a whole one"]
    assert "unknown key" in content["sessions"][1]["problem"]
    text = page.read_text(encoding="utf-8")
    assert 'href="may/raw/derived/report.html"' in text
    assert 'href="a%20whole%20one/derived/report.html"' in text
    assert "<b>" not in text
    assert "Can&#39;t be read" in text
    assert (drives / "may" / "raw" / "derived" / "report.html").is_file()
    assert str(drives) not in text


def test_reports_that_stand_are_kept(drives):
    report(drives)
    page = drives / "may" / "raw" / "derived" / "report.html"
    before = page.stat().st_mtime_ns
    told = []
    report(drives, progress=lambda phase, share: told.append(share))
    assert page.stat().st_mtime_ns == before
    assert told == sorted(told)


def test_a_folder_without_drives(tmp_path):
    with pytest.raises(InputError, match="holds no session"):
        report(tmp_path)


def test_files_of_others_are_left_alone(drives):
    (drives / "report.html").write_text("<p>Minutes of the meeting</p>", encoding="utf-8")
    with pytest.raises(OutputError, match="was not made by dashgaze"):
        report(drives)
    assert "Minutes" in (drives / "report.html").read_text(encoding="utf-8")
