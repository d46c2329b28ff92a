"""Wherever filling the two tables is broken off, the record of frames knows both of them."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session, open_session
from dashgaze.stages import filled_tables
from dashgaze.stages.filled_tables import (
    FRAMES_NAME,
    GAZE_NAME,
    RECORD_NAME,
    changing_tables,
    read_tables_record,
    state_of_tables,
    write_filled_tables,
    write_table,
)
from dashgaze.stages.record import plan_stage, up_to_date, write_record

MANIFEST = """\
schema: dashgaze/session/1
session_id: one
phone: {road: road.mp4}
eye_tracker: {kind: neon, path: tracker}
"""
LATER = "later.json"


def table(value: int) -> pa.Table:
    return pa.table({"value": [value]})


@pytest.fixture
def session(tmp_path: Path) -> Session:
    root = tmp_path / "one"
    root.mkdir()
    (root / MANIFEST_NAME).write_text(MANIFEST, encoding="utf-8")
    found = open_session(root)
    for name in (FRAMES_NAME, GAZE_NAME):
        write_table(found.derived / name, table(0))
    wanted = plan_stage("frames", version=1, options={}, inputs=[], root=root)
    paths = [found.derived / name for name in (FRAMES_NAME, GAZE_NAME)]
    write_record(found.derived / RECORD_NAME, wanted.finished(paths, root=root))
    later = plan_stage("later", version=1, options={}, inputs=[], root=root)
    write_record(found.derived / LATER, later.finished(paths, root=root))
    return found


def fill(session: Session, value: int) -> None:
    with changing_tables(session):
        tables = {GAZE_NAME: table(value), FRAMES_NAME: table(value)}
        write_filled_tables(session, tables, vouched_by=(LATER,))


def vouched(session: Session) -> bool:
    wanted = plan_stage("frames", version=1, options={}, inputs=[], root=session.root)
    return up_to_date(read_tables_record(session), wanted, root=session.root)


def values(session: Session) -> list[int]:
    return [
        pq.read_table(session.derived / name)["value"][0].as_py()
        for name in (FRAMES_NAME, GAZE_NAME)
    ]


def break_off_at(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Have the run end at one of the renames; 0 and on: record, a table, a table, records."""
    count = 0
    rename: Callable[[Path, Path], Path] = Path.replace

    def replace(path: Path, target: Path) -> Path:
        nonlocal count
        if count == call:
            raise KeyboardInterrupt
        count += 1
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)


def test_filled_tables_are_vouched_for_by_all(session: Session) -> None:
    fill(session, 1)
    assert values(session) == [1, 1]
    assert state_of_tables(session) == "whole"
    assert vouched(session)
    later = filled_tables.read_record(session.derived / LATER)
    assert later is not None
    assert up_to_date(later, later, root=session.root)


@pytest.mark.parametrize("call", range(5))
def test_wherever_it_is_broken_off_the_tables_need_not_be_made_again(
    session: Session, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    with monkeypatch.context() as patch:
        break_off_at(patch, call)
        with pytest.raises(KeyboardInterrupt):
            fill(session, 1)
    mixed = len(set(values(session))) == 2
    assert state_of_tables(session) == ("mixed" if mixed else "whole")
    assert vouched(session)
    fill(session, 1)
    assert values(session) == [1, 1]
    assert state_of_tables(session) == "whole"
    assert vouched(session)


def test_a_mixed_pair_is_seen_at_one_of_the_moments(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_off_at(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            fill(session, 1)
    assert sorted(values(session)) == [0, 1]
    assert state_of_tables(session) == "mixed"


def test_records_are_settled_once_it_is_known_that_all_is_there(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_off_at(patch, 3)
        with pytest.raises(KeyboardInterrupt):
            fill(session, 1)
    assert vouched(session)
    assert "filling" not in (session.derived / RECORD_NAME).read_text(encoding="utf-8")
    later = filled_tables.read_record(session.derived / LATER)
    assert later is not None
    assert up_to_date(later, later, root=session.root)


def test_a_table_that_somebody_changed_is_not_vouched_for(session: Session) -> None:
    write_table(session.derived / FRAMES_NAME, table(7))
    assert state_of_tables(session) == "changed"
    assert not vouched(session)
    (session.derived / FRAMES_NAME).unlink()
    assert state_of_tables(session) == "changed"


def test_tables_without_a_record_are_whole(session: Session) -> None:
    (session.derived / RECORD_NAME).unlink()
    assert state_of_tables(session) == "whole"
