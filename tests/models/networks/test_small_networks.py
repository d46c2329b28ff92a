"""I-DGaze and FaceGaze."""

import math

import pytest
import torch

from dashgaze.errors import InputError
from dashgaze.models.networks.cost import first_frame
from dashgaze.models.networks.geometry import (
    GEOMETRY_SIZE,
    dark_centre,
    eye_half_size,
    face_geometry,
)
from dashgaze.models.networks.heteroscedastic import (
    LOG_SD_RANGE,
    bounded_log_sd,
    negative_log_likelihood,
)
from dashgaze.models.networks.registry import build, names
from dashgaze.models.networks.statistics import Standardizer, learn_statistics

NETWORKS = [
    ("idgaze", {}),
    ("idgaze_lite", {}),
    ("facegaze", {"size": "small"}),
    ("facegaze", {"size": "tiny"}),
    ("facegaze", {"size": "tiny", "driver": True, "likelihood": "laplace"}),
    ("facegaze", {"size": "tiny", "face": False, "likelihood": "gaussian"}),
    ("facegaze", {"size": "tiny", "eyes": False}),
]


def made(name, options=None, seed=0):
    torch.manual_seed(seed)
    return build(name, options)


def test_all_networks_have_a_name():
    assert names() == sorted(names())
    assert {"dashgazenet", "facegaze", "idgaze", "idgaze_lite", "gaze360", "l2cs"} <= set(names())


@pytest.mark.parametrize(("name", "options"), NETWORKS, ids=str)
def test_gradients_reach_every_parameter_of_a_small_network(name, options, fake_batch):
    network = made(name, options)
    batch = fake_batch(network.picture_sizes_px, 16)
    network.loss(network(batch), batch)["total"].backward()
    without = [
        place
        for place, each in network.named_parameters()
        if each.grad is None or not each.grad.abs().sum() > 0
    ]
    assert without == []


@pytest.mark.parametrize(("name", "options"), NETWORKS, ids=str)
def test_a_small_network_is_rebuilt_and_answers_alike(name, options, fake_batch):
    network = made(name, options)
    again = made(network.name, network.options)
    batch = fake_batch(network.picture_sizes_px, 4)
    network.train()(batch)
    again.load_state_dict(network.state_dict())
    with torch.no_grad():
        first, second = network.eval()(batch), again.eval()(batch)
        alone = network(first_frame(batch))
    assert torch.equal(first.xy, second.xy)
    torch.testing.assert_close(alone.xy, first.xy[:1])


@pytest.mark.parametrize(("name", "options"), NETWORKS, ids=str)
def test_a_small_network_learns_nothing_from_unknown_targets(name, options, fake_batch):
    network = made(name, options)
    batch = fake_batch(network.picture_sizes_px, 4)
    batch.target_xy[:] = math.nan
    batch.target_angle[:] = math.nan
    terms = network.loss(network(batch), batch)
    assert terms["total"].item() == 0.0
    terms["total"].backward()
    assert all(e.grad is None or not e.grad.abs().sum() > 0 for e in network.parameters())


@pytest.mark.parametrize(("name", "options"), NETWORKS, ids=str)
def test_a_face_that_was_not_found_is_no_input(name, options, fake_batch):
    network = made(name, options)
    batch = fake_batch(network.picture_sizes_px, 4)
    network.train()(batch)
    network.eval()
    other = fake_batch(network.picture_sizes_px, 4, seed=1)
    for each in (batch, other):
        each.face_known[0] = each.head_pose_known[0] = False
        for present in each.present.values():
            present[0] = False
        for values in (each.landmarks, each.face_box, each.head_pose):
            values[0] = 0.0
    with torch.no_grad():
        first, second = network(batch).xy, network(other).xy
    assert torch.equal(first[0], second[0])
    assert first.isfinite().all()
    assert not torch.equal(first[1], second[1])


@pytest.mark.parametrize(
    ("name", "options"), [*NETWORKS, ("dashgazenet", {"size": "tiny"})], ids=str
)
def test_a_batch_of_one_frame_can_be_learned_from(name, options, fake_batch):
    network = made(name, options).train()
    batch = fake_batch(network.picture_sizes_px, 1)
    network.loss(network(batch), batch)["total"].backward()
    assert all(each.grad.isfinite().all() for each in network.parameters())


def test_idgaze_has_as_many_parameters_as_its_authors_code():
    for name in ("idgaze", "idgaze_lite"):
        assert sum(each.numel() for each in build(name).parameters()) == 2_349_180


def test_idgaze_gives_fourteen_numbers_in_their_order(fake_batch):
    network = made("idgaze_lite")
    batch = fake_batch(network.picture_sizes_px, 2)
    values = network.face_numbers(batch)
    assert values.shape == (2, 14)
    yaw, pitch, roll = batch.head_pose[0]
    box, eyes = batch.face_box[0], batch.landmarks[0]
    expected = [roll, pitch, yaw, *eyes[0], *eyes[1], box[2] * box[3], *eyes[2], *box]
    torch.testing.assert_close(values[0], torch.stack(expected))


def test_idgaze_learns_the_mean_absolute_error(fake_batch):
    network = made("idgaze")
    batch = fake_batch(network.picture_sizes_px, 5)
    output = network(batch)
    expected = (output.xy - batch.target_xy).abs().mean()
    torch.testing.assert_close(network.loss(output, batch)["location"], expected)


def test_idgaze_drops_nothing_when_it_answers(fake_batch):
    network = made("idgaze")
    batch = fake_batch(network.picture_sizes_px, 3)
    network.train()(batch)
    with torch.no_grad():
        assert torch.equal(network.eval()(batch).xy, network(batch).xy)
        assert not torch.equal(network.train()(batch).xy, network(batch).xy)


def test_the_dark_centre_of_an_eye_is_its_pupil():
    picture = torch.full((2, 3, 36, 60), 200, dtype=torch.uint8)
    picture[0, :, 20:24, 44:48] = 10
    centre = dark_centre(picture)
    torch.testing.assert_close(centre[0], torch.tensor([46 / 30 - 1, 22 / 18 - 1]))
    assert centre[1].tolist() == [0.0, 0.0]


def test_pupils_are_placed_by_the_size_of_the_eyes_pictures(fake_batch):
    network = made("idgaze")
    batch = fake_batch(network.picture_sizes_px, 1)
    batch.landmarks[0, 0] = torch.tensor([0.1, 0.0])
    batch.landmarks[0, 1] = torch.tensor([-0.1, 0.0])
    # 128 px apart: the pictures are 102.4 px wide, 51.2 px high, of 1280 × 720 px.
    torch.testing.assert_close(eye_half_size(batch), torch.tensor([[0.08, 51.2 / 720]]))
    batch.face_box[0, 3] = 2.0
    # At least 0.16 of the face's 720 px.
    torch.testing.assert_close(eye_half_size(batch), torch.tensor([[115.2 / 1280, 57.6 / 720]]))


def test_geometry_is_zero_without_a_face_and_knows_the_box(fake_batch):
    batch = fake_batch({}, 2)
    batch.face_known[1] = False
    values = face_geometry(batch)
    assert values.shape == (2, GEOMETRY_SIZE)
    assert not values[1].any()
    torch.testing.assert_close(values[0, :10], batch.landmarks[0].flatten())
    nose = (batch.landmarks[0, 2] - batch.face_box[0, :2]) / batch.face_box[0, 2:]
    torch.testing.assert_close(values[0, 14:16], nose)


def test_standardizing_adds_up_over_batches_and_stops_when_answering():
    values = torch.randn(50, 3) * 4.0 + 2.0
    standard = Standardizer(3)
    assert torch.equal(standard(values), values)
    known = torch.ones(50, dtype=torch.bool)
    known[7] = False
    standard.observe(values[:20], known[:20])
    standard.observe(values[20:], known[20:])
    rest = values[known]
    torch.testing.assert_close(standard.mean, rest.mean(dim=0))
    torch.testing.assert_close(standard.sd, rest.std(dim=0, correction=0))
    torch.testing.assert_close(standard.undo(standard(values)), values)
    standard.eval().observe(values * 9.0, known)
    torch.testing.assert_close(standard.mean, rest.mean(dim=0))


def test_statistics_can_be_learned_before_training(fake_batch):
    network = made("facegaze", {"size": "tiny"})
    batches = [fake_batch(network.picture_sizes_px, 8, seed=seed) for seed in range(3)]
    assert learn_statistics(network, batches) == 1
    expected = torch.cat([face_geometry(each) for each in batches])
    torch.testing.assert_close(network.standard.mean, expected.mean(dim=0))
    network(batches[0])
    torch.testing.assert_close(network.standard.mean, expected.mean(dim=0))
    assert network.training
    # Of the networks' own statistics nothing was learned: the only forward in training mode was this test's.
    assert float(network.eye_trunk.layers[1].num_batches_tracked) == 1
    assert learn_statistics(build("dashgazenet", {"size": "tiny"}), iter(())) == 0


def test_negative_log_likelihoods_are_as_computed_by_hand():
    mean, target = torch.zeros(1, 2), torch.tensor([[2.0, 0.0]])
    log_sd = torch.tensor([[math.log(2.0), 0.0]], requires_grad=True)
    gaussian = negative_log_likelihood(mean, log_sd, target, "gaussian")
    assert gaussian.item() == pytest.approx(math.log(2.0) + 0.5)
    beta = negative_log_likelihood(mean, log_sd, target, "beta")
    assert beta.item() == pytest.approx(2.0 * (math.log(2.0) + 0.5))
    laplace = negative_log_likelihood(mean, log_sd, target, "laplace")
    assert laplace.item() == pytest.approx(math.log(2.0) + math.sqrt(2.0))


def test_the_best_stated_spread_is_the_true_one():
    off = torch.randn(5_000, 1, generator=torch.Generator().manual_seed(1)) * 0.3
    for kind in ("gaussian", "beta"):
        log_sd = torch.zeros(1, 1, requires_grad=True)
        descent = torch.optim.SGD([log_sd], lr=0.2)
        for _ in range(60):
            descent.zero_grad()
            spread = log_sd.expand(len(off), 1)
            negative_log_likelihood(torch.zeros_like(off), spread, off, kind).mean().backward()
            descent.step()
        assert log_sd.exp().item() == pytest.approx(0.3, rel=0.04)


def test_stated_spreads_stay_in_their_range():
    low, high = LOG_SD_RANGE
    bounded = bounded_log_sd(torch.tensor([-100.0, (low + high) / 2, 100.0]))
    torch.testing.assert_close(bounded, torch.tensor([low, (low + high) / 2, high]))


def test_the_right_eye_is_seen_mirrored(fake_batch):
    network = made("facegaze", {"size": "tiny"}).eval()
    batch = fake_batch(network.picture_sizes_px, 3)
    batch.pictures["right_eye"] = batch.pictures["left_eye"].flip(-1)
    with torch.no_grad():
        features = network(batch).features
    torch.testing.assert_close(features["left_eye"], features["right_eye"])


def test_facegaze_small_costs_less_than_a_tenth_of_dashgazenet():
    small = sum(each.numel() for each in build("facegaze").parameters())
    assert small < 0.1 * sum(
        each.numel() for each in build("dashgazenet", {"size": "small"}).parameters()
    )


def test_facegaze_needs_some_input():
    with pytest.raises(InputError, match="at least one"):
        build("facegaze", {"face": False, "eyes": False, "geometry": False})
