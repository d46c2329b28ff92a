"""One video of the parts that a camera app split it into."""

import re
from pathlib import Path

from dashgaze.errors import DashgazeError
from dashgaze.progress import Progress, silent

from ..importing.joining import join_parts
from ..phone.recorded_files import VIDEO_SUFFIXES


def join_what_was_split(session: Path, *, progress: Progress = silent) -> tuple[str, ...]:
    """Join ``phone/road_1``, ``road_2`` … into ``phone/road``, and so for the driver; the parts stay.

    What can't be joined stays in parts, with a note.

    Parameters
    ----------
    session
        The session folder.

    Returns
    -------
    tuple of str
        What was done, in sentences.
    """
    notes: list[str] = []
    for role in ("road", "driver"):
        parts = _parts(session / "phone", role)
        if len(parts) < 2:
            continue
        target = session / "phone" / f"{role}{parts[0].suffix}"
        if target.exists():
            continue
        try:
            notes += join_parts(parts, target, progress=progress).notes
        except DashgazeError as error:
            notes.append(
                f"The {role} video came home in {len(parts)} parts, which can't be joined: {error}"
            )
    return tuple(notes)


def _parts(folder: Path, role: str) -> list[Path]:
    if not folder.is_dir():
        return []
    found = {}
    for path in folder.iterdir():
        match = re.fullmatch(rf"{role}_(\d+)", path.stem)
        if match is not None and path.suffix.lower() in VIDEO_SUFFIXES:
            found[int(match[1])] = path
    return [found[number] for number in sorted(found)]
