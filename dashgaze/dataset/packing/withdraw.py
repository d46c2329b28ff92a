"""A driver withdraws: everything made of their drives is listed, and removed."""

import difflib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.dataset_manifest import DATASET_MANIFEST_NAME, read_dataset_manifest
from dashgaze.session import find_sessions, open_session

from .drivers import driver_digest
from .lock import locked
from .staging import recover
from .withdraw_dataset import find_in_dataset, withdraw_from_dataset
from .withdraw_drives import find_in_drives, sessions_of, withdraw_from_drives
from .withdrawal import Withdrawal


def withdraw(
    driver_id: str,
    places: Path | Sequence[Path],
    *,
    apply: bool = False,
    day: str | None = None,
    progress: Progress = silent,
) -> Withdrawal:
    """List what was made of a driver's drives, and remove it.

    Of a data set all rows, files and index entries of the driver are removed: it is put together anew
    without them and takes the old one's place in one step. Of a folder of drives ``derived/`` of the
    driver's sessions and the report pages that name them are removed. Both keep a digest of the
    pseudonym, so that the driver's drives are never packed again. Recordings are listed and never
    touched. What was broken off can be repeated.

    Parameters
    ----------
    driver_id
        Pseudonym of the driver.
    places
        Packed data sets and folders of drives.
    apply
        Whether to remove it; otherwise it is only listed.
    day
        Day of the withdrawal, ISO 8601; today if not given.
    progress
        Where to report to.

    Returns
    -------
    Withdrawal
        What was found before anything was removed.

    Raises
    ------
    InputError
        If a place can't be read, or none knows the driver. Nothing is changed then.
    OutputError
        If something can't be removed.
    """
    listed = [places] if isinstance(places, Path) else [Path(each) for each in places]
    datasets = [place for place in listed if _is_dataset(place)]
    drives = [place for place in listed if place not in datasets]
    theirs = {place: sessions_of(place, driver_id) for place in drives}
    # What drives say of the driver helps to find what a data set left out.
    sessions = frozenset(each.manifest.session_id for those in theirs.values() for each in those)
    found = tuple(
        find_in_drives(place, driver_id, theirs[place])
        if place in theirs
        else find_in_dataset(place, driver_id, sessions)
        for place in listed
    )
    if all(each.is_empty and not each.known for each in found):
        raise _unknown(driver_id, datasets, drives)
    if apply:
        date = day or datetime.now(UTC).astimezone().date().isoformat()
        for place in drives:
            withdraw_from_drives(place, driver_id, theirs[place], day=date)
        for number, place in enumerate(datasets):
            part = part_of(progress, number / len(datasets), (number + 1) / len(datasets))
            withdraw_from_dataset(place, driver_id, sessions, day=date, progress=part)
    return Withdrawal(driver_digest=driver_digest(driver_id), found=found, done=apply)


def _is_dataset(place: Path) -> bool:
    target = place.resolve()
    if not target.exists() and target.parent.is_dir():
        with locked(target):  # a swap was broken off, or the path is wrong
            recover(target)
    return (place / DATASET_MANIFEST_NAME).is_file()


def _unknown(driver_id: str, datasets: Sequence[Path], drives: Sequence[Path]) -> InputError:
    known = {
        entry.driver_id for place in datasets for entry in read_dataset_manifest(place).sessions
    }
    for place in drives:
        for root in find_sessions(place):
            known.add(open_session(root).manifest.driver_id or "")
    near = difflib.get_close_matches(driver_id, sorted(known - {""}), n=1)
    places = ", ".join(str(place) for place in (*datasets, *drives))
    return InputError(
        f"Nothing of driver {driver_id} is in {places}."
        + (f" Did you mean {near[0]}?" if near else ""),
        fix="Give the pseudonym as session.yaml has it.",
    )
