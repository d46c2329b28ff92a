import math

import pytest
import torch
from torch.nn.functional import mse_loss

from dashgaze.errors import InputError
from dashgaze.models.networks.angle_losses import SD_OF_QUANTILE, angle_errors, directions
from dashgaze.models.networks.cost import first_frame
from dashgaze.models.networks.fusion import WeightedSum
from dashgaze.models.networks.registry import build

TINY = {"size": "tiny"}
CHOICES = [
    {},
    {"feature_activation": "layernorm", "eye_norm": "group", "landmark_hidden": [32, 32]},
    {"feature_activation": "none", "shared_eyes": True},
    {"fusion_weights": "softmax", "fusion_norm": "layernorm"},
    {"fusion_weights": "per_feature"},
    {"fusion_weights": "gated"},
    {"location_input": "weighted"},
    {"angle_input": "concat"},
    {"angle_to_location": True},
    {"angle_loss": "cosine"},
    {"angle_loss": "pinball"},
    {"target_scale": "standardized"},
    {"mask_missing": False},
    {"block": "bottleneck", "zero_init": False, "depths": [1, 1]},
]


def made(options=None, seed=0):
    torch.manual_seed(seed)
    return build("dashgazenet", {**TINY, **(options or {})})


def parts(network):
    counts = {
        name: sum(each.numel() for each in part.parameters())
        for name, part in network.named_children()
    }
    return {**counts, "total": sum(each.numel() for each in network.parameters())}


def test_parameters_of_the_full_size_are_as_published():
    with torch.device("meta"):
        counts = parts(build("dashgazenet"))
    millions = {name: round(count / 1e6, 2) for name, count in counts.items()}
    assert millions["driver"] == millions["face"] == 24.53
    assert millions["left_eye"] == millions["right_eye"] == 2.69
    assert millions["landmarks"] == 0.26
    assert millions["location_head"] == 1.25
    assert millions["angle_head"] == 0.25
    assert counts["angle_fusion"] == 5
    assert millions["total"] == 56.21


def test_parameters_of_the_tiny_size_with_25_session_heads_are_700_thousand():
    heads = 25 * (3 * 64 * 64 + 64 + 64 + 1)
    assert round((parts(made())["total"] + heads) / 1e6, 2) == 0.70


@pytest.mark.parametrize("options", CHOICES, ids=str)
def test_gradients_reach_every_parameter(options, fake_batch):
    network = made(options)
    batch = fake_batch(network.picture_sizes_px, 8)
    output = network(batch)
    assert output.xy.shape == output.angle.shape == (8, 2)
    assert {tuple(each.shape) for each in output.features.values()} == {(8, 64)}
    terms = network.loss(output, batch)
    assert set(terms) == {"location", "angle", "total"}
    terms["total"].backward()
    without = [
        name
        for name, each in network.named_parameters()
        if each.grad is None or not each.grad.abs().sum() > 0
    ]
    assert without == []


@pytest.mark.parametrize("options", CHOICES, ids=str)
def test_a_network_is_built_again_from_its_own_options(options, fake_batch):
    network = made(options)
    torch.manual_seed(0)
    again = build(network.name, network.options)
    assert again.options == network.options
    batch = fake_batch(network.picture_sizes_px, 1)
    with torch.no_grad():
        first, second = network.eval()(batch), again.eval()(batch)
    assert torch.equal(first.xy, second.xy)
    assert torch.equal(first.angle, second.angle)


def test_the_loss_is_the_squared_distance_and_the_weighted_squared_angle(fake_batch):
    network = made({"angle_weight": 0.5})
    batch = fake_batch(network.picture_sizes_px, 6)
    output = network(batch)
    terms = network.loss(output, batch)
    location = 2.0 * mse_loss(output.xy, batch.target_xy)
    angle = 2.0 * mse_loss(output.angle, batch.target_angle)
    torch.testing.assert_close(terms["location"], location)
    torch.testing.assert_close(terms["angle"], angle)
    torch.testing.assert_close(terms["total"], location + 0.5 * angle)


@pytest.mark.parametrize("options", CHOICES, ids=str)
def test_unknown_targets_change_neither_loss_nor_gradient(options, fake_batch):
    network = made(options)
    network.eval()
    batch = fake_batch(network.picture_sizes_px, 4)
    batch.target_xy[1:] = math.nan
    batch.target_angle[:] = math.nan
    terms = network.loss(network(batch), batch)
    assert terms["angle"].item() == 0.0
    assert terms["location"].item() > 0.0
    terms["total"].backward()
    assert all(each.grad.isfinite().all() for each in network.parameters() if each.grad is not None)


def test_missing_pictures_and_landmarks_have_no_say(fake_batch):
    network = made().eval()
    batch = fake_batch(network.picture_sizes_px, 3)
    other = fake_batch(network.picture_sizes_px, 3, seed=1)
    for name in network.picture_sizes_px:
        batch.present[name][0] = False
        other.present[name][0] = False
    batch.face_known[0] = other.face_known[0] = False
    with torch.no_grad():
        first, second = network(batch), network(other)
    assert torch.equal(first.xy[0], second.xy[0])
    assert torch.equal(first.angle[0], second.angle[0])
    assert not torch.equal(first.xy[1], second.xy[1])
    assert all(float(each[0].abs().sum()) == 0.0 for each in first.features.values())


def test_one_frame_is_answered_as_among_others(fake_batch):
    network = made().eval()
    batch = fake_batch(network.picture_sizes_px, 4)
    with torch.no_grad():
        together = network(batch).xy
        alone = network(first_frame(batch)).xy
    assert alone.shape == (1, 2)
    torch.testing.assert_close(together[:1], alone)


def test_learning_at_test_time_may_change_eyes_and_landmarks_only():
    network = made()
    ids = {id(each) for each in network.adapted_parameters()}
    names = {name.split(".")[0] for name, each in network.named_parameters() if id(each) in ids}
    assert names == {"left_eye", "right_eye", "landmarks"}
    shared = made({"shared_eyes": True})
    assert len(shared.adapted_parameters()) == len({id(e) for e in shared.adapted_parameters()})


def test_standardized_targets_are_learned_from_training_frames_only(fake_batch):
    network = made({"target_scale": "standardized"})
    batch = fake_batch(network.picture_sizes_px, 8)
    network.train().loss(network(batch), batch)
    torch.testing.assert_close(network.target.mean, batch.target_xy.mean(dim=0))
    torch.testing.assert_close(network.target.sd, batch.target_xy.std(dim=0, correction=0))
    before = network.target.mean.clone()
    other = fake_batch(network.picture_sizes_px, 8, seed=3)
    network.eval().loss(network(other), other)
    assert torch.equal(network.target.mean, before)


def test_a_weighted_sum_begins_as_the_mean():
    parts = [torch.rand(3, 4) for _ in range(5)]
    there = [torch.ones(3, dtype=torch.bool)] * 5
    for weights in ("scalar", "softmax", "per_feature", "gated"):
        fused = WeightedSum(5, 4, weights=weights, norm="none")(parts, there)
        torch.testing.assert_close(fused, torch.stack(parts).mean(dim=0))


def test_a_normalised_branch_that_is_missing_adds_nothing():
    fusion = WeightedSum(2, 4, weights="scalar", norm="layernorm")
    torch.nn.init.ones_(fusion.norms[1].bias)
    features = [torch.rand(1, 4), torch.zeros(1, 4)]
    there = [torch.ones(1, dtype=torch.bool), torch.zeros(1, dtype=torch.bool)]
    torch.testing.assert_close(fusion(features, there), fusion.norms[0](features[0]) / 2)


def test_angle_losses_are_as_computed_by_hand():
    truth, guess = torch.tensor([[0.0, 0.0]]), torch.tensor([[0.3, -0.4]])
    assert float(angle_errors(guess, truth, "mse", None)) == pytest.approx(0.25)
    assert float(angle_errors(guess, truth, "cosine", None)) == pytest.approx(
        1 - math.cos(0.3) * math.cos(0.4)
    )
    # A spread of 0.1 at the quantiles: the truth lies 0.2 under 0.3's lower one, 0.3 over -0.4's upper one.
    log_sd = torch.full((1, 2), math.log(0.1 / SD_OF_QUANTILE))
    by_hand = 0.9 * 0.2 + 0.1 * 0.4 + 0.1 * 0.5 + 0.9 * 0.3
    assert float(angle_errors(guess, truth, "pinball", log_sd)) == pytest.approx(by_hand, abs=1e-6)


def test_directions_are_those_of_the_contract():
    from dashgaze.models.contract.scale import direction

    angle = torch.tensor([[0.2, -0.1], [-1.0, 0.4]], dtype=torch.float64)
    expected = torch.from_numpy(direction(angle.rad2deg().numpy()))
    torch.testing.assert_close(directions(angle), expected)


def test_unknown_options_sizes_and_names_say_what_there_is():
    with pytest.raises(InputError, match="Did you mean 'fusion_weights'"):
        build("dashgazenet", {"fusion_weight": "scalar"})
    with pytest.raises(InputError, match="Choose one of: full, small, tiny"):
        build("dashgazenet", {"size": "huge"})
    with pytest.raises(InputError, match="fusion_weights"):
        build("dashgazenet", {"size": "tiny", "fusion_weights": "none"})
    with pytest.raises(InputError, match="dashgazenet"):
        build("dashnet")
