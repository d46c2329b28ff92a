"""Means and deviations of what a network was trained on, kept with its weights."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ..contract.batch import Batch
from ..contract.network import GazeNetwork

LEARNED_FRAMES = 100_000
"""After so many frames statistics stay as they are: the rest of the training sees fixed inputs."""


class Standardizer(nn.Module):
    """To zero mean and unit variance, by statistics of the training frames.

    In training mode each call of `observe` adds to them until `LEARNED_FRAMES` are seen or `settle` is called; in
    evaluation mode they never change, whatever data are seen. Before the first frame values pass as they are.

    Attributes
    ----------
    count, mean, squares
        Frames seen, and mean and sum of squared distances from it, of each value.
    settled
        1 once they stay as they are.
    """

    count: Tensor
    mean: Tensor
    squares: Tensor
    settled: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("squares", torch.zeros(size))
        self.register_buffer("settled", torch.zeros(()))

    def observe(self, values: Tensor, known: Tensor) -> None:
        """Add frames, shape (b, size), of which those known, shape (b,), count."""
        if self.training and not bool(self.settled):
            self._add(values.detach()[known])
            if float(self.count) >= LEARNED_FRAMES:
                self.settle()

    def settle(self) -> None:
        """Keep statistics as they are from here on."""
        self.settled.fill_(1.0)

    @torch.no_grad()
    def _add(self, values: Tensor) -> None:
        added = len(values)
        if added == 0:
            return
        values = values.to(self.mean.dtype)
        mean = values.mean(dim=0)
        total = self.count + added
        step = mean - self.mean
        self.squares += (values - mean).square().sum(dim=0)
        self.squares += step.square() * self.count * added / total
        self.mean += step * added / total
        self.count += added

    @property
    def sd(self) -> Tensor:
        """Standard deviations, shape (size,); 1 where there are none."""
        if float(self.count) < 2:
            return torch.ones_like(self.mean)
        sd = (self.squares / self.count).sqrt()
        return torch.where(sd > 1e-6, sd, torch.ones_like(sd))

    def forward(self, values: Tensor) -> Tensor:
        """Standardise values, shape (b, size)."""
        return (values - self.mean) / self.sd

    def undo(self, values: Tensor) -> Tensor:
        """Bring standardised values back, shape (b, size)."""
        return values * self.sd + self.mean


def learn_statistics(network: GazeNetwork, batches: Iterable[Batch]) -> int:
    """Fill the statistics of a network from training frames at once.

    Training does without: statistics then grow with the first frames. After this, the first steps are as well
    scaled as the last.

    Returns
    -------
    int
        How many standardisations were filled; 0 for a network that has none, which reads no batch.
    """
    parts = [module for module in network.modules() if isinstance(module, Standardizer)]
    if not parts:
        return 0
    for part in parts:
        part.count.zero_()
        part.mean.zero_()
        part.squares.zero_()
        part.settled.zero_()
    training = network.training
    network.eval()
    for part in parts:
        part.train()
    with torch.no_grad():
        for batch in batches:
            network.loss(network(batch), batch)
            if all(bool(part.settled) for part in parts):
                break
    for part in parts:
        part.settle()
    network.train(training)
    return len(parts)
