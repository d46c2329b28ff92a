"""Published networks of gaze from a face, with weights that a user has.

Their weights may not be passed on, so none are shipped or fetched. Architectures are rebuilt on our `ResNet`, in our
own words; answers are brought to our angles.

References
----------
Kellnhofer, Recasens, Stent, Matusik, Torralba: Gaze360: physically unconstrained gaze estimation in the wild. ICCV
2019. Abdelrahman, Hempel, Khalifa, Al-Hamadi: L2CS-Net: fine-grained gaze estimation in unconstrained environments.
2022, arXiv 2203.03339.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from dashgaze.errors import InputError

from ..contract.batch import Batch, Output
from ..contract.network import GazeNetwork, masked_mean
from .angle_losses import SD_OF_QUANTILE
from .head_frame import angles_of_camera, angles_relative_to_head
from .normalization import PictureNormalization
from .options import Sizes, plain, read_options
from .resnet import RESNET18_DEPTHS, RESNET50_DEPTHS, ResNet
from .weight_file import load_strictly, read_weights

_SIZES: Sizes = {"published": {}}
_CROP_PX = 224


@dataclass(frozen=True, kw_only=True)
class AdapterOptions:
    """Options of `Gaze360` and `L2CS`.

    Attributes
    ----------
    size
        There is one size, ``published``.
    weights
        Path of the weights.
    frame
        ``head``: turn gaze by the head's pose, so that it is relative to the head as our labels are; unknown where
        the pose is. ``camera``: as a head that looks straight at the camera would have it.
    location
        ``none``: these networks know nothing of roads. ``affine``: a linear map from angles to the road view, which
        has to be trained (the network itself stays as it is).
    input_px
        Side of the picture that the network is given.
    swapped
        L2CS only: the first head answers elevation. Of the authors' own weights ``fc_yaw_gaze`` answers azimuth.
    """

    size: Literal["published"] = "published"
    weights: str = ""
    frame: Literal["head", "camera"] = "head"
    location: Literal["none", "affine"] = "none"
    input_px: int = _CROP_PX
    swapped: bool = False

    def __post_init__(self) -> None:
        if self.input_px < 32:
            raise ValueError("input_px must be at least 32")


class GazeAdapter(GazeNetwork):
    """What both have in common: a face in, a direction in camera axes out, brought to our angles.

    Both say yaw and pitch of the direction (−cos p sin y, −sin p, −cos p cos y) in camera axes (x right in the
    picture, y down, z away from the camera): yaw is positive to the picture's left, the driver's right, and pitch
    is positive up; both are 0 for gaze into the camera.
    """

    _defaults: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, options: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        given = {**self._defaults, **(options or {})}
        self.choice = read_options(AdapterOptions, given, model=self.name, sizes=_SIZES)
        self.options = plain(self.choice)
        self.picture_sizes_px = {"face": (_CROP_PX, _CROP_PX)}
        if not self.choice.weights:
            raise InputError(
                f"{self.name} needs weights, which are not ours to give.",
                fix="Fetch them from its authors and give option weights=PATH.",
            )
        path = Path(self.choice.weights)
        self.normalization = PictureNormalization()
        self.network = self._network(read_weights(path), path)
        self.network.requires_grad_(False)
        self.affine = nn.Linear(2, 2) if self.choice.location == "affine" else None

    @abstractmethod
    def _network(self, weights: dict[str, Tensor], path: Path) -> nn.Module:
        """Build the network and fill it."""

    @abstractmethod
    def _yaw_pitch(self, faces: Tensor) -> tuple[Tensor, Tensor | None]:
        """Answer normalised faces with yaw and pitch, rad, shape (b, 2), and their log SD."""

    def train(self, mode: bool = True) -> "GazeAdapter":
        """Set the mode; of the published network nothing is ever trained, statistics included."""
        super().train(mode)
        self.network.eval()
        return self

    def forward(self, batch: Batch) -> Output:
        """Answer a batch; NaN where there is no face, or no pose that gaze would be turned by."""
        faces = self.normalization(batch.pictures["face"])
        if self.choice.input_px != _CROP_PX:
            side = (self.choice.input_px, self.choice.input_px)
            faces = functional.interpolate(faces, side, mode="bilinear", align_corners=False)
        yaw_pitch, log_sd = self._yaw_pitch(faces)
        yaw, pitch = yaw_pitch.unbind(dim=1)
        gaze = -torch.stack([pitch.cos() * yaw.sin(), pitch.sin(), pitch.cos() * yaw.cos()], dim=1)
        known = batch.present["face"]
        if self.choice.frame == "head":
            known = known & batch.head_pose_known
            angle = angles_relative_to_head(gaze, batch.head_pose)
        else:
            angle = angles_of_camera(gaze)
        xy = torch.full_like(angle, math.nan) if self.affine is None else self.affine(angle)
        return Output(
            xy=_where_known(xy, known),
            angle=_where_known(angle, known),
            angle_log_sd=None if log_sd is None else _where_known(log_sd, known),
            features={"face": yaw_pitch},
        )

    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Give ``location`` and ``total``, of the affine map alone.

        Raises
        ------
        InputError
            If there is nothing to train.
        """
        if self.affine is None:
            raise InputError(
                f"{self.name} is used as published: there is nothing to train.",
                fix="Set location to affine to fit a map from its angles to the road.",
            )
        known = (batch.target_xy.isfinite() & output.xy.isfinite()).all(dim=1)
        off = torch.where(known[:, None], output.xy - batch.target_xy, 0.0)
        location = masked_mean(off.square().sum(dim=1), known)
        return {"location": location, "total": location}


class Gaze360(GazeAdapter):
    """Gaze360, the static variant: ResNet-18, 1000 and 256 features, yaw, pitch and one spread."""

    name: ClassVar[str] = "gaze360"

    def _network(self, weights: dict[str, Tensor], path: Path) -> nn.Module:
        network = _Gaze360Layers()
        load_strictly(network, weights, what=f"{path} (Gaze360, static)")
        return network

    def _yaw_pitch(self, faces: Tensor) -> tuple[Tensor, Tensor | None]:
        raw = self.network(faces)
        limits = raw.new_tensor([math.pi, math.pi / 2.0])
        spread = math.pi * raw[:, 2:].sigmoid() / SD_OF_QUANTILE
        return raw[:, :2].tanh() * limits, spread.log().expand(-1, 2)


class _Gaze360Layers(nn.Module):
    """Named as in the published files."""

    def __init__(self) -> None:
        super().__init__()
        self.base_model = ResNet("basic", RESNET18_DEPTHS)
        self.base_model.add_module("fc1", nn.Linear(512, 1000))
        self.base_model.add_module("fc2", nn.Linear(1000, 256))
        self.last_layer = nn.Linear(256, 3)

    def forward(self, faces: Tensor) -> Tensor:
        """Answer faces with three raw numbers, shape (b, 3)."""
        base = self.base_model
        features = base.get_submodule("fc2")(base.get_submodule("fc1")(base(faces)).relu())
        raw: Tensor = self.last_layer(features)
        return raw


class L2CS(GazeAdapter):
    """L2CS-Net: ResNet-50 and a head of bins for each angle.

    90 bins are of 4° from −180°, 28 bins of 3° from −42°, as its authors trained on Gaze360 and MPIIFaceGaze.
    """

    name: ClassVar[str] = "l2cs"
    _defaults: ClassVar[Mapping[str, Any]] = {"input_px": 448}
    _BINS: ClassVar[Mapping[int, tuple[float, float]]] = {90: (4.0, -180.0), 28: (3.0, -42.0)}

    def _network(self, weights: dict[str, Tensor], path: Path) -> nn.Module:
        weights = {
            name: value for name, value in weights.items() if not name.startswith("fc_finetune.")
        }
        bins = len(weights["fc_yaw_gaze.bias"]) if "fc_yaw_gaze.bias" in weights else 90
        if bins not in self._BINS:
            raise InputError(
                f"{path} has {bins} bins; known are {', '.join(map(str, self._BINS))}.",
                fix="Give weights as the authors of L2CS-Net trained them.",
                path=path,
            )
        self._width_deg, self._first_deg = self._BINS[bins]
        network = ResNet("bottleneck", RESNET50_DEPTHS)
        for name in ("fc_yaw_gaze", "fc_pitch_gaze"):
            network.add_module(name, nn.Linear(network.feature_size, bins))
        load_strictly(network, weights, what=f"{path} (L2CS-Net)")
        return network

    def _yaw_pitch(self, faces: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.network(faces)
        angles = [
            self._expected_rad(self.network.get_submodule(name)(features))
            for name in ("fc_yaw_gaze", "fc_pitch_gaze")
        ]
        if self.choice.swapped:
            angles.reverse()
        return torch.stack(angles, dim=1), None

    def _expected_rad(self, logits: Tensor) -> Tensor:
        """Give the mean angle of the bins' probabilities, shape (b,), rad."""
        place = torch.arange(logits.shape[1], device=logits.device, dtype=logits.dtype)
        degrees = (logits.softmax(dim=1) * place).sum(dim=1) * self._width_deg + self._first_deg
        return degrees.deg2rad()


def _where_known(values: Tensor, known: Tensor) -> Tensor:
    return torch.where(known[:, None], values, math.nan)
