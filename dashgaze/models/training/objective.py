"""The whole loss of a training (equation 12.8); needs torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..adaptation.heads import Heads, pretext_loss
from ..adaptation.options import PretextOptions
from ..contract.batch import Batch
from ..contract.network import GazeNetwork

SHARES = ("pretext_frames", "pretext_correct")
"""Counts among the terms, which add up to the pretext task's accuracy."""


class Objective(nn.Module):
    """A network, the heads of its training sessions, and the sum of their losses.

    It is one module so that processes that train together exchange the gradients of both.

    Parameters
    ----------
    network
        What is trained.
    heads
        Of the pretext task; None trains without it.
    pretext
        Its options.
    weight
        Of its loss.
    seed
        Of the shifts.
    """

    def __init__(
        self,
        network: GazeNetwork,
        heads: Heads | None,
        pretext: PretextOptions,
        *,
        weight: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.network, self.heads = network, heads
        self.pretext, self.weight, self.seed = pretext, weight, seed

    def forward(self, batch: Batch, step: int, rank: int = 0) -> dict[str, Tensor]:
        """Give the terms of the loss: those of the network, ``pretext`` and its counts, and ``total``.

        Gaze is learned from the landmarks as they are only (reference A14). Shifts depend on seed, step and
        number of the process, on nothing before.
        """
        output = self.network(batch)
        terms = dict(self.network.loss(output, batch))
        if self.heads is None:
            return terms
        generator = torch.Generator().manual_seed(step_seed(self.seed, step, rank))
        loss, _, details = pretext_loss(
            self.network,
            self.heads,
            batch,
            self.pretext,
            generator,
            output=output,
            step=step,
        )
        total = terms.pop("total")
        for name in ("frames", "correct"):
            terms[f"pretext_{name}"] = details[name].to(total.device, torch.float32)
        return terms | {"pretext": loss, "total": total + self.weight * loss}


def step_seed(seed: int, step: int, rank: int) -> int:
    """Give a seed of its own for each step of each process (constants of the splitmix64 generator)."""
    mask = (1 << 64) - 1
    value = (
        seed * 0x9E3779B97F4A7C15 + step * 0xBF58476D1CE4E5B9 + rank * 0x94D049BB133111EB
    ) & mask
    value ^= value >> 30
    value = value * 0xBF58476D1CE4E5B9 & mask
    value ^= value >> 27
    return value >> 2
