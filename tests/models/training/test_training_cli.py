"""``dashgaze train``: what it hands on, prints and exits with."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.command import SafeCommand
from dashgaze.cli.train import train_command
from dashgaze.models.training import train as training

SMALL = """
model: dashgazenet
size: tiny
network: {width: 2, picture_px: 32, eye_channels: [2, 2, 2, 2], feature_size: 8, head_hidden: 8}
pretext: {hidden: 8}
batch_size: 16
steps: 2
hz: null
workers: 1
train_sessions: [session_003]
device: cpu
"""


@pytest.fixture
def run():
    """Run the command with arguments."""
    app = typer.Typer()
    app.command("train", cls=SafeCommand)(train_command)

    def invoke(*arguments: object):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def asked(monkeypatch):
    """Let nothing be trained; give what was asked for."""
    calls = []

    class DoneError(Exception):
        pass

    def train(data, options, out, *, resume, progress):
        calls.append((data, options, out, resume))
        raise DoneError

    monkeypatch.setattr(training, "train", train)

    def ask(run, *arguments):
        with pytest.raises(DoneError):
            run(*arguments)
        return calls[-1]

    return ask


def test_it_trains_prints_and_goes_on(run, tiny_dataset, tmp_path):
    config = tmp_path / "small.yaml"
    config.write_text(f"data: {tiny_dataset}\nout: run\n{SMALL}")
    result = run(config)
    assert result.exit_code == 0
    assert "px on the validation sessions; always the same answer:" in result.stdout
    assert "pretext task:" in result.stdout
    again = run(tiny_dataset, "-o", tmp_path / "run", "--resume", "--json")
    assert again.exit_code == 0
    found = json.loads(again.stdout)
    assert found["steps"] == 2
    assert Path(found["checkpoint"]) == tmp_path / "run" / "checkpoint"
    assert found["validation_error_px"] > 0


def test_the_command_line_goes_before_the_file(run, asked, tmp_path):
    config = tmp_path / "small.yaml"
    config.write_text(SMALL)
    data, options, out, resume = asked(
        run,
        *("data", "-o", "out", "--config", config, "--size", "small", "--steps", "7"),
        *("--exclude-drivers", "a", "--exclude-drivers", "b", "--no-pretext", "--no-augmentation"),
        *("--set", "network.eye_norm=group", "--set", "patience=null"),
    )
    assert (data, out, resume) == (Path("data"), Path("out"), False)
    assert options.size == "small"
    assert options.steps == 7
    assert options.exclude_drivers == ("a", "b")
    assert options.pretext_weight == 0
    assert options.augmentation is None
    assert options.network["eye_norm"] == "group"
    assert options.network["width"] == 2
    assert options.patience is None
    assert options.hz is None


def test_a_file_of_sessions_takes_the_place_of_the_splits(run, asked, tmp_path):
    fold = tmp_path / "fold.yaml"
    fold.write_text("train: [a, b]\nvalidation: [c]\n")
    _, options, _, _ = asked(run, "data", "-o", "out", "--sessions", fold)
    assert options.train_sessions == ("a", "b")
    assert options.validation_sessions == ("c",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data"], "where the run is kept"),
        (["data", "-o", "out", "--set", "epoch=3"], "Did you mean epochs?"),
        (["none", "-o", "out"], "no packed data set"),
        (["data", "-o", "out", "--resume"], "no run that can be gone on with"),
    ],
)
def test_mistakes_exit_with_one(run, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


def test_a_wrong_model_leaves_nothing_behind(run, tiny_dataset, tmp_path):
    result = run(tiny_dataset, "-o", tmp_path / "run", "--model", "dashgaze", "--json")
    assert result.exit_code == 1
    assert "dashgazenet" in json.loads(result.stdout)["error"]["fix"]
    assert not (tmp_path / "run").exists()
