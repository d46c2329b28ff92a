"""Looks at the road video that `align` takes in passing, kept for the ``vanishing_point`` stage.

Decoding the video is most of what either of both stages costs; so it is done once where both are to be done. Looks
lie in a folder of unfinished work, one file a stretch, under a name that says of what video they are, and by which
method. They change no result: what is missing or damaged is looked at anew.
"""

import contextlib
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np

from dashgaze.alignment.frame_pairs import ROAD_DRAFT
from dashgaze.alignment.vanishing_point.kept_looks import KeptLooks
from dashgaze.alignment.vanishing_point.picture_flow import Luma, reduced_size
from dashgaze.alignment.vanishing_point.road_flow import RoadFlowPlan, load_arrays
from dashgaze.alignment.vanishing_point.video_scan import static_road_parts
from dashgaze.errors import OutputError
from dashgaze.files import alone_at, replacing
from dashgaze.media import FrameTimes, LumaReader
from dashgaze.progress import Progress, silent
from dashgaze.session import Session

from .input_watch import InputWatch, refuse_touched
from .record import plan_stage

VERSION = 1
"""Version of the method; counted up when the same video gives other looks."""

_FOLDERS = ".road-flow-*.part"
_STATIC_NAME = "static.npz"


def plan_road_flow(
    session: Session,
    times: FrameTimes,
    size_px: tuple[int, int],
    *,
    watch: InputWatch,
    progress: Progress = silent,
) -> tuple[RoadFlowPlan, Path]:
    """Choose what is looked at in passing, and make the folder in which it is kept.

    What is left there of other videos or by other methods is removed.

    Parameters
    ----------
    session
        The session.
    times, size_px
        Frames of its road video, and width and height of the pictures as shown.
    watch
        What the inputs looked like before.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If the road video can't be read, or was changed since the watch began.
    OutputError
        If the folder can't be made.
    """
    folder = _folder(session)
    for other in session.derived.glob(_FOLDERS):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    size_px = reduced_size(size_px)
    path = folder / _STATIC_NAME
    known, usable = _load_static(path)
    if not known:
        with LumaReader(times.path, times, thread_count=1, draft=ROAD_DRAFT) as reader:
            usable = static_road_parts(reader, times, size_px, progress)
        refuse_touched(watch.stamps)
        _save_static(usable, path)
    lines = session.manifest.lighting != "night"
    return RoadFlowPlan.of(times, size_px=size_px, usable=usable, lines=lines), folder


def kept_road_flow(session: Session) -> KeptLooks | None:
    """Give what is kept of just this road video; None if nothing is.

    Raises
    ------
    InputError
        If the road video can't be read.
    """
    if not road_flow_is_left(session):
        return None
    folder = _folder(session)
    known, usable = _load_static(folder / _STATIC_NAME)
    return KeptLooks.of(folder, usable) if known else None


def road_flow_is_left(session: Session) -> bool:
    """Whether looks are kept, of whatever video."""
    return any(session.derived.glob(_FOLDERS))


def remove_road_flow(session: Session) -> None:
    """Remove all looks, which were used or never will be; not while `align` runs alone in this session."""
    left = list(session.derived.glob(_FOLDERS))
    if left:
        with contextlib.suppress(OutputError), alone_at(session.derived / "align"):
            for folder in left:
                shutil.rmtree(folder, ignore_errors=True)


def _folder(session: Session) -> Path:
    wanted = plan_stage(
        "road-flow",
        version=VERSION,
        options={"draft": ROAD_DRAFT},
        inputs=[session.road_path],
        root=session.root,
        packages=("av", "numpy", "opencv-python-headless"),
    )
    content = json.dumps([wanted.options, wanted.inputs, wanted.versions], sort_keys=True)
    name = hashlib.sha256(content.encode()).hexdigest()[:16]
    return session.derived / _FOLDERS.replace("*", name)


def _save_static(usable: Luma | None, path: Path) -> None:
    arrays = {"known": np.array(True)} | ({} if usable is None else {"usable": usable})
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]  # of allow_pickle


def _load_static(path: Path) -> tuple[bool, Luma | None]:
    """Tell whether it is known what never changes, and what that is."""
    try:
        stored = load_arrays(path)
    except ValueError:
        return False, None
    return "known" in stored, stored.get("usable")
