"""What is given beside a data set: what only people know, measured accuracy, boxes and maps."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dashgaze.dataset.packing.assembly import about_of
from dashgaze.errors import InputError
from dashgaze.schemas.about import About, read_about

from ..quality.accuracy import Accuracy, read_accuracy
from ..quality.options import QualityOptions
from ..saliency.map_folder import find_maps
from ..saliency.options import LabelledBoxes
from ..study.packed_dataset import open_dataset
from .material import Material
from .options import AnalyzeOptions


def read_beside(options: AnalyzeOptions) -> tuple[About | None, Mapping[str, Accuracy]]:
    """Read what was given; None and nothing where it was not.

    Raises
    ------
    InputError
        If something can't be read, or the drives measured no accuracy.
    """
    about = None if options.about is None else read_about(options.about)
    if options.accuracy is None:
        return about, {}
    found = read_accuracy(options.accuracy)
    if not found:
        raise InputError(
            f"No session in {options.accuracy} has a measured offset of gaze.",
            fix="Measure it with `dashgaze collect targets`, or leave --accuracy out.",
            path=options.accuracy,
        )
    return about, found


def about_of_study(material: Material) -> About | None:
    """Give what was given, else what the data set was packed with; None if it never was on a disk."""
    about = read_beside(material.options)[0]
    if about is None and material.dataset is not None:
        return about_of(material.dataset.manifest)
    return about


def quality_options(material: Material) -> QualityOptions:
    """Give the options of the account of data quality.

    Raises
    ------
    InputError
        If accuracy was measured in none of the study's sessions.
    """
    accuracy = read_beside(material.options)[1]
    names = {each.session_id for each in material.study.sessions}
    if accuracy and not names & set(accuracy):
        raise InputError(
            f"Accuracy was measured in {', '.join(sorted(accuracy)[:5])}, none of which is in this data set.",
            fix="Give the folder of the drives that the data set was packed from.",
        )
    kept = {name: each for name, each in accuracy.items() if name in names}
    return QualityOptions(dataset=material.dataset, accuracy=kept)


def refuse_maps_of_others(data: Path, options: AnalyzeOptions) -> None:
    """Refuse a folder that has no saliency maps of the data set's sessions.

    Raises
    ------
    InputError
        If it has none, or their files are not named as they have to be.
    """
    if options.saliency is not None:
        rows = open_dataset(data, split=options.split, sessions=options.sessions).rows
        find_maps(Path(options.saliency).expanduser(), rows)


def labelled_boxes(material: Material) -> dict[str, LabelledBoxes]:
    """Give boxes by frames of the road video, for what saliency maps say of objects; those whose frame is unknown are left out."""
    found = {}
    for name, placed in (material.boxes or {}).items():
        frames = None
        if material.dataset is not None:
            frames = material.dataset.table("frames", name, ["road_frame_index"])
        if frames is None or "road_frame_index" not in frames.column_names:
            continue
        road = frames.column("road_frame_index").to_numpy().astype(np.float64)
        boxes = placed.boxes
        if boxes.clock == "road_frame_index":
            of_picture = boxes.moment
        elif boxes.clock == "frame_index":
            of_picture = road[np.clip(boxes.moment.astype(np.int64), 0, len(road) - 1)]
        else:
            # A picture is placed at the frames around its time: the last of them tells its place in the road video.
            of_picture = np.full(len(boxes.moment), np.nan)
            rows = np.flatnonzero(placed.picture_of_row >= 0)
            of_picture[placed.picture_of_row[rows]] = road[rows]
        of_box = of_picture[boxes.picture]
        known = np.isfinite(of_box)
        found[name] = LabelledBoxes(
            road_frame_index=of_box[known].astype(np.int64),
            box_px=boxes.corners_px[known],
            label=boxes.kind[known],
        )
    return found
