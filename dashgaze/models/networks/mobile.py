"""Small convolutional trunks of depthwise convolutions."""

from collections.abc import Sequence

from torch import Tensor, nn

from .normalization import PictureNormalization


class InvertedResidual(nn.Module):
    """1×1 to more channels, 3×3 channel by channel, 1×1 back (Sandler et al., CVPR 2018)."""

    def __init__(self, inputs: int, outputs: int, *, expansion: int, stride: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.layers = nn.Sequential(
            *norm_conv(inputs, inner, 1),
            *norm_conv(inner, inner, 3, stride=stride, groups=inner),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Answer maps, shape (b, channels, height, width)."""
        y: Tensor = self.layers(x)
        return x + y if self.residual else y


class MobileTrunk(nn.Module):
    """A picture to a vector; where things are in the picture stays known.

    Stages halve the maps. At the end each channel is weighed place by place (a depthwise convolution as large
    as the map, Chen et al., 2018, arXiv 1804.07573) in place of an average over places.

    Parameters
    ----------
    size_px
        Width and height, multiples of 2 ** (stages + 1) best.
    stem
        Channels of the first convolution.
    stages
        Channels and blocks of each stage.
    feature_size
        Length of the vector.
    """

    def __init__(
        self,
        size_px: tuple[int, int],
        *,
        stem: int,
        stages: Sequence[tuple[int, int]],
        expansion: int,
        feature_size: int,
    ) -> None:
        super().__init__()
        self.normalization = PictureNormalization()
        layers: list[nn.Module] = [*norm_conv(3, stem, 3, stride=2)]
        channels = stem
        width, height = (_halved(side) for side in size_px)
        for outputs, blocks in stages:
            for index in range(blocks):
                stride = 2 if index == 0 else 1
                layers.append(
                    InvertedResidual(channels, outputs, expansion=expansion, stride=stride)
                )
                channels = outputs
            width, height = _halved(width), _halved(height)
        wide = 2 * channels
        layers += norm_conv(channels, wide, 1)
        layers += [nn.Conv2d(wide, wide, (height, width), groups=wide, bias=False), nn.Flatten()]
        # One place is left: statistics over a batch of one frame would have nothing to go by.
        layers += [nn.LayerNorm(wide), nn.Linear(wide, feature_size), nn.SiLU()]
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """Answer pictures, shape (b, 3, height, width), with features, shape (b, d)."""
        features: Tensor = self.layers(self.normalization(pictures))
        return features


def norm_conv(
    inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    """Give a convolution, its normalisation and its nonlinearity."""
    return [
        nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.SiLU(inplace=True),
    ]


def _halved(side: int) -> int:
    return (side + 1) // 2
