"""A driver's derived files taken out of a folder of drives."""

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from dashgaze.errors import OutputError
from dashgaze.files import write_text
from dashgaze.reports.names import FIGURES_NAME, REPORT_NAME
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session, find_sessions, open_session

from .drivers import WITHDRAWAL_SCHEMA, WITHDRAWALS_NAME, driver_digest, read_withdrawals
from .withdrawal import Found

_INDEX_SCHEMA = "dashgaze/report-index/1"


def sessions_of(folder: Path, driver_id: str) -> list[Session]:
    """Find the sessions of a driver in a folder of drives.

    Raises
    ------
    InputError
        If the folder or a ``session.yaml`` in it can't be read: then nobody knows whose drive it is.
    """
    opened = [open_session(root) for root in find_sessions(folder)]
    return [each for each in opened if each.manifest.driver_id == driver_id]


def find_in_drives(folder: Path, driver_id: str, sessions: Sequence[Session]) -> Found:
    """List what dashgaze made of a driver's sessions in a folder of drives.

    Parameters
    ----------
    folder
        A folder of drives, or a session folder.
    driver_id
        Pseudonym of the driver.
    sessions
        The driver's sessions in it (`sessions_of`).

    Raises
    ------
    InputError
        If the list of withdrawals can't be read.
    """
    files = [file for session in sessions for file in _derived_files(session)]
    files += _index_pages(folder, sessions)
    place = _place(folder)
    return Found(
        place=folder,
        kind="drives",
        sessions=tuple(sorted(each.manifest.session_id for each in sessions)),
        rows={},
        files=tuple(sorted(os.path.relpath(file, folder) for file in files)),
        size_bytes=sum(file.lstat().st_size for file in files),
        entries=(),
        recordings=tuple(session.root for session in sessions),
        known=driver_digest(driver_id) in read_withdrawals(place / WITHDRAWALS_NAME),
    )


def withdraw_from_drives(
    folder: Path, driver_id: str, sessions: Sequence[Session], *, day: str
) -> None:
    """Remove what dashgaze made of a driver's sessions; recordings and manifests stay.

    The withdrawal is written down first, so that nothing of the driver is packed any more even if the
    rest is broken off. It can be repeated.

    Parameters
    ----------
    folder
        A folder of drives, or a session folder.
    driver_id
        Pseudonym of the driver.
    sessions
        The driver's sessions in it.
    day
        Day of the withdrawal, ISO 8601.

    Raises
    ------
    OutputError
        If something can't be removed.
    """
    found = find_in_drives(folder, driver_id, sessions)
    if not found.known:
        _write_down(_place(folder) / WITHDRAWALS_NAME, driver_id, found, day)
    try:
        for page in _index_pages(folder, sessions):
            page.unlink()
        for session in sessions:
            _remove(session.derived)
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder} can't be removed: {error.strerror or error}.",
            fix="Check the permissions, then type the command again: it goes on where it stopped.",
            path=folder,
        ) from error


def _place(folder: Path) -> Path:
    """Give the folder that keeps the list; a session's own folder may be thrown away."""
    return folder.resolve().parent if (folder / MANIFEST_NAME).is_file() else folder


def _write_down(path: Path, driver_id: str, found: Found, day: str) -> None:
    entry = {
        "schema": WITHDRAWAL_SCHEMA,
        "driver_digest": driver_digest(driver_id),
        "date": day,
        "session_count": len(found.sessions),
        "file_count": len(found.files),
    }
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    if before and not before.endswith("\n"):
        before += "\n"
    write_text(path, before + json.dumps(entry) + "\n")


def _derived_files(session: Session) -> list[Path]:
    return [
        Path(place) / name for place, _, names in os.walk(session.derived) for name in sorted(names)
    ]


def _index_pages(folder: Path, sessions: Sequence[Session]) -> list[Path]:
    """Find the pages over many drives that name one of the sessions."""
    named = {session.manifest.session_id for session in sessions}
    above = {
        parent
        for session in sessions
        for parent in session.root.parents
        if parent == folder or folder in parent.parents
    }
    pages = []
    for place in sorted(above):
        figures = place / FIGURES_NAME
        if _names_any(figures, named, [session.root for session in sessions]):
            pages += [path for path in (place / REPORT_NAME, figures) if path.is_file()]
    return pages


def _names_any(figures: Path, named: set[str], roots: Sequence[Path]) -> bool:
    try:
        content = json.loads(figures.read_text(encoding="utf-8"))
        if content["schema"] != _INDEX_SCHEMA:
            return False
        paths = {(figures.parent / entry["path"]).resolve() for entry in content["sessions"]}
        names = {entry["session_id"] for entry in content["sessions"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False
    return bool(names & named) or any(root.resolve() in paths for root in roots)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        target = folder.resolve()
        if target.is_dir():
            shutil.rmtree(target)
        folder.unlink()
    elif folder.is_dir():
        shutil.rmtree(folder)
