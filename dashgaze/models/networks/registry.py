"""All networks by name."""

from collections.abc import Callable, Mapping
from typing import Any

from dashgaze.errors import InputError

from ..contract.network import GazeNetwork
from .adapters import L2CS, Gaze360
from .compressed import COMPRESSED_NAME, build_compressed
from .dashgazenet import DashGazeNet
from .facegaze import FaceGaze
from .idgaze import IDGaze, IDGazeLite

Builder = Callable[[Mapping[str, Any] | None], GazeNetwork]

_NETWORKS: dict[str, Builder] = {
    DashGazeNet.name: DashGazeNet,
    FaceGaze.name: FaceGaze,
    Gaze360.name: Gaze360,
    L2CS.name: L2CS,
    IDGaze.name: IDGaze,
    IDGazeLite.name: IDGazeLite,
}


def names() -> list[str]:
    """Give the names of all networks that can be made anew, sorted.

    What `dashgaze compress` leaves is built as ``compressed``; it is made of one of these.
    """
    return sorted(_NETWORKS)


def build(name: str, options: Mapping[str, Any] | None = None) -> GazeNetwork:
    """Build a network with fresh random weights (from torch's generator: set its seed before).

    Parameters
    ----------
    name
        One of `names`, or ``compressed``.
    options
        Plain values; ``size`` names a preset. ``build(network.name, network.options)`` builds the same again.

    Raises
    ------
    InputError
        If there is no such network or option.
    """
    if name == COMPRESSED_NAME:
        return build_compressed(options)
    if name not in _NETWORKS:
        raise InputError(
            f"There is no network {name!r}.", fix=f"Choose one of: {', '.join(names())}."
        )
    return _NETWORKS[name](options)
