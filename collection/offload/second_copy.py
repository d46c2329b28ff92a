"""A second copy of a session, compared with the first."""

import time
from collections.abc import Sequence
from pathlib import Path

from dashgaze.errors import OutputError
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.manifest import MANIFEST_NAME

from ..field.device import RemoteFile
from .copy_record import CHECKSUMS_NAME, RECORD_NAME, CopyRecord, SecondCopy
from .folder_store import FolderStore
from .resumable_copy import copy_file, sha256_of
from .session_files import is_append_only, is_rewritten

# Written anew by whoever mends a session; the newest counts.
_MAY_CHANGE = frozenset({MANIFEST_NAME, CHECKSUMS_NAME, RECORD_NAME})


def second_place(session: Path, folder: Path) -> Path:
    """Give where the second copy of a session lies in a folder.

    Raises
    ------
    OutputError
        If that is the session itself, or within it.
    """
    place = folder / session.absolute().name
    if place.resolve().is_relative_to(session.resolve()):
        raise OutputError(
            f"{place} is the session itself, no second copy of it.",
            fix="Give a folder on another disk.",
            path=folder,
        )
    return place


async def make_second_copy(
    record: CopyRecord, folder: Path, *, progress: Progress = silent
) -> SecondCopy:
    """Copy all files of the record, with what describes them, and compare each with the first copy.

    What is there and equal stays; a recording that is there and differs is never overwritten.

    Parameters
    ----------
    record
        The session's files.
    folder
        Where the copies of sessions lie; the session gets a folder of its own name.

    Raises
    ------
    OutputError
        If a copy can't be written, or something else is there.
    DeviceError
        If the first copy can't be read, or differs from what the record says.
    """
    session = record.session
    place = second_place(session, folder)
    record.write_checksums()
    names = [*sorted(record.files)]
    names += [name for name in (MANIFEST_NAME, CHECKSUMS_NAME) if (session / name).is_file()]
    store = FolderStore(session, [(name, name) for name in names], label="the first copy")
    files = await store.list()
    total = max(1, sum(file.size_bytes or 0 for file in files))
    done = 0
    for file in files:
        size = file.size_bytes or 0
        share = part_of(progress, done / total, (done + size) / total)
        await _bring(store, file, place / file.name, record, share)
        done += size
    copy = SecondCopy(
        path=str(place.absolute()),
        verified_ns=time.time_ns(),
        file_count=len(files),
        same_disk=on_same_disk(session, place),
    )
    record.add_second(copy)
    target = RemoteFile(name=RECORD_NAME, target=RECORD_NAME)
    await copy_file(store, target, place / RECORD_NAME)
    return copy


async def _bring(
    store: FolderStore, file: RemoteFile, target: Path, record: CopyRecord, progress: Progress
) -> None:
    name = file.name
    known = record.files.get(name)
    changes = name in _MAY_CHANGE or is_append_only(name) or is_rewritten(name)
    if target.is_file() and known is not None and not changes:
        if sha256_of(target) == known.sha256:
            progress(f"comparing {target.name}", 1.0)
            return
        raise OutputError(
            f"{target} is there, and is not the session's; nothing is ever overwritten.",
            fix="Give another folder, or move that one away.",
            path=target,
        )
    made = await copy_file(store, file, target, progress=progress)
    if known is not None and not changes and made.sha256 != known.sha256:
        target.unlink()
        raise OutputError(
            f"{record.session / name} is not as it was when it was offloaded: no copy of it was kept.",
            fix="Move it away and offload again while the device still has it.",
            path=record.session / name,
        )


def on_same_disk(first: Path, second: Path) -> bool:
    """Whether two folders lie on one disk, as far as the system tells."""
    return first.stat().st_dev == second.stat().st_dev


def verified_elsewhere(copies: Sequence[SecondCopy]) -> bool:
    """Whether one of the copies lies on another disk."""
    return any(not copy.same_disk for copy in copies)
