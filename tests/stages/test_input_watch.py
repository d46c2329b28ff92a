"""A stage refuses inputs that were changed while it read them, even if the change was undone."""

import os
import shutil
from pathlib import Path

import pytest

from dashgaze.errors import InputError
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session, open_session
from dashgaze.stages.input_watch import InputWatch, refuse_touched, stamps_of
from dashgaze.stages.record import StageRecord, plan_stage

MANIFEST = """\
schema: dashgaze/session/1
session_id: one
phone: {road: road.mp4}
eye_tracker: {kind: neon, path: tracker}
"""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    root = tmp_path / "one"
    (root / "tracker").mkdir(parents=True)
    (root / MANIFEST_NAME).write_text(MANIFEST, encoding="utf-8")
    (root / "road.mp4").write_bytes(b"road")
    (root / "tracker" / "gaze.raw").write_bytes(b"gaze")
    return open_session(root)


def plan(session: Session) -> tuple[InputWatch, StageRecord]:
    inputs = [session.root / MANIFEST_NAME, session.root / "road.mp4", session.root / "tracker"]
    watch = InputWatch(session, inputs)
    return watch, plan_stage("made", version=1, options={}, inputs=inputs, root=session.root)


def test_untouched_inputs_are_fine(session: Session) -> None:
    watch, wanted = plan(session)
    (session.root / "road.mp4").read_bytes()
    shutil.copy(session.root / "road.mp4", session.root / "copy.mp4")
    watch.refuse_changes(wanted)


def test_another_name_elsewhere_or_other_rights_are_fine(session: Session, tmp_path: Path) -> None:
    watch, wanted = plan(session)
    os.link(session.root / "road.mp4", tmp_path / "backup.mp4")
    (session.root / "road.mp4").chmod(0o600)
    watch.refuse_changes(wanted)


def test_a_backup_of_links_that_goes_while_names_beside_the_file_change_is_fine(
    session: Session, tmp_path: Path
) -> None:
    os.link(session.root / "road.mp4", tmp_path / "backup.mp4")
    watch, wanted = plan(session)
    (tmp_path / "backup.mp4").unlink()
    (session.root / "work.part").mkdir()
    watch.refuse_changes(wanted)


@pytest.mark.parametrize("name", ["road.mp4", "tracker/gaze.raw"])
def test_other_content_is_refused(session: Session, name: str) -> None:
    watch, wanted = plan(session)
    (session.root / name).write_bytes(b"else")
    with pytest.raises(InputError, match="changed while it was read"):
        watch.refuse_changes(wanted)


def test_other_content_under_the_old_time_is_refused(session: Session) -> None:
    watch, wanted = plan(session)
    path = session.root / "road.mp4"
    times = path.stat()
    path.write_bytes(b"else")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(InputError, match="changed while it was read"):
        watch.refuse_changes(wanted)


def test_a_change_that_was_undone_is_refused(session: Session) -> None:
    watch, wanted = plan(session)
    path = session.root / "road.mp4"
    path.write_bytes(b"else")
    path.write_bytes(b"road")
    with pytest.raises(InputError, match="changed while it was read"):
        watch.refuse_changes(wanted)


def test_a_file_that_was_moved_away_and_back_is_refused(session: Session) -> None:
    watch, wanted = plan(session)
    path, aside = session.root / "road.mp4", session.root / "aside.mp4"
    path.rename(aside)
    path.write_bytes(b"else")
    aside.replace(path)
    with pytest.raises(InputError, match="changed while it was read"):
        watch.refuse_changes(wanted)


def test_a_file_that_came_later_is_refused(session: Session) -> None:
    watch, wanted = plan(session)
    (session.root / "tracker" / "events.csv").write_bytes(b"more")
    with pytest.raises(InputError, match="changed while it was read"):
        watch.refuse_changes(wanted)


def test_what_a_file_manager_writes_is_fine(session: Session) -> None:
    watch, wanted = plan(session)
    (session.root / "tracker" / ".DS_Store").write_bytes(b"where the windows were")
    watch.refuse_changes(wanted)


def test_a_manifest_that_was_edited_between_opening_and_planning_is_refused(
    session: Session,
) -> None:
    path = session.root / MANIFEST_NAME
    path.write_text(MANIFEST + "car: another\n", encoding="utf-8")
    watch, wanted = plan(session)
    with pytest.raises(InputError, match=r"session\.yaml changed"):
        watch.refuse_changes(wanted)


def test_stamps_tell_another_process_of_a_change(session: Session) -> None:
    before = stamps_of([session.root / "road.mp4"])
    refuse_touched(before)
    (session.root / "road.mp4").unlink()
    with pytest.raises(InputError, match="changed while it was read"):
        refuse_touched(before)
