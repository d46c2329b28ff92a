"""How all sessions of a folder stand; quick even for ten thousand."""

import concurrent.futures
import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import DashgazeError, InputError, OutputError
from dashgaze.files import write_text
from dashgaze.fingerprint import fingerprint
from dashgaze.progress import Progress, silent
from dashgaze.session import find_sessions

from .session_state import SessionState, look_at_session, stages_until
from .settings import Settings

STATE_FOLDER = ".dashgaze"
"""Folder beside the sessions for what the engine remembers; nothing is lost with it."""

_REMEMBERED_NAME = "status.json"
_FORMAT = 1
_BATCH = 200
_FIRST = 20
"""So many sessions come before time is taken: what is imported for the first ones is imported once."""
_WORTH_PROCESSES_S = 6.0
"""Looks that take longer than that for one process are shared: others need time until they have what they need."""
_UNSETTLED_NS = 2_000_000_000
"""A file changed this short before it was looked at may change again without its time telling."""
_NOT_LOOKED_AT = frozenset({"truth"})


@dataclass(frozen=True, kw_only=True)
class Status:
    """How the sessions of a folder stand.

    Attributes
    ----------
    drives
        The folder, or its address.
    sessions
        Its sessions, sorted by path.
    """

    drives: Path | str
    sessions: tuple[SessionState, ...]

    def counts(self) -> dict[str, dict[str, int]]:
        """Count sessions by stage and state."""
        found: dict[str, dict[str, int]] = {}
        for session in self.sessions:
            for each in session.stages:
                states = found.setdefault(each.stage, {})
                states[each.state] = states.get(each.state, 0) + 1
        return found


def status(
    drives: Path | str,
    settings: Settings | None = None,
    *,
    until: str = "report",
    verify: bool = False,
    workers: int = 1,
    progress: Progress = silent,
) -> Status:
    """See which stages of all sessions are fresh, stale or missing, and why.

    What was found out about a session is remembered (``.dashgaze/status.json`` beside the sessions) and taken
    for granted while no file of it has another size or time of change.

    Parameters
    ----------
    drives
        A session folder, or a folder of session folders at any depth; or the address of one on a remote
        store, such as ``s3://bucket/drives``, whose sessions are fetched without their large files.
    settings
        Options of the stages; the usual ones if not given.
    until
        Last stage to look at.
    verify
        Read the files again, instead of trusting their sizes and times.
    workers
        Processes, where much is to be read.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If there is no such folder, or no session in it.
    """
    settings = Settings() if settings is None else settings
    if is_address(drives):
        return _look_afar(str(drives), settings, until, progress)
    drives = Path(drives)
    paths = sessions_in(drives)
    progress("looking at files", 0.0)
    memory = {} if verify else _recall(drives)
    key = _key(settings, until)
    known: dict[Path, SessionState] = {}
    signatures: dict[Path, str] = {}
    for number, path in enumerate(paths):
        signatures[path] = _signature(path, key)
        remembered = memory.get(_name(path, drives))
        if remembered is not None and remembered["signature"] == signatures[path]:
            with suppress(KeyError, TypeError):  # of another version
                known[path] = SessionState.from_json(remembered["state"])
        if number % 500 == 0:
            progress("looking at files", 0.5 * number / len(paths))
    unknown = [path for path in paths if path not in known]
    known |= _look(unknown, settings, until, workers, progress)
    states = tuple(known[path] for path in paths)
    if unknown:
        _remember(drives, paths, signatures, states)
    return Status(drives=drives, sessions=states)


def is_address(drives: Path | str) -> bool:
    """Whether drives are named by the address of a remote store."""
    return isinstance(drives, str) and "://" in drives


def remote_sessions_in(address: str) -> list[str]:
    """Find the sessions under the address of a remote store, sorted.

    Raises
    ------
    InputError
        If there is none.
    """
    from dashgaze.remote import find_remote_sessions

    found = find_remote_sessions(address)
    if not found:
        raise InputError(
            f"There is no session under {address}: no folder in it holds a session.yaml.",
            fix="Give the address of a folder of sessions.",
        )
    return found


def _look_afar(address: str, settings: Settings, until: str, progress: Progress) -> Status:
    from .remote_course import look_at_remote_session

    urls = remote_sessions_in(address)
    states = []
    for number, url in enumerate(urls):
        progress("looking at sessions", number / len(urls))
        try:
            states.append(look_at_remote_session(url, settings, until=until))
        except DashgazeError as error:
            states.append(SessionState(path=url, problem=str(error)))
    return Status(drives=address, sessions=tuple(states))


def sessions_in(drives: Path) -> list[Path]:
    """Find the sessions of a folder, sorted.

    Raises
    ------
    InputError
        If there is no such folder, or no session in it.
    """
    paths = find_sessions(drives)
    if not paths:
        raise InputError(
            f"There is no session in {drives}: no folder in it holds a session.yaml.",
            fix="Give a folder of sessions; `dashgaze import FILE… --session DIR` makes one of recordings.",
            path=drives,
        )
    return paths


def _look(
    paths: list[Path], settings: Settings, until: str, workers: int, progress: Progress
) -> dict[Path, SessionState]:
    if not paths:
        return {}
    starts = [0, *range(_FIRST, len(paths), _BATCH)]
    batches = [paths[a:b] for a, b in zip(starts, [*starts[1:], len(paths)], strict=True)]
    found: dict[Path, SessionState] = {}

    def take(batch: list[Path], states: Iterable[SessionState]) -> None:
        found.update(zip(batch, states, strict=True))
        progress("looking at sessions", 0.5 + 0.5 * len(found) / len(paths))

    started = time.perf_counter()
    while batches:
        batch = batches.pop(0)
        take(batch, _look_at_batch(batch, settings, until))
        if len(found) <= _FIRST:
            started = time.perf_counter()
            continue
        left_s = (time.perf_counter() - started) / (len(found) - _FIRST) * sum(map(len, batches))
        if workers > 1 and left_s > _WORTH_PROCESSES_S:
            break
    if not batches:
        return found
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(workers, mp_context=context) as pool:
        looks = [pool.submit(_look_at_batch, batch, settings, until) for batch in batches]
        for batch, look in zip(batches, looks, strict=True):
            take(batch, look.result())
    return found


def _look_at_batch(paths: list[Path], settings: Settings, until: str) -> list[SessionState]:
    return [look_at_session(path, settings, until=until) for path in paths]


def _key(settings: Settings, until: str) -> str:
    """Tell apart questions whose answers differ for the same files."""
    from dashgaze._version import __version__

    options = {stage: dict(given) for stage, given in settings.given.items()}
    files = {
        f"{stage}.{name}": fingerprint(value)
        for stage, given in settings.given.items()
        for name, value in given.items()
        if isinstance(value, Path) and value.exists()
    }
    stages = [stage.name for stage in stages_until(until)]
    return repr((_FORMAT, __version__, stages, sorted(options.items()), sorted(files.items())))


def _signature(session: Path, key: str) -> str:
    """Give what changes whenever a file of a session does: names, sizes and times; empty if still unsettled."""
    digest = hashlib.blake2b(key.encode(), digest_size=16)
    newest_ns = 0
    waiting = [(session, "")]
    try:
        while waiting:
            folder, prefix = waiting.pop()
            with os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda each: each.name):
                    if entry.name in _NOT_LOOKED_AT and not prefix:
                        continue
                    if entry.is_dir():
                        if not entry.is_symlink():
                            waiting.append((Path(entry.path), f"{prefix}{entry.name}/"))
                        continue
                    facts = entry.stat()
                    newest_ns = max(newest_ns, facts.st_mtime_ns, facts.st_ctime_ns)
                    digest.update(
                        f"{prefix}{entry.name}\0{facts.st_size}\0{facts.st_mtime_ns}\0{facts.st_ino}\n".encode(
                            errors="surrogateescape"
                        )
                    )
    except OSError:
        return ""
    return digest.hexdigest() if _settled(newest_ns) else ""


def _settled(newest_ns: int) -> bool:
    return time.time_ns() - newest_ns > _UNSETTLED_NS


def _recall(drives: Path) -> dict[str, dict[str, Any]]:
    try:
        content = json.loads((drives / STATE_FOLDER / _REMEMBERED_NAME).read_bytes())
        if content["format"] != _FORMAT:
            return {}
        return {
            name: each
            for name, each in content["sessions"].items()
            if isinstance(each, dict) and each.keys() == {"signature", "state"}
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _remember(
    drives: Path, paths: list[Path], signatures: dict[Path, str], states: tuple[SessionState, ...]
) -> None:
    content = {
        "format": _FORMAT,
        "sessions": {
            _name(path, drives): {"signature": signatures[path], "state": state.to_json()}
            for path, state in zip(paths, states, strict=True)
            if signatures[path]
        },
    }
    with suppress(OutputError, OSError):  # sessions on a read-only disk are looked at anew
        write_text(drives / STATE_FOLDER / _REMEMBERED_NAME, json.dumps(content))


def _name(path: Path, drives: Path) -> str:
    return path.relative_to(drives).as_posix()
