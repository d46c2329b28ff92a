import dataclasses

import numpy as np
import pytest
import torch

from dashgaze.errors import InputError
from dashgaze.models.adaptation.heads import SessionHeads, pretext_feature_size
from dashgaze.models.adaptation.options import AdaptOptions, PretextOptions
from dashgaze.models.adaptation.predictor import AdaptivePredictor
from dashgaze.models.contract.predictions import Predictor
from dashgaze.models.contract.scale import unit_from_px
from dashgaze.models.networks.predictor import NetworkPredictor, NoPictures
from dashgaze.models.networks.registry import build

# Shifts ten times as far as usual, and long steps: there is something to learn from few frames.
SMALL = PretextOptions(hidden=64, shift_px=200.0)
QUICK = AdaptOptions(pretext=SMALL, batch_size=16, learning_rate=0.5, momentum=0.5)


FRAMES = 192


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    options = {
        "size": "tiny",
        "picture_px": 32,
        "width": 2,
        "depths": [1],
        "eye_channels": [2, 2, 2, 2],
        "feature_size": 32,
    }
    return build("dashgazenet", options).eval()


@pytest.fixture(scope="module")
def samples(tiny_samples):
    """Two sessions of 192 frames each, whose landmarks keep to a place of their own within 2 px."""
    first, second = tiny_samples.sessions[:2]
    face = np.flatnonzero(tiny_samples.has_face & (tiny_samples.session_id == first))[:1]
    planted = tiny_samples.take(np.repeat(face, 2 * FRAMES))
    random = np.random.default_rng(0)
    place_px = np.repeat([[0.0, 0.0], [220.0, -60.0]], FRAMES, axis=0)
    moved_px = (place_px + random.normal(0.0, 2.0, (2 * FRAMES, 2)))[:, None]
    return dataclasses.replace(
        planted,
        session_id=np.repeat([first, second], FRAMES),
        frame_index=np.tile(np.arange(FRAMES), 2),
        time_s=np.tile(np.arange(FRAMES) / 30.0, 2),
        landmarks_px=planted.landmarks_px + moved_px,
    )


def predict(network, samples, options=QUICK, **more):
    return AdaptivePredictor(network, options, name="adapted", **more).predict(
        samples, NoPictures()
    )


def test_the_pretext_task_is_learned_where_landmarks_keep_to_their_place(network, samples):
    answers = predict(network, samples, dataclasses.replace(QUICK, steps=2))
    assert answers.notes["updates"] == 2 * 2 * FRAMES / 16
    for session in samples.sessions:
        assert answers.notes[f"pretext_accuracy:{session}"] > 0.6
    assert answers.notes["pretext_accuracy"] > 0.62
    still = NetworkPredictor(network, name="still").predict(samples, NoPictures())
    assert np.array_equal(answers.xy_px[:16], still.xy_px[:16])
    assert not np.allclose(answers.xy_px[-16:], still.xy_px[-16:])


def test_there_is_nothing_to_learn_where_landmarks_wander(network, samples):
    random = np.random.default_rng(1)
    wandering = samples.landmarks_px + random.normal(0.0, 1000.0, (2 * FRAMES, 1, 2))
    answers = predict(network, dataclasses.replace(samples, landmarks_px=wandering))
    assert 0.4 < answers.notes["pretext_accuracy"] < 0.58


def test_the_given_network_stays_as_it_is_and_runs_repeat(network, samples):
    part = samples.take(np.arange(0, 2 * FRAMES, 6))
    before = {name: each.clone() for name, each in network.state_dict().items()}
    first, second = predict(network, part), predict(network, part)
    assert np.array_equal(first.xy_px, second.xy_px)
    assert first.notes == second.notes
    assert all(torch.equal(each, before[name]) for name, each in network.state_dict().items())
    assert all(each.requires_grad for each in network.parameters())
    other = predict(network, part, dataclasses.replace(QUICK, seed=1))
    assert not np.array_equal(first.xy_px, other.xy_px)


def test_labels_are_never_read(network, samples):
    part = samples.take(np.arange(0, 2 * FRAMES, 6))
    blind = dataclasses.replace(
        part,
        gaze_road_px=np.full_like(part.gaze_road_px, np.nan),
        gaze_road_cov_px2=np.full_like(part.gaze_road_cov_px2, np.nan),
        gaze_angle_deg=np.full_like(part.gaze_angle_deg, np.nan),
        gaze_in_view=np.zeros(len(part), bool),
    )
    assert np.array_equal(predict(network, part).xy_px, predict(network, blind).xy_px)


def test_frames_are_taken_in_the_order_of_time_whatever_that_of_rows(network, samples):
    part = samples.take(np.arange(0, 2 * FRAMES, 6))
    order = np.random.default_rng(0).permutation(len(part))
    answers, shuffled = predict(network, part), predict(network, part.take(order))
    assert np.array_equal(answers.xy_px[order], shuffled.xy_px)
    assert answers.notes == shuffled.notes


def test_a_session_begins_anew_unless_told_otherwise(network, samples):
    part = samples.take(np.arange(0, 2 * FRAMES, 6))
    after_first = np.flatnonzero(part.session_id == part.sessions[1])
    alone = predict(network, part.take(after_first))
    assert np.array_equal(predict(network, part).xy_px[after_first], alone.xy_px)
    online = predict(network, part, dataclasses.replace(QUICK, reset="never"))
    assert not np.allclose(online.xy_px[after_first], alone.xy_px)


def test_batches_without_a_face_change_nothing(network, samples):
    part = samples.take(np.arange(32))
    faceless = dataclasses.replace(
        part,
        landmarks_px=np.full_like(part.landmarks_px, np.nan),
        face_box_px=np.full_like(part.face_box_px, np.nan),
    )
    answers = predict(network, faceless)
    assert answers.notes["updates"] == 0.0
    assert answers.notes["pretext_accuracy"] is None
    assert np.isfinite(answers.xy_px).all()
    assert np.isnan(predict(network, faceless, without_face="leave_out").xy_px).all()


def test_only_the_head_learns_if_the_network_is_to_stay(network, samples):
    part = samples.take(np.arange(0, 2 * FRAMES, 6))
    answers = predict(network, part, dataclasses.replace(QUICK, update_network=False))
    still = NetworkPredictor(network, name="still", batch_size=16).predict(part, NoPictures())
    np.testing.assert_allclose(answers.xy_px, still.xy_px, rtol=1e-5, atol=1e-3)
    assert answers.notes["updates"] > 0


def test_a_warm_head_knows_its_session_from_the_second_batch_on(network, samples):
    part = samples.take(np.arange(128))
    slow = dataclasses.replace(QUICK, learning_rate=1e-4, momentum=0.0)
    fresh = predict(network, part, slow).notes["pretext_accuracy"]
    warm = predict(
        network,
        part,
        dataclasses.replace(slow, head_init="warm", warm_steps=100, warm_learning_rate=0.2),
    ).notes["pretext_accuracy"]
    assert warm > fresh + 0.05


def test_the_mean_of_the_sources_answers_first(network, samples):
    part = samples.take(np.arange(32))
    options = dataclasses.replace(QUICK, head_init="mean_of_sources")
    with pytest.raises(InputError, match="not at hand"):
        AdaptivePredictor(network, options, name="adapted")
    with pytest.raises(InputError, match="look at 5 features"):
        AdaptivePredictor(network, options, name="adapted", heads=SessionHeads(5, 3, 8))
    heads = SessionHeads(pretext_feature_size(network, SMALL), 3, 8)
    before = heads.weight1.clone()
    answers = predict(network, part, options, heads=heads)
    assert answers.notes["updates"] == 2.0
    assert torch.equal(heads.weight1, before)


def test_it_is_a_predictor_that_is_no_oracle(network):
    predictor = AdaptivePredictor(network, name="adapted")
    assert isinstance(predictor, Predictor)
    assert not predictor.oracle
    assert predictor.options == AdaptOptions()


def test_a_network_without_branches_cannot_adapt():
    with pytest.raises(InputError, match="can't learn by shifted landmarks"):
        AdaptivePredictor(build("facegaze", {"size": "tiny"}), name="adapted")


def test_planted_landmarks_are_as_far_apart_as_said(samples):
    unit = unit_from_px(samples.landmarks_px, samples.driver_size_px)
    assert np.ptp(unit[:FRAMES, 2, 0]) < 0.03
