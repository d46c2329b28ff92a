"""Training on the tiny data set."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from dashgaze.errors import InputError, OutputError
from dashgaze.models.contract.scale import px_from_unit
from dashgaze.models.feeding.batches import batches
from dashgaze.models.feeding.dataset import open_samples
from dashgaze.models.training.checkpoint import load_checkpoint
from dashgaze.models.training.heads_file import load_heads
from dashgaze.models.training.log import TrainLog, read_log
from dashgaze.models.training.objective import step_seed
from dashgaze.models.training.options_file import train_options
from dashgaze.models.training.outcome import run_summary, stored_options
from dashgaze.models.training.train import train
from dashgaze.models.training.validation import constant_error_px

NETWORK = {
    "width": 2,
    "picture_px": 32,
    "eye_channels": [2, 2, 2, 2],
    "feature_size": 8,
    "landmark_hidden": [8],
    "head_hidden": 8,
}
SHORT = {
    "size": "tiny",
    "network": NETWORK,
    "pretext": {"hidden": 8},
    "batch_size": 16,
    "steps": 8,
    "hz": None,
    "validate_every_epochs": 1.0,
    "log_every_steps": 2,
    "train_sessions": ["session_002", "session_003"],
    "learning_rate": 1e-3,
    "device": "cpu",
    "workers": 1,
}


def _options(**changes):
    return train_options(SHORT | changes)


def _weights(out):
    return load_checkpoint(out)[0].state_dict()


def _same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


class StopError(Exception):
    """Stands for a process that ends."""


def _stop_at(share):
    def progress(phase, fraction):
        if phase.startswith("epoch") and fraction >= share:
            raise StopError

    return progress


@pytest.fixture(scope="module")
def run(tiny_dataset, tmp_path_factory):
    """A short training."""
    out = tmp_path_factory.mktemp("runs") / "short"
    train(tiny_dataset, _options(), out)
    return out


def test_a_run_leaves_a_checkpoint_that_says_where_it_comes_from(tiny_dataset, run):
    _, config = load_checkpoint(run)
    assert config.model == "dashgazenet"
    assert config.train_sessions == ("session_002", "session_003")
    assert config.train_drivers == ("driver_01", "driver_02")
    assert config.validation_sessions == ("session_005",)
    assert config.training["learning_rate"] == 1e-3
    assert config.data_title.startswith("dashgaze 1.0.0")
    assert config.pretrained == {}
    assert {"torch", "dashgaze"} <= set(config.versions)
    assert stored_options(run) == _options().learned()


def test_the_stated_error_is_that_of_the_weights(tiny_dataset, run):
    network, config = load_checkpoint(run)
    samples, pictures = open_samples(tiny_dataset, split="validation")
    known = samples.has_location & samples.gaze_in_view & ~samples.blink
    sizes_px = network.picture_sizes_px
    with torch.no_grad():
        found = [
            network(batch).xy
            for batch in batches(samples, pictures, batch_size=40, sizes_px=sizes_px)
        ]
    answers = px_from_unit(torch.cat(found).double().numpy(), samples.road_size_px)
    errors = np.linalg.norm(answers - samples.gaze_road_px, axis=1)[known]
    assert config.validation_error_px == pytest.approx(errors.mean(), rel=1e-4)


def test_the_log_tells_terms_speed_and_pretext_accuracy(run):
    lines = read_log(run)
    assert lines[0]["event"] == "start"
    assert lines[0]["constant_error_px"] > 0
    steps = [line for line in lines if line["event"] == "step"]
    assert {line["step"] for line in steps} >= {2, 4, 6, 8}
    for line in steps:
        assert set(line["loss"]) == {"location", "angle", "pretext", "total"}
        parts = line["loss"]["location"] + line["loss"]["angle"] + line["loss"]["pretext"]
        assert line["loss"]["total"] == pytest.approx(parts, rel=1e-4)
        assert 0 <= line["pretext_accuracy"] <= 1
        assert line["samples_per_s"] > 0
        assert 0 <= line["loader_share"] <= 1
    looks = [line for line in lines if line["event"] == "validation"]
    assert looks[-1]["by_session_px"]["session_005"] == looks[-1]["validation_error_px"]
    assert run_summary(run)["steps"] == 8


def test_equal_seeds_give_equal_weights_whatever_the_workers(tiny_dataset, run, tmp_path):
    train(tiny_dataset, _options(workers=3, cache=str(tmp_path / "cache")), tmp_path / "a")
    assert _same(_weights(run), _weights(tmp_path / "a"))
    train(tiny_dataset, _options(seed=1), tmp_path / "b")
    assert not _same(_weights(run), _weights(tmp_path / "b"))


def test_a_stopped_training_goes_on_to_the_same_weights(tiny_dataset, tmp_path):
    options = _options(ema=0.9, state_every_steps=1, steps=10)
    train(tiny_dataset, options, tmp_path / "whole")
    with pytest.raises(StopError):
        train(tiny_dataset, options, tmp_path / "cut", progress=_stop_at(0.4))
    train(tiny_dataset, options, tmp_path / "cut", resume=True)
    assert _same(_weights(tmp_path / "whole"), _weights(tmp_path / "cut"))
    network, _ = load_checkpoint(tmp_path / "whole")
    heads = [load_heads(tmp_path / name, network).state_dict() for name in ("whole", "cut")]
    assert _same(*heads)
    steps = [line["step"] for line in read_log(tmp_path / "cut") if line["event"] == "step"]
    assert steps == sorted(set(steps))


def test_what_differs_is_named_before_a_training_goes_on(tiny_dataset, run, tmp_path):
    with pytest.raises(InputError, match=r"was trained with learning_rate = 0\.001, now"):
        train(tiny_dataset, _options(learning_rate=2e-3), run, resume=True)
    with pytest.raises(InputError, match="holds no training to go on with"):
        train(tiny_dataset, _options(), tmp_path / "none", resume=True)
    assert train(tiny_dataset, _options(workers=0), run, resume=True) == run / "checkpoint"


def test_a_folder_that_holds_another_run_is_refused(tiny_dataset, run):
    before = (run / "train.jsonl").read_bytes()
    with pytest.raises(OutputError, match="not empty"):
        train(tiny_dataset, _options(), run)
    assert (run / "train.jsonl").read_bytes() == before


def test_a_loss_that_is_no_number_stops_and_names_step_and_term(
    tiny_dataset, tmp_path, monkeypatch
):
    from dashgaze.models.networks.dashgazenet import DashGazeNet

    plain = DashGazeNet.loss
    calls = []

    def broken(self, output, batch):
        calls.append(1)
        terms = plain(self, output, batch)
        if len(calls) == 6:
            terms["angle"] = terms["angle"] * float("nan")
            terms["total"] = terms["location"] + terms["angle"]
        return terms

    monkeypatch.setattr(DashGazeNet, "loss", broken)
    options = _options(state_every_steps=5)
    with pytest.raises(InputError, match="In step 6 the loss `angle` was no finite number"):
        train(tiny_dataset, options, tmp_path / "run")
    monkeypatch.setattr(DashGazeNet, "loss", plain)
    network, _ = load_checkpoint(tmp_path / "run")
    assert all(torch.isfinite(value).all() for value in network.state_dict().values())
    train(tiny_dataset, options, tmp_path / "run", resume=True)
    assert run_summary(tmp_path / "run")["steps"] == 8


def test_without_validation_sessions_the_last_weights_are_kept(tiny_dataset, tmp_path):
    options = _options(validation_sessions=[], steps=3, pretext_weight=0, augmentation=None)
    train(tiny_dataset, options, tmp_path / "run")
    _, config = load_checkpoint(tmp_path / "run")
    assert config.step == 3
    assert config.validation_error_px is None
    assert "last step" in config.notes[0]
    assert not (tmp_path / "run" / "heads.safetensors").exists()
    with pytest.raises(InputError, match=r"has no heads\.safetensors"):
        load_heads(tmp_path / "run", load_checkpoint(tmp_path / "run")[0])


def test_it_stops_when_nothing_gets_better(tiny_dataset, tmp_path):
    # A step of this length moves the weights by less than their last digit.
    options = _options(
        learning_rate=1e-30,
        weight_decay=0,
        patience=2,
        steps=100,
        network=NETWORK | {"block": "basic"},
    )
    train(tiny_dataset, options, tmp_path / "run")
    summary = run_summary(tmp_path / "run")
    assert summary["steps"] < 40


def test_other_networks_train_without_the_pretext_task(tiny_dataset, tmp_path):
    train(
        tiny_dataset,
        _options(model="idgaze_lite", size=None, network={}, steps=2),
        tmp_path / "run",
    )
    lines = read_log(tmp_path / "run")
    assert not lines[0]["pretext"]
    assert all("pretext_accuracy" not in line for line in lines)


def test_half_precision_and_alternating_batches_train(tiny_dataset, tmp_path):
    options = _options(precision="bf16", pretext={"hidden": 8, "alternate": True}, steps=4)
    train(tiny_dataset, options, tmp_path / "run")
    assert read_log(tmp_path / "run")[0]["precision"] == "bf16"
    with pytest.raises(InputError, match="does not train with precision fp16"):
        train(tiny_dataset, _options(precision="fp16"), tmp_path / "other")


def test_events_for_tensorboard_are_written(tiny_dataset, tmp_path):
    pytest.importorskip("tensorboard")
    log = TrainLog(tmp_path, tensorboard=True)
    log.write("step", step=3, loss={"total": 0.5}, samples_per_s=12.0)
    log.close()
    assert list((tmp_path / "tensorboard").iterdir())


def test_the_log_is_cut_back_to_where_the_state_was_written(tmp_path):
    log = TrainLog(tmp_path)
    log.write("step", step=1, error=float("nan"))
    size = log.size_bytes()
    log.write("step", step=2)
    log.close()
    log = TrainLog(tmp_path, kept_bytes=size)
    log.write("step", step=3)
    log.close()
    lines = read_log(tmp_path)
    assert [line["step"] for line in lines] == [1, 3]
    assert lines[0]["error"] is None


def test_frames_out_of_view_teach_the_angle_only(tiny_samples):
    from dashgaze.models.training.material import _without_far

    samples = replace(tiny_samples, gaze_in_view=np.arange(len(tiny_samples)) % 2 == 0)
    seen = _without_far(samples, train_options({}))
    assert not np.isfinite(seen.gaze_road_px[1::2]).any()
    assert np.array_equal(seen.gaze_angle_deg, samples.gaze_angle_deg, equal_nan=True)
    assert _without_far(samples, train_options({"out_of_view": True})) is samples


def test_a_constant_is_scored_by_session(tiny_samples):
    train_part = tiny_samples.take(tiny_samples.split == "train")
    validation = tiny_samples.take(tiny_samples.split == "validation")
    known = validation.has_location & validation.gaze_in_view
    answer = np.median(
        (train_part.gaze_road_px / train_part.road_size_px)[
            train_part.has_location & train_part.gaze_in_view
        ],
        axis=0,
    )
    points = answer * validation.road_size_px[known]
    wanted = np.linalg.norm(points - validation.gaze_road_px[known], axis=1).mean()
    assert constant_error_px(train_part, validation) == pytest.approx(wanted, abs=0.5)


def test_steps_have_seeds_of_their_own():
    seeds = {
        step_seed(seed, step, rank) for seed in (0, 1) for step in range(50) for rank in (0, 1)
    }
    assert len(seeds) == 200
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.slow
def test_a_network_learns_more_than_a_constant(tiny_dataset, tmp_path):
    options = train_options(
        {"size": "tiny", "hz": None, "batch_size": 16, "epochs": 14, "learning_rate": 2e-3}
        | {"device": "cpu"}
    )
    train(tiny_dataset, options, tmp_path / "run")
    found = run_summary(tmp_path / "run")
    assert found["validation_error_px"] < 0.75 * found["constant_error_px"]


_PROGRAM = """
import json, sys
from pathlib import Path
import torch
from dashgaze.models.training.options_file import train_options
from dashgaze.models.training.train import train
if __name__ == "__main__":
    torch.set_num_threads(1)
    data, out, options, resume = sys.argv[1:]
    train(Path(data), train_options(json.loads(options)), Path(out), resume=resume == "resume")
"""


def _start(data, out, options, *, resume=False, **environment):
    arguments = [str(data), str(out), json.dumps(options), "resume" if resume else "new"]
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *arguments], env=os.environ | environment
    )


@pytest.mark.slow
def test_a_killed_training_goes_on_to_the_same_weights(tiny_dataset, tmp_path):
    options = SHORT | {"steps": 40, "state_every_steps": 1}
    process = _start(tiny_dataset, tmp_path / "cut", options)
    log = tmp_path / "cut" / "train.jsonl"
    until = time.monotonic() + 120
    while not (log.is_file() and log.read_bytes().count(b'"event": "step"') > 3):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    train(tiny_dataset, train_options(options), tmp_path / "cut", resume=True)
    train(tiny_dataset, train_options(options), tmp_path / "whole")
    assert _same(_weights(tmp_path / "whole"), _weights(tmp_path / "cut"))


@pytest.mark.slow
def test_two_processes_train_one_network(tiny_dataset, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = SHORT | {"steps": 4}
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    processes = [
        _start(tiny_dataset, tmp_path / "run", options, RANK=rank, LOCAL_RANK=rank, **shared)
        for rank in ("0", "1")
    ]
    assert [process.wait(timeout=200) for process in processes] == [0, 0]
    lines = read_log(tmp_path / "run")
    assert lines[0]["processes"] == 2
    assert [line["step"] for line in lines if line["event"] == "step"][-1] == 4
    assert load_checkpoint(tmp_path / "run")[1].validation_error_px > 0
