"""The ``align`` stage: gaze from the ego view to the road view, with an error for each frame."""

import json
import math
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.frame_maps import FrameMaps
from dashgaze.alignment.mapping import MapFrame
from dashgaze.alignment.road_camera import usual_focal_px
from dashgaze.alignment.solution import SolveOptions, solve
from dashgaze.alignment.sweep import Method
from dashgaze.errors import InputError
from dashgaze.files import alone_at
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session

from .align_plan import AlignPlan, gaze_points, intrinsics_of, plan_alignment
from .align_summary import summarise
from .align_tables import fill_road_columns, homography_table, read_frame_maps
from .align_work import (
    AlignPart,
    RoadFlow,
    look_around,
    open_parts,
    remove_unfinished,
    sweep_all,
    work_folder,
)
from .filled_tables import changing_tables, write_filled_tables, write_record_text, write_table
from .frames import FRAMES_NAME, GAZE_NAME, frames, options_in_use
from .input_watch import InputWatch
from .record import StageRecord, plan_stage, read_record, up_to_date
from .road_flow import plan_road_flow
from .session_clock import TIME_MAP_NAME, SessionClock, read_session_clock

VERSION = 4
"""Version of the method; counted up when the same input gives another result."""

HOMOGRAPHIES_NAME = "homographies.parquet"
ALIGN_RECORD_NAME = "align.json"


@dataclass(frozen=True, kw_only=True)
class AlignOptions:
    """What can be chosen.

    Attributes
    ----------
    method
        How frames without a direct match are filled in: ``tracks`` (tracked correspondences and the
        gyroscope), or, to compare with, ``chain`` (chained homographies) and ``paper`` (the published
        algorithm, without checks).
    feature_count
        Most features of a picture.
    max_hops
        Most frames between a frame and the direct match it is filled in from.
    max_error_deg
        Largest predicted error (1σ) in the middle of the road view, degrees, up to which a frame is
        answered.
    """

    method: Method = "tracks"
    feature_count: int = 800
    max_hops: int = 75
    max_error_deg: float = 0.75

    def __post_init__(self) -> None:
        if not 50 <= self.feature_count <= 20_000:
            raise ValueError(f"feature_count has to be 50 … 20,000, not {self.feature_count}")
        if self.max_hops < 0:
            raise ValueError(f"max_hops can't be negative, as {self.max_hops} is")
        if not (math.isfinite(self.max_error_deg) and self.max_error_deg > 0):
            raise ValueError(f"max_error_deg has to be positive, not {self.max_error_deg}")


_DEFAULT = AlignOptions()


def align(
    session: Session,
    options: AlignOptions = _DEFAULT,
    *,
    workers: int = 1,
    force: bool = False,
    keep_road_flow: bool = False,
    progress: Progress = silent,
) -> Path:
    """Carry gaze from the ego view to the road view.

    Writes ``derived/homographies.parquet`` and the record ``derived/align.json``, and fills the road
    columns of ``derived/frames.parquet`` and ``derived/gaze.parquet``, which the ``frames`` stage is
    asked for first. Nothing is done where all that stands and options and inputs are the same; where
    only those two tables were made anew, they are filled from the homographies. A run that was killed
    goes on where it stopped.

    Parameters
    ----------
    session
        The session.
    options
        What can be chosen.
    workers
        Processes. The result doesn't depend on it. More than one are started anew: a script that asks for
        them has to do its work under ``if __name__ == "__main__":``, as Python's multiprocessing wants.
    force
        Do the work even if nothing changed, and even if the clocks could not be aligned: then every
        frame says so.
    keep_road_flow
        Whether to keep what `vanishing_point`, which is to be asked next, needs of the road video: then that
        one is decoded once. The result doesn't depend on it.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``homographies.parquet``. The verdict in ``align.json`` may be doubtful or failed: that is no
        error.

    Raises
    ------
    InputError
        If the clocks are not aligned yet, or could not be aligned (without `force`), or a file can't be
        read.
    OutputError
        If ``derived/`` can't be written.
    """
    watch = InputWatch(session, _inputs(session))
    clock = _usable_clock(session, force=force)
    frames(session, options_in_use(session), progress=part_of(progress, 0.0, 0.05))
    wanted = plan_align(session, options)
    previous = read_record(session.derived / ALIGN_RECORD_NAME)
    if not force and up_to_date(previous, wanted, root=session.root):
        remove_unfinished(session.derived)
        return session.derived / HOMOGRAPHIES_NAME
    if (
        not force
        and previous is not None
        and up_to_date(_homographies_only(previous), wanted, root=session.root)
    ):
        return _fill_again(session, wanted, watch)
    with alone_at(session.derived / "align", busy=f"Another run aligns {session.root} already."):
        return _match(
            session, options, clock, wanted, watch, workers=workers, keep_road_flow=keep_road_flow,
            progress=progress,
        )  # fmt: skip


def _match(
    session: Session, options: AlignOptions, clock: SessionClock, wanted: StageRecord,
    watch: InputWatch, *, workers: int, keep_road_flow: bool, progress: Progress,
) -> Path:  # fmt: skip
    """Match the views of a drive and write what comes of it."""
    recording = session.recording()
    table = pq.read_table(session.derived / FRAMES_NAME)
    plan = plan_alignment(session, recording, table, clock.time_map, part_of(progress, 0.05, 0.08))
    work = work_folder(session.derived, wanted)
    around = look_around(
        plan,
        work,
        feature_count=options.feature_count,
        watch=watch,
        progress=part_of(progress, 0.08, 0.12),
    )
    seen = sweep_all(
        plan, around, work, method=options.method, feature_count=options.feature_count,
        workers=workers, watch=watch, progress=part_of(progress, 0.12, 0.95),
        road_flow=_road_flow(session, plan, watch) if keep_road_flow else None,
    )  # fmt: skip
    progress("filling gaps", 0.95)
    solution = solve(
        seen, camera=plan.camera, frame=plan.frame, time_s=plan.time_s, turn_rad=plan.turn_rad,
        road_camera=plan.road_camera,
        gaze_px=plan.camera.undistort(gaze_points(table)),
        calibrated=recording.scene_camera.origin != "default",
        options=SolveOptions(
            max_hops=options.max_hops, max_error_deg=options.max_error_deg, method=options.method
        ),
    )  # fmt: skip
    progress("writing", 0.98)
    homographies = homography_table(seen, solution, plan.camera, table)
    summary = summarise(
        homographies, seen, solution, clock=clock,
        scene_camera_origin=recording.scene_camera.origin,
        notes=[*_survey_notes(around.static_share), *_lens_notes(session)],
    )  # fmt: skip
    with changing_tables(session):
        watch.refuse_changes(wanted)
        _refuse_other_frames(session, homographies)
        write_table(session.derived / HOMOGRAPHIES_NAME, homographies)
        # As the table has them, so that filling again gives the same to the last digit.
        maps = read_frame_maps(homographies, plan.frame)
        _fill_tables(session, homographies, maps, plan.camera, solution.road_px_per_rad)
        path = _vouch(session, wanted, summary.to_json())
    shutil.rmtree(work, ignore_errors=True)
    progress("written", 1.0)
    return path


def align_parts(
    session: Session, options: AlignOptions = _DEFAULT, *, keep_road_flow: bool = False,
    progress: Progress = silent,
) -> list[AlignPart]:  # fmt: skip
    """Divide the long part of `align` into pieces that can be done in any order, anywhere.

    When all are done, `align` with the same options finds them done and writes the tables. See there for
    `keep_road_flow`.

    Returns
    -------
    list of AlignPart
        Those that are not done yet; none where nothing is to be matched.

    Raises
    ------
    InputError, OutputError
        As `align`.
    """
    watch = InputWatch(session, _inputs(session))
    clock = _usable_clock(session, force=False)
    frames_path = frames(session, options_in_use(session), progress=part_of(progress, 0.0, 0.4))
    wanted = plan_align(session, options)
    previous = read_record(session.derived / ALIGN_RECORD_NAME)
    if previous is not None and up_to_date(_homographies_only(previous), wanted, root=session.root):
        return []
    plan = plan_alignment(
        session, session.recording(), pq.read_table(frames_path), clock.time_map,
        part_of(progress, 0.4, 0.6),
    )  # fmt: skip
    work = work_folder(session.derived, wanted)
    around = look_around(
        plan,
        work,
        feature_count=options.feature_count,
        watch=watch,
        progress=part_of(progress, 0.6, 1.0),
    )
    return open_parts(
        plan, around, work, method=options.method, feature_count=options.feature_count, watch=watch,
        road_flow=_road_flow(session, plan, watch) if keep_road_flow else None,
    )  # fmt: skip


def _road_flow(session: Session, plan: AlignPlan, watch: InputWatch) -> RoadFlow:
    """Prepare to keep what is seen of the road in passing."""
    _, file = plan.files[0]
    seen, folder = plan_road_flow(session, file.road_times, plan.frame.road_size_px, watch=watch)
    return RoadFlow(plan=seen, folder=folder)


def read_summary(derived: Path) -> dict[str, Any]:
    """Read what `align` says of a session: verdict, reasons, shares, errors.

    Raises
    ------
    InputError
        If the stage has not run, or its record can't be read.
    """
    path = derived / ALIGN_RECORD_NAME
    try:
        if not path.is_file():  # to open a pipe is to wait without end
            raise ValueError("it is not a file")
        content = json.loads(path.read_text(encoding="utf-8"))
        return dict(content["summary"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read.", fix="Run `dashgaze align` on the session.", path=path
        ) from error


def _usable_clock(session: Session, *, force: bool) -> SessionClock:
    clock = read_session_clock(session.derived)
    if clock.document is None:
        raise InputError(
            f"The clocks of {session.root} are not aligned yet.",
            fix=f"Run `dashgaze sync {session.root}` first.",
            path=session.derived / TIME_MAP_NAME,
        )
    if clock.time_map is None and not force:
        raise InputError(
            f"The clocks of {session.root} could not be aligned, so nobody knows which road frame "
            "belongs to which ego frame.",
            fix="Give the offset by hand (`dashgaze sync --manual-offset SECONDS`). With --force "
            "every frame is written as one without a map.",
            path=session.derived / TIME_MAP_NAME,
        )
    return clock


def plan_align(session: Session, options: AlignOptions = _DEFAULT) -> StageRecord:
    """Describe what `align` would do with these options, without doing it.

    The frame table is left out of the inputs: its road columns are ours.

    Raises
    ------
    InputError
        If a file can't be read.
    """
    return plan_stage(
        "align",
        version=VERSION,
        options=asdict(options) | {"intrinsics": intrinsics_of(session)},
        inputs=_inputs(session),
        root=session.root,
        packages=("av", "numba", "numpy", "opencv-python-headless"),
    )


def _inputs(session: Session) -> list[Path]:
    return [session.eye_tracker_path, session.road_path, session.derived / TIME_MAP_NAME]


def _homographies_only(record: StageRecord) -> StageRecord:
    """Give a record as if it vouched for the homographies alone."""
    mine = {name: each for name, each in record.outputs.items() if HOMOGRAPHIES_NAME in name}
    return replace(record, outputs=mine)


def _fill_tables(
    session: Session, homographies: pa.Table, maps: FrameMaps, camera: EgoCamera,
    road_px_per_rad: float,
) -> None:  # fmt: skip
    """Fill the road columns of the tables of the ``frames`` stage, and tell it."""
    derived = session.derived
    frames_table, gaze_table = fill_road_columns(
        homographies, maps, camera,
        pq.read_table(derived / FRAMES_NAME), pq.read_table(derived / GAZE_NAME),
        road_px_per_rad=road_px_per_rad,
    )  # fmt: skip
    write_filled_tables(session, {GAZE_NAME: gaze_table, FRAMES_NAME: frames_table})


def _refuse_other_frames(session: Session, homographies: pa.Table) -> None:
    """Refuse a frame table that another run has put in the place of the one that was matched."""
    names, path = ["frame_index", "timestamp_ns", "road_frame_index"], session.derived / FRAMES_NAME
    if not homographies.select(names).equals(pq.read_table(path, columns=names)):
        raise InputError(
            f"{path} was made anew with other frames while they were matched.",
            fix="Type the command again: what is matched already is kept.",
            path=path,
        )


def _fill_again(session: Session, wanted: StageRecord, watch: InputWatch) -> Path:
    """Fill tables that were made anew from homographies that still hold."""
    derived = session.derived
    scene = session.recording().scene_camera
    camera = EgoCamera(scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px))
    summary = read_summary(derived)
    width, height = summary["road_size_px"]
    frame = MapFrame(ego_matrix=camera.matrix, road_size_px=(width, height))
    focal_px = summary["road_focal_px"] or usual_focal_px(frame.road_size_px)
    with changing_tables(session):
        homographies = pq.read_table(derived / HOMOGRAPHIES_NAME)
        watch.refuse_changes(wanted)
        _refuse_other_frames(session, homographies)
        maps = read_frame_maps(homographies, frame)
        _fill_tables(session, homographies, maps, camera, focal_px)
        return _vouch(session, wanted, summary)


def _vouch(session: Session, wanted: StageRecord, summary: dict[str, Any]) -> Path:
    """Write the record that vouches for the tables; the last thing to be written."""
    derived = session.derived
    paths = [derived / name for name in (HOMOGRAPHIES_NAME, FRAMES_NAME, GAZE_NAME)]
    record = wanted.finished(paths, root=session.root, notes=summary["reasons"])
    content: dict[str, Any] = json.loads(record.to_json()) | {"summary": summary}
    write_record_text(derived / ALIGN_RECORD_NAME, content)
    return derived / HOMOGRAPHIES_NAME


def _lens_notes(session: Session) -> list[str]:
    intrinsics = session.manifest.phone.intrinsics
    if intrinsics is None or not any(intrinsics.distortion):
        return []
    return [
        "The distortion in phone.intrinsics is not used: the road camera is taken for a pinhole."
    ]


def _survey_notes(static_share: float) -> list[str]:
    if not static_share:
        return []
    part = f"{static_share:.0%} of the road picture"
    return [f"{part} never changes (bonnet, dirt, overlays) and is not matched."]
