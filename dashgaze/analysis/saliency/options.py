"""What can be chosen when saliency maps are held against gaze."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dashgaze.densities.grid import Grid
from dashgaze.densities.truth_maps import BLUR_SHARE
from dashgaze.errors import InputError

from ..contract.study import FloatArray, IndexArray


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledBoxes:
    """Boxes of objects in the road frames of a session, m of them.

    Attributes
    ----------
    road_frame_index
        Frame of the road video, shape (m,).
    box_px
        Left, top, right, bottom in the road picture, shape (m, 4), px.
    label
        What it is, shape (m,).
    """

    road_frame_index: IndexArray
    box_px: FloatArray
    label: NDArray[np.str_]


@dataclass(frozen=True, kw_only=True)
class SaliencyOptions:
    """How maps are scored.

    Attributes
    ----------
    split, sessions
        Part of the data set; all of it if None.
    frames_per_session
        Frames of a session that are scored at most, spread evenly over those with a map.
    grid
        Cells that maps and gaze are brought to.
    uniform_share
        Share of every map that is spread evenly, so that no place is impossible: it bounds what a frame costs
        in information gain and changes no ranking.
    blur_share
        Standard deviation of the blur of true gaze for CC, KL and SIM, over the picture's width.
    boxes
        Objects, by name of the session.
    seed
        Of the maps that are exchanged between sessions.
    """

    split: str | None = None
    sessions: tuple[str, ...] | None = None
    frames_per_session: int = 600
    grid: Grid = field(default_factory=Grid)
    uniform_share: float = 0.01
    blur_share: float = BLUR_SHARE
    boxes: Mapping[str, LabelledBoxes] = field(default_factory=dict)
    seed: int = 1

    def __post_init__(self) -> None:
        if self.frames_per_session < 1 or not 0 < self.uniform_share < 0.5 or self.blur_share <= 0:
            raise InputError(
                f"frames_per_session is {self.frames_per_session}, uniform_share {self.uniform_share}, blur_share "
                f"{self.blur_share}.",
                fix="Take at least one frame, a share above 0 and below 0.5, and a blur above 0.",
            )


USUAL_OPTIONS = SaliencyOptions()
