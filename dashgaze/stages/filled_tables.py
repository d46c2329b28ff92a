"""Columns of the frame and gaze tables that later stages fill, so that a crash leaves both vouched for.

The tables are two files, and the record of the ``frames`` stage vouches for both. Before the first of them takes
its place, the record says what is to come (``filling``). So, whenever a run is killed, each table is the one
before or the one after, and the record knows both: `frames` need not make them again, which would empty the
columns of every later stage.
"""

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.errors import InputError
from dashgaze.files import alone_at, replacing, write_text
from dashgaze.fingerprint import fingerprint
from dashgaze.session import Session

from .record import StageRecord, read_record

FRAMES_NAME = "frames.parquet"
GAZE_NAME = "gaze.parquet"
RECORD_NAME = "frames.json"

WAIT_S = 600.0
"""How long to wait for another stage that is changing the tables, s; it does so for a second or two."""

_FILLING = "filling"

State = Literal["whole", "mixed", "changed"]


@contextmanager
def changing_tables(session: Session) -> Iterator[None]:
    """Keep other processes from changing the two tables; they are waited for.

    Raises
    ------
    OutputError
        If another one keeps on, or ``derived/`` can't be written.
    """
    busy = f"Another run is changing the tables of {session.root}."
    with alone_at(session.derived / "frames", wait_s=WAIT_S, busy=busy):
        yield


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table, in one step.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def write_filled_tables(
    session: Session, tables: Mapping[str, pa.Table], *, vouched_by: Sequence[str] = ()
) -> None:
    """Put tables with filled columns in place, under `changing_tables`, and have `frames` vouch for them.

    Parameters
    ----------
    session
        The session.
    tables
        By file name: `FRAMES_NAME`, `GAZE_NAME`, or both.
    vouched_by
        Names of records of other stages that vouch for the tables too: they do so again if they did before.

    Raises
    ------
    OutputError
        If ``derived/`` can't be written.
    """
    path, known = session.derived / RECORD_NAME, _now(session)
    content = _read(path) | {"outputs": known}
    coming: dict[str, Any] = dict(known)
    with contextlib.ExitStack() as stack:
        for name, table in tables.items():
            temporary = stack.enter_context(replacing(session.derived / name))
            pq.write_table(table, temporary, compression="zstd")
            coming[_key(session, name)] = fingerprint(temporary)
        filling = {"outputs": coming, "vouched_by": list(vouched_by)}
        write_record_text(path, content | {_FILLING: filling})
    _settle(session)


def read_tables_record(session: Session) -> StageRecord | None:
    """Read the record of `frames`, and bring it up to the tables where filling them was broken off.

    Not to be called under `changing_tables`.

    Returns
    -------
    StageRecord or None
        Each output is what is there, where that is known to be right; None if there is no record.
    """
    record = read_record(session.derived / RECORD_NAME)
    if record is None or _FILLING not in _read(session.derived / RECORD_NAME):
        return record
    with changing_tables(session):
        return _settle(session)


def _settle(session: Session) -> StageRecord | None:
    path = session.derived / RECORD_NAME
    record = read_record(path)
    if record is None:
        return None
    content = _read(path)
    filling = content.pop(_FILLING, None)
    if not isinstance(filling, dict):
        return record
    before, after, now = record.outputs, filling["outputs"], _now(session)
    if now == after:
        for name in filling["vouched_by"]:
            _vouch_again(session.derived / name, before, now)
        write_record_text(path, content | {"outputs": now})
    elif now == before:
        write_record_text(path, content)
    elif any(now.get(name) not in (before[name], after.get(name)) for name in before):
        return record
    return dataclasses.replace(record, outputs=now)


def state_of_tables(session: Session) -> State:
    """Say whether the two tables belong together; nothing is changed.

    Returns
    -------
    str
        ``whole``; ``mixed`` if filling them was broken off between the two; ``changed`` if making them was
        broken off, or somebody changed one. Tables without a record, as of simulated labels, are whole.
    """
    record = read_record(session.derived / RECORD_NAME)
    if record is None or not record.outputs:
        return "whole"
    now = _now(session)
    filling = _read(session.derived / RECORD_NAME).get(_FILLING)
    after = filling["outputs"] if isinstance(filling, dict) else record.outputs
    if now in (record.outputs, after):
        return "whole"
    known = all(now.get(name) in (each, after.get(name)) for name, each in record.outputs.items())
    return "mixed" if known else "changed"


def write_record_text(path: Path, content: dict[str, Any]) -> None:
    """Write a record with what a stage adds to it, in one step."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _vouch_again(path: Path, before: dict[str, Any], now: dict[str, Any]) -> None:
    if read_record(path) is None:
        return
    content = _read(path)
    renewed = {
        name: now[name] if name in now and each == before.get(name) else each
        for name, each in content["outputs"].items()
    }
    if renewed != content["outputs"]:
        write_record_text(path, content | {"outputs": renewed})


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))


def _now(session: Session) -> dict[str, Any]:
    found = {}
    for name in (FRAMES_NAME, GAZE_NAME):
        with contextlib.suppress(InputError):
            found[_key(session, name)] = fingerprint(session.derived / name)
    return found


def _key(session: Session, name: str) -> str:
    return (session.derived / name).relative_to(session.root).as_posix()
