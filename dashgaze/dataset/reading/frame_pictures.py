"""The picture of a row: the exact frame of a video, by its presentation time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import read_dataset_manifest
from dashgaze.schemas.dataset_tables import VIEWS

from .hub import fetch, refuse_unreachable
from .open_decoders import OpenDecoders
from .place import find_place, is_packed
from .row import integer_of, value_of

_OPEN = OpenDecoders()


def open_video(row: Any, view: str, *, root: str | Path | None = None) -> NDArray[np.uint8]:
    """Give the picture that belongs to a row of the data set, frame-exact.

    Videos stay open between calls, some dozens of them, in each process on its own; any order of rows
    will do, and ascending ones are the quickest. Safe in threads and in the workers of a loader.

    Parameters
    ----------
    row
        A row of ``frames`` with ``session_id`` and ``<view>_pts``: a dictionary, a row of pandas or of
        pyarrow.
    view
        ``ego``, ``road`` or ``driver``.
    root
        Where the data set is, as for `load_dataset`. From a repository of the Hub the video is
        downloaded once, whole.

    Returns
    -------
    NDArray[np.uint8]
        Shape (height, width, 3), red, green, blue; pixels as the columns of that view count them.

    Raises
    ------
    InputError
        If the row has no frame of that view, the data set has no such video or is not there, or the video
        has no picture of that time.
    MediaError
        If the video is damaged.

    Examples
    --------
    >>> frames = dashgaze.load_dataset("frames", split="train")  # doctest: +SKIP
    >>> dashgaze.open_video(frames[1000], "road").shape  # doctest: +SKIP
    (1080, 1920, 3)
    """
    if view not in VIEWS:
        raise InputError(
            f"There is no view {view!r}; the views are {', '.join(VIEWS)}.", fix="Choose one."
        )
    session = value_of(row, "session_id")
    ticks = integer_of(row, f"{view}_pts")
    if ticks is None:
        raise InputError(
            f"The row of {session} has no {view} picture: its {view}_pts is missing.",
            fix=f"Choose rows that have one: filters=[('{view}_pts', '>=', 0)].",
        )
    with _OPEN.borrow(_video_path(str(session), view, root)) as pictures:
        return pictures.read(ticks)


def _video_path(session: str, view: str, root: str | Path | None) -> Path:
    place = find_place(root)
    name = f"videos/{session}/{view}.mp4"
    if place.folder is None:
        refuse_unreachable(place)
        return fetch(place, name)
    path = place.folder / name
    if path.is_file():
        return path
    raise _no_video(place.folder, name, session, view)


def _no_video(folder: Path, name: str, session: str, view: str) -> InputError:
    path = folder / name
    manifest = read_dataset_manifest(folder) if is_packed(folder) else None
    packed = manifest is not None and any(file.path == name for file in manifest.files)
    if packed:
        return InputError(
            f"{path} is not there, although it belongs to the data set.",
            fix=f"Download or copy {name}.",
            path=path,
        )
    known = {each.session_id: each for each in manifest.sessions} if manifest is not None else {}
    if session not in known:
        return InputError(
            f"{folder} has no session {session!r}: the row is of another data set.",
            fix="Give that one as root.",
            path=folder,
        )
    one = known[session]
    state = one.driver_pictures if view == "driver" else one.outward_pictures
    kept = state == "none"
    return InputError(
        f"{folder} has no {view} video of {session}"
        + (": the driver's consent keeps it in the lab." if kept else "."),
        fix="Labels are all that there is of it." if kept else "Pack it with `--videos`.",
        path=path,
    )
