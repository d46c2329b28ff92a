"""Verify finds what became of the copies; the second copy says what may be deleted."""

import asyncio
import json

import pytest

from dashgaze.collection.offload import offload, verify
from dashgaze.errors import DeviceError, InputError, OutputError


@pytest.fixture
def home(field):
    """A drive that came home, with a second copy."""
    field.second = field.root / "archive"
    field.result = asyncio.run(
        offload(field.session, phone=field.phone, tracker=field.export, second_copy=field.second)
    )
    return field


def check(field):
    return verify(field.session, second_copy=field.second)


def flip(path, position=1000):
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


def test_whole_copies_are_whole(home):
    first, second = check(home)
    assert first.ok
    assert second.ok
    assert first.equal == second.equal == len(home.record()["files"]) - 1  # clocks.json may change
    assert (home.second / "session_07" / "session.yaml").is_file()
    assert (home.second / "session_07" / "field" / "offload.json").is_file()


@pytest.mark.parametrize("place", ["session", "second"])
def test_a_flipped_byte_is_found_in_either_copy(home, place):
    root = home.session if place == "session" else home.second / "session_07"
    flip(root / "phone" / "road.mp4")
    first, second = check(home)
    wrong, right = (first, second) if place == "session" else (second, first)
    assert wrong.changed == ["phone/road.mp4"]
    assert right.ok


def test_a_missing_a_cut_and_an_extra_file_are_named(home):
    (home.session / "phone" / "driver.mp4").unlink()
    path = home.session / "eye_tracker" / "gaze ps1.raw"
    path.write_bytes(path.read_bytes()[:-1])
    (home.session / "eye_tracker" / "gaze ps2.raw").write_bytes(b"x")
    first, second = check(home)
    assert first.missing == ["phone/driver.mp4"]
    assert first.changed == ["eye_tracker/gaze ps1.raw"]
    assert first.extra == ["eye_tracker/gaze ps2.raw"]
    assert second.ok


def test_what_an_offload_that_broke_off_left_is_named(home):
    (home.session / "phone" / "location.csv.part").write_bytes(b"timest")
    assert check(home)[0].unfinished == ["phone/location.csv"]
    assert not check(home)[0].ok


def test_a_journal_may_grow_and_must_not_change(home):
    journal = home.session / "field" / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'\n{"step": "closed"}\n')
    assert check(home)[0].ok
    flip(journal, 20)
    assert check(home)[0].changed == ["field/journal.jsonl"]
    journal.write_bytes(journal.read_bytes()[:10])
    assert check(home)[0].changed == ["field/journal.jsonl"]


def test_two_lists_that_contradict_each_other_are_told(home):
    path = home.session / "field" / "offload.json"
    content = json.loads(path.read_text())
    changed = next(each for each in content["files"] if each["target"] == "phone/road.mp4")
    changed["sha256"] = "0" * 64
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"two SHA-256 of phone/road\.mp4"):
        check(home)


def test_a_session_that_was_imported_is_verified_by_its_checksums_alone(home):
    (home.session / "field" / "offload.json").unlink()
    flip(home.session / "phone" / "road.mp4")
    (first,) = verify(home.session)
    assert first.changed == ["phone/road.mp4"]


def test_a_session_without_any_list_is_told_what_to_type(tmp_path):
    with pytest.raises(InputError, match="dashgaze collect offload"):
        verify(tmp_path)


@pytest.mark.parametrize("line", ["nonsense", "0" * 64 + "  ../../etc/passwd", "0" * 64 + "  /x"])
def test_a_checksum_list_from_elsewhere_names_no_other_place(home, line):
    (home.session / "manifest-sha256.txt").write_text(line + "\n")
    with pytest.raises(InputError, match="line 1"):
        verify(home.session)


def test_two_copies_on_one_disk_let_nothing_be_deleted(home):
    assert home.result.second_copy.same_disk
    assert home.result.may_be_deleted == {}
    assert any("one disk" in note for note in home.result.notes)


def test_two_verified_copies_on_two_disks_name_what_may_be_deleted_by_hand(field, two_disks):
    result = asyncio.run(
        offload(
            field.session,
            phone=field.phone,
            tracker=field.export,
            second_copy=field.root / "archive",
        )
    )
    folders = {name: sorted(files) for name, files in result.may_be_deleted.items()}
    assert folders[str(field.phone)] == ["front_1.mp4", "rear_1.mp4"]
    assert len(folders) == 2
    assert (field.phone / "rear_1.mp4").is_file()


def test_nothing_may_be_deleted_where_a_file_did_not_come_home(field, two_disks, monkeypatch):
    class Lost(type(field.copy_store())):
        async def list(self):
            listed = await super().list()
            (self.root / "front_1.mp4").unlink()
            return listed

    result = asyncio.run(
        offload(field.session, phone=field.copy_store(Lost), second_copy=field.root / "archive")
    )
    assert not result.complete
    assert result.second_copy is None
    assert result.may_be_deleted == {}


def test_a_second_copy_is_gone_on_with_and_takes_what_is_new(home):
    (home.second / "session_07" / "phone" / "road.mp4").unlink()
    with (home.session / "field" / "journal.jsonl").open("ab") as file:
        file.write(b'\n{"step": "closed"}\n')
    asyncio.run(
        offload(home.session, phone=home.phone, tracker=home.export, second_copy=home.second)
    )
    first, second = check(home)
    assert first.ok
    assert second.ok
    other = home.second / "session_07" / "field" / "journal.jsonl"
    assert other.read_bytes() == (home.session / "field" / "journal.jsonl").read_bytes()


def test_another_session_in_the_second_place_is_never_overwritten(home):
    flip(home.second / "session_07" / "phone" / "road.mp4")
    before = (home.second / "session_07" / "phone" / "road.mp4").read_bytes()
    with pytest.raises(OutputError, match="not the session's"):
        asyncio.run(offload(home.session, second_copy=home.second))
    assert (home.second / "session_07" / "phone" / "road.mp4").read_bytes() == before


def test_a_first_copy_that_was_damaged_since_is_not_copied_on(home):
    flip(home.session / "phone" / "road.mp4")
    (home.second / "session_07" / "phone" / "road.mp4").unlink()
    with pytest.raises((OutputError, DeviceError), match="not as it was"):
        asyncio.run(offload(home.session, second_copy=home.second))
    assert not (home.second / "session_07" / "phone" / "road.mp4").exists()


def test_a_second_copy_within_the_session_is_refused(field):
    with pytest.raises(OutputError, match="session itself"):
        asyncio.run(offload(field.session, phone=field.phone, second_copy=field.root))
