"""How far gaze angles are from the truth, as something to learn by (reference A8)."""

import math
from typing import Literal

import torch
from torch import Tensor

AngleLoss = Literal["mse", "cosine", "pinball"]

PINBALL_QUANTILE = 0.1
"""Lower quantile that the stated spread stands for; the upper is its mirror (Kellnhofer et al., ICCV 2019)."""

SD_OF_QUANTILE = 1.2815515655446004
"""Standard deviations from the middle of a normal distribution to its 90 % quantile."""


def directions(angle: Tensor) -> Tensor:
    """Turn azimuth and elevation, shape (b, 2), rad, into unit vectors, shape (b, 3).

    The same as `contract.scale.direction`: x right, y down, z forward.
    """
    azimuth, elevation = angle.unbind(dim=-1)
    return torch.stack(
        [
            elevation.cos() * azimuth.sin(),
            -elevation.sin(),
            elevation.cos() * azimuth.cos(),
        ],
        dim=-1,
    )


def angle_errors(angle: Tensor, target: Tensor, kind: AngleLoss, log_sd: Tensor | None) -> Tensor:
    """Give each frame's loss, shape (b,).

    ``mse``: squared error of azimuth and elevation, added. ``cosine``: 1 − cos of the angle between the two
    directions. ``pinball``: of the quantiles 0.1 and 0.9, which lie the stated spread below and above.
    """
    if kind == "mse":
        return (angle - target).square().sum(dim=-1)
    if kind == "cosine":
        return 1.0 - (directions(angle) * directions(target)).sum(dim=-1)
    if log_sd is None:
        raise ValueError("the pinball loss needs a stated spread")
    spread = log_sd.exp() * SD_OF_QUANTILE
    low = target - (angle - spread)
    high = target - (angle + spread)
    q = PINBALL_QUANTILE
    low_loss = torch.maximum(q * low, (q - 1.0) * low)
    high_loss = torch.maximum((1.0 - q) * high, -q * high)
    return (low_loss + high_loss).sum(dim=-1)


LOG_SD_START = math.log(math.radians(10.0))
"""Where stated spreads of angles begin."""
