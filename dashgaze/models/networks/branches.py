"""What turns one input into a vector of features."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

from .normalization import PictureNormalization
from .resnet import ResNet

Activation = Literal["relu", "none", "layernorm"]
EyeNorm = Literal["none", "group"]

NORM_GROUPS = 8
"""Groups of channels that are normalised together."""


def feature_activation(kind: Activation, size: int) -> nn.Module:
    """Build what features go through before heads see them (reference A2)."""
    if kind == "relu":
        return nn.ReLU()
    if kind == "layernorm":
        return nn.LayerNorm(size)
    return nn.Identity()


class TrunkBranch(nn.Module):
    """A residual network and a linear layer on a picture of the whole view or the face."""

    def __init__(self, trunk: ResNet, feature_size: int, activation: Activation) -> None:
        super().__init__()
        self.normalization = PictureNormalization()
        self.trunk = trunk
        self.fc = nn.Linear(trunk.feature_size, feature_size)
        self.activation = feature_activation(activation, feature_size)

    def forward(self, pictures: Tensor) -> Tensor:
        """Answer pictures, shape (b, 3, height, width), with features, shape (b, d)."""
        features: Tensor = self.activation(self.fc(self.trunk(self.normalization(pictures))))
        return features


class EyeBranch(nn.Module):
    """Four 3×3 convolutions, each halved by its largest values, and a linear layer, on an eye.

    There is no batch normalisation: its statistics would tell clean from shifted batches in the pretext
    task (reference A12).
    """

    def __init__(
        self,
        channels: Sequence[int],
        size_px: tuple[int, int],
        feature_size: int,
        *,
        activation: Activation,
        norm: EyeNorm,
    ) -> None:
        super().__init__()
        self.normalization = PictureNormalization()
        layers: list[nn.Module] = []
        inputs = 3
        for outputs in channels:
            layers.append(nn.Conv2d(inputs, outputs, 3, padding=1))
            if norm == "group":
                layers.append(nn.GroupNorm(min(NORM_GROUPS, outputs), outputs))
            layers += [nn.ReLU(inplace=True), nn.MaxPool2d(2)]
            inputs = outputs
        self.layers = nn.Sequential(*layers)
        shrink = 2 ** len(channels)
        flat = inputs * (size_px[0] // shrink) * (size_px[1] // shrink)
        self.fc = nn.Linear(flat, feature_size)
        self.activation = feature_activation(activation, feature_size)

    def forward(self, pictures: Tensor) -> Tensor:
        """Answer pictures, shape (b, 3, height, width), with features, shape (b, d)."""
        maps = self.layers(self.normalization(pictures))
        features: Tensor = self.activation(self.fc(maps.flatten(1)))
        return features


class LandmarkBranch(nn.Module):
    """Linear layers on the five landmarks."""

    def __init__(self, hidden: Sequence[int], feature_size: int, activation: Activation) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        inputs = 10
        for outputs in hidden:
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
            inputs = outputs
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, feature_size))
        self.activation = feature_activation(activation, feature_size)

    def forward(self, landmarks: Tensor) -> Tensor:
        """Answer landmarks in −1 … 1, shape (b, 5, 2), with features, shape (b, d)."""
        features: Tensor = self.activation(self.layers(landmarks.flatten(1)))
        return features
