"""The whole of `compress`, on a tiny data set."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from dashgaze.errors import InputError
from dashgaze.models.compression.compress import compress
from dashgaze.models.compression.options import CompressOptions
from dashgaze.models.networks import registry
from dashgaze.models.networks.compressed import build_compressed, channels
from dashgaze.models.networks.cost import parameter_count
from dashgaze.models.training.checkpoint import load_checkpoint, save_checkpoint

TRAINED = ("session_001", "session_002", "session_003", "session_004")


@pytest.fixture(autouse=True)
def _registered(monkeypatch) -> None:
    monkeypatch.setitem(registry._NETWORKS, "compressed", build_compressed)


@pytest.fixture
def checkpoint(tmp_path, checkpoint_config) -> Path:
    torch.manual_seed(0)
    network = registry.build("dashgazenet", {"size": "tiny", "picture_px": 32})
    # Dead from the start, whatever they see: these have to go.
    with torch.no_grad():
        network.left_eye.layers[0].weight[2:6] = 0.0
        network.left_eye.layers[0].bias[2:6] = -1.0
    return save_checkpoint(tmp_path / "run", network, checkpoint_config(network, TRAINED))


def test_a_smaller_checkpoint_is_left_with_its_account(tiny_dataset, checkpoint, tmp_path) -> None:
    options = CompressOptions(curve_gammas=(0.5,), frames=48, steps=2, batch_size=8, test_frames=12)
    out = compress(tiny_dataset, checkpoint, options, tmp_path / "small")
    network, config = load_checkpoint(out)
    before, _ = load_checkpoint(checkpoint)
    content = json.loads((out / "compression.json").read_text(encoding="utf-8"))
    assert (out / "compression.png").read_bytes().startswith(b"\x89PNG")
    assert config.model == "compressed"
    assert config.step == 3
    assert "gamma 0.01" in config.notes[-1]
    dead = content["layers"]["left_eye.layers.0"]
    assert dead["dead"] >= 4
    assert not set(dead["kept"]) & {2, 3, 4, 5}
    assert channels(network) == {
        name: len(each["kept"]) for name, each in content["layers"].items()
    }
    chosen = next(each for each in content["curve"] if each["gamma"] == 0.01)
    assert chosen["cost"]["parameters"] == parameter_count(network)["total"]
    assert content["before"]["cost"]["parameters"] == parameter_count(before)["total"]
    assert chosen["cost"]["parameters"] < content["before"]["cost"]["parameters"]
    assert chosen["finetuned"]["location_px"]["sessions"] == 1
    assert "lighting: night" in chosen["finetuned"]["groups"]
    assert set(chosen["finetuned"]["corruptions"]) == {"blur 3", "low_light 3", "cover_eyes 3"}
    assert content["curve"][1]["filters"] <= content["curve"][0]["filters"]


def test_what_cannot_be_compressed_is_refused(tiny_dataset, tmp_path, checkpoint_config) -> None:
    network = registry.build("idgaze_lite")
    folder = save_checkpoint(tmp_path / "run", network, checkpoint_config(network, TRAINED))
    with pytest.raises(InputError, match="no layer that filters can be left out of"):
        compress(tiny_dataset, folder, CompressOptions(steps=0), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_data_set_than_that_of_the_training_is_refused(
    tiny_dataset, tmp_path, checkpoint_config
) -> None:
    network = registry.build("dashgazenet", {"size": "tiny", "picture_px": 32})
    folder = save_checkpoint(tmp_path / "run", network, checkpoint_config(network, ("elsewhere",)))
    with pytest.raises(InputError, match="no labelled frame of the sessions"):
        compress(tiny_dataset, folder, CompressOptions(steps=0), tmp_path / "out")


def test_options_that_mean_nothing_are_refused() -> None:
    with pytest.raises(InputError, match="a number between 0 and 1"):
        CompressOptions(gamma=1.5)
    with pytest.raises(InputError, match="at least 2 was expected"):
        CompressOptions(batch_size=1)


def test_the_command_prints_the_curve(tiny_dataset, checkpoint, tmp_path) -> None:
    import typer

    from dashgaze.cli.command import SafeCommand
    from dashgaze.cli.compress import compress_command

    app = typer.Typer()
    app.command(cls=SafeCommand)(compress_command)
    arguments = [str(tiny_dataset), str(checkpoint), "-o", str(tmp_path / "out"), "--quiet"]
    few = ["--no-curve", "--steps", "0", "--frames", "16", "--gamma", "0.2"]
    result = CliRunner().invoke(app, [*arguments, *few])
    assert result.exit_code == 0, result.output
    assert "gamma 0.2 (chosen)" in result.output
    assert "before" in result.output


def test_gaze_beyond_the_road_picture_counts_only_if_the_training_had_it(
    tiny_dataset, checkpoint_config
) -> None:
    from dashgaze.models.compression.compression_run import _labelled
    from dashgaze.models.feeding.dataset import open_samples

    samples, _ = open_samples(tiny_dataset)
    samples = replace(samples, gaze_in_view=np.arange(len(samples)) % 3 > 0)
    config = checkpoint_config(registry.build("idgaze_lite"), TRAINED)
    usual = _labelled(samples, config)
    wide = _labelled(samples, config.model_copy(update={"training": {"out_of_view": True}}))
    assert usual.any()
    assert (wide & ~usual).any()
    assert (samples.gaze_in_view[usual]).all()
    assert not (usual & ~wide).any()
