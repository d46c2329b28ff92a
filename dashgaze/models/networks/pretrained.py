"""First weights of trunks that were trained elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from dashgaze.errors import InputError, MissingExtraError

from ..contract.network import GazeNetwork
from .branches import TrunkBranch
from .resnet import RESNET18_DEPTHS, RESNET50_DEPTHS, Bottleneck, ResNet
from .weight_file import load_strictly, read_weights, sha256

NONE = "none"
IMAGENET = "imagenet"


@dataclass(frozen=True)
class HubWeights:
    """A file of the Hugging Face Hub, pinned.

    Attributes
    ----------
    repository, revision, name
        Where it is.
    sha256
        What it has to be.
    """

    repository: str
    revision: str
    name: str
    sha256: str


# Apache-2.0; Wightman, Touvron, Jégou: ResNet strikes back, arXiv 2110.00476.
RESNET50_A1 = HubWeights(
    "timm/resnet50.a1_in1k",
    "767268603ca0cb0bfe326fa87277f19c419566ef",
    "model.safetensors",
    "773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb",
)
RESNET18_A1 = HubWeights(
    "timm/resnet18.a1_in1k",
    "491b427b45c94c7fb0e78b5474cc919aff584bbf",
    "model.safetensors",
    "80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612",
)


def load_pretrained(network: GazeNetwork, source: str | Path) -> dict[str, str]:
    """Fill every residual trunk of a network; the layers behind stay as they are.

    Parameters
    ----------
    source
        ``none``; ``imagenet``: pinned weights from the Hugging Face Hub, or from its cache where
        ``HF_HUB_OFFLINE`` is set; or the path of a ``.safetensors`` or ``.pth`` file with torchvision's names.

    Returns
    -------
    dict
        ``source`` and ``sha256`` of the file, for the checkpoint; empty for ``none``.

    Raises
    ------
    InputError
        If the network has no such trunk, there are no such weights, they can't be had, or they do not fit. Weights are
        never left random in silence.
    MissingExtraError
        If huggingface_hub or safetensors is missing.
    """
    if str(source) == NONE:
        return {}
    trunks = _trunks(network)
    if str(source) == IMAGENET:
        hub = _imagenet(network, trunks)
        path = _download(hub)
        origin = f"hf://{hub.repository}@{hub.revision}/{hub.name}"
        digest = sha256(path)
        if digest != hub.sha256:
            raise InputError(
                f"{path} is not what was pinned: its SHA-256 is {digest}, expected was {hub.sha256}.",
                fix="Delete it and try again.",
                path=path,
            )
    else:
        path = Path(source)
        origin = path.name
        digest = ""
    weights = without_classifier(read_weights(path))
    for name, trunk in trunks.items():
        load_strictly(trunk, weights, what=f"{path} (into the trunk of {name})")
    return {"source": origin, "sha256": digest or sha256(path)}


def without_classifier(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out the last layer ``fc``, which knows classes of pictures."""
    return {name: value for name, value in weights.items() if not name.startswith("fc.")}


def _trunks(network: GazeNetwork) -> dict[str, ResNet]:
    trunks = {
        name: part.trunk for name, part in network.named_children() if isinstance(part, TrunkBranch)
    }
    if not trunks:
        raise InputError(
            f"{network.name} has no residual trunk that pretrained weights would fit.",
            fix="Choose --pretrained none, or dashgazenet.",
        )
    return trunks


def _imagenet(network: GazeNetwork, trunks: Mapping[str, ResNet]) -> HubWeights:
    """Choose the weights that fit."""
    trunk = next(iter(trunks.values()))
    depths = tuple(
        sum(1 for _ in trunk.get_submodule(f"layer{stage + 1}").children())
        for stage in range(trunk.stages)
    )
    bottleneck = any(isinstance(module, Bottleneck) for module in trunk.modules())
    width = trunk.conv1.out_channels
    if width == 64 and bottleneck and depths == RESNET50_DEPTHS:
        return RESNET50_A1
    if width == 64 and not bottleneck and depths == RESNET18_DEPTHS:
        return RESNET18_A1
    raise InputError(
        f"There are no ImageNet weights for the trunks of this {network.name}: blocks {list(depths)}, width "
        f"{width}.",
        fix="Choose size full (ResNet-50), or block basic, depths [2, 2, 2, 2] and width 64 (ResNet-18).",
    )


def _download(weights: HubWeights) -> Path:
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "Pretrained weights come from the Hugging Face Hub, which needs huggingface_hub.",
            fix="Type: pip install huggingface_hub",
        ) from error
    try:
        return Path(hf_hub_download(weights.repository, weights.name, revision=weights.revision))
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        raise InputError(
            f"{weights.repository} can't be had: {str(error).splitlines()[0] if str(error) else error!r}",
            fix=f"Go online once, or fetch {weights.name} elsewhere and give its path.",
        ) from error
