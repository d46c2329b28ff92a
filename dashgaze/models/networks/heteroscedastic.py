"""Losses of answers that state their own spread."""

from typing import Literal

import torch
from torch import Tensor

Likelihood = Literal["gaussian", "beta", "laplace"]

BETA = 0.5
"""Weight of the variance in ``beta`` (Seitzer et al., ICLR 2022, arXiv 2203.09168)."""

LOG_SD_RANGE = (-5.0, 2.0)
"""Stated spreads stay in here: beyond, single frames rule the loss."""


def bounded_log_sd(raw: Tensor) -> Tensor:
    """Keep stated spreads in `LOG_SD_RANGE`, smoothly, so that a gradient always leads back."""
    low, high = LOG_SD_RANGE
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    bounded: Tensor = middle + half * torch.tanh((raw - middle) / half)
    return bounded


def negative_log_likelihood(
    mean: Tensor, log_sd: Tensor, target: Tensor, kind: Likelihood
) -> Tensor:
    """Give each frame's loss, shape (b,), summed over its numbers; constants are left out.

    ``gaussian``: log σ + r² / 2σ². ``beta``: the same, each number weighted by σ^2β, β = 0.5, so that frames of
    large spread are learned, too. ``laplace``: of the same standard deviation, log σ + √2 |r| / σ, which outliers
    disturb less.
    """
    off = target - mean
    if kind == "laplace":
        loss: Tensor = log_sd + 2.0**0.5 * off.abs() * (-log_sd).exp()
        return loss.sum(dim=1)
    loss = log_sd + 0.5 * off.square() * (-2.0 * log_sd).exp()
    if kind == "beta":
        loss = loss * (2.0 * BETA * log_sd).exp().detach()
    summed: Tensor = loss.sum(dim=1)
    return summed
