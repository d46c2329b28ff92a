"""FaceGaze: a small network that says how sure it is."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..contract.batch import Batch, Output
from ..contract.network import GazeNetwork, masked_mean
from .facegaze_options import FACEGAZE_SIZES, FaceGazeOptions
from .geometry import GEOMETRY_SIZE, face_geometry
from .heteroscedastic import bounded_log_sd, negative_log_likelihood
from .mobile import MobileTrunk
from .normalization import masked
from .options import plain, read_options
from .statistics import Standardizer

ANGLE_UNIT_RAD = 0.25
"""Angles are learned in this unit, in which they vary about as much as locations do."""

LOG_SD_START = -1.0


class FaceGaze(GazeNetwork):
    """One trunk for the face, one for both eyes, numbers for where the face is; a spread with each answer.

    Gaze on the road is the turn of the head, plus that of the eyes in it, seen from where the camera is. Eyes
    give the second: the right eye is mirrored, so that one trunk serves both. Landmarks, box and pose of the
    head give the rest, both within the whole view (place of the head, and so of the camera) and within the box
    (turn of the head); they are standardised by the training frames.
    """

    name: ClassVar[str] = "facegaze"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        choice = read_options(FaceGazeOptions, options, model=self.name, sizes=FACEGAZE_SIZES)
        self.choice = choice
        self.options = plain(choice)
        self.picture_sizes_px = {}
        length = 0
        if choice.face:
            self.picture_sizes_px["face"] = (choice.face_px, choice.face_px)
            self.face_trunk = self._face_trunk()
            length += choice.face_features
        if choice.driver:
            self.picture_sizes_px["driver"] = (choice.face_px, choice.face_px)
            self.driver_trunk = self._face_trunk()
            length += choice.face_features
        if choice.eyes:
            size_px = (choice.eye_px, choice.eye_px // 2)
            self.picture_sizes_px["left_eye"] = size_px
            self.picture_sizes_px["right_eye"] = size_px
            self.eye_trunk = MobileTrunk(
                size_px,
                stem=choice.eye_stem,
                stages=choice.eye_stages,
                expansion=choice.expansion,
                feature_size=choice.eye_features,
            )
            length += 2 * choice.eye_features
        if choice.geometry:
            self.standard = Standardizer(GEOMETRY_SIZE)
            self.geometry = nn.Sequential(
                nn.Linear(GEOMETRY_SIZE, choice.geometry_features),
                nn.SiLU(),
                nn.Linear(choice.geometry_features, choice.geometry_features),
                nn.SiLU(),
            )
            length += choice.geometry_features
        self.trunk = nn.Sequential(
            nn.Dropout(choice.dropout),
            nn.Linear(length, choice.hidden),
            nn.SiLU(),
            nn.Dropout(choice.dropout),
        )
        self.location_head = _head(choice.hidden)
        self.angle_head = _head(choice.hidden)

    def _face_trunk(self) -> MobileTrunk:
        choice = self.choice
        return MobileTrunk(
            (choice.face_px, choice.face_px),
            stem=choice.face_stem,
            stages=choice.face_stages,
            expansion=choice.expansion,
            feature_size=choice.face_features,
        )

    def forward(self, batch: Batch) -> Output:
        """Answer a batch."""
        features: dict[str, Tensor] = {}
        if self.choice.face:
            features["face"] = masked(
                self.face_trunk(batch.pictures["face"]), batch.present["face"]
            )
        if self.choice.driver:
            answer = self.driver_trunk(batch.pictures["driver"])
            features["driver"] = masked(answer, batch.present["driver"])
        if self.choice.eyes:
            features.update(self._eyes(batch))
        if self.choice.geometry:
            values = face_geometry(batch)
            self.standard.observe(values, batch.face_known)
            known = masked(self.standard(values), batch.face_known)
            features["landmarks"] = masked(self.geometry(known), batch.face_known)
        hidden = self.trunk(torch.cat(list(features.values()), dim=1))
        location = self.location_head(hidden)
        angle = self.angle_head(hidden)
        unit = torch.tensor(ANGLE_UNIT_RAD, device=angle.device, dtype=angle.dtype)
        return Output(
            xy=location[:, :2],
            xy_log_sd=bounded_log_sd(location[:, 2:]),
            angle=angle[:, :2] * unit,
            angle_log_sd=bounded_log_sd(angle[:, 2:]) + unit.log(),
            features=features,
        )

    def _eyes(self, batch: Batch) -> dict[str, Tensor]:
        """Look at both eyes at once, the right one mirrored."""
        left, right = batch.pictures["left_eye"], batch.pictures["right_eye"].flip(-1)
        both = self.eye_trunk(torch.cat([left, right]))
        return {
            "left_eye": masked(both[: len(left)], batch.present["left_eye"]),
            "right_eye": masked(both[len(left) :], batch.present["right_eye"]),
        }

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Give ``location`` and ``angle``, negative log likelihoods in the units learned, and ``total``."""
        if output.angle is None or output.xy_log_sd is None or output.angle_log_sd is None:
            raise ValueError("this network gives an angle and spreads; the output lacks some")
        unit = torch.tensor(ANGLE_UNIT_RAD, device=output.xy.device, dtype=output.xy.dtype)
        location = self._term(output.xy, output.xy_log_sd, batch.target_xy)
        angle = self._term(
            output.angle / unit, output.angle_log_sd - unit.log(), batch.target_angle / unit
        )
        return {
            "location": location,
            "angle": angle,
            "total": location + self.choice.angle_weight * angle,
        }

    def _term(self, mean: Tensor, log_sd: Tensor, target: Tensor) -> Tensor:
        known = target.isfinite().all(dim=1)
        target = torch.where(known[:, None], target, mean.detach())
        each = negative_log_likelihood(mean, log_sd, target, self.choice.likelihood)
        return masked_mean(each, known)


def _head(hidden: int) -> nn.Linear:
    """Two means and two logarithms of spreads."""
    head = nn.Linear(hidden, 4)
    with torch.no_grad():
        head.bias[:2] = 0.0
        head.bias[2:] = LOG_SD_START
    return head
