import dataclasses
import math

import numpy as np
import pytest
import torch

from dashgaze.errors import InputError
from dashgaze.models.contract.predictions import Predictor
from dashgaze.models.contract.scale import px_from_unit
from dashgaze.models.feeding.batches import make_batch
from dashgaze.models.feeding.dataset import open_samples
from dashgaze.models.networks.predictor import NetworkPredictor
from dashgaze.models.networks.registry import build


@pytest.fixture(scope="module")
def data(tiny_dataset):
    samples, pictures = open_samples(tiny_dataset)
    rows = np.arange(0, len(samples), 9)
    return samples.take(rows), pictures.take(rows)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return build("facegaze", {"size": "tiny"})


def test_all_frames_are_answered_in_px_and_degrees(data, network):
    samples, pictures = data
    predictor = NetworkPredictor(network, name="mine", batch_size=7)
    assert isinstance(predictor, Predictor)
    assert not predictor.oracle
    answers = predictor.predict(samples, pictures)
    rows = np.arange(len(samples))
    batch = make_batch(samples, pictures, rows, samples.sessions, network.picture_sizes_px)
    with torch.no_grad():
        output = network.eval()(batch)
    np.testing.assert_allclose(
        answers.xy_px,
        px_from_unit(output.xy.double().numpy(), samples.road_size_px),
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        answers.angle_deg, np.degrees(output.angle.numpy()), rtol=1e-3, atol=1e-4
    )
    sd_px = np.exp(output.xy_log_sd.numpy()) * samples.road_size_px / 2
    np.testing.assert_allclose(answers.xy_cov_px2[:, [0, 2]], sd_px**2, rtol=1e-3)
    assert not answers.xy_cov_px2[:, 1].any()
    np.testing.assert_allclose(
        answers.angle_sd_deg, np.degrees(np.exp(output.angle_log_sd.numpy())), rtol=1e-3
    )


def test_answers_do_not_hang_on_batches_labels_or_the_networks_mode(data, network):
    samples, pictures = data
    first = NetworkPredictor(network, name="a", batch_size=5).predict(samples, pictures)
    assert network.training
    blind = dataclasses.replace(
        samples,
        gaze_road_px=np.full_like(samples.gaze_road_px, np.nan),
        gaze_angle_deg=np.full_like(samples.gaze_angle_deg, np.nan),
    )
    second = NetworkPredictor(network.eval(), name="b", batch_size=64).predict(blind, pictures)
    np.testing.assert_allclose(first.xy_px, second.xy_px, rtol=1e-4, atol=1e-2)


def test_frames_without_a_face_can_be_left_out(data, network):
    samples, pictures = data
    assert not samples.has_face.all()
    answers = NetworkPredictor(network, name="a", without_face="leave_out").predict(
        samples, pictures
    )
    assert np.array_equal(np.isnan(answers.xy_px).any(axis=1), ~samples.has_face)
    assert np.array_equal(np.isnan(answers.xy_cov_px2).any(axis=1), ~samples.has_face)


def test_a_network_that_needs_pictures_says_so(data, network):
    with pytest.raises(InputError, match="looks at pictures"):
        NetworkPredictor(network, name="a").predict(data[0], None)


def test_a_network_on_landmarks_alone_needs_no_pictures(data):
    network = build("facegaze", {"size": "tiny", "face": False, "eyes": False})
    answers = NetworkPredictor(network, name="a").predict(data[0], None)
    assert np.isfinite(answers.xy_px).all()


def test_progress_ends_at_one(data, network):
    seen = []
    NetworkPredictor(network, name="a").predict(*data, lambda _, share: seen.append(share))
    assert seen[-1] == 1.0
    assert math.isclose(max(seen), 1.0)
