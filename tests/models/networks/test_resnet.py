import re

import pytest
import torch

from dashgaze.models.networks.resnet import BasicBlock, Bottleneck, ResNet, resnet18, resnet50


def expected_shapes(depths, *, bottleneck):
    """What torchvision's state_dict has, derived from the paper's table 1."""
    shapes = {}

    def norm(name, channels):
        for part in ("weight", "bias", "running_mean", "running_var"):
            shapes[f"{name}.{part}"] = (channels,)
        shapes[f"{name}.num_batches_tracked"] = ()

    shapes["conv1.weight"] = (64, 3, 7, 7)
    norm("bn1", 64)
    inputs = 64
    for stage, depth in enumerate(depths):
        width = 64 * 2**stage
        outputs = width * (4 if bottleneck else 1)
        for block in range(depth):
            at = f"layer{stage + 1}.{block}"
            if bottleneck:
                kernels = [(width, inputs, 1), (width, width, 3), (outputs, width, 1)]
            else:
                kernels = [(width, inputs, 3), (width, width, 3)]
            for number, (to, of, side) in enumerate(kernels, start=1):
                shapes[f"{at}.conv{number}.weight"] = (to, of, side, side)
                norm(f"{at}.bn{number}", to)
            if block == 0 and (stage > 0 or inputs != outputs):
                shapes[f"{at}.downsample.0.weight"] = (outputs, inputs, 1, 1)
                norm(f"{at}.downsample.1", outputs)
            inputs = outputs
    shapes["fc.weight"] = (1000, inputs)
    shapes["fc.bias"] = (1000,)
    return shapes


@pytest.mark.parametrize(
    ("build", "depths", "bottleneck", "entries", "parameters"),
    [
        (resnet18, (2, 2, 2, 2), False, 122, 11_689_512),
        (resnet50, (3, 4, 6, 3), True, 320, 25_557_032),
    ],
)
def test_names_shapes_and_counts_are_those_of_torchvision(
    build, depths, bottleneck, entries, parameters
):
    with torch.device("meta"):
        network = build(classes=1000)
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert shapes == expected_shapes(depths, bottleneck=bottleneck)
    assert len(shapes) == entries
    assert sum(each.numel() for each in network.parameters()) == parameters


def test_the_stride_of_a_bottleneck_is_on_its_middle_convolution():
    strides = {
        name: module.stride
        for name, module in resnet50().named_modules()
        if re.fullmatch(r"layer\d\.0\.conv\d", name)
    }
    for stage in (1, 2, 3, 4):
        step = 1 if stage == 1 else 2
        assert strides[f"layer{stage}.0.conv1"] == (1, 1)
        assert strides[f"layer{stage}.0.conv2"] == (step, step)
        assert strides[f"layer{stage}.0.conv3"] == (1, 1)


@pytest.mark.parametrize("block", ["basic", "bottleneck"])
def test_blocks_begin_as_shortcuts_if_asked(block):
    kind = {"basic": BasicBlock, "bottleneck": Bottleneck}[block]
    network = ResNet(block, (2,), width=8, zero_init=True).eval()
    second = network.layer1[1]
    assert isinstance(second, kind)
    maps = torch.rand(1, 8 * kind.expansion, 5, 5)
    torch.testing.assert_close(second(maps), maps)
    usual = ResNet(block, (2,), width=8).eval().layer1[1]
    assert not torch.allclose(usual(maps), maps)


def test_any_depth_and_width_gives_features_of_its_width():
    network = ResNet("basic", (1, 1, 1), width=4)
    assert network.feature_size == 16
    assert network(torch.rand(2, 3, 64, 48)).shape == (2, 16)
    assert network.maps(torch.rand(2, 3, 64, 48)).shape == (2, 16, 4, 3)


def test_a_residual_block_adds_its_input():
    block = BasicBlock(3, 3, 1).eval()
    maps = torch.rand(2, 3, 6, 6)
    inner = block.bn2(block.conv2(block.bn1(block.conv1(maps)).relu()))
    torch.testing.assert_close(block(maps), (inner + maps).relu())
