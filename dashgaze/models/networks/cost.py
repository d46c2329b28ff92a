"""What a network costs: parameters and floating point operations."""

from dataclasses import replace
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from ..contract.batch import Batch
from ..contract.network import GazeNetwork


def parameter_count(network: torch.nn.Module, *, inference_only: bool = True) -> dict[str, int]:
    """Count parameters by part, and in ``total``; shared ones once, with the part that comes first.

    Parameters
    ----------
    network
        A network, or any module around one, such as one that holds session heads beside it.
    inference_only
        Leave out parts that no answer needs: every direct part that is not inside of a `GazeNetwork`, where
        `network` is not one itself.
    """
    parts: dict[str, int] = {}
    seen: set[int] = set()
    whole = isinstance(network, GazeNetwork)
    for name, part in _parts(network):
        if inference_only and not whole and not isinstance(part, GazeNetwork):
            continue
        parts[name] = _count(part, seen)
    own = sum(each.numel() for each in network.parameters(recurse=False))
    if own and (whole or not inference_only):
        parts["own"] = own
    parts["total"] = sum(parts.values())
    return parts


def _parts(network: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """Give direct parts by name; one that has two names comes twice."""
    return [(name, part) for name, part in network._modules.items() if part is not None]


def _count(part: torch.nn.Module, seen: set[int]) -> int:
    count = 0
    for parameter in part.parameters():
        if id(parameter) not in seen:
            seen.add(id(parameter))
            count += parameter.numel()
    return count


def flops(network: GazeNetwork, batch: Batch) -> dict[str, int]:
    """Count the operations of answering one frame, by part and in ``total``.

    A multiplication and an addition count as two. Convolutions and linear layers are counted; what is linear in
    the number of values (norms, activations, pooling, sums) is not.

    Parameters
    ----------
    batch
        At least one frame, of pictures that the network takes; its first frame is answered.
    """
    counter = FlopCounterMode(display=False)
    training = network.training
    network.eval()
    try:
        with torch.no_grad(), counter:
            network(first_frame(batch))
    finally:
        network.train(training)
    counts = counter.get_flop_counts()
    top = type(network).__name__
    parts = {
        name: sum(counts.get(f"{top}.{name}", {}).values()) for name, _ in network.named_children()
    }
    return {
        **{name: count for name, count in parts.items() if count},
        "total": counter.get_total_flops(),
    }


def first_frame(batch: Batch) -> Batch:
    """Give the first frame of a batch as a batch of one."""
    values: dict[str, Any] = {
        name: {key: each[:1] for key, each in value.items()}
        if isinstance(value, dict)
        else value[:1]
        for name, value in vars(batch).items()
    }
    return replace(batch, **values)
