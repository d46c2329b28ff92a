"""From pictures as they are stored to numbers that networks take."""

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_SD = (0.229, 0.224, 0.225)
"""Of red, green and blue in 0 … 1, over the training pictures of ImageNet: what published weights expect."""


class PictureNormalization(nn.Module):
    """0 … 255 to zero mean and unit variance of ImageNet's pictures, channel by channel.

    Pictures may be uint8 or, where a gradient with respect to them is wanted, floating point in the same
    range. A black picture, which stands for a missing one, is normalised like any other: whoever uses it
    leaves its features out.
    """

    mean: Tensor
    sd: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", _channels(IMAGENET_MEAN), persistent=False)
        self.register_buffer("sd", _channels(IMAGENET_SD), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Normalise pictures, shape (b, 3, height, width)."""
        return (pictures.to(self.mean.dtype) - self.mean) / self.sd


def _channels(values: tuple[float, ...]) -> Tensor:
    return torch.tensor([255.0 * each for each in values]).reshape(1, 3, 1, 1)


def masked(features: Tensor, present: Tensor) -> Tensor:
    """Set the features of frames without the picture to 0, shapes (b, d) and (b,)."""
    return torch.where(present[:, None], features, torch.zeros_like(features))
