"""Copies that are equal, or refused."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dashgaze.collection.field.device import RemoteFile
from dashgaze.collection.offload import (
    CopyDiffersError,
    FileChangedError,
    FolderStore,
    copy_file,
    offload,
    open_phone,
    read_drive_times,
)
from dashgaze.collection.offload import resumable_copy as copying
from dashgaze.errors import DeviceError, InputError, OutputError

ROAD = RemoteFile(name="rear_1.mp4", target="phone/road.mp4")


def tree(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(Path(folder).rglob("*"))
        if path.is_file()
    }


def bring(field, **options):
    return asyncio.run(offload(field.session, **options))


class DamagedStore(FolderStore):
    """Gives wrong bytes for the first so many readings."""

    damaged_reads = 1

    async def read(self, file, offset):
        self.damaged_reads -= 1
        async for chunk in super().read(file, offset):
            yield bytes([chunk[0] ^ 1]) + chunk[1:] if self.damaged_reads >= 0 else chunk


class UnpluggedStore(FolderStore):
    """Goes away after so many bytes, once."""

    left_bytes = 150_000

    async def read(self, file, offset):
        async for chunk in super().read(file, offset):
            if self.left_bytes is not None and len(chunk) > self.left_bytes:
                part, self.left_bytes = chunk[: self.left_bytes], None
                yield part
                raise DeviceError("The card is gone.", fix="Plug it in again.")
            yield chunk


class GrowingStore(FolderStore):
    """A file that is written to while it is read."""

    async def read(self, file, offset):
        async for chunk in super().read(file, offset):
            yield chunk
        with (self.root / file.name).open("ab") as source:
            source.write(b"more")


class VanishingStore(FolderStore):
    """A file that is deleted after it was listed."""

    async def list(self):
        listed = await super().list()
        (self.root / "front_1.mp4").unlink()
        return listed


def test_all_comes_home_with_both_hashes_and_the_devices_stay_as_they_were(field):
    before = tree(field.phone), tree(field.export)
    result = bring(field, phone=field.phone, tracker=field.export)
    assert result.complete
    assert (tree(field.phone), tree(field.export)) == before
    files = {each["target"]: each for each in field.record()["files"]}
    road = files["phone/road.mp4"]
    assert road["verified"] is True
    assert road["sha256"] == road["source_sha256"]
    assert road["size_bytes"] == 300_000
    assert road["source"] == "rear_1.mp4"
    assert files["eye_tracker/gaze ps1.raw"]["verified"] is True
    assert files["field/journal.jsonl"]["verified"] is None
    assert files["field/journal.jsonl"]["append_only"]
    assert "eye_tracker/.DS_Store" not in files
    assert not list(field.session.rglob("*.part*"))
    copy = field.session / "phone" / "road.mp4"
    assert copy.stat().st_mtime_ns == (field.phone / "rear_1.mp4").stat().st_mtime_ns


def test_the_checksums_are_what_sha256sum_reads(field):
    bring(field, phone=field.phone, tracker=field.export)
    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "manifest-sha256.txt"],
        cwd=field.session,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 5


def test_a_second_call_copies_nothing_and_compares_all(field):
    bring(field, phone=field.phone, tracker=field.export)
    before = tree(field.session / "phone")
    result = bring(field, phone=field.phone, tracker=field.export)
    assert result.copied == []
    assert len(result.there_already) == 5
    assert tree(field.session / "phone") == before


def test_a_copy_that_differs_is_made_anew_once_and_told(field):
    store = field.copy_store(DamagedStore)
    result = bring(field, phone=store)
    assert result.complete
    assert (field.session / "phone" / "road.mp4").read_bytes() == (
        field.phone / "rear_1.mp4"
    ).read_bytes()
    assert [each["tries"] for each in field.record()["files"] if each["verified"]] == [1, 2]
    assert any("cable" in note for note in result.notes)


def test_a_copy_that_always_differs_is_refused_and_the_others_come_home(field):
    store = field.copy_store(DamagedStore)
    store.damaged_reads = 2
    result = bring(field, phone=store)
    assert not result.complete
    assert list(result.failed) == ["phone/road.mp4"]
    assert "differed from it both times" in result.failed["phone/road.mp4"]
    assert not (field.session / "phone" / "road.mp4").exists()
    assert not list(field.session.rglob("*.part*"))
    assert result.copied == ["phone/driver.mp4"]
    store.damaged_reads = 2
    with pytest.raises(CopyDiffersError):
        asyncio.run(copy_file(store, ROAD, field.session / "phone" / "road.mp4"))


def test_a_pulled_cable_is_told_and_the_next_call_goes_on_where_it_stopped(field):
    store = field.copy_store(UnpluggedStore)
    with pytest.raises(DeviceError, match="Plug it in again"):
        bring(field, phone=store)
    part = field.session / "phone" / "road.mp4.part"
    assert part.stat().st_size == 150_000
    result = bring(field, phone=store)
    assert result.complete
    files = {each["target"]: each for each in field.record()["files"]}
    assert files["phone/road.mp4"]["resumed_from_bytes"] == 150_000
    assert not list(field.session.rglob("*.part*"))


@pytest.mark.parametrize("damage", ["a byte of the part", "the note", "another source"])
def test_a_part_that_is_not_what_was_noted_is_not_gone_on_with(field, damage):
    store = field.copy_store(UnpluggedStore)
    with pytest.raises(DeviceError):
        bring(field, phone=store)
    part = field.session / "phone" / "road.mp4.part"
    note = field.session / "phone" / "road.mp4.part.json"
    if damage == "a byte of the part":
        content = bytearray(part.read_bytes())
        content[1000] ^= 1
        part.write_bytes(content)
    elif damage == "the note":
        note.write_text("{")
    else:
        (field.phone / "rear_1.mp4").write_bytes(os.urandom(300_000))
    assert bring(field, phone=store).complete
    files = {each["target"]: each for each in field.record()["files"]}
    assert files["phone/road.mp4"]["resumed_from_bytes"] == 0
    assert files["phone/road.mp4"]["tries"] == 1
    assert (field.session / "phone" / "road.mp4").read_bytes() == (
        field.phone / "rear_1.mp4"
    ).read_bytes()


def test_bytes_behind_the_noted_part_are_copied_again(field):
    store = field.copy_store(UnpluggedStore)
    with pytest.raises(DeviceError):
        bring(field, phone=store)
    with (field.session / "phone" / "road.mp4.part").open("ab") as part:
        part.write(bytes(400_000))  # what a power cut may leave
    assert bring(field, phone=store).complete
    files = {each["target"]: each for each in field.record()["files"]}
    assert files["phone/road.mp4"]["resumed_from_bytes"] == 150_000
    assert files["phone/road.mp4"]["tries"] == 1


def test_a_file_that_is_still_being_written_is_refused_and_the_others_come_home(field):
    store = field.copy_store(GrowingStore)
    result = bring(field, phone=store)
    assert set(result.failed) == {"phone/road.mp4", "phone/driver.mp4"}
    assert "still being written" in result.failed["phone/road.mp4"]
    assert not (field.session / "phone" / "road.mp4").exists()
    with pytest.raises(FileChangedError):
        asyncio.run(copy_file(store, ROAD, field.session / "phone" / "road.mp4"))


def test_a_file_that_vanished_is_named_and_the_others_come_home(field):
    result = bring(field, phone=field.copy_store(VanishingStore))
    assert list(result.failed) == ["phone/driver.mp4"]
    assert "not on" in result.failed["phone/driver.mp4"]
    assert result.copied == ["phone/road.mp4"]


def test_a_folder_that_is_gone_is_a_lost_device(field):
    store = field.copy_store()
    field.phone.rename(field.phone.with_name("away"))
    with pytest.raises(DeviceError, match="not there any more"):
        bring(field, phone=store)


def test_something_else_in_the_place_is_never_overwritten(field):
    other = field.session / "phone" / "road.mp4"
    other.parent.mkdir()
    other.write_bytes(b"of another drive")
    with pytest.raises(OutputError, match="differs from"):
        bring(field, phone=field.phone)
    assert other.read_bytes() == b"of another drive"


def test_a_copy_without_a_record_is_compared_not_copied(field):
    bring(field, phone=field.phone)
    (field.session / "field" / "offload.json").unlink()
    result = bring(field, phone=field.phone)
    assert result.copied == []
    assert all(each["verified"] for each in field.record()["files"] if each["source"])


def test_what_does_not_fit_is_told_before_anything_is_copied(field, monkeypatch):
    monkeypatch.setattr("dashgaze.collection.offload.space.SPARE_BYTES", 10**18)
    with pytest.raises(OutputError, match="have to stay free"):
        bring(field, phone=field.phone)
    assert not (field.session / "phone").exists()


@pytest.mark.skipif(os.name == "nt", reason="needs a limit on file sizes")
def test_a_full_disk_is_told_and_what_arrived_is_gone_on_with(field):
    script = f"""
import asyncio, resource
from pathlib import Path
from dashgaze.collection.offload import offload
from dashgaze.errors import OutputError
resource.setrlimit(resource.RLIMIT_FSIZE, (120_000, 120_000))
try:
    asyncio.run(offload(Path({str(field.session)!r}), phone=Path({str(field.phone)!r})))
except OutputError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "can't be written" in done.stdout
    assert "Make room" in done.stdout
    assert bring(field, phone=field.phone).complete


@pytest.mark.parametrize(
    "target", ["../outside.mp4", "/etc/passwd", "session.yaml", "field/x", "phone/../../x", "phone"]
)
def test_a_device_can_name_no_place_outside_of_its_folders(field, target):
    store = FolderStore(field.phone, [("rear_1.mp4", target)])
    with pytest.raises(DeviceError):
        bring(field, phone=store)
    assert not (field.root / "outside.mp4").exists()


def test_a_link_that_leads_out_of_the_session_is_not_followed(field):
    (field.root / "elsewhere").mkdir()
    (field.session / "phone").symlink_to(field.root / "elsewhere")
    with pytest.raises(OutputError, match="leads out"):
        bring(field, phone=field.phone)
    assert not list((field.root / "elsewhere").iterdir())


def test_two_sources_for_one_place_are_refused(field):
    store = FolderStore(
        field.phone, [("rear_1.mp4", "phone/road.mp4"), ("front_1.mp4", "phone/road.mp4")]
    )
    with pytest.raises(InputError, match="both belong"):
        bring(field, phone=store)


@pytest.mark.skipif(os.name == "nt", reason="has no such lock")
def test_only_one_offload_of_a_session_is_at_work(field):
    class Busy(FolderStore):
        async def list(self):
            with pytest.raises(OutputError, match="at work"):
                await offload(field.session, phone=field.phone)
            return await super().list()

    assert bring(field, phone=field.copy_store(Busy)).complete


def test_the_manifest_names_what_came_home(field):
    for path in field.phone.iterdir():
        path.rename(path.with_suffix(".webm"))
    field.write_journal(phone_id="/sdcard/rear_1.webm|/sdcard/front_1.webm")
    bring(field, phone=field.phone, tracker=field.export)
    text = (field.session / "session.yaml").read_text()
    assert "road: phone/road.webm" in text
    assert "driver: phone/driver.webm" in text
    assert "driver_id: P07" in text


def test_a_manifest_is_made_where_there_is_none(field):
    (field.session / "session.yaml").unlink()
    bring(field, phone=field.phone, tracker=field.export)
    text = (field.session / "session.yaml").read_text()
    assert "session_id: session_07" in text
    assert "kind: pupil_invisible" in text


def test_files_come_off_a_phone_on_its_cable_and_go_on_after_it_was_pulled(
    field, phone_by_adb, monkeypatch
):
    monkeypatch.setattr(copying, "CHECKPOINT_BYTES", 1 << 20)
    for name, size in (("rear_1.mp4", 3_500_000), ("front_1.mp4", 1_200_000)):
        path = field.add_video(name, size=size)
        (phone_by_adb.camera / name).write_bytes(path.read_bytes())
        os.utime(phone_by_adb.camera / name, ns=(path.stat().st_mtime_ns,) * 2)
    before = tree(phone_by_adb.camera)

    async def go():
        phone = await open_phone(read_drive_times(field.session).phone)
        return await offload(field.session, phone=phone)

    phone_by_adb.set(disconnect_after_bytes=2_500_000)
    with pytest.raises(DeviceError, match="Plug it in again"):
        asyncio.run(go())
    phone_by_adb.set(disconnect_after_bytes=None)
    result = asyncio.run(go())
    assert result.complete
    files = {each["target"]: each for each in field.record()["files"]}
    assert 1_000_000 < files["phone/road.mp4"]["resumed_from_bytes"] <= 2_500_000
    for name, target in (("rear_1.mp4", "road.mp4"), ("front_1.mp4", "driver.mp4")):
        copy = field.session / "phone" / target
        assert copy.read_bytes() == (field.phone / name).read_bytes()
    assert tree(phone_by_adb.camera) == before
    assert json.loads((phone_by_adb.root / "state.json").read_text())["stop_count"] == 0
