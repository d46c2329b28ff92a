"""Do maps hang on what was learned? The weights are shuffled, layer by layer, from the answer down.

References
----------
Adebayo et al.: Sanity checks for saliency maps. NeurIPS 2018, arXiv 1810.03292.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import spearmanr
from torch import Tensor, nn

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.progress import Progress, silent

from .chosen_frames import Frames, rows_of
from .displacement import HEADS, Head
from .face_surface import FaceSurface
from .model_saliency import frame_maps, model_map
from .names import PATCH_PX, Fill, InputName

FloatArray = NDArray[np.float64]

STEPS = (0.0, 0.34, 0.67, 1.0)
"""Shares of the layers on the way from the picture to the answers that are shuffled; 0: only the last one."""

MOST_ALIKE = 0.7
"""Rank correlation with the map of a wholly shuffled network above which a map is not of what was learned."""

_SSIM_SIGMA_PX = 5.0


@dataclass(frozen=True, kw_only=True)
class RandomisedMap:
    """The map of a network some of whose layers are shuffled, beside the true one.

    Attributes
    ----------
    layers
        How many are shuffled, of all on the way.
    share
        Of all of them.
    rank_correlation, ssim
        Spearman's, and structural similarity, of both maps, each divided by its largest value; None if the
        shuffled network does not react at all.
    """

    layers: int
    share: float
    rank_correlation: float | None
    ssim: float | None


def layers_seeing(network: GazeNetwork, frames: Frames, names: Sequence[str]) -> list[str]:
    """Give the layers with weights that see some pictures, in the order in which they are computed.

    Found by asking the network twice, with and without them: what changes is on the way.
    """
    with_it: dict[str, Tensor] = {}
    without_it: dict[str, Tensor] = {}
    leaves = {
        path: module
        for path, module in network.named_modules()
        if any(True for _ in module.parameters(recurse=False))
    }
    frame = rows_of(frames.batch, np.zeros(1, dtype=np.int64))
    dark = replace(
        frame,
        pictures={
            name: 255 - each if name in names else each for name, each in frame.pictures.items()
        },
    )
    for batch, into in ((frame, with_it), (dark, without_it)):
        handles = [
            module.register_forward_hook(_noting(path, into)) for path, module in leaves.items()
        ]
        try:
            with torch.inference_mode():
                network(batch)
        finally:
            for handle in handles:
                handle.remove()
    return [path for path, answer in with_it.items() if not torch.equal(answer, without_it[path])]


def shuffled(network: GazeNetwork, paths: Sequence[str], seed: int) -> GazeNetwork:
    """Give a copy of a network in which the numbers of some layers are in random order.

    Each tensor keeps its values, so that answers keep about their size.
    """
    copied = copy.deepcopy(network)
    random = torch.Generator().manual_seed(seed)
    for path in paths:
        layer = copied.get_submodule(path)
        tensors = [
            *layer.parameters(recurse=False),
            *(each for each in layer.buffers(recurse=False) if each.is_floating_point()),
        ]
        with torch.no_grad():
            for each in tensors:
                order = torch.randperm(each.numel(), generator=random)
                each.copy_(each.flatten()[order].reshape(each.shape))
    return copied


def randomised_maps(
    network: GazeNetwork,
    frames: Frames,
    surface: FaceSurface,
    name: InputName,
    *,
    seed: int,
    fill: Fill = "mean",
    patch_px: float = PATCH_PX,
    every: int = 2,
    batch_size: int = 128,
    progress: Progress = silent,
) -> dict[Head, list[RandomisedMap]]:
    """Compare the map with those of networks shuffled further and further.

    Parameters
    ----------
    network, frames, surface, name, fill, patch_px, every, batch_size
        As in `model_saliency.frame_maps`; few frames are enough.
    seed
        Of the shuffling.
    progress
        Told of each step.
    """
    given: dict[str, Any] = {
        "fill": fill,
        "patch_px": patch_px,
        "every": every,
        "batch_size": batch_size,
    }
    names = tuple(network.picture_sizes_px) if name == "all" else (name,)
    paths = layers_seeing(network, frames, names)
    true_maps = frame_maps(network, frames, surface, name, **given)
    answer: dict[Head, list[RandomisedMap]] = {}
    counts = sorted({max(1, round(share * len(paths))) for share in STEPS}) if paths else []
    for number, count in enumerate(counts):
        other = frame_maps(
            shuffled(network, paths[len(paths) - count :], seed), frames, surface, name, **given
        )
        for head in HEADS:
            if head not in true_maps.maps or not true_maps.effect(head):
                continue
            rank = similarity = None
            if other.effect(head):
                pair = [
                    model_map(each.maps[head], each.sessions).mean for each in (true_maps, other)
                ]
                rank, similarity = _rank_correlation(*pair), structural_similarity(*pair)
            answer.setdefault(head, []).append(
                RandomisedMap(
                    layers=count,
                    share=count / len(paths),
                    rank_correlation=rank,
                    ssim=similarity,
                )
            )
        progress("shuffling layers", (number + 1) / len(counts))
    return answer


def learned(steps: Sequence[RandomisedMap]) -> bool:
    """Whether the map of the wholly shuffled network differs from the true one."""
    last = steps[-1].rank_correlation
    return last is None or last <= MOST_ALIKE


def structural_similarity(one: FloatArray, other: FloatArray) -> float | None:
    """Give the mean structural similarity of two maps, each divided by its largest value.

    ::

        (2 μa μb + c1)(2 σab + c2) / ((μa² + μb² + c1)(σa² + σb² + c2)),  c1 = 0.01², c2 = 0.03²

    in a Gaussian window of 5 px, over the pixels where both are known; None if there are none, or one is 0.

    References
    ----------
    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment. IEEE TIP 13(4), 2004, doi:10.1109/TIP.2003.819861.
    """
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return None
    tops = [float(np.max(each[both])) for each in (one, other)]
    if min(tops) <= 0:
        return None
    a, b = (np.where(both, each / top, 0.0) for each, top in zip((one, other), tops, strict=True))
    weight = gaussian_filter(both.astype(np.float64), _SSIM_SIGMA_PX)
    weight = np.where(both, weight, 1.0)

    def local(values: FloatArray) -> FloatArray:
        return np.asarray(gaussian_filter(values, _SSIM_SIGMA_PX) / weight, dtype=np.float64)

    mean_a, mean_b = local(a), local(b)
    variance_a, variance_b = local(a * a) - mean_a**2, local(b * b) - mean_b**2
    together = local(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    value = ((2 * mean_a * mean_b + c1) * (2 * together + c2)) / (
        (mean_a**2 + mean_b**2 + c1) * (variance_a + variance_b + c2)
    )
    return float(value[both].mean())


def _rank_correlation(one: FloatArray, other: FloatArray) -> float | None:
    both = np.isfinite(one) & np.isfinite(other)
    if not both.any():
        return None
    # What differs by less than a thousandth of the largest value is a tie, not an order.
    a, b = (np.round(each[both] / np.abs(each[both]).max(), 3) for each in (one, other))
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)


def _noting(path: str, into: dict[str, Tensor]) -> Any:
    def hook(_: nn.Module, __: Any, answer: Any) -> None:
        if isinstance(answer, Tensor):
            into[path] = answer.detach().clone()

    return hook
