"""A driver taken out of a packed data set."""

from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.progress import Progress
from dashgaze.schemas.dataset_manifest import (
    CHECKSUMS_NAME,
    DATASET_MANIFEST_NAME,
    DatasetFile,
    DatasetManifest,
    Withdrawn,
)

from .assembly import Plan, about_of, assemble, drivers_left_out_of
from .drivers import driver_digest
from .layout import SESSIONS, VIDEO_METADATA_PATH
from .lock import locked
from .old_dataset import OldDataset, find_old_dataset
from .options import PackOptions
from .staging import recover, staging
from .withdrawal import Found


def find_in_dataset(folder: Path, driver_id: str, sessions: frozenset[str]) -> Found:
    """List what of a driver is in a data set.

    Parameters
    ----------
    folder
        The data set.
    driver_id
        Pseudonym of the driver.
    sessions
        Sessions of the driver that are known from elsewhere.

    Raises
    ------
    InputError
        If it can't be read, or there is nothing else in it.
    """
    manifest = _open(folder).manifest
    named = _sessions(manifest, driver_id, sessions)
    staying = [entry for entry in manifest.sessions if entry.session_id not in named]
    if named and not staying:
        raise InputError(
            f"All sessions of {folder} are of that driver: nothing would be left.",
            fix="Delete that folder, and type the command again without it.",
            path=folder,
        )
    files = _files(manifest, named)
    rows: dict[str, int] = {}
    for file in files:
        if file.rows is not None and file.config is not None:
            rows[file.config] = rows.get(file.config, 0) + file.rows
    if named:
        rows[SESSIONS] = len(named)
    lost = _left_out(manifest, driver_id, sessions)
    return Found(
        place=folder,
        kind="data set",
        sessions=tuple(sorted(named | lost)),
        rows=dict(sorted(rows.items())),
        files=tuple(sorted(file.path for file in files)),
        size_bytes=sum(file.size_bytes for file in files),
        entries=_entries(manifest, named) if named or lost else (),
        known=driver_digest(driver_id) in {each.driver_digest for each in manifest.withdrawn},
    )


def withdraw_from_dataset(
    folder: Path, driver_id: str, sessions: frozenset[str], *, day: str, progress: Progress
) -> None:
    """Put a data set together again without a driver, and let it take the old one's place.

    Parameters
    ----------
    folder
        The data set.
    driver_id
        Pseudonym of the driver.
    sessions
        Sessions of the driver that are known from elsewhere.
    day
        Day of the withdrawal, ISO 8601.
    progress
        Where to report to.

    Raises
    ------
    InputError
        As `find_in_dataset`.
    OutputError
        If it can't be written; then the old one stands.
    """
    target = folder.resolve()
    with locked(target):
        recover(target)
        found = find_in_dataset(target, driver_id, sessions)
        if found.known and found.is_empty:
            return
        old = _open(target)
        with staging(target) as stage:
            plan = _plan(target, old.manifest, found, driver_id, day)
            kept = [
                old.packed(each) for each in old.manifest.sessions if each.session_id in plan.splits
            ]
            assemble(stage.folder, kept, plan, old=old.manifest, progress=progress)
            stage.publish()


def _open(folder: Path) -> OldDataset:
    old = find_old_dataset(folder)
    if old is None:
        raise InputError(f"{folder} is no packed data set.", fix="Check the path.", path=folder)
    return old


def _plan(folder: Path, old: DatasetManifest, found: Found, driver_id: str, day: str) -> Plan:
    gone = set(found.sessions)
    in_it = [entry for entry in old.sessions if entry.session_id in gone]
    entry = Withdrawn(
        driver_digest=driver_digest(driver_id),
        date=day,
        session_count=len(in_it),
        row_count=sum(found.rows.values()),
        file_count=len(found.files),
    )
    left_out = tuple(each for each in old.left_out if each.session_id not in gone)
    drivers = drivers_left_out_of(old)
    return Plan(
        name=folder.name,
        content=PackOptions().content(old),
        protocol=old.protocol,
        splits={
            each.session_id: each.split for each in old.sessions if each.session_id not in gone
        },
        folds={
            name: {
                split: [each for each in listed if each not in gone]
                for split, listed in fold.items()
            }
            for name, fold in old.folds.items()
        },
        about=about_of(old),
        left_out=left_out,
        drivers_left_out={
            each.session_id: drivers[each.session_id]
            for each in left_out
            if each.session_id in drivers
        },
        withdrawn=(*old.withdrawn, entry),
    )


def _sessions(manifest: DatasetManifest, driver_id: str, sessions: frozenset[str]) -> set[str]:
    digest = driver_digest(driver_id)
    return {
        entry.session_id
        for entry in manifest.sessions
        if driver_digest(entry.driver_id) == digest or entry.session_id in sessions
    }


def _left_out(manifest: DatasetManifest, driver_id: str, sessions: frozenset[str]) -> set[str]:
    digest, drivers = driver_digest(driver_id), drivers_left_out_of(manifest)
    return {
        entry.session_id
        for entry in manifest.left_out
        # Where nobody knows whose drive it was, it is not named any longer.
        if drivers.get(entry.session_id, digest) == digest or entry.session_id in sessions
    }


def _files(manifest: DatasetManifest, named: set[str]) -> list[DatasetFile]:
    return [file for file in manifest.files if file.session_id in named]


def _entries(manifest: DatasetManifest, named: set[str]) -> tuple[str, ...]:
    """List the files that stay and say something of the driver."""
    shared = [
        file.path
        for file in manifest.files
        if file.config == SESSIONS or (file.path == VIDEO_METADATA_PATH and named)
    ]
    papers = [file.path for file in manifest.files if file.config is None]
    papers = [path for path in papers if not path.startswith("schemas/")]
    return tuple(sorted([*shared, *papers, DATASET_MANIFEST_NAME, CHECKSUMS_NAME]))
