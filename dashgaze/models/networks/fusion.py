"""How features of several branches become one vector: equation 12.3 and its readings."""

from typing import Literal

import torch
from torch import Tensor, nn

FusionWeights = Literal["scalar", "softmax", "per_feature", "gated"]
FusionNorm = Literal["none", "layernorm"]


class WeightedSum(nn.Module):
    """A learned weighted sum of the branches' features (reference A5).

    Parameters
    ----------
    branches
        How many.
    feature_size
        Of each.
    weights
        ``scalar``: one free number for each branch, 1 / branches at first (as printed). ``softmax``: the same,
        positive and of sum 1. ``per_feature``: one number for each branch and feature. ``gated``: of sum 1,
        computed for each frame from all its features and from which of its pictures are there.
    norm
        ``layernorm`` brings each branch to the same scale before.
    """

    def __init__(
        self, branches: int, feature_size: int, *, weights: FusionWeights, norm: FusionNorm
    ) -> None:
        super().__init__()
        self.weights = weights
        self.norms = (
            nn.ModuleList(nn.LayerNorm(feature_size) for _ in range(branches))
            if norm == "layernorm"
            else None
        )
        if weights == "gated":
            self.gate: nn.Linear | None = nn.Linear(branches * (feature_size + 1), branches)
            nn.init.zeros_(self.gate.weight)
            nn.init.zeros_(self.gate.bias)
            self.weight: nn.Parameter | None = None
        else:
            self.gate = None
            shape = (branches, feature_size if weights == "per_feature" else 1)
            start = 0.0 if weights == "softmax" else 1.0 / branches
            self.weight = nn.Parameter(torch.full(shape, start))

    def forward(self, features: list[Tensor], present: list[Tensor]) -> Tensor:
        """Add features, each of shape (b, d), with flags of shape (b,), to shape (b, d)."""
        flags = torch.stack(present, dim=1)
        stacked = torch.stack(
            features
            if self.norms is None
            else [norm(each) for norm, each in zip(self.norms, features, strict=True)],
            dim=1,
        )
        # A norm's offset would otherwise bring a missing branch back in.
        stacked = torch.where(flags[:, :, None], stacked, torch.zeros_like(stacked))
        return (stacked * self._weights(stacked, flags)).sum(dim=1)

    def _weights(self, stacked: Tensor, flags: Tensor) -> Tensor:
        """Weights of branches that broadcast against shape (b, branches, d)."""
        if self.gate is not None:
            seen = torch.cat([stacked.flatten(1), flags.to(stacked.dtype)], dim=1)
            weights: Tensor = self.gate(seen).softmax(dim=1)[:, :, None]
            return weights
        weight: Tensor = self.get_parameter("weight")
        if self.weights == "softmax":
            weight = weight.softmax(dim=0)
        return weight[None]
