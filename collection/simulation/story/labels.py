"""Frame tables of hundreds of simulated drives, without pictures, for statistics."""

import concurrent.futures
import concurrent.futures.process
import json
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.errors import WorkerError
from dashgaze.files import filling
from dashgaze.heap import keep_freed_memory
from dashgaze.progress import Progress, silent
from dashgaze.schemas.manifest import (
    MANIFEST_NAME,
    SESSION_SCHEMA,
    Consent,
    EyeTracker,
    Intrinsics,
    Phone,
    SessionManifest,
    dump_manifest,
)

from .conditions import Conditions
from .effects import Effects
from .label_drive import LabelDrive, label_drive, lens_of_labels
from .label_quality import label_quality
from .label_tables import frame_table, truth_table
from .population import PlannedSession, draw_population
from .projection import RoadCamera
from .streams import Stream, stream
from .tracker_gaze import TrackerError

SAID = (
    "Simulated, labels only: this session has tables and truth, but no recordings; the paths of "
    "phone and eye tracker in session.yaml name files that are not there."
)
_FIRST_DAY = datetime(2026, 2, 2, tzinfo=timezone(timedelta(hours=5, minutes=30)))
_HOURS = {"day": (9.0, 16.5), "twilight": (18.2, 18.6), "night": (19.5, 22.5)}
# Half the size of parquet's usual encodings, and written in half the time.
_ENCODINGS = {
    pa.int32(): "DELTA_BINARY_PACKED",
    pa.int64(): "DELTA_BINARY_PACKED",
    pa.float32(): "BYTE_STREAM_SPLIT",
    pa.float64(): "BYTE_STREAM_SPLIT",
}
_USUAL_EFFECTS = Effects()
_USUAL_ERROR = TrackerError()


@dataclass(frozen=True, kw_only=True)
class Film:
    """What was filmed of a drive.

    Attributes
    ----------
    columns
        Columns of the frame table that are known by it.
    facts
        What truth.json says of it.
    note
        What there is of the session, in a sentence, instead of `SAID`.
    """

    columns: Mapping[str, pa.Array]
    facts: Mapping[str, object]
    note: str


Camera = Callable[[Path, LabelDrive], Film]
"""Films a drive into its session folder, in which ``truth/`` is there already. With several workers it is
sent to other processes, so it has to be a function of a module, or a `functools.partial` of one."""


@dataclass(frozen=True, kw_only=True)
class _Task:
    folder: Path
    number: int
    session: PlannedSession
    seconds: float
    fps: float
    effects: Effects
    error: TrackerError
    film: Camera | None


def simulate_labels(
    folder: Path,
    *,
    sessions: int = 300,
    minutes: float = 10.0,
    drivers: int | None = None,
    seed: int = 7,
    effects: Effects = _USUAL_EFFECTS,
    error: TrackerError = _USUAL_ERROR,
    fps: float = 30.0,
    population: Sequence[PlannedSession] | None = None,
    film: Camera | None = None,
    workers: int = 1,
    progress: Progress = silent,
) -> Path:
    """Write a study of simulated drives without pictures.

    Each session folder holds ``session.yaml``, ``derived/frames.parquet`` as the stages would have
    written it, and ``truth/``: ``truth.json`` (what is planted, who drives, the tracker's bias) and
    ``frames.parquet`` with one row for each frame: frame_index, phone_s, target_kind, fixation_id (null
    in saccades), object_id (number of the fixation where it is on another road user), in_car, saccade,
    blink, azimuth_from_travel_deg and elevation_from_travel_deg (of the true gaze, at the driver's eyes,
    from the level direction of travel), gaze_road_{x,y}_px (null for targets in the car),
    vanishing_point_{x,y}_px, speed_m_s, car_yaw_rate_deg_s, spread_h_deg and bearing_ahead_deg (SD_h and b of
    `Effects`, in the middle of the fixation).

    **There are no recordings**, but for what `film` adds: the files that ``session.yaml`` names are
    absent, and ``dashgaze check`` says so. How the tables differ from those of a full simulation is said by `label_drive`.

    Parameters
    ----------
    folder
        A new or empty folder.
    sessions, drivers
        How many; without a number of drivers 28 of 33 sessions, as DashGaze had them, and in the same
        proportion of others.
    minutes
        Length of each.
    seed
        Same seed, same study, whatever the number of workers.
    effects
        What is planted.
    error
        Of the eye tracker.
    fps
        Ego frames a second.
    population
        The sessions, instead of `sessions`, `drivers` and `seed`.
    film
        Films each drive; nothing is filmed without.
    workers
        Processes. With more than one, a script has to guard its start with ``if __name__ ==
        "__main__"``.
    progress
        Where to report to.

    Returns
    -------
    Path
        `folder`, complete.

    Raises
    ------
    OutputError
        If the folder is not empty or can't be written.
    WorkerError
        If a process was killed.
    """
    planned_sessions = (
        draw_population(sessions, drivers, seed) if population is None else population
    )
    with filling(folder) as work:
        tasks = [
            _Task(
                folder=work / planned.session_id,
                number=number,
                session=planned,
                seconds=minutes * 60.0,
                fps=fps,
                effects=effects,
                error=error,
                film=film,
            )
            for number, planned in enumerate(planned_sessions)
        ]
        if workers <= 1:
            for number, task in enumerate(tasks):
                _write_session(task)
                progress("sessions", (number + 1) / len(tasks))
        else:
            _in_processes(tasks, workers, progress)
    return folder


def _in_processes(tasks: Sequence[_Task], workers: int, progress: Progress) -> None:
    # Films take minutes each: dealt out by fours, some processes would wait for others.
    filmed = tasks[0].film is not None
    chunk = 1 if filmed else 4
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=context, initializer=keep_freed_memory if filmed else None
    ) as pool:
        try:
            for number, _ in enumerate(pool.map(_write_session, tasks, chunksize=chunk)):
                progress("sessions", (number + 1) / len(tasks))
        except concurrent.futures.process.BrokenProcessPool as error:
            raise WorkerError(
                "A process that simulated a session was killed; is there enough memory?",
                fix="Run it again with --workers 1.",
            ) from error


def _write_session(task: _Task) -> None:
    planned, camera = task.session, RoadCamera()
    drive = label_drive(
        planned.seed,
        planned.conditions,
        task.seconds,
        task.effects,
        fps=task.fps,
        error=task.error,
        camera=camera,
    )
    rng = stream(planned.seed, Stream.SESSION)
    first, last = _HOURS[planned.conditions.lighting]
    recorded_at = _FIRST_DAY + timedelta(days=task.number, hours=float(rng.uniform(first, last)))
    recorded_at = recorded_at.replace(microsecond=0)
    quality = label_quality(planned.seed, drive, planned.conditions, fps=task.fps)
    frames = frame_table(
        planned.session_id,
        int(recorded_at.timestamp()) * 10**9,
        drive,
        quality,
        rng,
        lens=lens_of_labels(),
        camera=camera,
        fps=task.fps,
        seed=planned.seed,
    )
    for name in ("derived", "truth"):
        (task.folder / name).mkdir(parents=True)
    film = None if task.film is None else task.film(task.folder, drive)
    if film is not None:
        for name, column in film.columns.items():
            place = frames.column_names.index(name)
            frames = frames.set_column(place, frames.schema.field(place), column)
    _write_table(task.folder / "derived" / "frames.parquet", frames)
    _write_table(task.folder / "truth" / "frames.parquet", truth_table(drive))
    # Not synced to disk one by one: the whole study appears at once, when it is complete.
    facts = _truth(task, drive)
    if film is not None:
        facts |= {"note": film.note, **film.facts}
    truth = json.dumps(facts, indent=2) + "\n"
    (task.folder / "truth" / "truth.json").write_text(truth, encoding="utf-8")
    manifest = _manifest(planned, recorded_at, camera)
    (task.folder / MANIFEST_NAME).write_text(dump_manifest(manifest), encoding="utf-8")


def _write_table(path: Path, table: pa.Table) -> None:
    names = [field.name for field in table.schema if pa.types.is_string(field.type)]
    encodings = {
        field.name: _ENCODINGS[field.type] for field in table.schema if field.type in _ENCODINGS
    }
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=1,
        use_dictionary=names,
        column_encoding=encodings,
    )


def _truth(task: _Task, drive: LabelDrive) -> dict[str, object]:
    return {
        "note": SAID,
        "labels_only": True,
        "seed": task.session.seed,
        "seconds": task.seconds,
        "fps": task.fps,
        "conditions": asdict(task.session.conditions),
        "effects": task.effects.to_dict(),
        "tracker_error": asdict(task.error),
        "tracker_bias_deg": drive.bias_deg.tolist(),
    }


def _manifest(
    planned: PlannedSession, recorded_at: datetime, camera: RoadCamera
) -> SessionManifest:
    conditions: Conditions = planned.conditions
    width, height = camera.size_px
    return SessionManifest(
        schema_id=SESSION_SCHEMA,
        session_id=planned.session_id,
        driver_id=conditions.driver.driver_id,
        recorded_at=recorded_at.isoformat(),
        car="simulated, labels only",
        camera_position=conditions.camera_position,
        weather=conditions.weather,
        lighting=conditions.lighting,
        eyewear=conditions.eyewear,
        passengers=conditions.passengers,
        consent=Consent(version="simulated", scope="raw"),
        phone=Phone(
            model="simulated",
            road="phone/road.mp4",
            driver="phone/driver.mp4",
            intrinsics=Intrinsics(width_px=width, height_px=height, matrix=camera.matrix.tolist()),
        ),
        eye_tracker=EyeTracker(kind="pupil_invisible", path="eye_tracker"),
    )
