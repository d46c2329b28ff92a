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
from dashgaze.files import replacing, write_text
from dashgaze.progress import Progress, part_of, silent
from dashgaze.session import Session

from .align_plan import gaze_points, intrinsics_of, plan_alignment
from .align_summary import summarise
from .align_tables import fill_road_columns, homography_table, read_frame_maps
from .align_work import look_around, sweep_all, work_folder
from .frames import FRAMES_NAME, GAZE_NAME, frames, note_filled_tables, options_in_use
from .record import StageRecord, plan_stage, read_record, up_to_date
from .session_clock import TIME_MAP_NAME, SessionClock, read_session_clock

VERSION = 2
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
    clock = _usable_clock(session, force=force)
    frames_path = frames(session, options_in_use(session), progress=part_of(progress, 0.0, 0.05))
    record_path = session.derived / ALIGN_RECORD_NAME
    wanted = _plan(session, options)
    previous = read_record(record_path)
    if not force and up_to_date(previous, wanted, root=session.root):
        return session.derived / HOMOGRAPHIES_NAME
    if (
        not force
        and previous is not None
        and up_to_date(_homographies_only(previous), wanted, root=session.root)
    ):
        return _fill_again(session, wanted)
    recording = session.recording()
    table = pq.read_table(frames_path)
    plan = plan_alignment(session, recording, table, clock.time_map, part_of(progress, 0.05, 0.08))
    work = work_folder(session.derived, wanted)
    around = look_around(
        plan, feature_count=options.feature_count, progress=part_of(progress, 0.08, 0.12)
    )
    seen = sweep_all(
        plan, around, work, method=options.method, feature_count=options.feature_count,
        workers=workers, progress=part_of(progress, 0.12, 0.95),
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
    _write_table(session.derived / HOMOGRAPHIES_NAME, homographies)
    summary = summarise(
        homographies, seen, solution, clock=clock,
        scene_camera_origin=recording.scene_camera.origin,
        notes=[*_survey_notes(around.static_share), *_lens_notes(session)],
    )  # fmt: skip
    _fill_tables(session, solution, plan.camera, solution.road_px_per_rad)
    path = _vouch(session, wanted, summary.to_json())
    shutil.rmtree(work, ignore_errors=True)
    progress("written", 1.0)
    return path


def read_summary(derived: Path) -> dict[str, Any]:
    """Read what `align` says of a session: verdict, reasons, shares, errors.

    Raises
    ------
    InputError
        If the stage has not run, or its record can't be read.
    """
    path = derived / ALIGN_RECORD_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return dict(content["summary"])
    except (OSError, ValueError, KeyError, TypeError) as error:
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


def _plan(session: Session, options: AlignOptions) -> StageRecord:
    """Describe what is about to be done. The frame table is left out: its road columns are ours."""
    return plan_stage(
        "align",
        version=VERSION,
        options=asdict(options) | {"intrinsics": intrinsics_of(session)},
        inputs=[session.eye_tracker_path, session.road_path, session.derived / TIME_MAP_NAME],
        root=session.root,
        packages=("av", "numba", "numpy", "opencv-python-headless"),
    )


def _homographies_only(record: StageRecord) -> StageRecord:
    """Give a record as if it vouched for the homographies alone."""
    mine = {name: each for name, each in record.outputs.items() if HOMOGRAPHIES_NAME in name}
    return replace(record, outputs=mine)


def _fill_tables(
    session: Session, maps: FrameMaps, camera: EgoCamera, road_px_per_rad: float
) -> None:
    """Fill the road columns of the tables of the ``frames`` stage, and tell it."""
    derived = session.derived
    frames_table, gaze_table = fill_road_columns(
        pq.read_table(derived / HOMOGRAPHIES_NAME), maps, camera,
        pq.read_table(derived / FRAMES_NAME), pq.read_table(derived / GAZE_NAME),
        road_px_per_rad=road_px_per_rad,
    )  # fmt: skip
    _write_table(derived / GAZE_NAME, gaze_table)
    _write_table(derived / FRAMES_NAME, frames_table)
    note_filled_tables(session)


def _fill_again(session: Session, wanted: StageRecord) -> Path:
    """Fill tables that were made anew from homographies that still hold."""
    derived = session.derived
    scene = session.recording().scene_camera
    camera = EgoCamera(scene.matrix, scene.distortion, size_px=(scene.width_px, scene.height_px))
    summary = read_summary(derived)
    width, height = summary["road_size_px"]
    frame = MapFrame(ego_matrix=camera.matrix, road_size_px=(width, height))
    maps = read_frame_maps(pq.read_table(derived / HOMOGRAPHIES_NAME), frame)
    focal_px = summary["road_focal_px"] or usual_focal_px(frame.road_size_px)
    _fill_tables(session, maps, camera, focal_px)
    return _vouch(session, wanted, summary)


def _vouch(session: Session, wanted: StageRecord, summary: dict[str, Any]) -> Path:
    """Write the record that vouches for the tables; the last thing to be written."""
    derived = session.derived
    paths = [derived / name for name in (HOMOGRAPHIES_NAME, FRAMES_NAME, GAZE_NAME)]
    record = wanted.finished(paths, root=session.root, notes=summary["reasons"])
    content: dict[str, Any] = json.loads(record.to_json()) | {"summary": summary}
    write_text(
        derived / ALIGN_RECORD_NAME,
        json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
    )
    return derived / HOMOGRAPHIES_NAME


def _write_table(path: Path, table: pa.Table) -> None:
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


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
