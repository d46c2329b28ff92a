"""What a network of gaze is; needs torch."""

from abc import abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from .batch import Batch, Output
from .pictures import PictureName


class GazeNetwork(nn.Module):
    """Base of all networks: pictures and landmarks in, gaze out.

    Each subclass is built from one frozen dataclass of options, whose defaults are the published
    choices, and is registered by name in `networks.registry`.

    Attributes
    ----------
    name
        What the registry calls it.
    picture_sizes_px
        Width and height of each picture that it takes, by name.
    options
        What it was built with, as plain values: `networks.registry.build(name, options)` builds it again.
    """

    name: ClassVar[str]
    picture_sizes_px: dict[PictureName, tuple[int, int]]
    options: dict[str, Any]

    @abstractmethod
    def forward(self, batch: Batch) -> Output:
        """Answer a batch."""

    @abstractmethod
    def loss(self, output: Output, batch: Batch) -> dict[str, Tensor]:
        """Give the terms of the loss, by name; their weighted sum is ``total``.

        Frames whose target is NaN are left out of the term that needs it; a term without any frame is 0.
        """

    def adapted_parameters(self) -> list[nn.Parameter]:
        """Give the parameters that learning at test time may change; none unless a subclass says so."""
        return []


def masked_mean(values: Tensor, known: Tensor) -> Tensor:
    """Mean of `values`, shape (b,), over those known; 0 (with a gradient) where none is."""
    kept = torch.where(known, values, torch.zeros_like(values))
    return kept.sum() / known.sum().clamp(min=1)
