"""The ``vanishing_point`` stage: where the car is heading, in the road view, with an error for each frame."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.alignment.road_camera import RoadCamera, usual_road_camera
from dashgaze.alignment.speed import MAX_GAP_S, speed_at
from dashgaze.alignment.vanishing_point.frame_points import frame_points, no_points
from dashgaze.alignment.vanishing_point.mount_point import (
    STRAIGHT_DEG_S,
    find_mount_point,
    straight_blocks,
)
from dashgaze.alignment.vanishing_point.pitch_smoothing import smooth_travel
from dashgaze.alignment.vanishing_point.road_lines import LineVote, gather_votes
from dashgaze.alignment.vanishing_point.travel_track import TravelTrack
from dashgaze.alignment.vanishing_point.video_scan import scan_video
from dashgaze.errors import DashgazeError, InputError
from dashgaze.files import alone_at
from dashgaze.media import FrameTimes, LumaReader, read_frame_times
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session

from .align import ALIGN_RECORD_NAME, read_summary
from .align_plan import intrinsics_of
from .filled_tables import (
    changing_tables,
    write_filled_tables,
    write_record_text,
    write_table,
)
from .frames import FRAMES_NAME, frames, options_in_use
from .input_watch import InputWatch
from .phone_streams import read_phone_streams
from .record import StageRecord, plan_stage, read_record, up_to_date
from .road_flow import kept_road_flow, remove_road_flow
from .vanishing_point_summary import TravelFound, summarise
from .vanishing_point_table import FILLED, fill_vanishing_points, vanishing_point_table

VERSION = 3
"""Version of the method; counted up when the same input gives another result."""

VANISHING_POINTS_NAME = "vanishing_points.parquet"
VANISHING_POINT_RECORD_NAME = "vanishing_point.json"

# Writing takes a moment; whoever does the same at once waits for it.
_WAIT_S = 60.0


@dataclass(frozen=True, kw_only=True)
class VanishingPointOptions:
    """What can be chosen.

    Attributes
    ----------
    focal_px
        Focal length of the road camera; None for that of the manifest's calibration, else of the ``align``
        stage, else of a usual phone. Straight ahead hardly depends on it.
    lines
        Whether road lines are asked for a second opinion; at night they are not.
    """

    focal_px: float | None = None
    lines: bool = True

    def __post_init__(self) -> None:
        if self.focal_px is not None and not (math.isfinite(self.focal_px) and self.focal_px > 0):
            raise ValueError(f"focal_px has to be a positive number, not {self.focal_px}")


_DEFAULT = VanishingPointOptions()


def vanishing_point(
    session: Session,
    options: VanishingPointOptions = _DEFAULT,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Path:
    """Find where the car is heading, in every frame of the road video.

    Writes ``derived/vanishing_points.parquet`` (`VANISHING_POINT_TABLE`) and the record
    ``derived/vanishing_point.json``, and fills vanishing point and yaw rate in ``derived/frames.parquet``, which
    the ``frames`` stage is asked for first. Nothing is done where all that stands; where only the frame table was
    made anew, it is filled again. The clocks need not be aligned, but without them no ego frame knows its
    road frame. What `align` has seen of the road video in passing, if it was asked to keep it, is taken, and then
    removed; the result is the same without.

    Parameters
    ----------
    session
        The session.
    options
        What can be chosen.
    force
        Do the work even if nothing changed.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``vanishing_points.parquet``. The verdict in ``vanishing_point.json`` may be doubtful or failed: that is
        no error. A table whose verdict is failed has no point.

    Raises
    ------
    InputError
        If the road video is missing or can't be read, or the calibration is that of other pictures.
    OutputError
        If ``derived/`` can't be written.
    """
    _refuse_missing_road(session)
    watch = InputWatch(session, _inputs(session))
    times = read_frame_times(session.road_path, progress=part_of(progress, 0.0, 0.03))
    camera, origin = _road_camera(session, options, LumaReader(session.road_path, times).size_px)
    frames(session, options_in_use(session), progress=part_of(progress, 0.03, 0.05))
    wanted = _plan(session, options, camera, origin)
    path = session.derived / VANISHING_POINTS_NAME
    record_path = session.derived / VANISHING_POINT_RECORD_NAME
    if not force and up_to_date(read_record(record_path), wanted, root=session.root):
        _fill_frames(session)
        remove_road_flow(session)
        return path
    notes: list[str] = []
    found = _find(session, times, camera, lines=wanted.options["lines"], notes=notes,
                  progress=part_of(progress, 0.05, 0.97))  # fmt: skip
    progress("writing", 0.97)
    table = vanishing_point_table(
        session.manifest.session_id, times.time_s, found.points, found.scan.track, camera
    )
    if origin == "usual":
        notes.append(
            "The focal length of the road camera is not known: that of a usual phone is taken."
        )
    summary = summarise(found, camera, focal_origin=origin, notes=notes)
    with alone_at(session.derived / "vanishing_point", wait_s=_WAIT_S):
        watch.refuse_changes(wanted)
        write_table(path, table)
        _fill_frames(session)
        record = wanted.finished([path], root=session.root, notes=summary["reasons"])
        write_record_text(record_path, json.loads(record.to_json()) | {"summary": summary})
    remove_road_flow(session)
    progress("written", 1.0)
    return path


def frames_are_filled(session: Session) -> bool:
    """Whether the frame table has what this stage found; not so where it was made anew since.

    Raises
    ------
    InputError
        If one of the two tables can't be read.
    """
    try:
        return _filled_frames(session) is None
    except (OSError, LookupError, ValueError, TypeError, pa.ArrowException) as error:
        raise InputError(
            f"The tables in {session.derived} can't be read: {error}.",
            fix="Make them again with `dashgaze frames --force` and `dashgaze vanishing-point --force`.",
            path=session.derived,
        ) from error


def read_vanishing_point_summary(derived: Path) -> dict[str, Any]:
    """Read what `vanishing_point` says of a session: verdict, reasons, mount point, blocks.

    Raises
    ------
    InputError
        If the stage has not run, or its record can't be read.
    """
    path = derived / VANISHING_POINT_RECORD_NAME
    try:
        if not path.is_file():  # to open a pipe is to wait without end
            raise ValueError("it is not a file")
        return dict(json.loads(path.read_text(encoding="utf-8"))["summary"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read.",
            fix="Run `dashgaze vanishing-point` on the session.",
            path=path,
        ) from error


def plan_vanishing_point(
    session: Session, options: VanishingPointOptions = _DEFAULT
) -> StageRecord:
    """Describe what `vanishing_point` would do with these options, without doing it.

    Raises
    ------
    InputError
        If the road video is missing or can't be read.
    """
    _refuse_missing_road(session)
    times = read_frame_times(session.road_path)
    camera, origin = _road_camera(session, options, LumaReader(session.road_path, times).size_px)
    return _plan(session, options, camera, origin)


def _refuse_missing_road(session: Session) -> None:
    if not session.road_path.is_file():
        raise InputError(
            f"The road video, {session.road_path}, does not exist.",
            fix="Copy it there, or mend `road:` under phone: in session.yaml.",
            path=session.road_path,
        )


def _plan(
    session: Session, options: VanishingPointOptions, camera: RoadCamera, origin: str
) -> StageRecord:
    """Describe what is about to be done. The frame table is left out: nothing of it is read."""
    return plan_stage(
        "vanishing_point",
        version=VERSION,
        options={
            "focal_px": camera.focal_px,
            "focal_origin": origin,
            "intrinsics": intrinsics_of(session),
            "lines": options.lines and session.manifest.lighting != "night",
            "phone_start_ns": session.manifest.phone_start_ns,
        },
        inputs=_inputs(session),
        root=session.root,
        packages=("av", "numpy", "opencv-python-headless"),
    )


def _inputs(session: Session) -> list[Path]:
    inputs = [session.road_path]
    if session.location_path is not None and session.location_path.is_file():
        inputs.append(session.location_path)
    return inputs


def _road_camera(
    session: Session, options: VanishingPointOptions, size_px: tuple[int, int]
) -> tuple[RoadCamera, str]:
    """Give the road camera, and how its focal length is known."""
    usual = usual_road_camera(size_px)
    intrinsics = session.manifest.phone.intrinsics
    centre, focal_px, origin = usual.centre_px, usual.focal_px, "usual"
    if intrinsics is not None:
        if (intrinsics.width_px, intrinsics.height_px) != size_px:
            raise InputError(
                f"phone.intrinsics in session.yaml are for pictures of {intrinsics.width_px} × "
                f"{intrinsics.height_px} px, but {session.road_path.name} shows {size_px[0]} × {size_px[1]}.",
                fix="Give the calibration of the video's own size, or take it out.",
                path=session.road_path,
            )
        matrix = np.array(intrinsics.matrix, dtype=np.float64).reshape(3, 3)
        focal_px, origin = float(np.sqrt(matrix[0, 0] * matrix[1, 1])), "calibration"
        centre = float(matrix[0, 2]), float(matrix[1, 2])
    elif (session.derived / ALIGN_RECORD_NAME).is_file():
        recovered = _recovered_focal_px(session.derived)
        if recovered is not None:
            focal_px, origin = recovered, "alignment"
    if options.focal_px is not None:
        focal_px, origin = options.focal_px, "option"
    return RoadCamera(
        focal_px=focal_px, spread_px=math.nan, count=0, size_px=size_px, centre_px=centre
    ), origin


def _recovered_focal_px(derived: Path) -> float | None:
    try:
        focal_px = read_summary(derived).get("road_focal_px")
    except InputError:  # of another version, or half gone: then it says nothing
        return None
    return float(focal_px) if isinstance(focal_px, int | float) and focal_px > 0 else None


def _find(
    session: Session, times: FrameTimes, camera: RoadCamera, *, lines: bool, notes: list[str],
    progress: Progress,
) -> TravelFound:  # fmt: skip
    kept = kept_road_flow(session)
    scan = scan_video(times, camera, lines=lines, kept=kept, progress=progress)
    track = scan.track
    speed = _speed(session, track.time_s, notes)
    moving = track.moving(speed)
    blocks = straight_blocks(track, moving)
    mount = find_mount_point(blocks)
    if mount is None:
        points = no_points(len(times.time_s))
    else:
        points = frame_points(times.time_s, smooth_travel(track, moving, mount), moving, mount)
    votes = _straight_votes(scan.votes, track, moving)
    if scan.gaps:
        notes.append(f"{scan.gaps} pictures of the road video are damaged and were passed over.")
    return TravelFound(
        scan=scan, blocks=blocks, mount=mount, points=points, lines=gather_votes(votes),
        speed_known=speed is not None, dark=session.manifest.lighting == "night",
    )  # fmt: skip


def _speed(
    session: Session, time_s: NDArray[np.float64], notes: list[str]
) -> NDArray[np.float64] | None:
    """Give the speed at times of the phone's clock; None if none is known."""
    phone_notes: list[str] = []
    try:
        phone = read_phone_streams(session, phone_notes, silent)
    except DashgazeError as error:
        notes.append(f"Speed is not known. {error}")
        return None
    if phone.fix_s is None or phone.speed_m_s is None:
        return None
    speed = speed_at(time_s, phone.fix_s, phone.speed_m_s, max_gap_s=MAX_GAP_S)
    return speed if np.isfinite(speed).any() else None


def _straight_votes(
    votes: tuple[LineVote, ...], track: TravelTrack, moving: NDArray[np.bool_]
) -> list[LineVote]:
    """Choose the votes of pictures taken in straight driving."""
    straight = track.time_s[moving & (np.abs(track.rate_deg_s[:, 1]) < STRAIGHT_DEG_S)]
    if not len(straight):
        return []
    return [vote for vote in votes if float(np.abs(straight - vote.time_s).min()) < 0.5]


def _fill_frames(session: Session) -> None:
    """Fill our columns of the frame table, unless they stand as they should, and tell its stage."""
    if _filled_frames(session) is None:
        return
    with changing_tables(session):
        filled = _filled_frames(session)
        if filled is not None:
            write_filled_tables(session, {FRAMES_NAME: filled}, vouched_by=(ALIGN_RECORD_NAME,))


def _filled_frames(session: Session) -> pa.Table | None:
    """Give the frame table with our columns filled; None if they stand as they should."""
    table = pq.read_table(session.derived / FRAMES_NAME)
    filled = fill_vanishing_points(table, pq.read_table(session.derived / VANISHING_POINTS_NAME))
    known = [name for name in FILLED if name in table.column_names]
    if all(filled.column(name).equals(table.column(name)) for name in known):
        return None
    return filled
