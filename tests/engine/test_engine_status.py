"""How sessions stand: fresh, stale, missing, failed, impossible, and why."""

import concurrent.futures
import json
import os
import shutil
import time
from concurrent.futures import ProcessPoolExecutor

import pytest

from dashgaze.engine import status as status_module
from dashgaze.engine.failures import note_failure, read_failures
from dashgaze.engine.session_state import look_at_session
from dashgaze.engine.settings import Settings, read_settings
from dashgaze.engine.status import status
from dashgaze.errors import InputError
from dashgaze.session import open_session
from dashgaze.stages.frames import FramesOptions, frames
from dashgaze.stages.sync import sync


def states(root, settings=Settings(), until="report"):  # noqa: B008  # frozen
    return {each.stage: each for each in look_at_session(root, settings, until=until).stages}


@pytest.fixture
def root(drives):
    root = drives / "first"
    frames(open_session(root))
    return root


def test_what_ran_is_fresh_and_the_rest_is_to_do(root):
    found = states(root)
    assert {name: each.state for name, each in found.items()} == {
        "sync": "fresh",
        "frames": "fresh",
        "align": "missing",
        "vanishing-point": "missing",
        "faces": "missing",
        "report": "missing",
    }
    assert found["sync"].verdict == "doubtful", "an offset set by hand"


def test_what_needs_a_file_that_never_was_is_impossible(root):
    (root / "phone/driver.mp4").unlink()
    found = states(root)["faces"]
    assert found.state == "impossible"
    assert found.reasons == ("no video of the driver",)


def test_a_changed_input_is_named_and_what_follows_waits(root):
    (root / "eye_tracker" / "info.json").write_text(
        (root / "eye_tracker" / "info.json").read_text() + "\n"
    )
    found = states(root)
    assert found["sync"].state == "stale"
    assert found["sync"].reasons == ("input eye_tracker changed",)
    assert found["frames"].state == "stale"
    assert "input eye_tracker changed" in found["frames"].reasons


def test_an_unchanged_stage_after_a_stale_one_comes_later(root, short_drive):
    session = open_session(root)
    record = json.loads((root / "derived/time_map.json").read_text())
    record["versions"]["sync"] = "1"
    (root / "derived/time_map.json").write_text(json.dumps(record))
    frames(session)  # of the map as it stands now
    found = states(root)
    assert found["sync"].reasons == ("version 1 of the method, now 2",)
    assert found["frames"].state == "stale"
    assert found["frames"].reasons == ("sync comes first",)


def test_changed_and_missing_outputs_are_named(root):
    (root / "derived/gaze.parquet").unlink()
    (root / "derived/frames.parquet").write_bytes(b"of another session")
    assert states(root)["frames"].reasons == (
        "output derived/frames.parquet changed",
        "output derived/gaze.parquet is missing",
    )


def test_options_chosen_by_hand_are_kept_unless_the_settings_say_otherwise(root):
    frames(open_session(root), FramesOptions(velocity_px_s=500.0))
    assert states(root)["frames"].state == "fresh"
    same = Settings(given={"frames": {"velocity_px_s": 500.0}})
    assert states(root, same)["frames"].state == "fresh"
    other = Settings(given={"frames": {"velocity_px_s": 900.0}})
    assert states(root, other)["frames"].reasons == (
        "option velocity_px_s changed: 500.0, now 900.0",
    )


def test_an_offset_set_by_hand_is_never_stale_for_being_so(root, short_drive):
    assert states(root)["sync"].state == "fresh"
    assert states(root, Settings(given={"sync": {"max_drift_ppm": 200.0}}))["sync"].reasons == (
        "option max_drift_ppm changed: 330.0, now 200.0",
    )


def test_clocks_that_could_not_be_aligned_make_align_impossible(root):
    path = root / "derived/time_map.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"verdict": "failed", "segments": []}))
    found = states(root)["align"]
    assert found.state == "impossible"
    assert found.reasons == ("the clocks could not be aligned",)


def test_a_failure_is_remembered_until_the_stage_succeeds(root):
    session = open_session(root)
    note_failure(session, "align", "The disk is full.")
    found = states(root)["align"]
    assert found.state == "failed"
    assert found.reasons == ("The disk is full.",)
    note_failure(session, "frames", "It was late.")
    assert states(root)["frames"].state == "fresh", "it has succeeded since"
    assert set(read_failures(session)) == {"align", "frames"}


def test_a_session_that_cannot_be_read_is_told_and_the_others_are_seen(root, drives):
    shutil.copytree(root, drives / "second")
    (drives / "second/session.yaml").write_text("schema: dashgaze/session/1\n")
    found = status(drives)
    assert [each.problem is None for each in found.sessions] == [True, False]
    assert "second" in found.sessions[1].problem
    assert found.counts()["frames"] == {"fresh": 1}


def test_labels_alone_ask_for_nothing(root, drives):
    labels = drives / "labels"
    (labels / "derived").mkdir(parents=True)
    shutil.copy(root / "session.yaml", labels)
    shutil.copy(root / "derived/frames.parquet", labels / "derived")
    found = look_at_session(labels, Settings())
    assert found.to_do == ()
    assert {each.state for each in found.stages} == {"impossible"}


class TestMemory:
    @pytest.fixture
    def settled(self, root, drives, monkeypatch):
        monkeypatch.setattr(status_module, "_UNSETTLED_NS", 0)
        status(drives)
        return root

    @pytest.fixture
    def looks(self, monkeypatch):
        made = []
        look = status_module.look_at_session

        def counted(path, *rest, **more):
            made.append(path)
            return look(path, *rest, **more)

        monkeypatch.setattr(status_module, "look_at_session", counted)
        return made

    def test_an_unchanged_session_is_not_looked_into_again(self, settled, drives, looks):
        first = status(drives)
        assert looks == []
        assert first.sessions == (look_at_session(settled, Settings()),)

    @pytest.mark.parametrize(
        "change",
        [
            lambda root: (root / "derived/gaze.parquet").unlink(),
            lambda root: (root / "session.yaml").write_text(
                (root / "session.yaml").read_text() + "\n"
            ),
            lambda root: (root / "eye_tracker/new.txt").write_text("new"),
            lambda root: os.utime(root / "phone/road.mp4", ns=(time.time_ns(), time.time_ns())),
        ],
        ids=["a file gone", "a file changed", "a file new", "a file touched"],
    )
    def test_a_changed_one_is(self, settled, drives, looks, change):
        change(settled)
        status(drives)
        assert looks == [settled]

    def test_other_questions_have_other_answers(self, settled, drives, looks):
        status(drives, until="frames")
        status(drives, Settings(given={"align": {"max_hops": 3}}))
        assert looks == [settled, settled]

    def test_verify_trusts_nothing(self, settled, drives, looks):
        status(drives, verify=True)
        assert looks == [settled]

    @pytest.mark.parametrize(
        "text", ["", "{", "[]", '{"format": 1, "sessions": {"first": {}}}', '{"format": 9}']
    )
    def test_a_damaged_memory_is_no_memory(self, settled, drives, looks, text):
        (drives / ".dashgaze/status.json").write_text(text)
        assert len(status(drives).sessions) == 1
        assert looks == [settled]

    def test_files_changed_a_moment_ago_are_not_trusted(self, root, drives, looks):
        status(drives)
        status(drives)
        assert looks == [root, root]

    def test_processes_see_the_same(self, settled, drives, monkeypatch):
        for number in range(5):
            shutil.copytree(settled, drives / f"more_{number}")
        alone = status(drives, verify=True)
        monkeypatch.setattr(status_module, "_FIRST", 1)
        monkeypatch.setattr(status_module, "_BATCH", 2)
        monkeypatch.setattr(status_module, "_WORTH_PROCESSES_S", 0.0)
        pools = []

        class Pool(ProcessPoolExecutor):
            def submit(self, *given):
                pools.append(len(given[1]))
                return super().submit(*given)

        monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", Pool)
        assert status(drives, verify=True, workers=2) == alone
        assert pools == [2, 1], "the first three sessions were looked at here"

    def test_one_process_looks_where_that_is_quick(self, settled, drives, monkeypatch):
        for number in range(5):
            shutil.copytree(settled, drives / f"more_{number}")
        monkeypatch.setattr(status_module, "_FIRST", 1)
        monkeypatch.setattr(status_module, "_BATCH", 2)
        monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", None)
        assert len(status(drives, verify=True, workers=2).sessions) == 6


def test_a_folder_without_sessions_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no session in .*session\.yaml"):
        status(tmp_path)


class TestSettings:
    def read(self, tmp_path, text):
        path = tmp_path / "options.yaml"
        path.write_text(text)
        return read_settings(path)

    def test_only_what_is_said_is_given(self, tmp_path):
        found = self.read(
            tmp_path, "align: {max_error_deg: 0.5}\nfaces:\n  every: 3\n  side: left\n"
        )
        assert found.of("align") == {"max_error_deg": 0.5}
        assert found.of("faces") == {"every": 3, "side": "left"}
        assert found.of("sync") == {}

    def test_an_empty_file_says_nothing(self, tmp_path):
        assert self.read(tmp_path, "") == Settings()

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("algin: {}", "there is no stage 'algin'"),
            ("align: {max_eror_deg: 1}", "no option 'max_eror_deg'"),
            ("align: 3", "not followed by options"),
            ("align: {max_hops: many}", "align.max_hops"),
            ("align: {max_hops: -1}", "max_hops can't be negative"),
            ("faces: {side: middle}", "faces.side"),
            ("- a", "holds list"),
            ("a: [", "no YAML text"),
        ],
    )
    def test_anything_else_is_refused_by_name(self, tmp_path, text, words):
        with pytest.raises(InputError, match=words):
            self.read(tmp_path, text)

    def test_all_faults_are_named_at_once(self, tmp_path):
        with pytest.raises(InputError, match=r"'x'.*'y'"):
            self.read(tmp_path, "x: {}\nalign: {y: 1}")

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(InputError, match=r"none\.yaml"):
            read_settings(tmp_path / "none.yaml")


def test_sync_of_the_engine_keeps_the_drift_too(root):
    sync(open_session(root), manual_offset_s=-1.5, manual_drift_ppm=12.0)
    assert states(root)["sync"].state == "fresh"
