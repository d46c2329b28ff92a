import pytest
import torch
from torch import nn

from dashgaze.models.networks.cost import flops, parameter_count
from dashgaze.models.networks.registry import build


def conv_flops(outputs, inputs, kernel, height, width):
    return 2 * outputs * inputs * kernel * kernel * height * width


def test_operations_of_an_eye_branch_are_those_counted_by_hand(fake_batch):
    network = build("dashgazenet", {"size": "tiny"})
    counts = flops(network, fake_batch(network.picture_sizes_px, 3))
    sides = [(50, 100), (25, 50), (12, 25), (6, 12)]
    channels = [3, 8, 16, 32, 64]
    by_hand = sum(
        conv_flops(channels[place + 1], channels[place], 3, *side)
        for place, side in enumerate(sides)
    )
    by_hand += 2 * 64 * 3 * 6 * 64
    assert counts["left_eye"] == counts["right_eye"] == by_hand
    assert counts["landmarks"] == 2 * (10 * 64 + 64 * 64)
    assert counts["angle_head"] == 2 * (64 * 64 + 64 * 2)
    assert sum(count for name, count in counts.items() if name != "total") == counts["total"]


def test_operations_of_the_full_size_are_as_published(fake_batch):
    # On the device "meta" nothing is computed, only counted.
    with torch.device("meta"):
        network = build("dashgazenet")
    counts = flops(network, fake_batch(network.picture_sizes_px, 1).to("meta"))
    assert counts["total"] / 1e9 == pytest.approx(16.65, abs=0.005)
    assert counts["face"] / 1e9 == pytest.approx(8.18, abs=0.005)
    assert counts["left_eye"] / 1e9 == pytest.approx(0.146, abs=0.0005)


def test_facegaze_costs_less_than_a_tenth_of_dashgazenet(fake_batch):
    with torch.device("meta"):
        full = build("dashgazenet")
    small = build("facegaze")
    costs = [
        flops(each, fake_batch(each.picture_sizes_px, 1))["total"]
        for each in (build("dashgazenet", {"size": "small"}), small)
    ]
    assert costs[1] < 0.3 * costs[0]
    assert costs[1] < 0.1 * 16.65e9
    assert parameter_count(small)["total"] < 0.01 * parameter_count(full)["total"]


def test_shared_parameters_count_once():
    network = build("dashgazenet", {"size": "tiny", "shared_eyes": True})
    counts = parameter_count(network)
    assert counts["right_eye"] == 0
    assert counts["total"] == sum(each.numel() for each in network.parameters())


def test_session_heads_are_no_part_of_answering():
    network = build("dashgazenet", {"size": "tiny"})
    whole = nn.ModuleDict({"network": network, "heads": nn.Linear(3, 2)})
    alone = parameter_count(network)["total"]
    assert parameter_count(whole)["total"] == alone
    assert parameter_count(whole, inference_only=False)["total"] == alone + 8


def test_counting_leaves_the_mode_as_it_was(fake_batch):
    network = build("facegaze", {"size": "tiny"}).train()
    flops(network, fake_batch(network.picture_sizes_px, 1))
    assert network.training
    assert torch.is_grad_enabled()
