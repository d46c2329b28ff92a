"""Residual networks whose parameters are named as in torchvision."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor, nn

BlockName = Literal["basic", "bottleneck"]

RESNET18_DEPTHS = (2, 2, 2, 2)
RESNET50_DEPTHS = (3, 4, 6, 3)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = _conv3x3(inputs, width, stride)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _conv3x3(width, width, 1)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = _shortcut(inputs, width, stride)

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The normalisation before the sum."""
        return self.bn2

    def forward(self, x: Tensor) -> Tensor:
        """Answer maps, shape (b, channels, height, width)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(y)
        return out


class Bottleneck(nn.Module):
    """1×1, 3×3 and 1×1 convolutions beside a shortcut; the 3×3 has the stride ("v1.5")."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = _conv3x3(width, width, stride)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = _shortcut(inputs, outputs, stride)

    @property
    def last_norm(self) -> nn.BatchNorm2d:
        """The normalisation before the sum."""
        return self.bn3

    def forward(self, x: Tensor) -> Tensor:
        """Answer maps, shape (b, channels, height, width)."""
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        y += x if self.downsample is None else self.downsample(x)
        out: Tensor = self.relu(y)
        return out


class ResNet(nn.Module):
    """A residual network of any depth and width.

    Parameters
    ----------
    block
        Kind of block.
    depths
        Blocks of each of the four stages.
    width
        Channels of the stem; stages have 1, 2, 4 and 8 times as many (times the block's expansion).
    classes
        Outputs of the last layer ``fc``; None leaves it out, so that pooled features are given.
    zero_init
        Start the last normalisation of each block at 0, so that blocks begin as shortcuts (arXiv 1706.02677).

    References
    ----------
    He, Zhang, Ren, Sun: Deep residual learning for image recognition. CVPR 2016, arXiv 1512.03385.
    """

    def __init__(
        self,
        block: BlockName,
        depths: Sequence[int],
        *,
        width: int = 64,
        classes: int | None = None,
        zero_init: bool = False,
    ) -> None:
        super().__init__()
        kind: type[BasicBlock | Bottleneck] = BasicBlock if block == "basic" else Bottleneck
        self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        inputs = width
        for stage, depth in enumerate(depths):
            blocks: list[nn.Module] = []
            for index in range(depth):
                stride = 2 if stage > 0 and index == 0 else 1
                blocks.append(kind(inputs, width * 2**stage, stride))
                inputs = width * 2**stage * kind.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.stages = len(depths)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.feature_size = inputs
        self.fc = None if classes is None else nn.Linear(inputs, classes)
        self._start(zero_init)

    def _start(self, zero_init: bool) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if zero_init and isinstance(module, BasicBlock | Bottleneck):
                nn.init.zeros_(module.last_norm.weight)

    def maps(self, x: Tensor) -> Tensor:
        """Give the last stage's maps, shape (b, channels, height / 32, width / 32)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in range(self.stages):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Answer normalised pictures, shape (b, 3, height, width), with shape (b, classes or features)."""
        pooled: Tensor = self.avgpool(self.maps(x)).flatten(1)
        if self.fc is None:
            return pooled
        answer: Tensor = self.fc(pooled)
        return answer


def resnet18(*, classes: int | None = None, zero_init: bool = False) -> ResNet:
    """Build ResNet-18; 11,689,512 parameters with 1000 classes."""
    return ResNet("basic", RESNET18_DEPTHS, classes=classes, zero_init=zero_init)


def resnet50(*, classes: int | None = None, zero_init: bool = False) -> ResNet:
    """Build ResNet-50; 25,557,032 parameters with 1000 classes."""
    return ResNet("bottleneck", RESNET50_DEPTHS, classes=classes, zero_init=zero_init)


def _conv3x3(inputs: int, outputs: int, stride: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
    )
