"""Looking for regions in a view: a verdict on every picture, or none at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.video.planes import bgr_of
from dashgaze.dataset.video.view_source import View, ViewSource
from dashgaze.errors import InputError
from dashgaze.progress import Progress

from .box_file import BoxFile, ViewBoxes
from .detector import RegionDetector
from .motion import PictureMotion
from .options import NOT_WAIVED, REQUIRED, AnonymizeOptions
from .regions import Region, RegionClass

_MOVING: View = "ego"
_WORDS = {"face": "faces", "plate": "licence plates"}


@dataclass(frozen=True, kw_only=True)
class SearchPlan:
    """Who looks for what in a view.

    Attributes
    ----------
    view
        The view.
    detectors
        Detectors to be asked.
    boxes
        What the file of boxes says of the view; None without.
    box_file
        That file.
    by_boxes
        Classes that rest on the file of boxes alone, which then has to have a verdict on every frame.
    waived
        Why a class is not looked for.
    """

    view: View
    detectors: tuple[RegionDetector, ...]
    boxes: ViewBoxes | None
    box_file: BoxFile | None
    by_boxes: tuple[RegionClass, ...]
    waived: dict[RegionClass, str]

    def searched_by(self, kind: RegionClass) -> list[str]:
        """Give the names of what looks for a class."""
        names = [each.name for each in self.detectors if kind in each.classes]
        if self.boxes is not None and self.box_file is not None and self.boxes.searched[kind]:
            names.append(self.box_file.path.name)
        return names


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """What was found in a view, by picture in order of time.

    Attributes
    ----------
    frame_index
        The frame of each picture.
    regions
        What was found in it.
    judged
        Whether it was searched for everything that it had to be searched for.
    shift_px
        How far it is moved as a whole, shape (n, 2); None for a camera that stands still in the car.
    """

    frame_index: list[int]
    regions: list[list[Region]]
    judged: list[bool]
    shift_px: NDArray[np.float64] | None


def plan_search(
    view: View,
    options: AnonymizeOptions,
    detectors: Sequence[RegionDetector],
    box_file: BoxFile | None,
) -> SearchPlan:
    """Say who looks for what.

    Raises
    ------
    InputError
        If nobody looks for something that has to be looked for.
    """
    required = REQUIRED[view]
    boxes = None if box_file is None else box_file.views.get(view)
    asked = tuple(each for each in detectors if each.classes & set(required))
    by_boxes: list[RegionClass] = []
    waived: dict[RegionClass, str] = {}
    for kind in required:
        if any(kind in each.classes for each in asked):
            continue
        if boxes is not None and boxes.searched[kind]:
            by_boxes.append(kind)
        elif kind in options.waivers and (view, kind) not in NOT_WAIVED:
            waived[kind] = options.waivers[kind]
        else:
            raise _nobody(view, kind, box_file, given=kind in options.waivers)
    return SearchPlan(
        view=view,
        detectors=asked,
        boxes=boxes,
        box_file=box_file,
        by_boxes=tuple(by_boxes),
        waived=waived,
    )


def search(plan: SearchPlan, source: ViewSource, *, lock: Lock, progress: Progress) -> Verdicts:
    """Look for regions in all pictures of a view; they are decoded only if somebody has to see them.

    Parameters
    ----------
    plan
        Who looks for what.
    source
        The pictures.
    lock
        Held while a detector is asked.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If a detector can't judge a picture, or the file of boxes is of another video.
    """
    _check_boxes(plan, source)
    motion = PictureMotion() if plan.view == _MOVING else None
    if not plan.detectors and motion is None:
        frames = source.frame_index.tolist()
        return _with_boxes(plan, frames, [[] for _ in frames], None)
    frames, regions, shifts = [], [], []
    for picture in source.pictures():
        found: list[Region] = []
        if plan.detectors:
            bgr = bgr_of(picture.picture.planes)
            with lock:
                found = [region for each in plan.detectors for region in each.detect(bgr)]
        if motion is not None:
            shifts.append(motion.add(picture.picture.y))
        frames.append(picture.frame_index)
        regions.append(found)
        progress(f"looking at the {plan.view} video", len(frames) / len(source.frame_index))
    return _with_boxes(plan, frames, regions, np.array(shifts) if shifts else None)


def _with_boxes(
    plan: SearchPlan,
    frames: list[int],
    regions: list[list[Region]],
    shift_px: NDArray[np.float64] | None,
) -> Verdicts:
    judged = [True] * len(frames)
    if plan.boxes is not None:
        for row, frame in enumerate(frames):
            regions[row].extend(plan.boxes.regions.get(frame, ()))
            judged[row] = all(frame in plan.boxes.searched[kind] for kind in plan.by_boxes)
    return Verdicts(frame_index=frames, regions=regions, judged=judged, shift_px=shift_px)


def refuse_unjudged(plan: SearchPlan, verdicts: Verdicts) -> None:
    """Refuse a view with a frame that nobody judged.

    Raises
    ------
    InputError
        If there is one.
    """
    missing = [
        frame
        for frame, judged in zip(verdicts.frame_index, verdicts.judged, strict=True)
        if not judged
    ]
    if missing and plan.box_file is not None:
        kinds = " and ".join(_WORDS[kind] for kind in plan.by_boxes)
        raise InputError(
            f"{plan.box_file.path} has no verdict on {kinds} for {len(missing)} of "
            f"{len(verdicts.frame_index)} frames of the {plan.view} video, the first of them "
            f"{missing[0]}: it was cut short, or is of another video.",
            fix="Give a row for every frame, without a box where there is nothing; or cover these "
            "pictures whole: --unjudged cover",
            path=plan.box_file.path,
        )


def _check_boxes(plan: SearchPlan, source: ViewSource) -> None:
    if plan.boxes is None or plan.box_file is None:
        return
    last = max((frame for each in plan.boxes.searched.values() for frame in each), default=-1)
    if last >= source.frame_count:
        raise InputError(
            f"{plan.box_file.path} has a frame {last} of the {plan.view} video, which has "
            f"{source.frame_count} frames: it is of another video.",
            fix="Give the boxes of this session.",
            path=plan.box_file.path,
        )


def _nobody(view: View, kind: RegionClass, box_file: BoxFile | None, *, given: bool) -> InputError:
    flag = {"face": "faces", "plate": "plates"}[kind]
    told = f", and {box_file.path.name} has no row on them" if box_file is not None else ""
    what = f"Nothing looks for {_WORDS[kind]} in the {view} video{told}."
    installed = f"--{flag} installed, " if kind == "face" else ""
    fix = (
        f"Give a detector ({installed}--{flag} WEIGHTS.onnx, --{flag} command:PROGRAM) or boxes "
        "(--boxes FILE.csv)"
    )
    if (view, kind) in NOT_WAIVED:
        why = " The driver agreed to no other pictures, so this can't be waived." if given else ""
        return InputError(what + why, fix=f"{fix}.")
    return InputError(what, fix=f"{fix}, or say why there are none: --no-{flag} REASON")
