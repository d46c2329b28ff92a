"""Networks with fewer filters: what can be left out of which layer, and how to leave it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from dashgaze.errors import InputError

from ..contract.network import GazeNetwork
from .branches import EyeBranch
from .mobile import InvertedResidual
from .resnet import BasicBlock, Bottleneck

COMPRESSED_NAME = "compressed"


@dataclass(frozen=True, kw_only=True)
class PrunableLayer:
    """A convolution whose filters can be left out without changing the shape of anything else.

    Attributes
    ----------
    name
        Path of the convolution in its network.
    norm
        Path of the batch normalisation behind it; None if there is none.
    consumer
        Path of the only layer that mixes its maps: a convolution, or a linear layer that reads them flattened.
    depthwise, depthwise_norm
        Paths of a convolution between both that turns each map into one by itself, and of the batch
        normalisation behind it; None if there is none. Its filters go with those of the layer.
    """

    name: str
    norm: str | None
    consumer: str
    depthwise: str | None = None
    depthwise_norm: str | None = None


def prunable_layers(network: nn.Module) -> list[PrunableLayer]:
    """Find what can be pruned, in the order of the network's layers.

    Of residual blocks the inner convolutions: outputs of blocks are summed, and every block of a stage would
    have to lose the same ones. Of inverted ones the wide inside, with the channel's own filter in it. Of eye
    branches all, the last into the linear layer behind them. Those with group normalisation stay as they are,
    since groups would change.
    """
    found: dict[str, PrunableLayer] = {}
    for path, module in network.named_modules():
        start = f"{path}." if path else ""
        if isinstance(module, BasicBlock):
            steps = [("conv1", "bn1", "conv2")]
        elif isinstance(module, Bottleneck):
            steps = [("conv1", "bn1", "conv2"), ("conv2", "bn2", "conv3")]
        elif isinstance(module, InvertedResidual):
            name = start + "layers.0"
            found[name] = PrunableLayer(
                name=name,
                norm=start + "layers.1",
                depthwise=start + "layers.3",
                depthwise_norm=start + "layers.4",
                consumer=start + "layers.6",
            )
            continue
        elif isinstance(module, EyeBranch):
            steps = _eye_steps(module)
        else:
            continue
        for name, norm, consumer in steps:
            found[start + name] = PrunableLayer(
                name=start + name,
                norm=start + norm if norm else None,
                consumer=start + consumer,
            )
    return list(found.values())


def _eye_steps(branch: EyeBranch) -> list[tuple[str, str, str]]:
    if any(isinstance(layer, nn.GroupNorm) for layer in branch.layers):
        return []
    places = [place for place, layer in enumerate(branch.layers) if isinstance(layer, nn.Conv2d)]
    names = [f"layers.{place}" for place in places]
    return [(name, "", consumer) for name, consumer in zip(names, [*names[1:], "fc"], strict=True)]


def keep_filters(network: nn.Module, kept: Mapping[str, Sequence[int]]) -> None:
    """Leave filters out of a network, in place, with all that belongs to them.

    Filters of the layer, its normalisation's channels, those of a depthwise convolution, and the consumer's
    input channels go; weights that stay are not changed. What filters that go would have added is lost, unless it is 0.

    Parameters
    ----------
    network
        Changed in place.
    kept
        By path of a layer of `prunable_layers`: indices of the filters that stay, ascending, at least one.

    Raises
    ------
    InputError
        If a layer can't be pruned, or an index does not exist.
    """
    layers = {layer.name: layer for layer in prunable_layers(network)}
    for name, indices in kept.items():
        if name not in layers:
            raise InputError(
                f"{name} is no layer that filters can be left out of.",
                fix=f"These are: {', '.join(layers) or 'none'}.",
            )
        layer = layers[name]
        conv = _convolution(network, name)
        count = conv.out_channels
        chosen = sorted({int(index) for index in indices})
        if not chosen or chosen[0] < 0 or chosen[-1] >= count:
            raise InputError(
                f"{name} has filters 0 … {count - 1}; {list(indices)[:8]} … were to stay.",
                fix="Name at least one that there is.",
            )
        places = torch.tensor(chosen)
        _shrink_filters(conv, places)
        if layer.depthwise is not None:
            depthwise = _convolution(network, layer.depthwise)
            _shrink_filters(depthwise, places)
            depthwise.in_channels = depthwise.groups = len(places)
        for norm in (layer.norm, layer.depthwise_norm):
            if norm is not None:
                _shrink_norm(network.get_submodule(norm), places)
        _shrink_consumer(network.get_submodule(layer.consumer), places, count)


def _convolution(network: nn.Module, name: str) -> nn.Conv2d:
    conv = network.get_submodule(name)
    if not isinstance(conv, nn.Conv2d):
        raise TypeError(f"{name} is a {type(conv).__name__}, not a convolution")
    return conv


def _shrink_filters(conv: nn.Conv2d, places: torch.Tensor) -> None:
    conv.weight = nn.Parameter(conv.weight.detach()[places].clone())
    if conv.bias is not None:
        conv.bias = nn.Parameter(conv.bias.detach()[places].clone())
    conv.out_channels = len(places)


def _shrink_norm(norm: nn.Module, places: torch.Tensor) -> None:
    if not isinstance(norm, nn.BatchNorm2d) or norm.running_mean is None:
        raise TypeError(f"a batch normalisation with statistics was expected, not {norm}")
    norm.weight = nn.Parameter(norm.weight.detach()[places].clone())
    norm.bias = nn.Parameter(norm.bias.detach()[places].clone())
    norm.running_mean = norm.running_mean[places].clone()
    if norm.running_var is not None:
        norm.running_var = norm.running_var[places].clone()
    norm.num_features = len(places)


def _shrink_consumer(consumer: nn.Module, places: torch.Tensor, count: int) -> None:
    if isinstance(consumer, nn.Conv2d):
        consumer.weight = nn.Parameter(consumer.weight.detach()[:, places].clone())
        consumer.in_channels = len(places)
        return
    if not isinstance(consumer, nn.Linear):
        raise TypeError(f"a convolution or linear layer was expected, not {consumer}")
    # Flattened maps: the pixels of each channel lie side by side.
    weight = consumer.weight.detach().reshape(consumer.out_features, count, -1)
    consumer.weight = nn.Parameter(weight[:, places].flatten(1).clone())
    consumer.in_features = consumer.weight.shape[1]


def channels(network: nn.Module) -> dict[str, int]:
    """Give the number of filters of each layer that can be pruned."""
    return {
        layer.name: _convolution(network, layer.name).out_channels
        for layer in prunable_layers(network)
    }


def as_compressed(network: GazeNetwork) -> GazeNetwork:
    """Have a pruned network say what it is, so that `build_compressed` can build it again."""
    base, options = network.name, network.options
    if base == COMPRESSED_NAME:
        base, options = options["base"], options["base_options"]
    setattr(network, "name", COMPRESSED_NAME)  # noqa: B010  a class's name, here one network's
    network.options = {"base": base, "base_options": options, "channels": channels(network)}
    return network


def build_compressed(options: Mapping[str, Any] | None = None) -> GazeNetwork:
    """Build a pruned network with fresh random weights.

    It is of the class of the network that was pruned, and does all that this can.

    Parameters
    ----------
    options
        ``base`` and ``base_options``: the network that was pruned. ``channels``: filters of each layer.

    Raises
    ------
    InputError
        If one is missing or does not fit.
    """
    from .registry import build

    given = dict(options or {})
    if set(given) != {"base", "base_options", "channels"} or given["base"] == COMPRESSED_NAME:
        raise InputError(
            "A compressed network needs the options base, base_options and channels.",
            fix="Make one with `dashgaze compress DATA CHECKPOINT -o OUT`.",
        )
    network = build(given["base"], given["base_options"])
    before = channels(network)
    for name, count in given["channels"].items():
        if name not in before or not 1 <= int(count) <= before[name]:
            raise InputError(
                f"{given['base']} can't have {count} filters in {name!r}.",
                fix="The checkpoint is of another version, or was changed; compress again.",
            )
    keep_filters(network, {name: range(int(n)) for name, n in given["channels"].items()})
    return as_compressed(network)
