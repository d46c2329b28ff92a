"""Learning again what was lost with the filters that went."""

import math

import numpy as np
import torch

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.batches import batches
from dashgaze.progress import Progress, silent

_MOST_NORM = 1.0


def finetune(
    network: GazeNetwork,
    samples: Samples,
    pictures: PictureSource,
    *,
    steps: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
    device: str = "cpu",
    progress: Progress = silent,
) -> GazeNetwork:
    """Train a network in place for some steps, on its own loss.

    Statistics of batch normalisation go on moving, since they belong to the maps that changed. The pretext task
    takes no part: learning at test time has to be evaluated anew.

    Parameters
    ----------
    network
        Changed, and left in evaluation mode.
    samples, pictures
        Frames with a known gaze.
    steps, batch_size, learning_rate
        Of AdamW; the rate falls to 0 along a cosine.
    seed
        Of the order.
    device
        Where it is computed.
    progress
        Told of each step.
    """
    torch.manual_seed(seed)
    network.to(device).train()
    for parameter in network.parameters():
        parameter.requires_grad_(True)
    optimizer = torch.optim.AdamW(network.parameters(), lr=learning_rate)
    step = epoch = 0
    while step < steps:
        feed = batches(
            samples,
            pictures,
            batch_size=min(batch_size, len(samples)),
            sizes_px=network.picture_sizes_px,
            shuffle_seed=int(np.random.default_rng([seed, epoch]).integers(2**31)),
        )
        for batch in feed:
            # A batch of one has no statistics.
            if len(batch) < 2 and len(samples) > 1:
                continue
            for group in optimizer.param_groups:
                group["lr"] = learning_rate * (1 + math.cos(math.pi * step / steps)) / 2
            loss = network.loss(network(batch.to(device)), batch.to(device))["total"]
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), _MOST_NORM)
            optimizer.step()
            step += 1
            progress("learning again", step / steps)
            if step == steps:
                break
        epoch += 1
    return network.eval()
