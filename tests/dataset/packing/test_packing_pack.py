"""Packing drives into a data set, and bringing one up to date."""

import hashlib
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.packing.layout import TABLES
from dashgaze.dataset.packing.options import Content, PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.dataset.packing.session_pool import write_sessions
from dashgaze.dataset.pictures.images import EVERY
from dashgaze.dataset.tables.shard import check_shard
from dashgaze.errors import WorkerError
from dashgaze.progress import silent
from dashgaze.schemas.dataset_manifest import read_dataset_manifest
from dashgaze.schemas.export import json_schemas

IDS = tuple(f"session_{number:03d}" for number in range(1, 7))


def manifest_of(folder):
    return read_dataset_manifest(folder)


def inodes(folder):
    return {
        path.relative_to(folder).as_posix(): path.stat().st_ino
        for path in folder.rglob("*.parquet")
    }


def write_split_file(path):
    splits = {f"D00{number}": "train" for number in (1, 2, 3)} | {"D004": "validation"}
    path.write_text(json.dumps(splits | {"D005": "test"}), encoding="utf-8")
    return path


def test_every_session_has_a_shard_in_its_split_and_a_row(packed, drives, out):
    result = packed()
    manifest = manifest_of(out)
    assert result.written == IDS
    assert [entry.session_id for entry in manifest.sessions] == list(IDS)
    for entry in manifest.sessions:
        table = pq.read_table(out / f"frames/{entry.split}/{entry.session_id}.parquet")
        source = pq.read_table(drives / entry.session_id / "derived" / "frames.parquet")
        assert table.num_rows == source.num_rows
        assert set(table["session_id"].to_pylist()) == {entry.session_id}
        row = pq.read_table(
            out / f"sessions/{entry.split}.parquet",
            filters=[("session_id", "==", entry.session_id)],
        )
        assert row["split"].to_pylist() == [entry.split]
        assert row["frame_count"].to_pylist() == [source.num_rows]
        assert row["driver_id"].to_pylist() == [entry.driver_id]


def test_all_shards_are_of_the_schema_that_the_manifest_names(packed, out):
    packed()
    manifest = manifest_of(out)
    assert set(manifest.tables) == {"frames", "fixations", "sessions"}
    for config, schema in manifest.tables.items():
        assert schema == TABLES[config].id
        for file in manifest.shards(config):
            check_shard(out / file.path, TABLES[config])
    exported = json_schemas()
    for path in (out / "schemas").iterdir():
        assert json.loads(path.read_text(encoding="utf-8")) == exported[path.name]
    listed = {path.name for path in (out / "schemas").iterdir()}
    assert listed == {
        f"{TABLES[config].name}_v{TABLES[config].version}.schema.json" for config in manifest.tables
    }


def test_every_file_is_listed_with_size_and_checksum(packed, out, tree):
    packed()
    manifest, digests = manifest_of(out), tree(out)
    listed = {file.path: file.sha256 for file in manifest.files}
    others = {"manifest.json", "checksums.sha256"}
    assert listed == {path: digest for path, digest in digests.items() if path not in others}
    assert all((out / file.path).stat().st_size == file.size_bytes for file in manifest.files)
    lines = (out / "checksums.sha256").read_text().splitlines()
    assert lines == [
        f"{digest}  {path}" for path, digest in digests.items() if path != "checksums.sha256"
    ]


def test_the_build_is_the_digest_of_shards_alone(packed, out):
    packed()
    manifest = manifest_of(out)
    lines = sorted((file.path, file.sha256) for file in manifest.files if file.config)
    text = "".join(f"{digest}  {path}\n" for path, digest in lines)
    assert manifest.build == hashlib.sha256(text.encode()).hexdigest()[:16]


def test_no_driver_is_in_two_splits(packed, out):
    packed()
    splits = {}
    for entry in manifest_of(out).sessions:
        splits.setdefault(entry.driver_id, set()).add(entry.split)
    assert all(len(each) == 1 for each in splits.values())


def test_same_drives_give_same_bytes_for_any_workers_and_order(
    drives, tmp_path, short_papers, tree
):
    one, two = tmp_path / "one" / "dashgaze", tmp_path / "two" / "dashgaze"
    pack(drives.folder, one)
    pack(list(reversed(drives.without())), two, workers=2)
    assert tree(one) == tree(two)


def test_nothing_of_the_lab_is_in_the_data_set(packed, drives, out, tmp_path):
    drives.verdict("session_002", "doubtful")
    drives.verdict("session_003", "failed")
    shutil.rmtree(drives / "session_004" / "derived")
    packed()
    for path in out.rglob("*"):
        if path.is_file():
            assert str(tmp_path).encode() not in path.read_bytes(), path


def test_packing_again_changes_nothing(packed, out):
    packed()
    before = {path: path.stat() for path in out.rglob("*")}
    result = packed()
    assert not result.changed
    assert result.written == ()
    assert result.unchanged == IDS
    assert {path: path.stat() for path in out.rglob("*")} == before


def test_a_drive_is_added_by_giving_it_alone(packed, drives, out):
    packed(drives.without("session_006"))
    before = inodes(out)
    result = packed(drives / "session_006")
    manifest = manifest_of(out)
    assert result.written == ("session_006",)
    assert result.not_at_hand == IDS[:5]
    assert manifest.version == "1.1.0"
    assert [entry.session_id for entry in manifest.sessions] == list(IDS)
    now = inodes(out)
    assert all(now[path] == inode for path, inode in before.items() if path.startswith("frames/"))
    # The new drive's driver was there already.
    splits = {entry.session_id: entry.split for entry in manifest.sessions}
    assert splits["session_006"] == splits["session_001"]


def test_only_a_drive_that_changed_is_written(packed, drives, out):
    packed()
    before = inodes(out)
    drives.change_values("session_002")
    result = packed()
    assert result.written == ("session_002",)
    assert manifest_of(out).version == "1.0.1"
    changed = {path for path, inode in inodes(out).items() if before[path] != inode}
    assert {path for path in changed if path.startswith("frames/")} == {
        path
        for path in before
        if path.startswith("frames/") and path.endswith("session_002.parquet")
    }


def test_from_scratch_equals_step_by_step_but_for_the_version(drives, tmp_path, short_papers, tree):
    # The splits are given: those that are searched for depend on who was there first.
    options = PackOptions(split_protocol=write_split_file(tmp_path / "splits.json"))
    steps, scratch = tmp_path / "steps" / "dashgaze", tmp_path / "scratch" / "dashgaze"
    drives.change_values("session_003")
    pack(drives.folder, steps, options)
    shutil.copytree(drives / "session_001", tmp_path / "more" / "session_007")
    drives.edit("../more/session_007", session_id="session_007")
    frames = tmp_path / "more" / "session_007" / "derived" / "frames.parquet"
    table = pq.read_table(frames)
    place = table.schema.get_field_index("session_id")
    names = table.column(place).to_pylist()
    renamed = [name.replace("001", "007") for name in names]
    field = table.schema.field(place)
    pq.write_table(table.set_column(place, field, pa.array(renamed, field.type)), frames)
    pack(tmp_path / "more", steps)
    drives.change_values("session_005")
    pack([drives.folder, tmp_path / "more"], steps)
    pack([tmp_path / "more", drives.folder], scratch, options)
    first, second = manifest_of(steps), manifest_of(scratch)
    assert (first.version, second.version) == ("1.1.1", "1.0.0")
    assert first.model_copy(update={"version": "1.0.0"}) == second
    ours, theirs = tree(steps), tree(scratch)
    differing = {path for path in ours if ours[path] != theirs[path]}
    assert ours.keys() == theirs.keys()
    assert differing == {"manifest.json", "checksums.sha256"}


def test_sessions_that_are_not_given_stay_unless_pruned(packed, drives, out):
    packed()
    assert packed(drives.without("session_002")).not_at_hand == ("session_002",)
    result = packed(drives.without("session_002"), prune=True)
    manifest = manifest_of(out)
    assert result.removed == ("session_002",)
    assert manifest.version == "2.0.0"
    assert "session_002" not in {entry.session_id for entry in manifest.sessions}
    assert not list(out.rglob("session_002*"))


def test_a_new_protocol_moves_sessions_and_is_a_major_version(packed, out):
    packed()
    result = packed(split_protocol="thesis-25-8")
    manifest = manifest_of(out)
    assert manifest.protocol == "thesis-25-8"
    assert manifest.version == "2.0.0"
    assert not (out / "frames" / "validation").exists()
    assert any("must not be tested" in note for note in result.notes)
    for entry in manifest.sessions:
        assert (out / f"frames/{entry.split}/{entry.session_id}.parquet").is_file()


def test_folds_are_written_down_and_kept(packed, drives, out):
    packed(drives.without("session_006"), split_protocol="leave-drivers-out-5")
    before = manifest_of(out).folds
    assert len(before) == 5
    packed()
    after = manifest_of(out)
    assert after.protocol == "leave-drivers-out-5"
    for name, fold in before.items():
        for split, listed in fold.items():
            assert set(listed) <= set(after.folds[name][split])


def test_splits_from_a_file_hold_for_drivers_that_are_known(packed, drives, out, tmp_path):
    path = write_split_file(tmp_path / "splits.json")
    packed(drives.without("session_006"), split_protocol=path)
    packed()
    splits = {entry.driver_id: entry.split for entry in manifest_of(out).sessions}
    assert splits == json.loads(path.read_text())


@pytest.mark.parametrize(("given", "found"), [("3.1.4", "3.1.4"), (None, "1.0.0")])
def test_a_version_that_is_given_is_taken(packed, out, given, found):
    packed()
    packed(version=given)
    assert manifest_of(out).version == found


def test_a_damaged_shard_is_written_again(packed, out):
    packed()
    shard = out / manifest_of(out).shards("frames")[0].path
    good = shard.read_bytes()
    shard.write_bytes(good[:-1])
    result = packed()
    assert len(result.written) == 1
    assert "written again" in result.notes[0]
    assert shard.read_bytes() == good


def test_verify_finds_damage_that_keeps_the_size(packed, out):
    packed()
    shard = out / manifest_of(out).shards("frames")[0].path
    good = shard.read_bytes()
    shard.write_bytes(bytes([good[0] ^ 1]) + good[1:])
    assert not packed().changed
    assert packed(verify=True).changed
    assert shard.read_bytes() == good


def test_damaged_papers_are_written_again(packed, out, tree):
    packed()
    before = tree(out)
    (out / "README.md").unlink()
    result = packed()
    assert result.changed
    assert result.written == ()
    assert tree(out) == before


def test_what_is_said_of_the_data_set_is_kept(packed, drives, out, tmp_path):
    about = tmp_path / "about.yaml"
    about.write_text("schema: dashgaze/about/1\ntitle: Night drives\n", encoding="utf-8")
    packed(about=about)
    drives.change_values("session_001")
    packed()
    assert "Night drives" in (out / "README.md").read_text()


def test_force_writes_all_sessions_again_to_the_same_bytes(packed, out, tree):
    packed()
    before = tree(out)
    assert packed(force=True).written == IDS
    assert tree(out) == before


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(packed, drives, out, tmp_path):
    assert packed(dry_run=True).written == IDS
    assert not out.parent.exists()
    packed()
    before = sorted(tmp_path.rglob("*"))
    drives.change_values("session_004")
    foretold = packed(dry_run=True)
    assert foretold.written == ("session_004",)
    assert len(foretold.unchanged) == 5
    assert sorted(tmp_path.rglob("*")) == before


def test_a_link_to_a_data_set_stays_a_link(packed, drives, out):
    packed()
    link = out.parent / "current"
    link.symlink_to("dashgaze")
    drives.change_values("session_001")
    pack(drives.folder, link)
    assert link.is_symlink()
    assert manifest_of(out).version == "1.0.1"


def test_crops_are_as_frequent_as_their_writer_has_them():
    assert Content().images_every == EVERY


class _Deadly:
    """Kills the process that it is sent to."""

    def __reduce__(self):
        return exec, ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)",)


def test_a_killed_worker_is_told(tmp_path):
    with pytest.raises(WorkerError, match="--workers 1"):
        write_sessions([_Deadly(), _Deadly()], workers=2, progress=silent)


def test_progress_ascends_to_the_end(drives, tmp_path, short_papers):
    seen = []
    pack(drives.folder, tmp_path / "dashgaze", progress=lambda phase, share: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
