"""DashGazeNet: gaze on the road and relative to the head, from the driver camera alone."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..contract.batch import Batch, Output
from ..contract.network import GazeNetwork, masked_mean
from ..contract.pictures import PICTURE_SIZES_PX
from .angle_losses import LOG_SD_START, angle_errors
from .branches import EyeBranch, LandmarkBranch, TrunkBranch
from .dashgazenet_options import DASHGAZENET_SIZES, DashGazeNetOptions
from .fusion import WeightedSum
from .normalization import masked
from .options import plain, read_options
from .resnet import ResNet
from .statistics import Standardizer

BRANCHES = ("face", "left_eye", "right_eye", "driver", "landmarks")
"""In the order of equations 12.2 and 12.3."""

ADAPTED_BRANCHES = ("left_eye", "right_eye", "landmarks")
"""What learning at test time may change."""


class DashGazeNet(GazeNetwork):
    """Five branches, a head on their features side by side, a head on their weighted sum.

    Whole driver view and face go through residual networks, the eyes through four convolutions, the five
    landmarks through linear layers; see `DashGazeNetOptions` for all choices and
    `adaptation.heads` for the branches of training sessions, which are not part of the network.
    """

    name: ClassVar[str] = "dashgazenet"

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        choice = read_options(DashGazeNetOptions, options, model=self.name, sizes=DASHGAZENET_SIZES)
        self.choice = choice
        self.options = plain(choice)
        side = (choice.picture_px, choice.picture_px)
        eye = PICTURE_SIZES_PX["left_eye"]
        self.picture_sizes_px = {"driver": side, "face": side, "left_eye": eye, "right_eye": eye}
        size = choice.feature_size
        self.feature_sizes = dict.fromkeys(BRANCHES, size)

        self.face = self._trunk()
        self.driver = self._trunk()
        self.left_eye = self._eye(eye)
        self.right_eye = self.left_eye if choice.shared_eyes else self._eye(eye)
        self.landmarks = LandmarkBranch(choice.landmark_hidden, size, choice.feature_activation)

        weighted, concatenated = size, size * len(BRANCHES)
        self.angle_fusion = self._fusion() if choice.angle_input == "weighted" else None
        self.location_fusion = self._fusion() if choice.location_input == "weighted" else None
        spread = choice.angle_loss == "pinball"
        self.angle_head = _head(
            weighted if self.angle_fusion else concatenated, choice.head_hidden, 4 if spread else 2
        )
        if spread:
            with torch.no_grad():
                self.angle_head.get_parameter("2.bias")[2:] = LOG_SD_START
        self.location_head = _head(
            (weighted if self.location_fusion else concatenated) + 2 * choice.angle_to_location,
            choice.head_hidden,
            2,
        )
        self.target = Standardizer(2) if choice.target_scale == "standardized" else None

    def _trunk(self) -> TrunkBranch:
        choice = self.choice
        trunk = ResNet(choice.block, choice.depths, width=choice.width, zero_init=choice.zero_init)
        return TrunkBranch(trunk, choice.feature_size, choice.feature_activation)

    def _eye(self, size_px: tuple[int, int]) -> EyeBranch:
        choice = self.choice
        return EyeBranch(
            choice.eye_channels,
            size_px,
            choice.feature_size,
            activation=choice.feature_activation,
            norm=choice.eye_norm,
        )

    def _fusion(self) -> WeightedSum:
        choice = self.choice
        return WeightedSum(
            len(BRANCHES),
            choice.feature_size,
            weights=choice.fusion_weights,
            norm=choice.fusion_norm,
        )

    def branch_features(self, batch: Batch, names: Sequence[str]) -> dict[str, Tensor]:
        """Give the features of some branches, shape (b, d) each."""
        features = {}
        for name in names:
            given = batch.landmarks if name == "landmarks" else batch.pictures[name]
            answer: Tensor = self.get_submodule(name)(given)
            features[name] = masked(answer, self._present(batch, name))
        return features

    def _present(self, batch: Batch, name: str) -> Tensor:
        """Tell which frames a branch has something to look at in, shape (b,)."""
        known = batch.face_known if name == "landmarks" else batch.present[name]
        return known if self.choice.mask_missing else torch.ones_like(known)

    def forward(self, batch: Batch) -> Output:
        """Answer a batch."""
        features = self.branch_features(batch, BRANCHES)
        parts = [features[name] for name in BRANCHES]
        present = [self._present(batch, name) for name in BRANCHES]
        side_by_side = torch.cat(parts, dim=1)

        seen = side_by_side if self.angle_fusion is None else self.angle_fusion(parts, present)
        answer = self.angle_head(seen)
        angle = answer[:, :2]

        seen = side_by_side
        if self.location_fusion is not None:
            seen = self.location_fusion(parts, present)
        if self.choice.angle_to_location:
            seen = torch.cat([seen, angle], dim=1)
        xy = self.location_head(seen)
        return Output(
            xy=xy if self.target is None else self.target.undo(xy),
            angle=angle,
            angle_log_sd=answer[:, 2:] if self.choice.angle_loss == "pinball" else None,
            features=features,
        )

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Give ``location`` (equation 12.2), ``angle`` and ``total`` (12.4)."""
        known_xy = batch.target_xy.isfinite().all(dim=1)
        known_angle = batch.target_angle.isfinite().all(dim=1)
        # NaN times 0 is NaN in gradients, too: unknown targets are replaced before anything is computed.
        target_xy = torch.where(known_xy[:, None], batch.target_xy, output.xy.detach())
        off = output.xy - target_xy
        if self.target is not None:
            self.target.observe(batch.target_xy, known_xy)
            off = off / self.target.sd
        location = masked_mean(off.square().sum(dim=1), known_xy)
        if output.angle is None:
            raise ValueError("this network gives an angle; the output has none")
        target_angle = torch.where(known_angle[:, None], batch.target_angle, output.angle.detach())
        errors = angle_errors(
            output.angle, target_angle, self.choice.angle_loss, output.angle_log_sd
        )
        angle = masked_mean(errors, known_angle)
        return {
            "location": location,
            "angle": angle,
            "total": location + self.choice.angle_weight * angle,
        }

    def adapted_parameters(self) -> list[nn.Parameter]:
        """Give the parameters of both eye branches and of the landmark branch (reference A16)."""
        found: dict[int, nn.Parameter] = {}
        for name in ADAPTED_BRANCHES:
            for parameter in self.get_submodule(name).parameters():
                found[id(parameter)] = parameter
        return list(found.values())


def _head(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
