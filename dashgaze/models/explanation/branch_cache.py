"""Asking a network about one frame many times, with only the branches computed that see a change."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from dashgaze.models.contract.batch import Batch, Output
from dashgaze.models.contract.network import GazeNetwork


class BranchCache:
    """One frame, and what the network's branches say of it.

    A branch is a submodule that bears the name of a picture and is called once with that picture alone,
    as those of DashGazeNet are. Networks without such branches are computed whole.

    Parameters
    ----------
    network
        In evaluation mode.
    batch
        The frame, a batch of one.
    """

    def __init__(self, network: GazeNetwork, batch: Batch) -> None:
        self.network = network
        self.batch = batch
        seen: dict[str, list[Tensor]] = {name: [] for name in _branches(network, batch.pictures)}
        handles = [
            branch.register_forward_hook(_keep(seen[name], batch.pictures[name]))
            for name, branch in _branches(network, batch.pictures).items()
        ]
        try:
            with torch.inference_mode():
                self.output: Output = network(batch)
        finally:
            for handle in handles:
                handle.remove()
        self._features = {name: given[0] for name, given in seen.items() if len(given) == 1}

    @property
    def cached(self) -> tuple[str, ...]:
        """Branches that need not be computed again."""
        return tuple(self._features)

    def answer(self, batch: Batch, changed: Iterable[str]) -> Output:
        """Answer versions of the frame in which only some pictures have changed.

        Parameters
        ----------
        batch
            b versions.
        changed
            Names of the pictures that have.
        """
        still = {name: each for name, each in self._features.items() if name not in set(changed)}
        with _standing(self.network, still), torch.inference_mode():
            answer: Output = self.network(batch)
        return answer


def _branches(network: GazeNetwork, pictures: Iterable[str]) -> dict[str, nn.Module]:
    found = {name: module for name, module in network.named_children() if name in set(pictures)}
    # A module that two pictures share can't stand for one of them; named_children gives it once.
    shared = [getattr(network, name, None) for name in pictures]
    return {
        name: module
        for name, module in found.items()
        if sum(each is module for each in shared) == 1
    }


def _keep(into: list[Tensor], picture: Tensor) -> Any:
    def hook(_: nn.Module, given: tuple[Any, ...], answer: Any) -> None:
        if len(given) == 1 and given[0] is picture and isinstance(answer, Tensor):
            into.append(answer)
        else:
            # Not a branch as we know them: two entries mean that it is computed each time.
            into.extend([picture, picture])

    return hook


@contextmanager
def _standing(network: GazeNetwork, features: dict[str, Tensor]) -> Iterator[None]:
    """Let branches answer with what is known, whatever the number of frames."""
    modules = {name: network.get_submodule(name) for name in features}
    for name, module in modules.items():
        # An attribute of the instance goes before the method of its class, and leaves it alone.
        object.__setattr__(module, "forward", _constant(features[name]))
    try:
        yield
    finally:
        for module in modules.values():
            object.__delattr__(module, "forward")


def _constant(feature: Tensor) -> Any:
    def forward(pictures: Tensor) -> Tensor:
        return feature.expand(len(pictures), *feature.shape[1:])

    return forward
