"""A packed data set, one in the published layout, and what a training leaves."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
from seed_writing import ROOT, put_json, put_lines


def write_published(folder: Path) -> None:
    """Write a data set in the published layout: tables, and pictures in HDF5."""
    marks = [
        f"{part} {axis} mark"
        for part in ("leye", "reye", "nose", "lmouth", "rmouth")
        for axis in "xy"
    ]
    names = [
        "dash gaze x [px]",
        "dash gaze y [px]",
        "azimuth [deg]",
        "elevation [deg]",
        *marks,
        "yaw_new",
        "pitch_new",
    ]
    values = np.random.default_rng(1).uniform(1, 900, (12, len(names))).round(3)
    lines = [
        ",".join(["frame", *names]),
        *(",".join([str(i), *map(str, row)]) for i, row in enumerate(values)),
        "",
    ]
    (folder / "s01.csv").write_text("\n".join(lines))
    (folder / "s02.csv").write_text("\n".join(lines).replace(",", ";"))
    try:
        import h5py
    except ModuleNotFoundError:
        return
    with h5py.File(folder / "s01.h5", "w") as file:
        file["face"] = np.zeros((12, 8, 8, 3), dtype=np.uint8)
        for number in range(3):
            file[f"{number}/leye"] = np.zeros((4, 6, 3), dtype=np.uint8)


def write_dataset(folder: Path) -> None:
    """Write a small packed data set, with videos."""
    small = _module("fuzz_small_dataset", ROOT / "tests" / "dataset" / "small_dataset.py")
    labels = small.make_labels(folder / "labels", minutes=0.1)
    small.build(folder / "dashgaze", labels, videos=("session_001",))
    shutil.rmtree(labels)


def write_models(folder: Path) -> None:
    """Write a checkpoint, a log, weights and a baseline."""
    import torch

    from dashgaze.models.baselines.rules import RULES
    from dashgaze.models.contract.checkpoint import CheckpointConfig
    from dashgaze.models.networks.registry import build
    from dashgaze.models.training.checkpoint import save_checkpoint

    small = {
        "size": "tiny",
        "width": 2,
        "picture_px": 32,
        "eye_channels": (2, 2, 2, 2),
        "feature_size": 8,
    }
    network = build("dashgazenet", small | {"landmark_hidden": (8,), "head_hidden": 8})
    config = CheckpointConfig(
        model=network.name,
        options=network.options,
        training={},
        data_digest="ab" * 32,
        data_title="made 1.0.0",
        train_sessions=("session_001",),
        train_drivers=("driver_01",),
        step=7,
    )
    save_checkpoint(folder / "run" / "checkpoint", network, config)
    put_lines(
        folder / "run" / "train.jsonl",
        [
            {"event": "start", "constant_error_px": 3.0},
            *({"event": "step", "step": i, "loss": 1.5, "samples_per_s": 9.5} for i in range(4)),
        ],
    )
    put_json(
        folder / "run" / "run.json",
        {"schema": "dashgaze/run/1", "config": {}, "options": {}, "step": 7},
    )
    torch.save({"state_dict": {"a.weight": torch.zeros(3, 3)}}, folder / "weights.pt")
    baseline = folder / "baseline"
    baseline.mkdir()
    summary = {
        "location_mean": [1.0, 2.0],
        "location_median": [1.0, 2.0],
        "angle_mean": None,
        "angle_median": None,
    }
    summary |= {
        "location_by_camera": {},
        "vanishing_offset": None,
        "frames": 9,
        "sessions": 2,
        "drivers": 2,
    }
    state = {"summary": summary, "spread": {"point_cov": [1.0, 0.0, 1.0], "angle_sd_deg": None}}
    told = {
        "schema_id": "dashgaze/baseline/1",
        "kind": "rule",
        "name": min(RULES),
        "calibration": None,
        "state": state,
    }
    put_json(baseline / "baseline.json", told)
    np.savez(baseline / "baseline.npz", a=np.zeros(3))


def _module(name: str, path: Path) -> Any:
    import importlib.util
    import sys

    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(str(path))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]
