"""File by file, each into the record as soon as it is home."""

import time
from collections.abc import Sequence

from dashgaze.errors import OutputError
from dashgaze.progress import Progress, part_of

from ..field.device import RemoteFile
from .copy_record import CopiedFile, CopyRecord
from .remote_store import FileChangedError, FileGoneError, RemoteStore
from .result import OffloadResult
from .resumable_copy import PART_SUFFIX, CopyDiffersError, copy_file, sha256_of
from .session_files import evidence_here, is_append_only, place_for, recordings_here

MADE_HERE = "session"
"""Origin of files that were recorded into the session: the browser page's, and ``field/``."""


async def bring_all(
    record: CopyRecord,
    listed: Sequence[tuple[RemoteStore, RemoteFile]],
    result: OffloadResult,
    progress: Progress,
) -> None:
    """Bring files home one after the other; what can't be had is told in the result.

    Raises
    ------
    DeviceError
        If a device goes away.
    OutputError
        If a copy can't be written, or something else is in its place.
    """
    total = max(1, sum(file.size_bytes or 0 for _, file in listed))
    done = 0
    for store, file in listed:
        size = file.size_bytes or 0
        share = part_of(progress, done / total, (done + size) / total)
        try:
            await _bring(record, store, file, result, share)
        except (FileGoneError, FileChangedError, CopyDiffersError) as error:
            result.failed[file.target] = str(error)
        done += size


async def _bring(
    record: CopyRecord,
    store: RemoteStore,
    file: RemoteFile,
    result: OffloadResult,
    progress: Progress,
) -> None:
    place = place_for(record.session, file.target)
    known = record.files.get(file.target)
    if place.exists():
        here = sha256_of(place)
        state = await store.state(file)
        device: str | None = None
        if known is not None and known.sha256 == here and known.verified:
            same = (known.size_bytes, known.source_modified_ns) == (
                state.size_bytes,
                state.modified_ns,
            )
            device = known.source_sha256 if same and known.source == file.name else None
        if device is None:
            device = await store.sha256(file)
        if device != here:
            raise OutputError(
                f"{place} is there, and differs from {file.name} on {store.label}; nothing is ever "
                "overwritten.",
                fix="Move it away and repeat the command, or say what belongs to the drive with --take.",
                path=place,
            )
        # A kill between the rename and the record leaves a note.
        place.with_name(f"{place.name}{PART_SUFFIX}.json").unlink(missing_ok=True)
        progress(f"comparing {place.name}", 1.0)
        result.there_already.append(file.target)
        tries, resumed = (known.tries, known.resumed_from_bytes) if known is not None else (1, 0)
    else:
        made = await copy_file(store, file, place, progress=progress)
        here, device, state = made.sha256, made.source_sha256, made.state
        tries, resumed = made.tries, made.resumed_from_bytes
        result.copied.append(file.target)
        result.copied_bytes += state.size_bytes - resumed
        if made.tries > 1:
            result.notes.append(
                f"The first copy of {file.target} differed from the device's: look at cable and card."
            )
    record.add(
        CopiedFile(
            target=file.target,
            origin=store.label,
            source=file.name,
            size_bytes=state.size_bytes,
            sha256=here,
            copied_ns=time.time_ns(),
            source_sha256=device,
            source_modified_ns=state.modified_ns,
            verified=True,
            tries=tries,
            resumed_from_bytes=resumed,
        )
    )


def note_what_is_here(record: CopyRecord, result: OffloadResult) -> None:
    """Take in what was recorded into the session, and what was copied into it by other means."""
    for name in [*recordings_here(record.session), *evidence_here(record.session)]:
        known = record.files.get(name)
        if known is not None and known.verified:
            continue
        path = record.session / name
        size = path.stat().st_size
        record.files[name] = CopiedFile(
            target=name,
            origin=MADE_HERE,
            source="",
            size_bytes=size,
            sha256=sha256_of(path, size_bytes=size),
            copied_ns=time.time_ns(),
            append_only=is_append_only(name),
        )
        result.made_here.append(name)
    record.write()
