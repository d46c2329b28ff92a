"""From choices to a smaller network."""

import copy
from collections.abc import Mapping
from typing import Literal

import torch

from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.networks.compressed import as_compressed, keep_filters

from .lasso_choice import LayerChoice


def pruned(
    network: GazeNetwork,
    choices: Mapping[str, LayerChoice],
    scaling: Literal["none", "literal"] = "none",
) -> GazeNetwork:
    """Give a copy of a network with the chosen filters only.

    All choices are of the network as it was: none reads what another has changed already, as the printed
    algorithm does.

    Parameters
    ----------
    network
        Not changed.
    choices
        By path of the layer.
    scaling
        See `CompressOptions.scaling`.
    """
    smaller = copy.deepcopy(network)
    if scaling == "literal":
        for name, choice in choices.items():
            weight = smaller.get_submodule(name).get_parameter("weight")
            with torch.no_grad():
                factors = torch.as_tensor(choice.strengths, dtype=weight.dtype)
                weight[torch.from_numpy(choice.kept)] *= factors.reshape(-1, 1, 1, 1)
    keep_filters(smaller, {name: choice.kept.tolist() for name, choice in choices.items()})
    return as_compressed(smaller)
