"""Reading a packed data set into memory, or one session after the other."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from dashgaze.progress import Progress, silent
from dashgaze.scratch import Shelf

from ..contract.study import SessionData, Study
from .packed_dataset import OpenDataset, is_simulated, open_dataset
from .shelving import ShelvedSessions, shelved


def iter_sessions(
    root: Path | OpenDataset,
    *,
    split: str | None = None,
    sessions: Collection[str] | None = None,
    columns: Sequence[str] | None = None,
    progress: Progress = silent,
) -> Iterator[SessionData]:
    """Read sessions one by one, by name; each is forgotten when the next one is asked for.

    Parameters
    ----------
    root
        The folder, or what `open_dataset` gave (then `split` and `sessions` were said there).
    split, sessions
        As for `open_dataset`.
    columns
        Names of `READABLE`, which become fields of `SessionData`; what is not asked for counts as missing. All
        if None.
    progress
        Where to report to.

    Raises
    ------
    InputError
        As `open_dataset`, and if a shard can't be read.
    """
    opened = _opened(root, split, sessions)
    for done, session_id in enumerate(opened.rows, start=1):
        yield opened.session(session_id, columns)
        progress("reading sessions", done / len(opened.rows))


def open_study(
    root: Path | OpenDataset,
    *,
    split: str | None = None,
    sessions: Collection[str] | None = None,
    columns: Sequence[str] | None = None,
    shelf: Shelf | None = None,
    progress: Progress = silent,
) -> Study:
    """Read a packed data set: about 220 bytes a frame, 4 MB for ten minutes at 30 frames a second.

    Parameters
    ----------
    root, split, sessions, columns, progress
        As for `iter_sessions`.
    shelf
        Where its arrays go, which are read-only then; into memory if None.

    Raises
    ------
    InputError
        As `iter_sessions`.
    """
    opened = _opened(root, split, sessions)
    found = iter_sessions(opened, columns=columns, progress=progress)
    read: tuple[SessionData, ...]
    if shelf is None:
        read = tuple(found)
    else:
        read = ShelvedSessions((shelved(each, shelf) for each in found), shelf)
    return Study(
        title=opened.title,
        version=opened.manifest.version,
        digest=opened.digest,
        simulated=opened.simulated,
        sessions=read,
        notes=_notes(opened, read, split),
    )


def _opened(
    root: Path | OpenDataset, split: str | None, sessions: Collection[str] | None
) -> OpenDataset:
    if isinstance(root, OpenDataset):
        return root
    return open_dataset(root, split=split, sessions=sessions)


def _notes(
    opened: OpenDataset, sessions: Sequence[SessionData], split: str | None
) -> tuple[str, ...]:
    notes = []
    made_up = sum(is_simulated(row) for row in opened.rows.values())
    if made_up == len(opened.rows):
        notes.append("All sessions are simulated: nothing here was measured on a person.")
    elif made_up:
        notes.append(
            f"{made_up} of {len(opened.rows)} sessions are simulated; they are not left out."
        )
    if split is not None:
        notes.append(f"Only the split {split} was read.")
    if not opened.digest.startswith(opened.manifest.build):
        notes.append("manifest.json states another build than its list of files gives.")
    for missing, what in (
        ("gaze_road_px", "gaze in the road view"),
        ("speed_m_s", "speed"),
        ("vanishing_point_px", "vanishing points"),
        ("blink", "blinks"),
        ("fixation_id", "fixations"),
        ("homography_source", "the source of the homographies"),
    ):
        without = sum(missing not in session.known for session in sessions)
        if without:
            notes.append(f"{without} of {len(sessions)} sessions have not: {what}.")
    without = sum(session.road_focal_px is None for session in sessions)
    if without:
        notes.append(
            f"{without} of {len(sessions)} sessions do not tell the focal length of the road camera: their "
            "degrees are approximate. It can't be recovered from the data set, which does not hold the "
            "scene camera's matrix; `dashgaze align` finds it while the drives are at hand."
        )
    return tuple(notes)
