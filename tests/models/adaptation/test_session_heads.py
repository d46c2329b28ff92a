import math

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from dashgaze.errors import InputError
from dashgaze.models.adaptation.heads import (
    SessionClassifier,
    SessionHeads,
    build_heads,
    pretext_feature_size,
    pretext_loss,
)
from dashgaze.models.adaptation.options import PretextOptions
from dashgaze.models.adaptation.shifts import choose_shifted, shifts_in_unit
from dashgaze.models.contract.network import GazeNetwork
from dashgaze.models.networks.registry import build


class LandmarksOnly(GazeNetwork):
    """Its only feature is where the nose is, in units of 20 px."""

    name = "landmarks_only"

    def __init__(self):
        super().__init__()
        self.feature_sizes = {"left_eye": 1, "right_eye": 1, "landmarks": 2}

    def branch_features(self, batch, names):
        empty = torch.zeros(len(batch), 1)
        place = batch.landmarks[:, 2] * batch.driver_size_px / 2 / 20
        return {name: place if name == "landmarks" else empty for name in names}

    def forward(self, batch):
        raise NotImplementedError

    def loss(self, output, batch):
        raise NotImplementedError


def dice(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def tiny():
    torch.manual_seed(0)
    return build("dashgazenet", {"size": "tiny", "picture_px": 32, "width": 4})


def test_25_heads_of_the_full_size_have_9_61_million_parameters():
    with torch.device("meta"):
        heads = SessionHeads(1500, 25, 256)
    assert sum(each.numel() for each in heads.parameters()) == 25 * 384_513
    assert round(25 * 384_513 / 1e6, 2) == 9.61


def test_each_frame_is_answered_by_the_head_of_its_session():
    heads = SessionHeads(6, 3, 4, generator=dice())
    features, session = torch.randn(7, 6), torch.tensor([2, 0, 2, 0, 0, 2, 2])
    logits = heads(features, session)
    for row, number in enumerate(session.tolist()):
        hidden = (heads.weight1[number] @ features[row] + heads.bias1[number]).relu()
        torch.testing.assert_close(
            logits[row], heads.weight2[number] @ hidden + heads.bias2[number]
        )
    logits.sum().backward()
    assert not heads.weight1.grad[1].any()
    assert heads.weight1.grad[0].any()


def test_the_mean_head_answers_the_mean_of_all_logits():
    heads = SessionHeads(6, 5, 4, generator=dice())
    features = torch.randn(8, 6)
    each = torch.stack([heads.logits(features, number) for number in range(5)])
    torch.testing.assert_close(heads.mean_head().logits(features, 0), each.mean(dim=0))


def test_half_of_each_sessions_frames_are_shifted():
    session = torch.tensor([0] * 8 + [1] * 6 + [2])
    known = torch.ones(15, dtype=torch.bool)
    known[:2] = False
    counts = []
    for seed in range(30):
        shifted = choose_shifted(session, known, PretextOptions(), dice(seed), step=0)
        assert not shifted[:2].any()
        assert shifted[session == 0].sum() == shifted[session == 1].sum() == 3
        counts.append(int(shifted[14]))
    assert 5 < sum(counts) < 25


def test_whole_batches_are_shifted_by_turns_if_asked():
    options = PretextOptions(alternate=True)
    session, known = torch.zeros(4, dtype=torch.long), torch.tensor([True, True, True, False])
    assert not choose_shifted(session, known, options, dice(), step=0).any()
    assert torch.equal(choose_shifted(session, known, options, dice(), step=1), known)


def test_shifts_are_uniform_in_px_of_a_1280_px_wide_view():
    size = torch.tensor([[1280.0, 720.0], [640.0, 480.0]]).repeat_interleave(5000, dim=0)
    shifts = shifts_in_unit(size, PretextOptions(), dice())
    px = shifts * size / 2
    assert px[:5000].abs().max() == pytest.approx(20.0, abs=0.05)
    assert px[5000:].abs().max() == pytest.approx(10.0, abs=0.05)
    assert px[:5000].std(dim=0).tolist() == pytest.approx([20 / 3**0.5] * 2, rel=0.03)
    assert abs(float(torch.corrcoef(px[:5000].T)[0, 1])) < 0.05
    shared = shifts_in_unit(size, PretextOptions(shared_xy=True), dice()) * size / 2
    torch.testing.assert_close(shared[:, 0], shared[:, 1])


def test_the_loss_adds_the_sessions_means(fake_batch):
    network = LandmarksOnly()
    batch = fake_batch({}, 9, sessions=2)
    batch.face_known[8] = False
    heads = SessionHeads(4, 3, 4, generator=dice())
    printed = PretextOptions(sessions="sum")
    loss, accuracy, details = pretext_loss(network, heads, batch, printed, dice(4))
    rows = torch.arange(8)
    again = dice(4)
    shifted = choose_shifted(batch.session, batch.face_known, PretextOptions(), again, step=0)
    shifts = shifts_in_unit(batch.driver_size_px, PretextOptions(), again)
    moved = batch.landmarks + (shifts[:, None] * shifted[:, None, None]).float()
    seen = network.branch_features(
        batch.with_landmarks(moved), ["left_eye", "right_eye", "landmarks"]
    )
    logits = heads(torch.cat(list(seen.values()), dim=1)[rows], batch.session[rows])
    truth = shifted[rows].float()
    by_session = [
        binary_cross_entropy_with_logits(
            logits[batch.session[rows] == s], truth[batch.session[rows] == s]
        )
        for s in (0, 1)
    ]
    torch.testing.assert_close(loss, by_session[0] + by_session[1])
    right = ((logits > 0) == shifted[rows]).float().mean()
    torch.testing.assert_close(accuracy, right)
    assert int(details["frames"]) == 8
    mean, _, _ = pretext_loss(network, heads, batch, PretextOptions(), dice(4))
    torch.testing.assert_close(mean, loss / 2)


def test_known_features_of_pictures_are_used_again(fake_batch, tiny):
    batch = fake_batch(tiny.picture_sizes_px, 6)
    tiny.eval()
    heads = build_heads(tiny, 2, PretextOptions(hidden=8))
    output = tiny(batch)
    options = PretextOptions(hidden=8)
    first, _, _ = pretext_loss(tiny, heads, batch, options, dice(1))
    second, _, _ = pretext_loss(tiny, heads, batch, options, dice(1), output=output)
    torch.testing.assert_close(first, second)


def test_the_loss_reaches_eyes_and_landmarks_and_no_other_branch(fake_batch, tiny):
    batch = fake_batch(tiny.picture_sizes_px, 8)
    heads = build_heads(tiny, 2, PretextOptions(hidden=8))
    pretext_loss(tiny, heads, batch, PretextOptions(hidden=8), dice())[0].backward()
    reached = {
        name.split(".")[0] for name, each in tiny.named_parameters() if each.grad is not None
    }
    assert reached == {"left_eye", "right_eye", "landmarks"}
    assert all(each.grad is not None for each in heads.parameters())


def test_a_batch_without_faces_costs_nothing(fake_batch, tiny):
    batch = fake_batch(tiny.picture_sizes_px, 3)
    batch.face_known[:] = False
    heads = build_heads(tiny, 2, PretextOptions(hidden=8))
    loss, accuracy, details = pretext_loss(tiny, heads, batch, PretextOptions(hidden=8), dice())
    assert loss.item() == 0.0
    loss.backward()
    assert math.isnan(float(accuracy))
    assert int(details["frames"]) == 0


@pytest.mark.parametrize("features", ["all", "eyes_landmarks"])
def test_sessions_are_told_apart_in_rows_two_and_three(fake_batch, tiny, features):
    options = PretextOptions(head="session_classifier", features=features, hidden=8)
    batch = fake_batch(tiny.picture_sizes_px, 8, sessions=4)
    heads = build_heads(tiny, 4, options)
    assert isinstance(heads, SessionClassifier)
    assert pretext_feature_size(tiny, options) == (320 if features == "all" else 192)
    loss, accuracy, _ = pretext_loss(tiny, heads, batch, options, dice())
    assert loss.item() == pytest.approx(math.log(4), abs=0.3)
    assert 0.0 <= float(accuracy) <= 1.0
    loss.backward()
    assert (tiny.face.fc.weight.grad is not None) == (features == "all")


def test_a_network_without_branches_is_refused():
    with pytest.raises(InputError, match="can't learn by shifted landmarks"):
        build_heads(build("facegaze", {"size": "tiny"}), 3, PretextOptions())


def bayes_accuracy(sd_px, count=200_000):
    """What the best rule answers rightly, where the session's usual place is known."""
    generator = dice(11)
    offset = sd_px * torch.randn(count, 2, generator=generator, dtype=torch.float64)
    shifted = torch.rand(count, generator=generator) < 0.5
    offset[shifted] += (
        torch.rand(int(shifted.sum()), 2, generator=generator, dtype=torch.float64) * 40 - 20
    )
    normal = torch.distributions.Normal(0.0, 1.0)
    still = normal.log_prob(offset / sd_px).sum(dim=1) - 2 * math.log(sd_px)
    edges = normal.cdf((offset + 20) / sd_px) - normal.cdf((offset - 20) / sd_px)
    moved = (edges / 40).clamp(min=1e-300).log().sum(dim=1)
    return float(((moved > still) == shifted).double().mean())


@pytest.mark.parametrize(("sd_px", "known"), [(2, 0.96), (5, 0.84), (10, 0.67), (20, 0.56)])
def test_the_best_possible_accuracy_is_as_measured_before(sd_px, known):
    assert bayes_accuracy(float(sd_px), 50_000) == pytest.approx(known, abs=0.012)


def test_heads_of_sessions_reach_the_best_possible_accuracy(fake_batch):
    network, options = LandmarksOnly(), PretextOptions(hidden=64)
    torch.manual_seed(0)
    heads = build_heads(network, 2, options)
    descent = torch.optim.Adam(heads.parameters(), lr=0.05)
    slowing = torch.optim.lr_scheduler.LinearLR(descent, 1.0, 0.02, 200)
    generator = dice(3)
    usual_px = torch.tensor([[0.0, 0.0], [60.0, -40.0]])
    base = fake_batch({}, 1024, sessions=2)
    right = []
    for step in range(200):
        jitter_px = 5.0 * torch.randn(1024, 1, 2, generator=generator)
        place_px = usual_px[base.session][:, None] + jitter_px
        unit = 2 * place_px / base.driver_size_px[:, None]
        batch = base.with_landmarks(unit.expand(1024, 5, 2))
        loss, accuracy, _ = pretext_loss(network, heads, batch, options, generator)
        descent.zero_grad()
        loss.backward()
        descent.step()
        slowing.step()
        if step >= 160:
            right.append(float(accuracy))
    assert sum(right) / len(right) == pytest.approx(bayes_accuracy(5.0, 50_000), abs=0.015)


def test_modules_keep_heads_apart_from_the_network(tiny):
    whole = nn.ModuleDict(
        {"network": tiny, "heads": build_heads(tiny, 2, PretextOptions(hidden=8))}
    )
    assert not any(name.startswith("heads") for name in whole["network"].state_dict())
