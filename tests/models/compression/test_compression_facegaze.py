"""FaceGaze made smaller: the wide inside of its inverted residual blocks."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dashgaze.models.compression.activations import collect_activations
from dashgaze.models.compression.compress import compress
from dashgaze.models.compression.lasso_choice import choose_filters
from dashgaze.models.compression.options import CompressOptions
from dashgaze.models.contract.batch import Batch
from dashgaze.models.feeding.dataset import open_samples
from dashgaze.models.networks import registry
from dashgaze.models.networks.compressed import (
    as_compressed,
    channels,
    keep_filters,
    prunable_layers,
)
from dashgaze.models.networks.cost import flops, parameter_count
from dashgaze.models.networks.mobile import InvertedResidual
from dashgaze.models.training.checkpoint import load_checkpoint, save_checkpoint

TRAINED = ("session_001", "session_002", "session_003", "session_004")
DEAD = (0, 5, 11)
BLOCK = "face_trunk.layers.4"


def make_network(size: str = "tiny") -> Any:
    torch.manual_seed(1)
    network = registry.build("facegaze", {"size": size}).eval()
    # Statistics that are not those of a fresh network, or a mistake with them would not be seen.
    generator = torch.Generator().manual_seed(2)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean += 0.1 * torch.randn(module.num_features, generator=generator)
            module.running_var += 0.5 * torch.rand(module.num_features, generator=generator)
            with torch.no_grad():
                module.bias += 0.1 * torch.randn(module.num_features, generator=generator)
    return network


def make_batch(network: Any, count: int = 3) -> Batch:
    generator = torch.Generator().manual_seed(3)
    pictures = {
        name: torch.randint(0, 256, (count, 3, high, wide), generator=generator, dtype=torch.uint8)
        for name, (wide, high) in network.picture_sizes_px.items()
    }
    yes = torch.ones(count, dtype=torch.bool)
    return Batch(
        rows=torch.arange(count),
        session=torch.zeros(count, dtype=torch.int64),
        pictures=pictures,
        present=dict.fromkeys(pictures, yes),
        landmarks=torch.rand(count, 5, 2, generator=generator),
        face_box=torch.rand(count, 4, generator=generator),
        face_known=yes,
        head_pose=torch.zeros(count, 3),
        head_pose_known=yes,
        driver_size_px=torch.full((count, 2), 640.0),
        target_xy=torch.zeros(count, 2),
        target_angle=torch.zeros(count, 2),
    )


def kill(network: Any) -> None:
    """Make some filters of each layer add nothing to what reads them, whatever they see."""
    for layer in prunable_layers(network):
        norm = network.get_submodule(layer.depthwise_norm)
        with torch.no_grad():
            norm.weight[list(DEAD)] = 0.0
            norm.bias[list(DEAD)] = 0.0


def test_every_block_can_lose_its_inside() -> None:
    network = make_network()
    blocks = [name for name, part in network.named_modules() if isinstance(part, InvertedResidual)]
    assert list(channels(network)) == [f"{name}.layers.0" for name in blocks]
    assert len(blocks) == 5


def test_dead_filters_go_exactly() -> None:
    network = make_network()
    batch = make_batch(network)
    kill(network)
    with torch.inference_mode():
        before = network(batch)
    counts = channels(network)
    keep_filters(
        network, {name: [i for i in range(n) if i not in DEAD] for name, n in counts.items()}
    )
    with torch.inference_mode():
        after = network(batch)
    assert channels(network) == {name: count - len(DEAD) for name, count in counts.items()}
    for name in ("xy", "xy_log_sd", "angle", "angle_log_sd"):
        assert torch.allclose(getattr(before, name), getattr(after, name), atol=1e-5), name


def test_those_that_stay_are_the_ones_that_were_named() -> None:
    network = make_network()
    block = network.get_submodule(BLOCK)
    maps = torch.rand(2, block.layers[0].in_channels, 8, 8)
    kept = [2, 3, 30]
    with torch.inference_mode():
        inside = block.layers[:6](maps)[:, kept]
    keep_filters(network, {f"{BLOCK}.layers.0": kept})
    with torch.inference_mode():
        assert torch.allclose(block.layers[:6](maps), inside, atol=1e-6)


def test_parameters_fall_by_what_a_block_is_made_of() -> None:
    network = make_network()
    before = parameter_count(network)["total"]
    block = network.get_submodule(BLOCK)
    wide = block.layers[0].out_channels
    outside = block.layers[0].in_channels + block.layers[6].out_channels
    keep_filters(network, {f"{BLOCK}.layers.0": range(7)})
    # Of each channel: both 1×1, the 3×3 of its own, and two normalisations of two numbers.
    assert before - parameter_count(network)["total"] == (wide - 7) * (outside + 9 + 4)


def test_a_smaller_one_takes_less_time() -> None:
    network, smaller = make_network("small"), make_network("small")
    batch = make_batch(network, 8)
    keep_filters(smaller, {name: range(count // 6) for name, count in channels(smaller).items()})
    assert parameter_count(smaller)["total"] < 0.75 * parameter_count(network)["total"]
    assert flops(smaller, batch)["total"] < 0.35 * flops(network, batch)["total"]
    # Processor time, the least of several, in turns: other work on the machine must not decide.
    took_s: dict[int, list[float]] = {0: [], 1: []}
    with torch.inference_mode():
        for _ in range(7):
            for number, each in enumerate((network, smaller)):
                start_s = time.process_time()
                each(batch)
                took_s[number].append(time.process_time() - start_s)
    assert min(took_s[1]) < 0.8 * min(took_s[0])


def test_both_eyes_of_a_frame_are_heard(tiny_dataset: Path) -> None:
    samples, pictures = open_samples(tiny_dataset)
    rows = np.flatnonzero(samples.has_face)[:10]
    samples, pictures = samples.take(rows), pictures.take(rows)
    network = make_network()
    heard = collect_activations(network, prunable_layers(network), samples, pictures, batch_size=4)
    assert heard["face_trunk.layers.3.layers.0"].mean.shape == (10, 1, 24)
    eyes = heard["eye_trunk.layers.3.layers.0"].mean
    assert eyes.shape == (10, 2, 24)
    # One batch or several: the same frame says the same.
    whole = collect_activations(network, prunable_layers(network), samples, pictures, batch_size=10)
    assert np.allclose(whole["eye_trunk.layers.3.layers.0"].mean, eyes, atol=1e-5)
    assert not np.allclose(eyes[:, 0], eyes[:, 1])


def test_an_eye_branch_that_is_called_twice_is_heard_twice(tiny_dataset: Path) -> None:
    samples, pictures = open_samples(tiny_dataset)
    rows = np.flatnonzero(samples.has_face)[:6]
    samples, pictures = samples.take(rows), pictures.take(rows)
    options = {"size": "tiny", "picture_px": 32, "shared_eyes": True}
    network = registry.build("dashgazenet", options).eval()
    heard = collect_activations(network, prunable_layers(network), samples, pictures, batch_size=4)
    assert heard["left_eye.layers.0"].mean.shape == (6, 2, 8)


def test_a_filter_that_one_eye_needs_stays() -> None:
    random = np.random.default_rng(0)
    sessions = np.repeat([f"session_{number}" for number in range(6)], 50)
    views = random.gamma(2.0, 1.0, (300, 2, 12))
    # Turned eyes move opposite ways in a picture and its mirror image: their mean says nothing.
    gaze = np.stack([views[:, 0, 3] - views[:, 1, 3], views[:, 1, 8]], axis=1)
    live = np.ones(12, bool)
    choice = choose_filters(views, live, gaze, sessions, gammas=(0.05,))[0]
    assert choice.kept.tolist() == [3, 8]
    assert len(choice.strengths) == 2
    assert (choice.strengths > 0).all()
    assert choice.curve[-1][0] <= 12


@pytest.fixture
def checkpoint(tmp_path: Path, checkpoint_config: Any) -> Path:
    torch.manual_seed(0)
    network = registry.build("facegaze", {"size": "tiny", "face_px": 32, "eye_px": 32})
    kill(network)
    return save_checkpoint(tmp_path / "run", network, checkpoint_config(network, TRAINED))


def test_the_whole_leaves_a_checkpoint_of_the_new_shape(
    tiny_dataset: Path, checkpoint: Path, tmp_path: Path
) -> None:
    options = CompressOptions(curve_gammas=(0.5,), frames=48, steps=0, batch_size=8, test_frames=12)
    out = compress(tiny_dataset, checkpoint, options, tmp_path / "small")
    network, config = load_checkpoint(out)
    before, _ = load_checkpoint(checkpoint)
    content = json.loads((out / "compression.json").read_text(encoding="utf-8"))
    assert (config.model, config.options["base"]) == ("compressed", "facegaze")
    assert type(network) is type(before)
    layers = content["layers"]
    assert channels(network) == {name: len(each["kept"]) for name, each in layers.items()}
    assert all(not set(each["kept"]) & set(DEAD) for each in layers.values())
    assert parameter_count(network)["total"] < parameter_count(before)["total"]
    chosen = next(each for each in content["curve"] if each["gamma"] == 0.01)
    assert chosen["cost"]["parameters"] == parameter_count(network)["total"]
    assert "lighting: night" in chosen["finetuned"]["groups"]
    assert set(chosen["finetuned"]["corruptions"]) == set(
        content["before"]["errors"]["corruptions"]
    )
    again = registry.build("compressed", as_compressed(network).options)
    assert channels(again) == channels(network)
