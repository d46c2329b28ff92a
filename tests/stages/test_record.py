"""Whether a stage sees that something changed, and only then."""

import dataclasses
import json
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashgaze.errors import InputError
from dashgaze.schemas.time_map import Evidence, TimeMapDocument
from dashgaze.stages.record import (
    StageRecord,
    fingerprint,
    plan_stage,
    read_record,
    read_time_map_record,
    up_to_date,
    write_record,
)


@dataclasses.dataclass(frozen=True)
class Options:
    rate_hz: float = 16000.0
    bands: tuple[int, ...] = (1, 2)
    name: str | None = None


@pytest.fixture
def root(tmp_path):
    (tmp_path / "phone").mkdir()
    (tmp_path / "phone" / "road.mp4").write_bytes(b"road" * 100)
    (tmp_path / "eye_tracker").mkdir()
    (tmp_path / "eye_tracker" / "gaze ps1.raw").write_bytes(b"gaze")
    return tmp_path


def plan(root, *, version=1, options=None, inputs=("phone/road.mp4", "eye_tracker")):
    return plan_stage(
        "frames",
        version=version,
        options=options or Options(),
        inputs=[root / name for name in inputs],
        root=root,
    )


def run(root, **changes):
    """Do what a stage does; give its record as read from disk."""
    output = root / "derived" / "frames.parquet"
    output.parent.mkdir(exist_ok=True)
    output.write_bytes(b"PAR1 result")
    path = write_record(
        root / "derived" / "frames.json",
        plan(root, **changes).finished([output], root=root, notes=["A note."]),
    )
    return read_record(path)


def is_skipped(root, previous, **changes):
    return up_to_date(previous, plan(root, **changes), root=root)


class TestUpToDate:
    def test_when_nothing_changed(self, root):
        assert is_skipped(root, run(root))

    def test_not_without_a_record(self, root):
        assert not is_skipped(root, None)

    def test_not_with_other_options(self, root):
        previous = run(root)
        assert not is_skipped(root, previous, options=Options(rate_hz=8000.0))
        assert not is_skipped(root, previous, options=Options(bands=(1, 3)))

    def test_tuples_are_lists_to_json(self, root):
        assert is_skipped(root, run(root, options={"a": (1, 2)}), options={"a": [1, 2]})

    def test_not_with_another_version_of_the_stage(self, root):
        assert not is_skipped(root, run(root), version=2)

    def test_another_version_of_a_package_changes_nothing(self, root):
        previous = run(root)
        previous.versions["numpy"] = "1.0"
        assert is_skipped(root, previous)

    def test_not_when_an_input_changed(self, root):
        previous = run(root)
        (root / "phone" / "road.mp4").write_bytes(b"ROAD" * 100)
        assert not is_skipped(root, previous)

    def test_not_when_a_file_came_into_a_folder(self, root):
        previous = run(root)
        (root / "eye_tracker" / "gaze ps2.raw").write_bytes(b"")
        assert not is_skipped(root, previous)

    def test_not_when_an_input_was_added_or_left_out(self, root):
        previous = run(root)
        assert not is_skipped(root, previous, inputs=["phone/road.mp4"])

    def test_a_new_time_stamp_changes_nothing(self, root):
        previous = run(root)
        os.utime(root / "phone" / "road.mp4", (0, 0))
        assert is_skipped(root, previous)

    def test_not_when_the_output_is_gone_or_changed(self, root):
        previous = run(root)
        output = root / "derived" / "frames.parquet"
        output.write_bytes(b"PAR1 half")
        assert not is_skipped(root, previous)
        output.unlink()
        assert not is_skipped(root, previous)

    def test_not_when_it_never_finished(self, root):
        assert not is_skipped(root, plan(root))

    def test_not_for_another_stage(self, root):
        previous = dataclasses.replace(run(root), stage="align")
        assert not is_skipped(root, previous)

    @pytest.mark.parametrize("name", ["../outside", "/etc/hostname"])
    def test_outputs_outside_of_the_session_don_t_count(self, root, name):
        previous = dataclasses.replace(run(root), outputs={name: {}})
        assert not is_skipped(root, previous)

    def test_the_session_may_be_moved(self, root, tmp_path_factory):
        run(root)
        moved = root.rename(tmp_path_factory.mktemp("moved") / "s")
        assert is_skipped(moved, read_record(moved / "derived" / "frames.json"))


class TestRecord:
    def test_goes_to_disk_and_back(self, root):
        output = root / "phone" / "road.mp4"
        record = plan(root).finished([output], root=root, notes=["Größe", "b"])
        path = write_record(root / "derived" / "x.json", record)
        assert read_record(path) == record
        assert read_record(path).notes == ("Größe", "b")

    def test_says_what_ran(self, root):
        record = run(root)
        assert record.stage == "frames"
        assert record.options == {"rate_hz": 16000.0, "bands": [1, 2], "name": None}
        assert set(record.versions) == {"frames", "dashgaze", "numpy"}
        assert record.versions["frames"] == "1"
        assert list(record.inputs) == ["eye_tracker", "phone/road.mp4"]
        assert record.inputs["phone/road.mp4"]["size_bytes"] == 400

    def test_further_keys_are_passed_over(self, root):
        run(root)
        path = root / "derived" / "frames.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"counts": {"a": 1}}))
        assert is_skipped(root, read_record(path))

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", "null", "[" * 100_000, '{"stage": 3}', '{"stage": "frames"}', "\0"]
    )
    def test_what_can_t_be_read_is_none(self, tmp_path, text):
        path = tmp_path / "frames.json"
        path.write_text(text, encoding="utf-8")
        assert read_record(path) is None

    def test_missing_or_not_a_file_is_none(self, tmp_path):
        assert read_record(tmp_path / "frames.json") is None
        assert read_record(tmp_path) is None

    @given(content=st.binary(max_size=300))
    def test_any_bytes_are_none(self, tmp_path_factory, content):
        path = tmp_path_factory.mktemp("any") / "frames.json"
        path.write_bytes(content)
        assert read_record(path) is None

    @pytest.mark.parametrize("key", ["options", "inputs", "versions", "outputs", "notes", "stage"])
    def test_a_key_of_the_wrong_type_is_none(self, root, key):
        run(root)
        path = root / "derived" / "frames.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {key: 3}))
        assert read_record(path) is None

    def test_options_that_json_can_t_hold_are_refused(self, root):
        with pytest.raises(ValueError, match="JSON"):
            plan(root, options={"a": float("nan")})
        with pytest.raises(TypeError, match="dataclass or a mapping"):
            plan(root, options=[1])

    def test_an_input_that_is_not_there_is_told(self, root):
        with pytest.raises(InputError, match=r"driver\.mp4 can't be read"):
            plan(root, inputs=["phone/driver.mp4"])


class TestTimeMap:
    def write(self, root):
        plan = plan_stage(
            "sync",
            version=1,
            options=Options(),
            inputs=[root / "phone" / "road.mp4"],
            root=root,
        )
        document = TimeMapDocument(
            verdict="failed",
            reasons=("No sound.",),
            segments=(),
            evidence=Evidence(
                **dict.fromkeys(Evidence.model_fields)
                | {"method": "sound", "windows_total": 0, "windows_used": 0}
            ),
            inputs=plan.inputs,
            options=plan.options,
            versions=plan.versions,
        )
        path = root / "time_map.json"
        path.write_text(document.model_dump_json(by_alias=True), encoding="utf-8")
        return path, plan

    def test_has_the_record_of_sync(self, root):
        path, wanted = self.write(root)
        record = read_time_map_record(path, root=root)
        assert (record.stage, record.notes) == ("sync", ("No sound.",))
        assert up_to_date(record, wanted, root=root)

    def test_sees_a_changed_input(self, root):
        path, _ = self.write(root)
        (root / "phone" / "road.mp4").write_bytes(b"")
        wanted = plan_stage(
            "sync", version=1, options=Options(), inputs=[root / "phone" / "road.mp4"], root=root
        )
        assert not up_to_date(read_time_map_record(path, root=root), wanted, root=root)

    @pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"verdict": "ok"}'])
    def test_that_can_t_be_read_has_none(self, tmp_path, text):
        path = tmp_path / "time_map.json"
        path.write_text(text, encoding="utf-8")
        assert read_time_map_record(path, root=tmp_path) is None

    def test_that_is_not_there_has_none(self, tmp_path):
        assert read_time_map_record(tmp_path / "time_map.json", root=tmp_path) is None


class TestFingerprint:
    def test_is_the_same_for_the_same_content(self, tmp_path):
        for name in "ab":
            (tmp_path / name).write_bytes(bytes(range(256)) * 10)
        assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
        assert fingerprint(tmp_path / "a")["size_bytes"] == 2560

    @pytest.mark.parametrize("size", [1, 1000, 4 << 20])
    def test_sees_every_byte_of_a_small_file(self, tmp_path, size):
        path = tmp_path / "a"
        path.write_bytes(bytes(size))
        before = fingerprint(path)
        for at in {0, size // 3, size - 1}:
            content = bytearray(size)
            content[at] = 1
            path.write_bytes(content)
            assert fingerprint(path) != before

    def test_sees_head_tail_and_size_of_a_large_one(self, tmp_path):
        size = 9 << 20
        path = tmp_path / "a"
        path.write_bytes(bytes(size))
        before = fingerprint(path)
        for at in (0, size - 1):
            with path.open("r+b") as file:
                file.seek(at)
                file.write(b"\1")
            assert fingerprint(path) != before
            with path.open("r+b") as file:
                file.seek(at)
                file.write(b"\0")
        assert fingerprint(path) == before
        with path.open("ab") as file:
            file.write(b"\0")
        assert fingerprint(path) != before

    def test_reads_little_of_a_very_large_one(self, tmp_path):
        path = tmp_path / "a"
        with path.open("wb") as file:
            file.truncate(1 << 40)  # a hole: a terabyte that takes no room
        assert fingerprint(path)["size_bytes"] == 1 << 40

    def test_of_a_folder_sees_names_places_and_content(self, tmp_path):
        seen = []
        for index, names in enumerate((("a",), ("b",), ("d/a",), ("a", "b"))):
            folder = tmp_path / str(index)
            for name in names:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(b"x")
            seen.append(fingerprint(folder))
        assert len({json.dumps(each) for each in seen}) == 4
        assert seen[3]["file_count"] == 2

    def test_of_a_folder_passes_over_what_file_managers_leave(self, tmp_path):
        (tmp_path / "a").write_bytes(b"x")
        before = fingerprint(tmp_path)
        for name in (".DS_Store", "Thumbs.db", "desktop.ini"):
            (tmp_path / name).write_bytes(b"y")
        assert fingerprint(tmp_path) == before

    def test_of_a_folder_does_not_depend_on_how_accents_are_stored(self, tmp_path):
        for form in ("NFC", "NFD"):
            (tmp_path / form).mkdir()
            (tmp_path / form / unicodedata.normalize(form, "é ü.mp4")).write_bytes(b"x")
        assert fingerprint(tmp_path / "NFC") == fingerprint(tmp_path / "NFD")

    def test_of_a_folder_with_a_link_to_itself_ends(self, tmp_path):
        (tmp_path / "a").write_bytes(b"x")
        before = fingerprint(tmp_path)
        (tmp_path / "up").symlink_to(tmp_path, target_is_directory=True)
        assert fingerprint(tmp_path) == before

    def test_of_nothing_is_told(self, tmp_path):
        with pytest.raises(InputError, match="can't be read"):
            fingerprint(tmp_path / "x")

    def test_no_record_ready_made(self):
        record = StageRecord(stage="x", options={}, inputs={}, versions={"x": "1"})
        assert record.outputs == {}
        assert record.notes == ()
