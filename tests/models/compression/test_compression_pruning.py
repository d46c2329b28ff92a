"""Filters that go, and what must not change with them."""

import numpy as np
import pytest
import torch

from dashgaze.errors import InputError
from dashgaze.models.contract.batch import Batch
from dashgaze.models.networks import registry
from dashgaze.models.networks.branches import EyeBranch
from dashgaze.models.networks.compressed import (
    as_compressed,
    build_compressed,
    channels,
    keep_filters,
    prunable_layers,
)
from dashgaze.models.networks.cost import parameter_count
from dashgaze.models.networks.resnet import ResNet
from dashgaze.models.training.checkpoint import load_checkpoint, save_checkpoint

TINY = {"size": "tiny", "picture_px": 64}


def make_batch(count: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(3)
    sizes = {"driver": (64, 64), "face": (64, 64), "left_eye": (100, 50), "right_eye": (100, 50)}
    pictures = {
        name: torch.randint(
            0, 256, (count, 3, size[1], size[0]), generator=generator, dtype=torch.uint8
        )
        for name, size in sizes.items()
    }
    yes = torch.ones(count, dtype=torch.bool)
    return Batch(
        rows=torch.arange(count),
        session=torch.zeros(count, dtype=torch.int64),
        pictures=pictures,
        present=dict.fromkeys(sizes, yes),
        landmarks=torch.rand(count, 5, 2, generator=generator),
        face_box=torch.rand(count, 4, generator=generator),
        face_known=yes,
        head_pose=torch.zeros(count, 3),
        head_pose_known=yes,
        driver_size_px=torch.full((count, 2), 640.0),
        target_xy=torch.zeros(count, 2),
        target_angle=torch.zeros(count, 2),
    )


def make_network(**options):
    torch.manual_seed(1)
    network = registry.build("dashgazenet", TINY | options).eval()
    # Statistics that are not those of a fresh network, or a mistake with them would not be seen.
    generator = torch.Generator().manual_seed(2)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean += 0.1 * torch.randn(module.num_features, generator=generator)
            module.running_var += 0.5 * torch.rand(module.num_features, generator=generator)
            with torch.no_grad():
                module.bias += 0.1 * torch.randn(module.num_features, generator=generator)
    return network


def kill(network, name: str, filters: list[int]) -> None:
    """Make filters of a layer say 0, whatever they see."""
    layer = next(each for each in prunable_layers(network) if each.name == name)
    conv = network.get_submodule(name)
    with torch.no_grad():
        conv.weight[filters] = 0.0
        if conv.bias is not None:
            conv.bias[filters] = 0.0
        if layer.norm is not None:
            norm = network.get_submodule(layer.norm)
            norm.running_mean[filters] = 0.0
            norm.bias[filters] = -0.3


@pytest.mark.parametrize(
    "options", [{}, {"block": "bottleneck"}, {"shared_eyes": True}], ids=["basic", "bottle", "eyes"]
)
def test_dead_filters_go_without_a_trace_in_the_answers(options: dict) -> None:
    network, batch = make_network(**options), make_batch()
    dead = {layer.name: [0, 3] for layer in prunable_layers(network)}
    for name, filters in dead.items():
        kill(network, name, filters)
    with torch.no_grad():
        before = network(batch)
    counts = channels(network)
    keep_filters(
        network, {name: [i for i in range(counts[name]) if i not in dead[name]] for name in dead}
    )
    with torch.no_grad():
        after = network(batch)
    assert channels(network) == {name: count - 2 for name, count in counts.items()}
    assert torch.allclose(before.xy, after.xy, atol=1e-5)
    assert torch.allclose(before.angle, after.angle, atol=1e-5)


def test_living_filters_do_leave_a_trace() -> None:
    network, batch = make_network(), make_batch()
    with torch.no_grad():
        before = network(batch).xy
    for layer in prunable_layers(network):
        keep_filters(network, {layer.name: [0]})
    with torch.no_grad():
        assert not torch.allclose(before, network(batch).xy, atol=1e-5)


def test_parameters_fall_by_what_the_layers_say() -> None:
    network = make_network()
    before = parameter_count(network)["total"]
    block = network.face.trunk.layer2[0]
    inner, outer = block.conv1.out_channels, block.conv2.out_channels
    inputs = block.conv1.in_channels
    keep_filters(network, {"face.trunk.layer2.0.conv1": range(5)})
    gone = inner - 5
    assert before - parameter_count(network)["total"] == gone * (inputs * 9 + 2 + outer * 9)

    before = parameter_count(network)["total"]
    branch = network.left_eye
    last = [each for each in branch.layers if isinstance(each, torch.nn.Conv2d)][-1]
    shape = (last.in_channels * 9 + 1, 6 * 3 * branch.fc.out_features)
    keep_filters(network, {"left_eye.layers.9": range(10)})
    assert before - parameter_count(network)["total"] == (last.weight.shape[0] == 10) * 54 * sum(
        shape
    )


def test_outputs_of_blocks_are_never_pruned() -> None:
    names = [layer.name for layer in prunable_layers(ResNet("bottleneck", (1, 1, 1, 1), width=8))]
    assert names == [
        f"layer{stage}.0.{conv}" for stage in (1, 2, 3, 4) for conv in ("conv1", "conv2")
    ]


def test_group_normalised_eyes_are_left_alone() -> None:
    eye = EyeBranch((8, 16), (100, 50), 10, activation="relu", norm="group")
    assert prunable_layers(eye) == []


def test_a_filter_that_does_not_exist_is_refused() -> None:
    network = make_network()
    with pytest.raises(InputError, match=r"has filters 0 … 7"):
        keep_filters(network, {"left_eye.layers.0": [0, 8]})
    with pytest.raises(InputError, match="no layer that filters can be left out of"):
        keep_filters(network, {"face.trunk.layer1.0.conv2": [0]})
    with pytest.raises(InputError, match="Name at least one"):
        keep_filters(network, {"left_eye.layers.0": []})


def test_a_pruned_network_goes_through_a_checkpoint(
    tmp_path, monkeypatch, checkpoint_config
) -> None:
    monkeypatch.setitem(registry._NETWORKS, "compressed", build_compressed)
    network, batch = make_network(), make_batch()
    keep_filters(network, {"face.trunk.layer1.0.conv1": [1, 4, 6], "right_eye.layers.9": [0, 7, 9]})
    as_compressed(network)
    config = checkpoint_config(network)
    loaded, read = load_checkpoint(save_checkpoint(tmp_path / "small", network, config))
    assert read.model == loaded.name == "compressed"
    assert channels(loaded) == channels(network)
    assert type(loaded) is type(network)
    with torch.no_grad():
        assert torch.equal(loaded(batch).xy, network.eval()(batch).xy)

    keep_filters(loaded, {"face.trunk.layer1.0.conv1": [0, 2]})
    again = build_compressed(as_compressed(loaded).options)
    assert again.options["base"] == "dashgazenet"
    assert channels(again)["face.trunk.layer1.0.conv1"] == 2


def test_options_of_a_compressed_network_are_checked() -> None:
    with pytest.raises(InputError, match="needs the options base"):
        build_compressed({"base": "dashgazenet"})
    wrong = {"base": "dashgazenet", "base_options": TINY, "channels": {"face.fc": 3}}
    with pytest.raises(InputError, match=r"can't have 3 filters in 'face\.fc'"):
        build_compressed(wrong)


def test_scaling_multiplies_what_stays(make_choice) -> None:
    from dashgaze.models.compression.pruning import pruned

    network = make_network()
    choice = make_choice(np.array([1, 2]), np.array([2.0, 0.5]))
    name = "left_eye.layers.0"
    plain = pruned(network, {name: choice}).get_submodule(name).weight
    literal = pruned(network, {name: choice}, "literal").get_submodule(name).weight
    assert torch.equal(plain, network.get_submodule(name).weight[[1, 2]])
    assert torch.equal(literal, plain * torch.tensor([2.0, 0.5]).reshape(2, 1, 1, 1))
