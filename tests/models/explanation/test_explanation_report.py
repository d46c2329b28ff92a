"""The whole of `explain`, on a tiny data set and a network that was never trained."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from dashgaze.errors import InputError, OutputError
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.explanation.explain import explain
from dashgaze.models.explanation.options import ExplainOptions
from dashgaze.models.networks.registry import build
from dashgaze.models.training.checkpoint import save_checkpoint

QUICK = ExplainOptions(
    frames=4, every=60, sanity_frames=1, driver_frames=1, patch_px=40, adapt=True, batch_size=32
)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = build("dashgazenet", {"size": "tiny", "picture_px": 32})
    config = CheckpointConfig(
        model=network.name,
        options=network.options,
        training={},
        data_digest="0" * 64,
        data_title="Test",
        train_sessions=("session_001", "session_002"),
        train_drivers=("driver_01",),
        step=1,
    )
    return save_checkpoint(tmp_path_factory.mktemp("run") / "checkpoint", network, config)


@pytest.fixture(scope="module")
def report(tiny_dataset, checkpoint, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("explained") / "explanation"
    return explain(tiny_dataset, checkpoint, QUICK, out)


def test_the_report_holds_everything_and_no_face(report) -> None:
    page = report.read_text(encoding="utf-8")
    content = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    for text in ("Taking inputs away", "Canonical map", "Driver or car?", "Randomisation"):
        assert text in page
    assert "It holds no picture of a person." in page
    assert "image/jpeg" not in page
    assert "https://" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    heads = content["inputs"]["face"]["heads"]
    assert set(heads) == {"location", "angle"}
    shares = heads["location"]["region_shares"].values()
    assert sum(each["share"] for each in shares) == pytest.approx(1)
    assert heads["location"]["after_adaptation"]["correlation_with_before"] > 0.5
    assert {each["name"] for each in content["branch_drops"]} >= {"driver", "face", "eyes"}


def test_maps_are_left_as_arrays_and_pictures(report) -> None:
    with np.load(report.parent / "maps.npz") as maps:
        assert maps["face_location_mean"].shape == (204, 160)
        assert maps["driver_view_angle_mean"].shape == (32, 32)
    assert (report.parent / "maps" / "face.png").read_bytes().startswith(b"\x89PNG")


def test_a_taken_folder_and_a_missing_input_are_refused(tiny_dataset, checkpoint, tmp_path) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match="nothing is ever overwritten"):
        explain(tiny_dataset, checkpoint, QUICK, tmp_path)
    with pytest.raises(InputError, match="no input 'mouth'"):
        ExplainOptions(inputs=("mouth",))
    with pytest.raises(InputError, match="at least 1 was expected"):
        ExplainOptions(frames=0)


def test_faces_are_shown_only_if_asked_for_and_allowed(tiny_dataset, checkpoint) -> None:
    from dashgaze.models.explanation.chosen_frames import choose_rows, gather
    from dashgaze.models.explanation.example_faces import example_faces
    from dashgaze.models.feeding.dataset import open_samples
    from dashgaze.models.training.checkpoint import load_checkpoint

    network, _ = load_checkpoint(checkpoint)
    samples, pictures = open_samples(tiny_dataset, split="test")
    frames = gather(network, samples, pictures, choose_rows(samples, 2))
    asked = ExplainOptions(example_faces=1, patch_px=60)
    assert example_faces(network, frames, frozenset(), asked) == []
    shown = example_faces(network, frames, frozenset(samples.sessions), asked)
    assert len(shown) == 1
    assert "image/jpeg" in shown[0].svg


def test_the_command_prints_where_the_map_lies(tiny_dataset, checkpoint, tmp_path) -> None:
    import typer

    from dashgaze.cli.command import SafeCommand
    from dashgaze.cli.explain import explain_command

    app = typer.Typer()
    app.command(cls=SafeCommand)(explain_command)
    arguments = [str(tiny_dataset), str(checkpoint), "-o", str(tmp_path / "out"), "--quiet"]
    few = ["--frames", "1", "--every", "90", "--sanity-frames", "0", "--driver-frames", "0"]
    result = CliRunner().invoke(app, [*arguments, *few, "--json"])
    content = json.loads(result.stdout)
    # One session is always worth a warning.
    assert result.exit_code == 3
    assert content["sessions"] == ["session_006"]
    wrong = CliRunner().invoke(app, [*arguments, "--patch", "5", "--quiet"])
    assert wrong.exit_code == 1
    assert "not empty" in wrong.stderr
