"""Bringing a drive's files home."""

from collections.abc import Sequence
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.progress import Progress, part_of, silent

from ..field.device import RemoteFile
from .bringing import bring_all, note_what_is_here
from .copy_record import CopyRecord
from .drive_times import DeviceTimes, DriveTimes, read_drive_times
from .folder_store import FolderStore, files_below
from .lacking import lacking
from .manifest_paths import fill_manifest
from .part_joining import join_what_was_split
from .phone_choice import choose_videos
from .remote_store import RemoteStore
from .result import OffloadResult
from .resumable_copy import PART_SUFFIX
from .second_copy import make_second_copy, second_place, verified_elsewhere
from .session_files import evidence_here, place_for, recordings_here
from .session_lock import holding
from .space import check_space
from .tracker_choice import choose_recording, find_recordings


async def offload(
    session: Path,
    *,
    tracker: Path | None = None,
    phone: RemoteStore | Path | None = None,
    second_copy: Path | None = None,
    take: Sequence[str] = (),
    progress: Progress = silent,
) -> OffloadResult:
    """Copy a drive's files into its session, each compared with the device's own SHA-256.

    Devices are only read. It can be broken off at any moment and called again: what arrived stays,
    what is there is compared, not copied. What could not be had is told in the result; the rest
    comes home all the same.

    Videos that the camera app split are joined; the parts stay. Writes ``field/offload.json`` after each file and ``manifest-sha256.txt`` at the end, and names
    the files in ``session.yaml`` where it names none.

    Parameters
    ----------
    session
        The session folder.
    tracker
        Folder that the eye tracker's recordings were exported to; one of them is the drive's.
    phone
        The phone, or a folder with its videos.
    second_copy
        Folder, best on another disk, in which the session gets a second copy.
    take
        Names of recordings and videos that belong to the drive, where that can't be told.
    progress
        Called with the share done.

    Returns
    -------
    OffloadResult
        What came home and what did not.

    Raises
    ------
    InputError
        If there is no such session, or it can't be told what belongs to the drive (`UnclearError`).
    DeviceError
        If a device goes away; call again to go on.
    OutputError
        If there is no room, a copy can't be written, or something else is in its place.
    """
    session = Path(session)
    if not session.is_dir():
        raise InputError(
            f"{session} is no folder.", fix="Give the session that was recorded.", path=session
        )
    with holding(session):
        result = OffloadResult(session=session)
        times = read_drive_times(session)
        stores = _stores(session, tracker, phone, times, take, result)
        listed = [(store, file) for store in stores for file in await store.list()]
        _refuse_twice(listed)
        _check_room(session, second_copy, listed)
        record = CopyRecord(session)
        end = 0.6 if second_copy is not None else 0.95
        await bring_all(record, listed, result, part_of(progress, 0.0, end))
        if result.complete:
            result.notes += join_what_was_split(session)
        result.lacking = lacking(session, times)
        note_what_is_here(record, result)
        record.write_checksums()
        if result.complete:
            result.notes += fill_manifest(session)
            if second_copy is not None:
                share = part_of(progress, end, 1.0)
                result.second_copy = await make_second_copy(record, second_copy, progress=share)
        _say_what_may_go(record, stores, result)
        progress("done", 1.0)
        return result


def _stores(
    session: Path,
    tracker: Path | None,
    phone: RemoteStore | Path | None,
    times: DriveTimes,
    take: Sequence[str],
    result: OffloadResult,
) -> list[RemoteStore]:
    stores: list[RemoteStore] = []
    for role in times.may_record:
        result.notes.append(
            f"By the journal the {role} was never stopped: look that it does not record."
        )
    if isinstance(phone, Path):
        videos = choose_videos(_folder(phone), times.phone, take)
        result.notes += videos.notes
        stores.append(videos.store)
    elif phone is not None:
        stores.append(phone)
    if tracker is not None:
        own = times.tracker
        if own.interval_ns is None:  # a drive whose tracker nobody controlled from here
            own = DeviceTimes(
                recording_id=own.recording_id,
                start_ns=times.phone.start_ns,
                stop_ns=times.phone.stop_ns,
                offset_ms=own.offset_ms,
            )
        recording, notes = choose_recording(
            find_recordings(_folder(tracker)), own, take, among=tracker
        )
        result.notes += notes
        names = [(name, f"eye_tracker/{name}") for name in files_below(recording.folder)]
        stores.append(FolderStore(recording.folder, names))
    for store in stores:
        if isinstance(store, FolderStore) and store.root.resolve().is_relative_to(
            session.resolve()
        ):
            raise InputError(
                f"{store.root} lies in the session itself.",
                fix="Give the folder of the device, or leave it out: what is here is looked at anyway.",
                path=store.root,
            )
    return stores


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise InputError(
            f"{path} is no folder that can be read.",
            fix="Plug the device in, or look how its folder is called.",
            path=path,
        )
    return path


def _refuse_twice(listed: Sequence[tuple[RemoteStore, RemoteFile]]) -> None:
    seen: dict[str, str] = {}
    for store, file in listed:
        other = seen.setdefault(file.target, f"{file.name} on {store.label}")
        if other != f"{file.name} on {store.label}":
            raise InputError(
                f"{other} and {file.name} on {store.label} both belong to {file.target}.",
                fix="Give only one of the two, or say which with --take NAME.",
            )


def _check_room(
    session: Path, second_copy: Path | None, listed: Sequence[tuple[RemoteStore, RemoteFile]]
) -> None:
    missing = whole = 0
    for _, file in listed:
        place = place_for(session, file.target)
        size = file.size_bytes or 0
        whole += size
        part = place.with_name(place.name + PART_SUFFIX)
        if not place.exists():
            missing += max(0, size - (part.stat().st_size if part.exists() else 0))
    needed = {session: missing}
    if second_copy is not None:
        place = second_place(session, second_copy)
        have = {file.target for _, file in listed}
        here = [*recordings_here(session), *evidence_here(session)]
        whole += sum((session / name).stat().st_size for name in here if name not in have)
        there = sum(
            each.stat().st_size
            for each in (place.rglob("*") if place.is_dir() else ())
            if each.is_file()
        )
        needed[place] = max(0, whole - there)
    check_space(needed)


def _say_what_may_go(
    record: CopyRecord, stores: Sequence[RemoteStore], result: OffloadResult
) -> None:
    if result.second_copy is None or not result.complete:
        return
    if not verified_elsewhere([result.second_copy]):
        result.notes.append(
            "Both copies lie on one disk: keep the recordings on the devices until there is a copy on "
            "another disk."
        )
        return
    for store in stores:
        names = [
            file.source
            for file in record.files.values()
            if file.origin == store.label and file.verified
        ]
        if names:
            result.may_be_deleted[store.label] = sorted(names)
