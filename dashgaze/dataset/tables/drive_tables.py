"""All tables of one session as the data set has them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dashgaze.dataset.consent import Release
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_tables import DATASET_GAZE_TABLE
from dashgaze.schemas.face_table import FACE_TABLE
from dashgaze.schemas.frame_table import FRAME_TABLE
from dashgaze.schemas.gaze_table import GAZE_TABLE
from dashgaze.schemas.manifest import MANIFEST_NAME
from dashgaze.session import Session
from dashgaze.stages.frames import FRAMES_NAME, GAZE_NAME, RECORD_NAME
from dashgaze.stages.session_clock import TIME_MAP_NAME

from .coarse_location import location_rows
from .column_values import integers
from .derived_tables import read_derived
from .fixation_rows import fixation_rows
from .frame_rows import check_frame_order, frame_rows, in_order
from .session_facts import session_facts

FACES_NAME = "faces.parquet"
FACES_RECORD_NAME = "faces.json"
# As `stages.align` has it, which takes seconds to import.
ALIGN_RECORD_NAME = "align.json"

_MAKE_FRAMES = (
    "Make it again with `dashgaze frames --force`, then run `dashgaze align` on the session."
)
_MAKE_FACES = "Make it again with `dashgaze faces --force` on the session."


@dataclass(frozen=True, kw_only=True, eq=False)
class DriveTables:
    """What of one session goes into the tables of a data set.

    Attributes
    ----------
    frames
        After `DATASET_FRAME_TABLE`.
    fixations
        After `FIXATION_TABLE`.
    gaze
        After `DATASET_GAZE_TABLE`; None if not asked for, or there are no samples.
    location
        After `LOCATION_TABLE`; None if not asked for, or not to be had (see `notes`).
    session
        The columns of `DATASET_SESSION_TABLE` that are known before the data set is packed.
    notes
        What a user should know of the session. They name no place, no date and no path.
    """

    frames: pa.Table
    fixations: pa.Table
    gaze: pa.Table | None
    location: pa.Table | None
    session: dict[str, Any]
    notes: tuple[str, ...]


def drive_tables(
    session: Session, release: Release, *, raw_gaze: bool = True, location: bool = False
) -> DriveTables:
    """Make the tables of one session.

    Parameters
    ----------
    session
        The session; its stages have run, or it came with labels only.
    release
        What of it may be packed.
    raw_gaze
        Whether to give all gaze samples.
    location
        Whether to give where the car was, coarsely.

    Raises
    ------
    InputError
        If there is no frame table, or a table is of another schema, of another session or not in
        order, or speaks of frames that a video does not have. The message says how to mend it.
    MediaError
        If a phone's video can't be read.
    """
    session_id = session.manifest.session_id
    notes: list[str] = []
    path = session.derived / FRAMES_NAME
    if not path.is_file():
        raise InputError(
            f"{session.root} has no frame table ({path} does not exist).",
            fix=f"Run `dashgaze sync {session.root}`, `dashgaze frames {session.root}` and "
            f"`dashgaze align {session.root}` first.",
            path=path,
        )
    source = read_derived(path, FRAME_TABLE, session_id=session_id, fix=_MAKE_FRAMES)
    check_frame_order(source, path=path, fix=_MAKE_FRAMES)
    first_ns = source.column("timestamp_ns")[0].as_py()
    samples = _samples(session, first_ns, source.num_rows)
    frames = frame_rows(session, source, _faces(session, release, notes))
    facts = session_facts(session, release, frames, samples, notes)
    _remark(facts, frames, samples, notes)
    track = _location(session, release, notes) if location else None
    return DriveTables(
        frames=frames,
        fixations=fixation_rows(session_id, frames, samples),
        gaze=samples if raw_gaze else None,
        location=track,
        session=facts,
        notes=tuple(notes),
    )


def source_files(session: Session) -> list[Path]:
    """List the files that a session's tables are made of, as far as they exist, sorted.

    The eye tracker's folder is one of them where no record tells what is needed of it.

    Parameters
    ----------
    session
        The session.
    """
    derived = (
        FRAMES_NAME,
        GAZE_NAME,
        FACES_NAME,
        RECORD_NAME,
        ALIGN_RECORD_NAME,
        FACES_RECORD_NAME,
        TIME_MAP_NAME,
    )
    paths = [
        session.root / MANIFEST_NAME,
        *(session.derived / name for name in derived),
        session.road_path,
        session.driver_path,
        session.location_path,
        session.speed_path,
    ]
    found = {path for path in paths if path is not None and path.is_file()}
    if session.derived / RECORD_NAME not in found and session.eye_tracker_path.is_dir():
        found.add(session.eye_tracker_path)
    return sorted(found)


def _samples(session: Session, first_ns: int, frame_count: int) -> pa.Table | None:
    """Read the gaze samples, their time counted from the first ego frame; None without a table."""
    path = session.derived / GAZE_NAME
    if not path.is_file():
        return None
    gaze = read_derived(path, GAZE_TABLE, session_id=session.manifest.session_id, fix=_MAKE_FRAMES)
    stamps, _ = integers(gaze, "timestamp_ns")
    index, known = integers(gaze, "frame_index")
    wrong = ""
    if (np.diff(stamps) < 0).any():
        wrong = "timestamp_ns does not ascend"
    elif known.any() and (index[known].min() < 0 or index[known].max() >= frame_count):
        wrong = f"frame_index names frames that the frame table, of {frame_count}, does not have"
    if wrong:
        raise InputError(f"{path}: {wrong}.", fix=_MAKE_FRAMES, path=path)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: gaze.column(name) for name in GAZE_TABLE.column_names if name != "timestamp_ns"
    }
    columns["time_ns"] = pa.array(stamps - first_ns)
    return in_order(columns, DATASET_GAZE_TABLE, gaze.num_rows)


def _faces(session: Session, release: Release, notes: list[str]) -> pa.Table | None:
    path = session.derived / FACES_NAME
    if not release.face_numbers:
        notes.append("Face columns are null: the driver's consent keeps them in the lab.")
        return None
    if not path.is_file():
        notes.append("Face columns are null: no face was looked for.")
        return None
    _refuse_other_side(session, path)
    return read_derived(path, FACE_TABLE, session_id=session.manifest.session_id, fix=_MAKE_FACES)


def _refuse_other_side(session: Session, path: Path) -> None:
    """Refuse faces that were looked for in pictures turned the other way than the manifest says by now."""
    try:
        record = json.loads((session.derived / FACES_RECORD_NAME).read_text(encoding="utf-8"))
        turned = bool(record["options"].get("driver_mirrored", False))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return  # faces without a record are taken to be of the pictures that the manifest means
    if turned != session.manifest.phone.driver_mirrored:
        raise InputError(
            f"{path} is of the driver's pictures {'turned back' if turned else 'as stored'}, but session.yaml "
            f"says driver_mirrored: {str(not turned).lower()} by now.",
            fix=f"Run `dashgaze faces {session.root}` again.",
            path=path,
        )


def _location(session: Session, release: Release, notes: list[str]) -> pa.Table | None:
    if release.scope == "gaze_only":
        notes.append("Location is left out: the driver agreed to gaze only.")
        return None
    return location_rows(session, notes)


def _remark(
    facts: dict[str, Any], frames: pa.Table, samples: pa.Table | None, notes: list[str]
) -> None:
    """Say what is missing or doubtful, in words of our own: those of the stages may name paths."""
    if facts["sync_verdict"] == "doubtful":
        notes.append("The alignment of the clocks of phone and eye tracker is doubtful.")
    if samples is None:
        notes.append("There are no raw gaze samples: fixations are made of frames.")
    for column, what in (
        ("road_frame_index", "No frame has a road frame beside it."),
        ("driver_frame_index", "No frame has a driver frame beside it."),
        ("blink", "Blinks are unknown, so gaze inside of blinks counts like any other."),
        ("homography_source", "Gaze was not carried to the road view: `align` has not run."),
    ):
        if frames.column(column).null_count == frames.num_rows:
            notes.append(what)
