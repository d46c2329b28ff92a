"""What can be chosen in an analysis of a data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dashgaze.errors import InputError


@dataclass(frozen=True, kw_only=True)
class AnalyzeOptions:
    """How a data set is analysed.

    Attributes
    ----------
    split, sessions
        What of it; all if None.
    boxes
        File or folder of boxes of objects; without it nothing is said of gaze on objects.
    saliency
        Folder of saliency maps that are held against gaze.
    reference
        Direction that gaze is measured from: see `dashgaze.analysis.study.directions.DirectionOptions`.
    focal_px
        Focal length of all road cameras, instead of what sessions say.
    tracker_error_deg
        Error of the eye tracker, standard deviation in each axis, for gaze on objects; 2° is assumed if None.
    about
        `about.yaml`, for what `methods.md` can't know; that of the data set if None.
    accuracy
        Folder of drives whose lab sessions measured accuracy (`dashgaze collect targets`).
    picture_every_s
        One picture in so many seconds makes the mean frames.
    portraits
        Whether mean pictures of fewer than five drivers are shown: those are portraits.
    repeats
        Permutations and bootstrap samples.
    seed
        Of all randomness.
    """

    split: str | None = None
    sessions: tuple[str, ...] | None = None
    boxes: Path | None = None
    saliency: Path | None = None
    reference: Literal["auto", "vanishing_point", "mount_point", "modal_gaze"] = "auto"
    focal_px: float | None = None
    tracker_error_deg: float | None = None
    about: Path | None = None
    accuracy: Path | None = None
    picture_every_s: float = 5.0
    portraits: bool = False
    repeats: int = 499
    seed: int = 1

    def __post_init__(self) -> None:
        kinds = ("auto", "vanishing_point", "mount_point", "modal_gaze")
        if self.reference not in kinds:
            raise InputError(
                f"There is no reference {self.reference!r}.",
                fix=f"Choose one of {', '.join(kinds)}.",
            )
        if not self.picture_every_s > 0:
            raise InputError(
                f"A picture every {self.picture_every_s:g} s was asked for.",
                fix="Give a number of seconds above 0.",
            )
        if self.focal_px is not None and not self.focal_px > 0:
            raise InputError(
                f"The focal length is given as {self.focal_px:g} px.", fix="Give one above 0."
            )
        if self.repeats < 19:
            raise InputError(
                f"{self.repeats} permutations can't give a p below 0.05.", fix="Take 19 or more."
            )
        if self.tracker_error_deg is not None and not 0 < self.tracker_error_deg <= 30:
            raise InputError(
                f"The eye tracker's error is given as {self.tracker_error_deg:g}°.",
                fix="Give the standard deviation in each axis that a validation found: above 0, at most 30.",
            )
        for path in (self.boxes, self.saliency, self.about, self.accuracy):
            if path is not None and not Path(path).expanduser().exists():
                raise InputError(f"{path} is not there.", fix="Check the path.", path=path)
