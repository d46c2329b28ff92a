"""Every choice that the description of DashGazeNet leaves open, by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .angle_losses import AngleLoss
from .branches import Activation, EyeNorm
from .fusion import FusionNorm, FusionWeights
from .resnet import BlockName

HeadInput = Literal["concat", "weighted"]
TargetScale = Literal["picture", "standardized"]


@dataclass(frozen=True, kw_only=True)
class DashGazeNetOptions:
    """Options of `DashGazeNet`; the defaults are the published choices, or stand in for what was not said.

    Attributes
    ----------
    size
        Preset: ``full`` (ResNet-50 at 224 px), ``small`` (ResNet-18 of a quarter of its width at 112 px),
        ``tiny`` (one block a stage, an eighth of its width, 64 features).
    block, depths, width, picture_px
        The residual networks of driver view and face, and the side of their pictures.
    zero_init
        Residual blocks begin as shortcuts.
    feature_size
        Length of each branch's features.
    feature_activation
        What features pass (A2).
    eye_channels, eye_norm, shared_eyes
        Eye branches (A3): channels, ``none`` or ``group`` normalisation, one set of weights for both eyes.
    landmark_hidden
        Hidden layers of the landmark branch (A4).
    fusion_weights, fusion_norm
        The weighted sum (A5), see `fusion.WeightedSum`.
    location_input, angle_input
        What heads see. ``weighted`` for the location is row 4 of the paper's ablation, ``concat`` for the
        angle its rows 1 to 3.
    head_hidden
        Hidden layer of both heads.
    angle_to_location
        Give the angle to the location head, too (A1).
    angle_loss
        ``mse``, ``cosine`` or ``pinball`` (A8). The last adds a stated spread.
    angle_weight
        λ of equation 12.4 (A7).
    target_scale
        ``picture``: −1 … 1 of the road picture. ``standardized``: by mean and deviation of the training
        frames' gaze (A7).
    mask_missing
        Set the features of missing pictures and landmarks to 0 (A24); otherwise black pictures are looked at.
    """

    size: Literal["full", "small", "tiny"] = "full"
    block: BlockName = "bottleneck"
    depths: tuple[int, ...] = (3, 4, 6, 3)
    width: int = 64
    picture_px: int = 224
    zero_init: bool = False
    feature_size: int = 500
    feature_activation: Activation = "relu"
    eye_channels: tuple[int, ...] = (32, 64, 128, 256)
    eye_norm: EyeNorm = "none"
    shared_eyes: bool = False
    landmark_hidden: tuple[int, ...] = (500,)
    fusion_weights: FusionWeights = "scalar"
    fusion_norm: FusionNorm = "none"
    location_input: HeadInput = "concat"
    angle_input: HeadInput = "weighted"
    head_hidden: int = 500
    angle_to_location: bool = False
    angle_loss: AngleLoss = "mse"
    angle_weight: float = 1.0
    target_scale: TargetScale = "picture"
    mask_missing: bool = True

    def __post_init__(self) -> None:
        counts = (self.width, self.picture_px, self.feature_size, self.head_hidden)
        if min(*counts, *self.depths, *self.eye_channels, *self.landmark_hidden, 1) < 1:
            raise ValueError("sizes and numbers of layers must be at least 1")
        sizes = (*counts, *self.eye_channels, *self.landmark_hidden)
        if max(sizes) > _LARGEST or sum(self.depths) > _MOST_BLOCKS:
            raise ValueError(
                f"sizes must be {_LARGEST} at most, and blocks {_MOST_BLOCKS} in all: no machine holds more"
            )
        if not 1 <= len(self.eye_channels) <= 5:
            raise ValueError("an eye of 50 px can be halved five times at most")
        if self.angle_weight < 0.0:
            raise ValueError("angle_weight must not be negative")


# Far above any use; a damaged configuration must not be built for hours.
_LARGEST, _MOST_BLOCKS = 65_536, 1_000

DASHGAZENET_SIZES: Mapping[str, Mapping[str, Any]] = {
    "full": {},
    "small": {
        "block": "basic",
        "depths": (2, 2, 2, 2),
        "width": 16,
        "picture_px": 112,
        "eye_channels": (8, 16, 32, 64),
    },
    "tiny": {
        "block": "basic",
        "depths": (1, 1, 1, 1),
        "width": 8,
        "picture_px": 112,
        "eye_channels": (8, 16, 32, 64),
        "feature_size": 64,
        "landmark_hidden": (64,),
        "head_hidden": 64,
    },
}
