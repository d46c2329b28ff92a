"""What is not packed: left out and said, or refused with what to do."""

import shutil
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.dataset.packing.drivers import driver_digest
from dashgaze.dataset.packing.options import PackOptions
from dashgaze.dataset.packing.pack import pack
from dashgaze.errors import InputError, ManifestError, OutputError
from dashgaze.fingerprint import fingerprint
from dashgaze.schemas.dataset_manifest import read_dataset_manifest


def scopes(out):
    return {entry.session_id: entry.consent_scope for entry in read_dataset_manifest(out).sessions}


def nothing_was_written(out):
    return not out.parent.exists()


def test_a_drive_whose_clocks_failed_is_left_out_and_said(packed, drives, out):
    drives.verdict("session_002", "failed")
    result = packed()
    (left,) = result.left_out
    assert (left.session_id, left.reason) == ("session_002", "its clocks could not be aligned")
    assert left.advice == "The sound was too weak."
    (entry,) = read_dataset_manifest(out).left_out
    assert (entry.session_id, entry.reason) == (left.session_id, left.reason)
    assert not list(out.rglob("*session_002*"))


def test_a_drive_without_frames_is_left_out_with_what_to_type(packed, drives):
    shutil.rmtree(drives / "session_002" / "derived")
    (left,) = packed().left_out
    assert left.reason == "its frames were not made"
    assert left.advice == f"Type: dashgaze frames {drives / 'session_002'}"


def test_frames_of_other_clocks_than_those_of_now_are_left_out(packed, drives):
    drives.verdict("session_002", "ok")
    derived = drives / "session_002" / "derived"
    record = SimpleNamespace(
        stage="frames",
        options={},
        inputs={"derived/time_map.json": fingerprint(derived / "time_map.json")},
        versions={},
    )
    from dashgaze.stages.record import StageRecord

    before = StageRecord(**vars(record))
    (derived / "frames.json").write_text(before.to_json(), encoding="utf-8")
    drives.verdict("session_002", "doubtful")
    (left,) = packed(dry_run=True).left_out
    assert left.reason == "its clocks were aligned anew after its frames were made"


def test_a_drive_in_the_data_set_that_is_left_out_now_is_removed(packed, drives, out):
    packed()
    drives.verdict("session_002", "failed")
    assert packed().removed == ("session_002",)
    assert "session_002" not in scopes(out)


def test_doubtful_clocks_are_packed_and_marked(packed, drives, out):
    drives.verdict("session_002", "doubtful")
    result = packed()
    assert result.doubtful == ("session_002",)
    assert not result.left_out
    rows = [
        row
        for path in out.glob("sessions/*.parquet")
        for row in pq.read_table(path).to_pylist()
        if row["sync_verdict"] == "doubtful"
    ]
    assert [row["session_id"] for row in rows] == ["session_002"]
    entry = next(
        each for each in read_dataset_manifest(out).sessions if each.session_id == "session_002"
    )
    assert any("doubtful" in note for note in entry.notes)


def test_doubtful_clocks_can_be_left_out(packed, drives):
    drives.verdict("session_002", "doubtful")
    assert [each.session_id for each in packed(doubtful=False).left_out] == ["session_002"]


def test_if_all_are_left_out_nothing_is_written(packed, drives, out):
    for folder in drives.without():
        drives.verdict(folder.name, "failed")
    with pytest.raises(InputError, match=r"No session is left.*session_006"):
        packed()
    assert nothing_was_written(out)


def test_missing_consent_and_drivers_are_refused_in_one_message(packed, drives, out):
    drives.edit("session_001", consent=None)
    drives.edit("session_004", driver_id=None)
    drives.edit("session_005", consent=None, driver_id=None)
    with pytest.raises(ManifestError) as caught:
        packed()
    assert len(caught.value.problems) == 4
    for name, key in (
        ("session_001", "consent:"),
        ("session_004", "driver_id:"),
        ("session_005", "consent:"),
        ("session_005", "driver_id:"),
    ):
        path = str(drives / name / "session.yaml")
        assert any(path in each and key in each for each in caught.value.problems)
    assert nothing_was_written(out)


def test_the_narrowest_consent_holds_for_all_drives_of_a_driver(packed, drives, out):
    drives.scope("session_006", "gaze_only")
    packed()
    assert {name: scope for name, scope in scopes(out).items() if scope != "raw"} == {
        "session_001": "gaze_only",
        "session_006": "gaze_only",
    }


def test_a_drive_that_is_left_out_narrows_consent_too(packed, drives, out):
    drives.scope("session_006", "blurred")
    drives.verdict("session_006", "failed")
    packed()
    assert scopes(out)["session_001"] == "blurred"


def test_narrowed_consent_writes_all_drives_of_the_driver_again(packed, drives, out):
    packed()
    drives.scope("session_006", "gaze_only")
    assert packed().written == ("session_001", "session_006")
    assert scopes(out)["session_001"] == "gaze_only"


def test_narrowed_consent_is_refused_while_a_drive_is_not_at_hand(packed, drives, out):
    packed()
    drives.scope("session_006", "gaze_only")
    with pytest.raises(InputError, match=r"session_001.*--prune"):
        packed(drives / "session_006")
    assert scopes(out)["session_001"] == "raw"
    packed(drives / "session_006", prune=True)
    assert scopes(out) == {"session_006": "gaze_only"}


def test_who_withdrew_from_the_drives_is_left_out_and_not_named(packed, drives, out):
    line = f'{{"schema": "dashgaze/withdrawal/1", "driver_digest": "{driver_digest("D001")}"}}\n'
    (drives.folder / "withdrawals.jsonl").write_text(line, encoding="utf-8")
    result = packed()
    assert [each.session_id for each in result.left_out] == ["session_001", "session_006"]
    assert all(each.withdrawn for each in result.left_out)
    manifest = (out / "manifest.json").read_text()
    assert "session_001" not in manifest
    assert "D001" not in manifest
    with pytest.raises(InputError, match="withdrew"):
        pack(drives / "session_006", out.parent / "other")


def test_a_list_of_withdrawals_that_cant_be_read_is_refused(packed, drives, out):
    (drives.folder / "withdrawals.jsonl").write_text("{]\n", encoding="utf-8")
    with pytest.raises(InputError, match="nobody knows who withdrew"):
        packed()
    assert nothing_was_written(out)


def test_two_sessions_of_one_name_are_refused_with_both_folders(packed, drives, out):
    shutil.copytree(drives / "session_002", drives / "again" / "session_002")
    with pytest.raises(InputError) as caught:
        packed()
    assert str(drives / "session_002") in str(caught.value)
    assert str(drives / "again" / "session_002") in str(caught.value)
    assert nothing_was_written(out)


def test_names_that_differ_in_case_only_are_refused(packed, drives):
    drives.edit("session_002", session_id="Session_001")
    with pytest.raises(InputError, match="both hold"):
        packed()


def test_all_broken_manifests_are_told_at_once(packed, drives):
    for name in ("session_001", "session_003"):
        (drives / name / "session.yaml").write_text("weather: hail\n", encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        packed()
    assert len(caught.value.problems) == 2


def test_no_session_is_refused(packed, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no session"):
        packed(tmp_path / "empty")


def test_a_broken_table_is_refused_and_the_old_data_set_stands(packed, drives, out, tree):
    packed()
    before = tree(out.parent)
    frames = drives / "session_003" / "derived" / "frames.parquet"
    frames.write_bytes(b"PAR1 not a table")
    with pytest.raises(InputError, match="session_003"):
        packed()
    assert tree(out.parent) == before


def test_a_table_that_lacks_a_column_is_refused(packed, drives, out):
    frames = drives / "session_003" / "derived" / "frames.parquet"
    pq.write_table(pq.read_table(frames).drop_columns(["blink"]), frames)
    with pytest.raises(InputError, match="blink"):
        packed()
    assert nothing_was_written(out)


def test_a_table_of_another_schema_is_refused(packed, drives, out):
    frames = drives / "session_003" / "derived" / "frames.parquet"
    table = pq.read_table(frames)
    pq.write_table(table.replace_schema_metadata({"schema": "dashgaze/frames/99"}), frames)
    with pytest.raises(InputError, match="dashgaze/frames/99"):
        packed(workers=2)
    assert nothing_was_written(out)


@pytest.mark.parametrize("name", ["note.txt", "sub/note.txt"])
def test_a_folder_of_others_is_never_touched(packed, out, name):
    path = out / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(OutputError, match="no packed data set"):
        packed()
    assert path.read_text() == "mine"
    assert sorted(out.parent.iterdir()) == [out]


def test_an_empty_folder_is_taken(packed, out):
    out.mkdir(parents=True)
    assert packed().changed


def test_a_file_in_the_place_of_the_data_set_is_refused(packed, out):
    out.parent.mkdir()
    out.write_text("mine")
    with pytest.raises(OutputError, match="no packed data set"):
        packed()


def test_a_file_in_the_place_of_a_folder_above_is_refused(packed, out):
    out.parent.write_text("mine")
    with pytest.raises(OutputError, match="can't be written"):
        packed()


def test_a_data_set_inside_of_a_session_is_refused(drives, short_papers):
    with pytest.raises(InputError, match="would lie in the session"):
        pack(drives.folder, drives / "session_001" / "dashgaze")


def test_a_session_inside_of_the_data_set_is_refused(drives, short_papers):
    with pytest.raises(InputError, match="lies in the data set"):
        pack(drives / "session_001", drives.folder)


def test_a_data_set_beside_the_sessions_is_fine(drives, short_papers):
    folder = drives.folder / "dashgaze"
    pack(drives.folder, folder)
    assert not pack(drives.folder, folder).changed


def test_another_content_needs_all_drives(packed, drives, out):
    packed(raw_gaze=False)
    with pytest.raises(InputError, match="something else than"):
        packed(drives / "session_001", raw_gaze=True)
    assert packed(raw_gaze=True).changed


def test_a_damaged_data_set_is_not_added_to(packed, drives, out):
    packed()
    (out / read_dataset_manifest(out).shards("frames")[0].path).unlink()
    with pytest.raises(InputError, match="damaged"):
        packed(drives / "session_002")


def test_a_new_driver_needs_the_file_of_splits_again(packed, drives, tmp_path):
    path = tmp_path / "splits.json"
    names = [f"session_00{number}" for number in (1, 2, 3, 4, 6)]
    path.write_text(str(dict.fromkeys(names, "train")).replace("'", '"'))
    packed(drives.without("session_005"), split_protocol=path)
    with pytest.raises(InputError, match=r"--split-protocol splits\.json"):
        packed()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"version": "1.2"}, "no version"),
        ({"images_every": 0}, "can't be made"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        PackOptions(**options)


@pytest.mark.parametrize(
    ("options", "message"), [({"sound": True}, "--videos"), ({"as_recorded": True}, "--images")]
)
def test_options_that_nothing_follows_from_are_refused(packed, options, message):
    with pytest.raises(InputError, match=message):
        packed(**options)


def test_pictures_that_were_not_blurred_are_refused_with_what_to_type(packed, drives, out):
    for name in ("session_001", "session_002"):
        (drives / name / "phone").mkdir()
        (drives / name / "phone" / "road.mp4").write_bytes(b"pictures")
    drives.scope("session_002", "gaze_only")
    with pytest.raises(InputError, match="session_001") as caught:
        packed(videos=True, dry_run=True)
    assert f"dashgaze anonymize {drives / 'session_001'}" in str(caught.value)
    assert "session_002" not in str(caught.value)
    assert nothing_was_written(out)


def test_a_shard_of_an_older_schema_is_found_before_it_is_shown(packed, drives, out, tree):
    packed()
    shard = out / read_dataset_manifest(out).shards("fixations")[0].path
    table = pq.read_table(shard)
    before = shard.stat().st_size
    pq.write_table(table.append_column("more", pa.nulls(table.num_rows, pa.int32())), shard)
    content = shard.read_bytes()
    manifest = (out / "manifest.json").read_text()
    text = manifest.replace(f'"size_bytes": {before},', f'"size_bytes": {len(content)},')
    (out / "manifest.json").write_text(text)
    drives.change_values("session_006")
    stood = tree(out)
    with pytest.raises(InputError, match="more"):
        packed()
    assert tree(out) == stood
