import json

import numpy as np
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from dashgaze.analysis.saliency import SaliencyOptions, evaluate_saliency
from dashgaze.analysis.study.packed_dataset import open_dataset
from dashgaze.cli.command import SafeCommand
from dashgaze.cli.score_saliency import score_saliency_command


@pytest.fixture(scope="module")
def maps_folder(packed_labels, tmp_path_factory):
    """A map for every tenth road frame, with a blob at gaze."""
    folder = tmp_path_factory.mktemp("maps")
    dataset = open_dataset(packed_labels)
    y, x = np.mgrid[:18, :32]
    for name, row in dataset.rows.items():
        (folder / name).mkdir()
        columns = ["road_frame_index", "gaze_road_x_px", "gaze_road_y_px"]
        frames = pq.read_table(dataset.shard("frames", name), columns=columns).drop_null()
        for index, at_x, at_y in zip(
            *(frames.column(each).to_pylist() for each in columns), strict=True
        ):
            if index % 10 == 0:
                scale = row["road_width_px"] / 32
                blob = np.exp(-((x - at_x / scale) ** 2 + (y - at_y / scale) ** 2) / 8)
                np.save(folder / name / f"{index:06d}.npy", blob.astype(np.float32) + 1e-6)
    return folder


def run(*arguments):
    app = typer.Typer()
    app.command(cls=SafeCommand)(score_saliency_command)
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_maps_are_scored_against_a_packed_data_set(packed_labels, maps_folder) -> None:
    section = evaluate_saliency(packed_labels, maps_folder, SaliencyOptions(frames_per_session=50))
    gain = section.findings[0].estimate
    assert gain.sessions == 6
    assert gain.low > 0
    assert "simulated" in section.text[-1]


def test_the_command_prints_scores_beside_baselines(packed_labels, maps_folder) -> None:
    done = run(packed_labels, maps_folder, "--quiet", "--frames", 20)
    assert done.exit_code == 0, done.output
    for words in (
        "the maps",
        "gaze of other drivers",
        "centre of the picture",
        "NSS",
        "95 % interval",
    ):
        assert words in done.output


def test_the_command_gives_json(packed_labels, maps_folder) -> None:
    done = run(packed_labels, maps_folder, "--json", "--quiet", "--frames", 20)
    content = json.loads(done.stdout)
    assert content["key"] == "saliency"
    assert content["findings"][0]["estimate"]["unit"] == "bits"


def test_a_folder_without_maps_ends_with_code_1(packed_labels, tmp_path) -> None:
    done = run(packed_labels, tmp_path)
    assert done.exit_code == 1
    assert "<session_id>/<road frame>" in done.output
