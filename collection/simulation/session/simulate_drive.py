"""One simulated drive as a session folder."""

import json
from pathlib import Path

import numpy as np

from dashgaze.files import filling, write_text
from dashgaze.progress import Progress, part_of, silent
from dashgaze.schemas.manifest import MANIFEST_NAME, dump_manifest

from ..story.gnss import location_rows, write_location
from .drive import Drive
from .facts import TRUTH_NAME, facts, manifest
from .film_files import write_films
from .recording import Recording, plan_recording
from .sightings import Sightings
from .tracker_files import write_tracker_files
from .truth import write_driver_truth, write_frame_truth, write_gaze_truth, write_object_truth


def simulate_drive(
    folder: Path, drive: Drive | None = None, *, progress: Progress = silent
) -> Path:
    """Simulate a drive: a session folder with files as devices make them, and ``truth/``.

    Parameters
    ----------
    folder
        A new or empty folder; its name becomes the session's.
    drive
        What the drive is; a minute by day if not given.
    progress
        Where to report to.

    Returns
    -------
    Path
        `folder`, complete: it is filled beside its place and renamed.

    Raises
    ------
    OutputError
        If the folder is not empty or can't be written, or such a drive can't be simulated.
    """
    progress("story", 0.0)
    recording = plan_recording(folder.name, Drive() if drive is None else drive)
    with filling(folder) as work:
        _write(work, recording, progress)
    progress("written", 1.0)
    return folder


def _write(work: Path, recording: Recording, progress: Progress) -> None:
    drive, story, clocks = recording.drive, recording.story, recording.clocks
    phone, truth = work / "phone", work / "truth"
    phone.mkdir()
    write_tracker_files(
        work / "eye_tracker",
        story,
        clocks,
        recording.scene_camera,
        world_s=recording.world_s,
        gaze_s=recording.gaze_s,
        gaze_px=recording.measured.ego_px,
    )
    sightings = write_films(work, recording, part_of(progress, 0.01, 0.97))
    progress("truth", 0.97)
    rows = location_rows(story.seed, story.ride, drive.seconds)
    write_location(phone / "location.csv", rows, start_ns=clocks.phone_ns)
    write_text(work / MANIFEST_NAME, dump_manifest(manifest(recording)))
    write_text(truth / TRUTH_NAME, json.dumps(facts(recording), indent=2) + "\n")
    _write_tables(truth, recording, sightings)


def _write_tables(truth: Path, recording: Recording, sightings: Sightings) -> None:
    drive, story, clocks = recording.drive, recording.story, recording.clocks
    write_frame_truth(
        truth / "frames.parquet",
        story,
        recording.lens,
        drive.road_camera,
        tracker_s=recording.world_s,
        phone_s=clocks.phone_s(recording.world_s),
        road_s=recording.road_s,
        gaze_s=recording.gaze_s,
        # As the tracker's file has it, in single precision.
        gaze_px=recording.measured.ego_px.astype(np.float32).astype(np.float64),
    )
    write_gaze_truth(
        truth / "gaze.parquet",
        story,
        drive.road_camera,
        recording.measured,
        timestamp_ns=clocks.stamps_ns(recording.gaze_s),
        tracker_s=recording.gaze_s,
    )
    write_object_truth(
        truth / "objects.parquet", story, drive.road_camera, recording.road_s, sightings
    )
    write_driver_truth(
        truth / "driver.parquet", story, recording.look, recording.driver_camera, recording.driver_s
    )
