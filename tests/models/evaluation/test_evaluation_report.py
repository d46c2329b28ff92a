"""The whole way on packed data sets: files, page, errors."""

import json
import re
import shutil

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from dashgaze.errors import InputError, OutputError
from dashgaze.models.contract.checkpoint import CheckpointConfig
from dashgaze.models.evaluation import EvaluateOptions, evaluate
from dashgaze.models.feeding.dataset import data_digest
from dashgaze.models.networks.registry import build
from dashgaze.models.training.checkpoint import save_checkpoint


def read(path):
    return json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def checkpoint(tiny_dataset, tmp_path_factory):
    """A network of random weights that says it was trained on the train split."""
    torch.manual_seed(0)
    network = build("dashgazenet", {"size": "tiny"})
    config = CheckpointConfig(
        model="dashgazenet",
        options=network.options,
        training={},
        data_digest=data_digest(tiny_dataset),
        data_title="dashgaze 1.0.0",
        train_sessions=("session_001", "session_002", "session_003", "session_004"),
        train_drivers=("driver_01", "driver_02", "driver_03"),
        validation_sessions=("session_005",),
        validation_drivers=("driver_04",),
        step=0,
    )
    return save_checkpoint(tmp_path_factory.mktemp("runs") / "untrained", network, config)


@pytest.fixture(scope="module")
def report(tiny_dataset, checkpoint, tmp_path_factory):
    """A report with everything that does not train."""
    out = tmp_path_factory.mktemp("evaluated") / "report"
    options = EvaluateOptions(adapt=True, corruptions=True, corruption_frames=10, speed=True)
    return evaluate(tiny_dataset, [checkpoint, "vanishing_point"], options, out)


def test_the_json_holds_every_part(report):
    content = read(report)
    assert content["schema"] == "dashgaze/evaluation/1"
    names = {model["name"] for model in content["models"]}
    assert {"centre", "train_mean", "train_median", "session_mean", "vanishing_point"} <= names
    assert {"untrained", "untrained adapting"} <= names
    for model in content["models"]:
        assert model["location"]["all"]["px"]["frames"] == content["data"]["judged_frames"]
    network = next(model for model in content["models"] if model["name"] == "untrained")
    assert network["checkpoint"]["train_sessions"][0] == "session_001"
    assert network["cost"]["parameters"] > 100_000
    assert network["cost"]["gflop"] > 0.001
    assert network["cost"]["ms_batch_1"] > 0
    adapting = next(model for model in content["models"] if model["name"] == "untrained adapting")
    assert 0 <= adapting["prediction_notes"]["pretext_accuracy"] <= 1
    curves = content["robustness"]["networks"][0]
    assert {len(values) for values in curves["errors_px"].values()} == {5}
    assert 0 <= curves["auroc"]["feature_distance"]["low_light"][4] <= 1
    assert content["data"]["digest"]
    assert content["options"]["corruption_frames"] == 10


def test_the_page_needs_nothing_from_outside_and_shows_no_face(report):
    page = report.read_text(encoding="utf-8")
    found = re.findall(r'\b(?:src|href)="([^"]+)"|url\(([^)]+)\)', page)
    links = [one or other for one, other in found]
    assert links
    assert all(each.startswith(("#", "data:")) for each in links), links
    assert "<script" not in page
    assert "Content-Security-Policy" in page
    assert "data:image/jpeg" not in page
    assert page.count('<svg class="chart"') >= 5
    assert "no interval can be given" in page
    assert "{{" not in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_equal_seeds_give_equal_reports(tiny_dataset, checkpoint, tmp_path):
    one, two = (evaluate(tiny_dataset, [checkpoint], out=tmp_path / name) for name in "ab")
    assert one.read_bytes() == two.read_bytes()
    assert one.with_suffix(".json").read_bytes() == two.with_suffix(".json").read_bytes()


def test_faces_are_shown_only_when_asked_for_and_agreed_to(tiny_dataset, checkpoint, tmp_path):
    options = EvaluateOptions(example_frames=2)
    page = evaluate(tiny_dataset, [checkpoint], options, tmp_path / "faces").read_text("utf-8")
    assert page.count("data:image/jpeg") == 2
    assert "keep it as you keep the recordings" in page


def test_a_checkpoint_that_has_seen_the_test_is_refused(tiny_dataset, checkpoint, tmp_path):
    leaking = shutil.copytree(checkpoint, tmp_path / "leaking")
    path = leaking / "config.json"
    content = json.loads(path.read_text("utf-8"))
    content["train_sessions"].append("session_006")
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(InputError, match=r"leaking has seen sessions .*session_006"):
        evaluate(tiny_dataset, [leaking], out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_another_data_set_is_noted(tiny_dataset, checkpoint, tmp_path):
    other = shutil.copytree(checkpoint, tmp_path / "other")
    # Weights say of which data they are, too.
    network = build("dashgazenet", {"size": "tiny"})
    config = CheckpointConfig.model_validate_json((other / "config.json").read_bytes())
    save_checkpoint(other, network, config.model_copy(update={"data_digest": "0" * 64}))
    content = read(evaluate(tiny_dataset, [other], out=tmp_path / "out"))
    assert any("another data set" in note for note in content["notes"])


def test_weights_that_are_missing_or_of_another_schema_are_refused(
    tiny_dataset, checkpoint, tmp_path
):
    lost = shutil.copytree(checkpoint, tmp_path / "lost")
    (lost / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"model\.safetensors"):
        evaluate(tiny_dataset, [lost], out=tmp_path / "out")
    old = shutil.copytree(checkpoint, tmp_path / "old")
    text = (old / "config.json").read_text("utf-8")
    (old / "config.json").write_text(text.replace("checkpoint/1", "checkpoint/9"), "utf-8")
    with pytest.raises(InputError, match="dashgaze/checkpoint/1"):
        evaluate(tiny_dataset, [old], out=tmp_path / "out")


def test_names_that_are_nothing_are_refused_with_the_nearest(tiny_dataset, tmp_path):
    with pytest.raises(InputError, match="Did you mean train_median"):
        evaluate(tiny_dataset, ["train_medain"], out=tmp_path / "out")
    with pytest.raises(InputError, match="no split 'tests'"):
        EvaluateOptions(split="tests")
    with pytest.raises(InputError, match="two or more"):
        EvaluateOptions(leave_drivers_out=1)


def test_a_report_is_never_written_over(tiny_dataset, tmp_path):
    (tmp_path / "mine.txt").write_text("mine", "utf-8")
    with pytest.raises(OutputError, match="not empty"):
        evaluate(tiny_dataset, [], out=tmp_path)


def test_folds_test_each_driver_by_models_that_have_not_seen_it(tiny_dataset, tmp_path):
    options = EvaluateOptions(leave_drivers_out=5)
    path = evaluate(tiny_dataset, ["first_minute_mean"], options, tmp_path / "folds")
    content = read(path)
    folds = content["folds"]["folds"]
    assert sorted(name for fold in folds for name in fold["test"]) == [
        f"session_00{n}" for n in range(1, 7)
    ]
    for fold in folds:
        assert not set(fold["test"]) & set(fold["train"])
    assert len(content["data"]["sessions"]) == 6
    assert content["data"]["split"] == "folds"
    # The pooled mean is that of all tested sessions.
    median = next(model for model in content["models"] if model["name"] == "train_median")
    means = [each["mean_error_px"] for each in median["sessions"]]
    assert median["location"]["all"]["px"]["mean"] == pytest.approx(np.mean(means))
    by_fold = {fold["name"]: fold["mean_error_px"]["train_median"] for fold in folds}
    assert len(set(by_fold.values())) > 1


def test_a_checkpoint_in_folds_is_refused(tiny_dataset, checkpoint, tmp_path):
    with pytest.raises(InputError, match="no network by name"):
        evaluate(tiny_dataset, [checkpoint], EvaluateOptions(leave_drivers_out=5), tmp_path / "out")


def test_the_command_prints_a_table_or_one_object(tiny_dataset, tmp_path):
    import typer

    from dashgaze.cli.command import SafeCommand
    from dashgaze.cli.evaluate import evaluate_command

    app = typer.Typer()
    app.command(cls=SafeCommand)(evaluate_command)
    runner = CliRunner()
    said = runner.invoke(app, [str(tiny_dataset), "-o", str(tmp_path / "a")])
    assert said.exit_code == 0, said.output
    assert "train_median" in said.output
    assert "no interval" in said.output
    said = runner.invoke(app, [str(tiny_dataset), "-o", str(tmp_path / "b"), "--json"])
    assert json.loads(said.stdout)["best_constant"]
    said = runner.invoke(app, [str(tiny_dataset), "-o", str(tmp_path / "b")])
    assert said.exit_code == 1
    said = runner.invoke(
        app, [str(tiny_dataset), "-o", str(tmp_path / "c"), "--train-option", "steps"]
    )
    assert said.exit_code == 1
    assert "NAME=VALUE" in said.output


@pytest.mark.slow
def test_the_ablation_gives_the_papers_rows_beside_ours(tiny_dataset, tmp_path):
    options = EvaluateOptions(
        ablation=True,
        train_options={"size": "tiny", "steps": 2, "batch_size": 8, "workers": 0, "hz": None},
    )
    content = read(evaluate(tiny_dataset, [], options, tmp_path / "ablation"))
    rows = content["ablation"]["rows"]
    assert [row["row"] for row in rows] == ["1a", "1b", "2", "3", "4", "5"]
    assert [row["paper"]["location_rms_px"] for row in rows] == [
        319.32,
        319.32,
        296.07,
        287.69,
        1047.22,
        279.11,
    ]
    assert all(row["location_rms_px"] > 0 for row in rows)
    assert [row["pretext_accuracy"] is None for row in rows] == [True, True, *[False] * 4]
    assert "data differ" in content["ablation"]["text"][0]


@pytest.mark.slow
def test_networks_are_trained_in_folds(tiny_dataset, tmp_path):
    options = EvaluateOptions(
        leave_drivers_out=2,
        train_options={"size": "tiny", "steps": 2, "batch_size": 8, "workers": 0, "hz": None},
    )
    content = read(evaluate(tiny_dataset, ["dashgazenet"], options, tmp_path / "folds"))
    network = next(model for model in content["models"] if model["name"] == "dashgazenet")
    assert network["location"]["all"]["px"]["sessions"] == 6
    assert network["kind"] == "network"


def test_networks_are_not_judged_where_no_face_was_found(samples, planted):
    from dataclasses import replace

    from dashgaze.models.evaluation.evaluate import _refuse_faceless
    from dashgaze.models.evaluation.frames import choose_frames

    faceless = replace(samples, landmarks_px=np.full_like(samples.landmarks_px, np.nan))
    frames = choose_frames(faceless, EvaluateOptions())
    baseline = planted("constant")
    _refuse_faceless([baseline], frames)
    with pytest.raises(InputError, match=r"No tested frame has a face: net .*dashgaze faces"):
        _refuse_faceless([baseline, replace(planted("net"), network=object())], frames)


def test_options_of_adaptation_that_are_nothing_are_refused(tiny_dataset, checkpoint, tmp_path):
    for given, words in (({"heads": 1}, "no option heads"), ({"steps": "many"}, "steps")):
        options = EvaluateOptions(adapt=True, adapt_options=given)
        with pytest.raises(InputError, match=words):
            evaluate(tiny_dataset, [checkpoint], options, tmp_path / "out")
