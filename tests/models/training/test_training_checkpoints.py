"""Checkpoints on disk."""

import json
import stat

import pytest
import torch

from dashgaze.errors import InputError
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.networks.registry import build
from dashgaze.models.training.checkpoint import load_checkpoint, save_checkpoint

SMALL = {
    "size": "tiny",
    "width": 2,
    "picture_px": 32,
    "eye_channels": (2, 2, 2, 2),
    "feature_size": 8,
    "landmark_hidden": (8,),
    "head_hidden": 8,
}


def _config(network, **changes):
    given = {
        "model": network.name,
        "options": network.options,
        "training": {},
        "data_digest": "ab" * 32,
        "data_title": "made 1.0.0",
        "train_sessions": ("session_001",),
        "train_drivers": ("driver_01",),
        "step": 7,
        "validation_error_px": 12.5,
    }
    return CheckpointConfig(**given | changes)


@pytest.fixture
def saved(tmp_path):
    """A network and where it was saved."""
    torch.manual_seed(3)
    network = build("dashgazenet", SMALL)
    return network, save_checkpoint(tmp_path / "run" / "checkpoint", network, _config(network))


def test_a_network_comes_back_as_it_was(saved):
    network, folder = saved
    for place in (folder, folder.parent):
        loaded, config = load_checkpoint(place)
        assert config == _config(network)
        assert not loaded.training
        assert loaded.options == network.options
        for name, value in network.state_dict().items():
            assert torch.equal(loaded.state_dict()[name], value), name


def test_weights_that_two_branches_share_are_kept(tmp_path):
    network = build("dashgazenet", SMALL | {"shared_eyes": True})
    save_checkpoint(tmp_path / "a", network, _config(network))
    loaded, _ = load_checkpoint(tmp_path / "a")
    assert loaded.right_eye is loaded.left_eye
    assert torch.equal(next(loaded.left_eye.parameters()), next(network.left_eye.parameters()))


def test_others_may_read_it_as_any_file(saved):
    _, folder = saved
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert len(modes) == 1


def test_a_checkpoint_is_replaced(saved):
    network, folder = saved
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1.0)
    save_checkpoint(folder, network, _config(network, step=9))
    loaded, config = load_checkpoint(folder)
    assert config.step == 9
    assert torch.equal(next(loaded.parameters()), next(network.parameters()))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_weights_of_another_step_are_refused(saved):
    network, folder = saved
    other = _config(network, step=8)
    (folder / "config.json").write_text(other.model_dump_json())
    with pytest.raises(InputError, match=r"not of the same moment: .* step 7; .* step 8"):
        load_checkpoint(folder)


def _other_options(folder):
    path = folder / "config.json"
    content = json.loads(path.read_text())
    content["options"]["feature_size"] = 9
    path.write_text(json.dumps(content))


def _endless_options(folder):
    path = folder / "config.json"
    content = json.loads(path.read_text())
    content["options"]["eye_channels"][-1] = 10**25
    path.write_text(json.dumps(content))


def _other_schema(folder):
    path = folder / "config.json"
    content = json.loads(path.read_text()) | {"schema_id": "dashgaze/checkpoint/9"}
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "model.safetensors").unlink(), "is not there"),
        (lambda folder: (folder / "config.json").unlink(), r"config\.json can't be read"),
        (
            lambda folder: (folder / "model.safetensors").write_bytes(b"x" * 50),
            "can't be read as w",
        ),
        (_other_options, "does not fit dashgazenet"),
        (_endless_options, "sizes must be 65536 at most"),
        (_other_schema, "not the configuration of a checkpoint of this version"),
    ],
    ids=["no weights", "no configuration", "damaged", "other options", "endless", "other schema"],
)
def test_faults_of_a_checkpoint_are_told(saved, damage, message):
    _, folder = saved
    damage(folder)
    with pytest.raises(InputError, match=message):
        load_checkpoint(folder)


def test_a_folder_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(InputError, match="is no checkpoint"):
        load_checkpoint(tmp_path)
