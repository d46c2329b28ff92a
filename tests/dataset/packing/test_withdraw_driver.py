"""A driver withdraws from data sets and drives."""

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.packing import withdraw_dataset, withdraw_drives
from dashgaze.dataset.packing.drivers import driver_digest
from dashgaze.dataset.packing.options import PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.dataset.packing.withdraw import withdraw
from dashgaze.errors import InputError, OutputError
from dashgaze.schemas.dataset_manifest import read_dataset_manifest

DAY = "2026-05-12"
PSEUDONYM = "Heron-7f3k"
"""Of a form that turns up in no other file by chance."""


@pytest.fixture
def drives(drives):
    """The first and the last of six drives are of the driver who will withdraw."""
    for name in ("session_001", "session_006"):
        drives.edit(name, driver_id=PSEUDONYM)
    return drives


def values_in(path: Path) -> set[str]:
    """Give every text in a parquet file, its schema's metadata too."""
    table = pq.read_table(path)
    texts = [column for column in table.columns if pa.types.is_string(column.type)]
    texts += [
        column.combine_chunks().field("path")
        for column in table.columns
        if pa.types.is_struct(column.type)
    ]
    found = {str(value) for column in texts for value in column.unique().to_pylist()}
    metadata = table.schema.metadata or {}
    return found | {text.decode(errors="replace") for pair in metadata.items() for text in pair}


def says_anything(folder: Path, words: tuple[str, ...]) -> list[str]:
    """List the files whose name, bytes or, of a table, values hold one of the words."""
    found = []
    for path in sorted(folder.rglob("*")):
        text = path.relative_to(folder).as_posix()
        if path.is_file():
            text += path.read_bytes().decode("latin-1")
            if path.suffix == ".parquet":
                text += " ".join(values_in(path))
        if any(word in text for word in words):
            found.append(path.relative_to(folder).as_posix())
    return found


WORDS = (PSEUDONYM, "session_001", "session_006")


def test_it_is_listed_and_nothing_is_changed(packed, drives, out, tree):
    packed()
    before = tree(out), tree(drives.folder)
    result = withdraw(PSEUDONYM, [out, drives.folder])
    assert (tree(out), tree(drives.folder)) == before
    assert not result.done
    assert result.driver_digest == driver_digest(PSEUDONYM)
    dataset, folder = result.found
    manifest = read_dataset_manifest(out)
    theirs = [file for file in manifest.files if file.session_id in WORDS]
    assert dataset.sessions == folder.sessions == ("session_001", "session_006")
    assert dataset.files == tuple(file.path for file in theirs)
    assert dataset.size_bytes == sum(file.size_bytes for file in theirs)
    assert dataset.rows["sessions"] == 2
    assert dataset.rows["frames"] == sum(
        pq.read_metadata(out / file.path).num_rows for file in theirs if file.config == "frames"
    )
    assert {"manifest.json", "checksums.sha256", "README.md"} <= set(dataset.entries)
    assert folder.files == (
        "session_001/derived/frames.parquet",
        "session_006/derived/frames.parquet",
    )
    assert folder.recordings == (drives / "session_001", drives / "session_006")


def test_not_a_byte_of_the_driver_is_left_in_the_data_set(drives, out):
    pack(drives.folder, out, PackOptions(split_protocol="leave-drivers-out-3"))
    assert says_anything(out, WORDS)
    withdraw(PSEUDONYM, out, apply=True, day=DAY)
    assert says_anything(out, WORDS) == []


def test_nor_of_a_drive_that_was_left_out(packed, drives, out):
    drives.verdict("session_006", "failed")
    drives.verdict("session_002", "failed")
    packed()
    assert "manifest.json" in says_anything(out, ("session_006",))
    withdraw(PSEUDONYM, out, apply=True, day=DAY)
    assert says_anything(out, WORDS) == []
    assert [each.session_id for each in read_dataset_manifest(out).left_out] == ["session_002"]


def test_all_else_stays_as_it_was(packed, drives, out, tree):
    packed()
    before, old = tree(out), read_dataset_manifest(out)
    withdraw(PSEUDONYM, out, apply=True, day=DAY)
    after, new = tree(out), read_dataset_manifest(out)
    kept = [entry for entry in old.sessions if entry.session_id not in WORDS]
    assert list(new.sessions) == kept
    for file in old.files:
        if file.session_id is not None and file.session_id not in WORDS:
            assert after[file.path] == before[file.path]
    rows = [row for path in out.glob("sessions/*") for row in pq.read_table(path).to_pylist()]
    assert sorted(row["session_id"] for row in rows) == [entry.session_id for entry in kept]
    assert new.version == "2.0.0"
    listed = {file.path: file.sha256 for file in new.files}
    others = {"manifest.json", "checksums.sha256"}
    assert listed == {path: digest for path, digest in after.items() if path not in others}


def test_the_withdrawal_is_written_down_without_the_name(packed, out):
    packed()
    (found,) = withdraw(PSEUDONYM, out, apply=True, day=DAY).found
    (entry,) = read_dataset_manifest(out).withdrawn
    assert entry.driver_digest == driver_digest(PSEUDONYM)
    assert (entry.date, entry.session_count) == (DAY, 2)
    assert (entry.row_count, entry.file_count) == (sum(found.rows.values()), len(found.files))


def test_a_later_pack_leaves_the_drives_out(packed, drives, out, tree):
    packed()
    withdraw(PSEUDONYM, out, apply=True, day=DAY)
    before = tree(out)
    result = packed()
    assert not result.changed
    assert tree(out) == before
    assert [each.session_id for each in result.left_out] == ["session_001", "session_006"]
    assert says_anything(out, WORDS) == []


def test_derived_files_of_the_drives_are_removed_and_recordings_stay(packed, drives):
    before = (drives / "session_001" / "session.yaml").read_bytes()
    (drives / "session_001" / "phone").mkdir()
    (drives / "session_001" / "phone" / "road.mp4").write_bytes(b"recording")
    withdraw(PSEUDONYM, drives.folder, apply=True, day=DAY)
    for name in ("session_001", "session_006"):
        assert not (drives / name / "derived").exists()
    assert (drives / "session_001" / "phone" / "road.mp4").read_bytes() == b"recording"
    assert (drives / "session_001" / "session.yaml").read_bytes() == before
    assert (drives / "session_002" / "derived" / "frames.parquet").is_file()
    (line,) = (drives.folder / "withdrawals.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "schema": "dashgaze/withdrawal/1",
        "driver_digest": driver_digest(PSEUDONYM),
        "date": DAY,
        "session_count": 2,
        "file_count": 2,
    }


def test_drives_that_withdrew_are_packed_nowhere(packed, drives, out):
    withdraw(PSEUDONYM, drives.folder, apply=True, day=DAY)
    result = packed()
    assert [each.reason for each in result.left_out] == ["its driver withdrew"] * 2
    assert says_anything(out, WORDS) == []


def test_who_withdrew_from_the_drives_leaves_the_data_set_with_the_next_pack(packed, drives, out):
    packed()
    withdraw(PSEUDONYM, drives.folder, apply=True, day=DAY)
    assert packed().removed == ("session_001", "session_006")
    assert says_anything(out, WORDS) == []


def test_pages_that_name_the_drives_are_removed(drives, short_papers):
    page, figures = drives.folder / "report.html", drives.folder / "report.json"
    for name, there in (("session_002", True), ("session_006", False)):
        page.write_text("page")
        entries = [{"path": name, "session_id": name}]
        figures.write_text(json.dumps({"schema": "dashgaze/report-index/1", "sessions": entries}))
        withdraw(PSEUDONYM, drives.folder, apply=True, day=DAY)
        assert page.exists() is figures.exists() is there


def test_a_page_of_somebody_else_stays(drives):
    figures = drives.folder / "report.json"
    figures.write_text('{"sessions": ["session_001"]}')
    withdraw(PSEUDONYM, drives.folder, apply=True, day=DAY)
    assert figures.exists()


def test_it_can_be_repeated(packed, drives, out, tree):
    packed()
    withdraw(PSEUDONYM, [out, drives.folder], apply=True, day=DAY)
    before = tree(out), tree(drives.folder)
    again = withdraw(PSEUDONYM, [out, drives.folder], apply=True, day="2027-01-01")
    assert (tree(out), tree(drives.folder)) == before
    assert all(found.known for found in again.found)


@pytest.mark.parametrize(
    ("module", "name"), [(withdraw_drives, "_remove"), (withdraw_dataset, "assemble")]
)
def test_what_was_broken_off_goes_on(packed, drives, out, monkeypatch, module, name):
    packed()

    def broken(*_, **__):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(module, name, broken)
        with pytest.raises(OutputError, match="Input/output error"):
            withdraw(PSEUDONYM, [drives.folder, out], apply=True, day=DAY)
    # Nothing of the driver is packed any more, whatever came of the rest.
    assert [each.withdrawn for each in packed(dry_run=True).left_out] == [True, True]
    withdraw(PSEUDONYM, [drives.folder, out], apply=True, day=DAY)
    assert says_anything(out, WORDS) == []
    assert not (drives / "session_006" / "derived").exists()
    assert len((drives.folder / "withdrawals.jsonl").read_text().splitlines()) == 1


def test_a_session_folder_can_be_the_place(packed, drives):
    withdraw(PSEUDONYM, drives / "session_006", apply=True, day=DAY)
    assert not (drives / "session_006" / "derived").exists()
    assert (drives / "session_001" / "derived").exists()
    assert (drives.folder / "withdrawals.jsonl").is_file()


def test_derived_files_that_lie_elsewhere_are_removed_too(drives, tmp_path):
    derived = drives / "session_001" / "derived"
    shutil.move(derived, tmp_path / "elsewhere")
    derived.symlink_to(tmp_path / "elsewhere")
    withdraw(PSEUDONYM, drives.folder, apply=True, day=DAY)
    assert not derived.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_a_driver_whom_nobody_knows_is_refused_with_the_nearest(packed, drives, out, tree):
    packed()
    before = tree(out)
    with pytest.raises(InputError, match=f"Did you mean {PSEUDONYM}"):
        withdraw("Heron-7f3", [out, drives.folder], apply=True)
    assert tree(out) == before


def test_a_data_set_of_that_driver_alone_is_refused_before_anything_is_changed(
    packed, drives, out, tree
):
    packed([drives / "session_001", drives / "session_006"])
    before = tree(drives.folder)
    with pytest.raises(InputError, match="Delete that folder"):
        withdraw(PSEUDONYM, [drives.folder, out], apply=True)
    assert tree(drives.folder) == before


def test_a_place_that_is_neither_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="Nothing of driver"):
        withdraw(PSEUDONYM, tmp_path / "empty")
    with pytest.raises(InputError, match="does not exist"):
        withdraw(PSEUDONYM, tmp_path / "nowhere")


def test_a_data_set_without_the_driver_remembers_the_withdrawal(packed, drives, out):
    packed(drives.without("session_001", "session_006"))
    withdraw(PSEUDONYM, [out, drives.folder], apply=True, day=DAY)
    manifest = read_dataset_manifest(out)
    assert [each.driver_digest for each in manifest.withdrawn] == [driver_digest(PSEUDONYM)]
    assert manifest.version == "1.0.0"
    assert len(manifest.sessions) == 4
