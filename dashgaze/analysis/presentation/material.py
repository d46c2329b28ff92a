"""What all sections of one analysis are made of: read once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from dashgaze.errors import InputError, WorkerError
from dashgaze.progress import Progress, part_of, silent
from dashgaze.scratch import Shelf

from ..contract.direction import GazeDirections
from ..contract.study import FloatArray, Study
from ..objects.box_traffic import traffic_of_boxes
from ..objects.placing import PlacedBoxes, boxes_of_dataset, read_boxes
from ..study.condition_tracks import ConditionTracks, condition_tracks
from ..study.directions import DirectionOptions, study_directions
from ..study.lighting import lighting_of
from ..study.opening import open_study
from ..study.packed_dataset import OpenDataset, open_dataset
from ..study.packed_lighting import packed_picture_light, packed_place
from ..study.picture_light import PictureLight
from ..study.shelving import ShelvedMapping, shelved
from .mean_picture import PictureSum
from .options import AnalyzeOptions
from .packed_pictures import sum_of_pictures


@dataclass(frozen=True, kw_only=True, eq=False)
class SessionPictures:
    """What the pictures of a session add up to; None where it has none.

    Attributes
    ----------
    road, driver
        Sums of its pictures.
    light, light_time_s
        Brightness of road pictures, and their times, s.
    """

    road: PictureSum | None = None
    driver: PictureSum | None = None
    light: PictureLight | None = None
    light_time_s: FloatArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Material:
    """A study, and what was worked out of it before anything was asked.

    Attributes
    ----------
    study
        The sessions.
    directions
        Gaze in degrees, by name of the session.
    refused
        Why a session has no directions, by its name.
    tracks
        Conditions frame by frame, by name of the session.
    pictures
        By name of the session; empty where the data set has no pictures.
    dataset
        Where the study comes from; None if it never was on a disk.
    boxes
        Boxes of objects, by name of the session; None if none were given.
    options
        How it is analysed.
    shelf
        Where arrays of frames and pictures lie; None if they are in memory.
    """

    study: Study
    directions: Mapping[str, GazeDirections]
    refused: Mapping[str, str]
    tracks: Mapping[str, ConditionTracks]
    pictures: Mapping[str, SessionPictures] = field(default_factory=dict)
    dataset: OpenDataset | None = None
    boxes: Mapping[str, PlacedBoxes] | None = None
    options: AnalyzeOptions = field(default_factory=AnalyzeOptions)
    shelf: Shelf | None = None


def read_material(
    data: Path, options: AnalyzeOptions, *, workers: int = 1, progress: Progress = silent
) -> Material:
    """Read a packed data set.

    Parameters
    ----------
    data
        The folder that `dashgaze pack` wrote.
    options
        How it is analysed.
    workers
        Processes that decode pictures. With more than one, a script has to guard its start with ``if __name__ ==
        "__main__"``.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If it is no packed data set, or can't be read.
    WorkerError
        If a process was killed.
    """
    dataset = open_dataset(data, split=options.split, sessions=options.sessions)
    shelf = Shelf()
    study = open_study(
        dataset,
        split=options.split,
        shelf=shelf,
        progress=part_of(progress, 0.0, 0.3),
    )
    boxes = None
    if options.boxes is not None:
        # Before anything that takes long: whoever gave a file that can't be used wants to know.
        boxes = boxes_of_dataset(dataset, read_boxes(_files_of(options.boxes)))
    dataset = dataset.without_lists()
    pictures = _all_pictures(dataset, options, workers, shelf, part_of(progress, 0.3, 0.9))
    return material_of(study, options, pictures=pictures, dataset=dataset, boxes=boxes, shelf=shelf)


def material_of(
    study: Study,
    options: AnalyzeOptions,
    *,
    pictures: Mapping[str, SessionPictures] | None = None,
    dataset: OpenDataset | None = None,
    boxes: Mapping[str, PlacedBoxes] | None = None,
    shelf: Shelf | None = None,
) -> Material:
    """Work out directions and conditions of a study that was read already; parameters as of `Material`."""
    found = study_directions(
        study,
        DirectionOptions(reference=options.reference, focal_px=options.focal_px),
        shelf=shelf,
    )
    known = pictures or {}
    tracks: dict[str, ConditionTracks] = {}
    for session in study.sessions:
        seen = known.get(session.session_id, SessionPictures())
        light = lighting_of(
            session,
            place=None if dataset is None else packed_place(dataset, session.session_id),
            pictures=seen.light,
            picture_time_s=seen.light_time_s,
        )
        placed = None if boxes is None else boxes.get(session.session_id)
        traffic = None if placed is None else traffic_of_boxes(placed, session)
        track = condition_tracks(session, lighting=light, traffic=traffic)
        tracks[session.session_id] = track if shelf is None else shelved(track, shelf)
    return Material(
        study=study,
        directions=found.by_session,
        refused=found.refused,
        tracks=tracks if shelf is None else ShelvedMapping(tracks, shelf),
        pictures=known,
        dataset=dataset,
        boxes=boxes,
        options=options,
        shelf=shelf,
    )


def _files_of(path: Path) -> list[Path]:
    """Give a file, or the files of a folder that may hold boxes."""
    path = Path(path).expanduser()
    if not path.is_dir():
        return [path]
    files = sorted(each for each in path.iterdir() if each.suffix.lower() in (".csv", ".json"))
    if not files:
        raise InputError(
            f"{path} has no files of boxes.",
            fix="Give a folder with CSV or COCO JSON files.",
            path=path,
        )
    return files


def _all_pictures(
    dataset: OpenDataset, options: AnalyzeOptions, workers: int, shelf: Shelf, progress: Progress
) -> dict[str, SessionPictures]:
    names = [
        name
        for name, row in dataset.rows.items()
        if dataset.shard("images", name) is not None
        or row.get("road_video")
        or row.get("driver_video")
    ]
    found: dict[str, SessionPictures] = {}
    if workers <= 1 or len(names) < 2:
        for done, name in enumerate(names, start=1):
            found[name] = _put(_session_pictures(dataset, name, options.picture_every_s), shelf)
            progress("looking at pictures", done / len(names))
        return found
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        tasks = [
            pool.submit(_session_pictures, dataset.alone(name), name, options.picture_every_s)
            for name in names
        ]
        try:
            for done, (name, task) in enumerate(zip(names, tasks, strict=True), start=1):
                found[name] = _put(task.result(), shelf)
                progress("looking at pictures", done / len(names))
        except BrokenProcessPool as error:
            raise WorkerError(
                "A process that looked at pictures was killed; is there enough memory?",
                fix="Run it again with --workers 1.",
            ) from error
    return found


def _put(pictures: SessionPictures, shelf: Shelf) -> SessionPictures:
    for each in (pictures.road, pictures.driver):
        if each is not None:
            each.mean, each.squares = shelf.keep(each.mean), shelf.keep(each.squares)
    return pictures


def _session_pictures(dataset: OpenDataset, name: str, every_s: float) -> SessionPictures:
    light, times = packed_picture_light(dataset, name)
    return SessionPictures(
        road=sum_of_pictures(dataset, name, "road", every_s=every_s),
        driver=sum_of_pictures(dataset, name, "driver", every_s=every_s),
        light=light,
        light_time_s=times,
    )
