"""What each filter of a network says of each frame, on average over its map."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.contract.pictures import PictureSource
from dashgaze.models.contract.samples import Samples
from dashgaze.models.feeding.batches import batches
from dashgaze.models.networks.compressed import PrunableLayer, channels
from dashgaze.progress import Progress, silent

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Activations:
    """Of one layer.

    Attributes
    ----------
    mean
        Mean over each filter's map, as the layer that mixes them sees it, shape (n, views, filters). One view of
        each frame is usual; layers that look at both eyes have two, whose means say different things.
    live
        Whether the filter says anything but 0 anywhere, shape (filters,). A dead one can go without a trace.
    """

    mean: FloatArray
    live: NDArray[np.bool_]


def collect_activations(
    network: GazeNetwork,
    layers: list[PrunableLayer],
    samples: Samples,
    pictures: PictureSource,
    *,
    batch_size: int = 64,
    device: str = "cpu",
    progress: Progress = silent,
) -> Mapping[str, Activations]:
    """Answer frames and note the means of all maps.

    Parameters
    ----------
    network
        In evaluation mode.
    layers
        Whose maps; they are taken where their consumer reads them, after normalisation and activation.
    samples, pictures
        The frames.
    batch_size, device
        Of the answering.
    progress
        Told of each batch.
    """
    counts = channels(network)
    means: dict[str, list[FloatArray]] = {layer.name: [] for layer in layers}
    heard: dict[str, list[FloatArray]] = {layer.name: [] for layer in layers}
    largest = {layer.name: torch.zeros(counts[layer.name]) for layer in layers}
    handles = [
        network.get_submodule(layer.consumer).register_forward_pre_hook(
            _noting(layer.name, counts[layer.name], heard, largest)
        )
        for layer in layers
    ]
    done = 0
    try:
        feed = batches(samples, pictures, batch_size=batch_size, sizes_px=network.picture_sizes_px)
        for batch in feed:
            with torch.inference_mode():
                network(batch.to(device))
            for name, calls in heard.items():
                if calls:
                    means[name].append(_by_frame(np.concatenate(calls), len(batch)))
                    calls.clear()
            done += len(batch)
            progress("listening to filters", done / len(samples))
    finally:
        for handle in handles:
            handle.remove()
    return {
        name: Activations(mean=np.concatenate(each), live=largest[name].numpy() > 0)
        for name, each in means.items()
        if each
    }


def _by_frame(calls: FloatArray, frames: int) -> FloatArray:
    """Bring views that came one after the other, each of all frames, to shape (frames, views, filters)."""
    return np.ascontiguousarray(calls.reshape(-1, frames, calls.shape[1]).transpose(1, 0, 2))


def _noting(
    name: str, count: int, heard: dict[str, list[FloatArray]], largest: dict[str, Tensor]
) -> Any:
    def hook(_: nn.Module, given: tuple[Tensor, ...]) -> None:
        maps = given[0].detach().reshape(len(given[0]), count, -1)
        heard[name].append(maps.mean(dim=2).double().cpu().numpy())
        top = maps.abs().amax(dim=(0, 2)).float().cpu()
        largest[name] = torch.maximum(largest[name], top)

    return hook
