"""What was covered in a view, and what was not, for whoever has to answer for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from dashgaze.dataset.video.view_source import View

from .regions import RegionClass
from .search import SearchPlan, Verdicts
from .tracking import Cover

_WORDS = {"face": "Faces", "plate": "Licence plates"}
_OTHER = (
    "Nothing else that tells who or where somebody is was looked for: clothes and gait, house numbers, "
    "street and shop signs, writing on cars, reflections in glass, screens."
)
_MISSES = (
    "Nobody looked whether the detector missed anything: look at a sample of pictures of each view "
    "before they leave."
)


@dataclass(frozen=True, kw_only=True)
class ClassAccount:
    """What became of one class of regions in a view.

    Attributes
    ----------
    searched_by
        What looked for it; empty if nothing did.
    waived
        Why nothing did; None if something did.
    found
        Regions found, over all frames.
    added
        Regions covered beside them, because the same one was found before or after.
    frames
        Frames in which any was covered.
    """

    searched_by: tuple[str, ...]
    waived: str | None
    found: int
    added: int
    frames: int


@dataclass(frozen=True, kw_only=True)
class ViewAccount:
    """What became of a view.

    Attributes
    ----------
    frames
        Frames that are in the file.
    frames_without_picture
        Frames of the recording that are not: padding, and what can't be decoded.
    classes
        By class.
    frames_without_verdict
        Frames on which the file of boxes says nothing; their pictures are covered whole.
    driver_not_found
        Frames of the driver view without a face, near in time or at all; covered whole as well.
    not_covered
        What can be seen as before, in sentences.
    """

    frames: int
    frames_without_picture: int
    classes: dict[RegionClass, ClassAccount]
    frames_without_verdict: int
    driver_not_found: int
    not_covered: tuple[str, ...]


def count(
    plan: SearchPlan,
    verdicts: Verdicts,
    covers: Sequence[Sequence[Cover]],
    *,
    frame_count: int,
    driver_not_found: int,
) -> ViewAccount:
    """Count what is covered in a view.

    Parameters
    ----------
    plan, verdicts, covers
        Who looked for what, what was found, and what is covered of it.
    frame_count
        Frames of the recording.
    driver_not_found
        See `ViewAccount`.
    """
    kinds: list[RegionClass] = ["face", "plate"]
    classes: dict[RegionClass, ClassAccount] = {}
    for kind in kinds:
        mine = [[cover.found for cover in each if cover.kind == kind] for each in covers]
        searched_by = tuple(plan.searched_by(kind))
        if not searched_by and kind not in plan.waived:
            continue
        classes[kind] = ClassAccount(
            searched_by=searched_by,
            waived=plan.waived.get(kind),
            found=sum(sum(each) for each in mine),
            added=sum(len(each) - sum(each) for each in mine),
            frames=sum(bool(each) for each in mine),
        )
    return ViewAccount(
        frames=len(verdicts.frame_index),
        frames_without_picture=frame_count - len(verdicts.frame_index),
        classes=classes,
        frames_without_verdict=verdicts.judged.count(False),
        driver_not_found=driver_not_found,
        not_covered=(*_not_searched(plan.view, classes), _OTHER, _MISSES),
    )


def _not_searched(view: View, classes: dict[RegionClass, ClassAccount]) -> list[str]:
    told = [
        f"{_WORDS[kind]} were not looked for, because: {each.waived}"
        for kind, each in classes.items()
        if each.waived is not None
    ]
    told += [
        f"{_WORDS[kind]} were not looked for in the {view} video."
        for kind in _WORDS
        if kind not in classes
    ]
    if view == "driver":
        told.append(
            "Any face counts as the driver's: where others are seen, look whether it is the driver who "
            "is covered."
        )
    return told
