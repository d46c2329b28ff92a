"""I-DGaze: one eye and fourteen numbers, as its authors' code has it, in our own words.

Dua, John, Gupta, Jawahar: DGAZE: driver gaze mapping on road. IROS 2020.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from ..contract.batch import Batch, Output
from ..contract.network import GazeNetwork, masked_mean
from .geometry import dark_centre, eye_half_size
from .normalization import masked
from .options import Sizes, plain, read_options
from .statistics import Standardizer

EYE_PX = (60, 36)
FEATURES = 14


@dataclass(frozen=True, kw_only=True)
class IDGazeOptions:
    """Options of `IDGaze`.

    Attributes
    ----------
    size
        There is one size, ``full``.
    pupils
        ``dark_centre``: the centre of what is dark in each eye's picture. ``eye_centres``: the landmarks.
    dropout
        Share of the first convolution's outputs that training leaves out.
    """

    size: Literal["full"] = "full"
    pupils: Literal["dark_centre", "eye_centres"] = "dark_centre"
    dropout: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError("dropout must be at least 0 and less than 1")


_SIZES: Sizes = {"full": {}}


class IDGaze(GazeNetwork):
    """The layers, inputs and loss of I-DGaze; 2,349,180 parameters.

    Three things are not as in its authors' code. Numbers are standardised by the training frames, not by each
    split for itself; dropout is off when frames are answered; and gaze is in −1 … 1, in which the mean absolute
    error is learned. Pupils are not in the data set: see `IDGazeOptions`.
    """

    name: ClassVar[str] = "idgaze"
    _pupils: ClassVar[str] = "dark_centre"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        given = {"pupils": self._pupils, **(options or {})}
        self.choice = read_options(IDGazeOptions, given, model=self.name, sizes=_SIZES)
        self.options = plain(self.choice)
        self.picture_sizes_px = {"left_eye": EYE_PX}
        if self.choice.pupils == "dark_centre":
            self.picture_sizes_px["right_eye"] = EYE_PX
        self.eye = nn.Sequential(
            nn.Conv2d(3, 20, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(self.choice.dropout),
            nn.Conv2d(20, 50, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.standard = Standardizer(FEATURES)
        self.numbers = nn.Sequential(nn.Linear(FEATURES, 16), nn.ReLU())
        self.head = nn.Sequential(nn.Linear(50 * 7 * 13 + 16, 512), nn.ReLU(), nn.Linear(512, 2))

    def face_numbers(self, batch: Batch) -> Tensor:
        """Roll, pitch, yaw, left and right pupil, face area, nose, face box, shape (b, 14)."""
        pupils = [batch.landmarks[:, 0], batch.landmarks[:, 1]]
        if self.choice.pupils == "dark_centre":
            half = eye_half_size(batch)
            for side, name in enumerate(("left_eye", "right_eye")):
                offset = masked(dark_centre(batch.pictures[name]), batch.present[name])
                pupils[side] = pupils[side] + offset * half
        box = batch.face_box
        return torch.cat(
            [
                batch.head_pose.flip(1),
                *pupils,
                (box[:, 2] * box[:, 3])[:, None],
                batch.landmarks[:, 2],
                box,
            ],
            dim=1,
        )

    def forward(self, batch: Batch) -> Output:
        """Answer a batch."""
        values = self.face_numbers(batch)
        self.standard.observe(values, batch.face_known & batch.head_pose_known)
        numbers = masked(self.standard(values), batch.face_known)
        picture = batch.pictures["left_eye"].to(numbers.dtype) / 255.0
        eye = masked(self.eye(picture), batch.present["left_eye"])
        features = {"left_eye": eye, "landmarks": self.numbers(numbers)}
        return Output(xy=self.head(torch.cat(list(features.values()), dim=1)), features=features)

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Give ``location``, the mean absolute error of x and y, and ``total``."""
        known = batch.target_xy.isfinite().all(dim=1)
        target = torch.where(known[:, None], batch.target_xy, output.xy.detach())
        location = masked_mean((output.xy - target).abs().mean(dim=1), known)
        return {"location": location, "total": location}


class IDGazeLite(IDGaze):
    """I-DGaze on what the data set has for certain: landmarks of the eyes stand for pupils."""

    name: ClassVar[str] = "idgaze_lite"
    _pupils: ClassVar[str] = "eye_centres"
