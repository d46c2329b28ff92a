"""Frames unlike those of training are told."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from dashgaze.errors import InputError
from dashgaze.models.feeding.batches import batches, make_batch
from dashgaze.models.feeding.dataset import data_digest, open_samples
from dashgaze.models.networks.registry import build
from dashgaze.models.networks.statistics import learn_statistics
from dashgaze.models.prediction import PredictOptions, predict
from dashgaze.models.prediction.familiarity import open_familiarity
from dashgaze.models.training.checkpoint import load_checkpoint


@pytest.fixture(scope="module")
def learned(tiny_dataset):
    """A network that knows the statistics of the data set's faces, its frames, and their sessions."""
    torch.manual_seed(0)
    network = build("facegaze", {"size": "tiny"}).eval()
    samples, pictures = open_samples(tiny_dataset, split="train")
    feed = batches(samples, pictures, batch_size=32, sizes_px=network.picture_sizes_px, workers=0)
    learn_statistics(network, feed)
    return network, samples, pictures


def asked(network, samples, pictures, familiarity):
    rows = np.flatnonzero(samples.has_face)
    batch = make_batch(samples, pictures, rows, samples.sessions, network.picture_sizes_px)
    with torch.no_grad():
        return familiarity.unusualness(batch, network(batch))


def checkpoint_of(drive, learned, folder, digest):
    path = drive.write_checkpoint(folder, learned[0], digest=digest)
    config = path / "config.json"
    content = json.loads(config.read_text(encoding="utf-8"))
    content["train_sessions"] = learned[1].sessions
    config.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_the_checkpoint_itself_knows_where_faces_were(learned, drive, tmp_path):
    network, samples, pictures = learned
    network, config = load_checkpoint(checkpoint_of(drive, learned, tmp_path / "c", "0" * 64))
    familiarity = open_familiarity(network, config, None, batch_size=16, device="cpu")
    usual = asked(network, samples, pictures, familiarity)
    assert (usual > 1).mean() < 0.02
    moved = replace(
        samples,
        landmarks_px=samples.landmarks_px * 0.3,
        face_box_px=samples.face_box_px * 0.3,
    )
    assert (asked(network, moved, pictures, familiarity) > 1).mean() > 0.98


class Inverted:
    """The same pictures as negatives."""

    def __init__(self, source):
        self.source = source

    def read(self, rows, name, size_px=None):
        pictures, present = self.source.read(rows, name, size_px)
        return 255 - pictures, present


def test_with_the_training_data_strange_pictures_are_told(learned, tiny_dataset, drive, tmp_path):
    network, samples, pictures = learned
    digest = data_digest(tiny_dataset)
    network, config = load_checkpoint(checkpoint_of(drive, learned, tmp_path / "c", digest))
    familiarity = open_familiarity(network, config, tiny_dataset, batch_size=16, device="cpu")
    assert (asked(network, samples, pictures, familiarity) > 1).mean() < 0.05
    assert (asked(network, samples, Inverted(pictures), familiarity) > 1).mean() > 0.8


def test_other_data_than_those_of_training_are_refused(learned, tiny_dataset, drive, tmp_path):
    network, config = load_checkpoint(checkpoint_of(drive, learned, tmp_path / "c", "0" * 64))
    with pytest.raises(InputError, match="is not the data set that the network was trained on"):
        open_familiarity(network, config, tiny_dataset, batch_size=16, device="cpu")


def test_a_network_that_knows_nothing_of_training_says_so(drive):
    network = build("facegaze", {"size": "tiny"}).eval()
    assert open_familiarity(network, None, None, batch_size=16, device="cpu") is None
    assert open_familiarity(drive.NosePointer(), None, None, batch_size=16, device="cpu") is None


def test_a_drive_unlike_training_is_doubtful(learned, drive, driver_video, tmp_path):
    # Faces of the drive lie elsewhere than those of the data set, and are turned less.
    path = checkpoint_of(drive, learned, tmp_path / "c", "0" * 64)
    faces = drive.write_faces(tmp_path / "faces.csv")
    options = PredictOptions(detector=f"precomputed:{faces}", road_size_px=drive.ROAD_PX)
    predict(driver_video, path, options, tmp_path / "out")
    record = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))
    assert record["verdict"] == "doubtful"
    assert record["unusual"]["share"] >= 0.1
    assert "unlike those that the network was trained on" in record["warnings"][0]
