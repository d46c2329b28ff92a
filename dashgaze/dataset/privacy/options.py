"""What is asked of the anonymizing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from dashgaze.dataset.video.video_file import CRF
from dashgaze.dataset.video.view_source import View
from dashgaze.errors import InputError

from .covering import METHODS, Method
from .regions import REGION_CLASSES, RegionClass
from .tracking import BRIDGE_FRAMES, KEEP_FRAMES

MARGIN_SHARE = 0.2
"""Every box is widened by this share of its width or height on each side."""
MARGIN_PX = 4.0
"""At least by so much."""

Unjudged: TypeAlias = Literal["refuse", "cover"]

REQUIRED: dict[View, tuple[RegionClass, ...]] = {
    "road": REGION_CLASSES,
    "ego": REGION_CLASSES,
    "driver": ("face",),
}
"""What has to be looked for in each view."""
NOT_WAIVED: frozenset[tuple[View, RegionClass]] = frozenset({("driver", "face")})
"""What nobody may do without: the driver agreed to nothing else."""


@dataclass(frozen=True, kw_only=True)
class AnonymizeOptions:
    """What is asked for.

    Attributes
    ----------
    views
        Which views; None for road and ego, and driver if the driver's consent says ``blurred``.
    method
        See `covered`.
    boxes
        File of boxes, see `read_boxes`; None for none.
    waivers
        Why a class is not looked for, by class; counts only where nothing looks for it.
    unjudged
        What becomes of frames on which a file of boxes has no verdict: nothing of the view is written,
        or the whole picture is covered.
    margin_share, margin_px, bridge_frames, keep_frames
        See the constants.
    crf
        Quality of x264.

    Raises
    ------
    InputError
        If a value is out of its range.
    """

    views: tuple[View, ...] | None = None
    method: Method = "blur"
    boxes: Path | None = None
    waivers: dict[RegionClass, str] = field(default_factory=dict)
    unjudged: Unjudged = "refuse"
    margin_share: float = MARGIN_SHARE
    margin_px: float = MARGIN_PX
    bridge_frames: int = BRIDGE_FRAMES
    keep_frames: int = KEEP_FRAMES
    crf: int = CRF

    def __post_init__(self) -> None:
        views = get_args(View)
        wrong = [name for name in self.views or () if name not in views]
        if wrong or self.views == ():
            raise _wrong(f"The view {', '.join(wrong) or '(none)'}", " or ".join(views))
        if self.method not in METHODS:
            raise _wrong(f"The method {self.method!r}", " or ".join(METHODS))
        if self.unjudged not in get_args(Unjudged):
            raise _wrong(f"{self.unjudged!r} for frames without a verdict", "refuse or cover")
        for kind, reason in self.waivers.items():
            if not reason.strip():
                raise _wrong(f"No reason for not looking for {kind}s", "a sentence")
        if not (0 <= self.margin_share <= 10 and 0 <= self.margin_px <= 1000):
            raise _wrong("The margin", "a share of 0 … 10 and 0 … 1000 px")
        if self.bridge_frames < 0 or self.keep_frames < 0:
            raise _wrong("The number of frames to bridge or keep", "0 or more")
        if not 0 <= self.crf <= 51:
            raise _wrong(f"The quality {self.crf}", "0 … 51")


def _wrong(what: str, expected: str) -> InputError:
    return InputError(f"{what} is not possible; {expected} was expected.")
