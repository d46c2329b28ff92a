"""What a run was begun with, and what it came to."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from dashgaze.errors import InputError

from ..contract.checkpoint import CheckpointConfig
from .log import read_log
from .run_files import CHECKPOINT_FOLDER, RUN_NAME, read_config


def read_run(out: Path) -> CheckpointConfig:
    """Read what a run was begun with: the configuration of its checkpoint before the first step.

    Raises
    ------
    InputError
        If the folder holds no run.
    """
    path = out / RUN_NAME
    try:
        return CheckpointConfig.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(
            f"{out} holds no run that can be gone on with: {RUN_NAME} is not there or can't be read.",
            fix="Copy the run again, or train in a new folder.",
            path=path,
        ) from error


def stored_options(out: Path) -> dict[str, Any]:
    """Give the options that a run was begun with, as plain values."""
    return read_run(out).training


def run_summary(out: Path) -> dict[str, Any]:
    """Give the outcome of a run, as plain values.

    Raises
    ------
    InputError
        If it has no checkpoint.
    """
    config = read_config(out)
    lines = read_log(out)
    steps = [line for line in lines if line["event"] == "step"]
    start = next((line for line in lines if line["event"] == "start"), {})
    told = [line.get("samples_per_s") for line in steps[1:] or steps]
    speeds = sorted(speed for speed in told if isinstance(speed, int | float))
    accuracies = [line["pretext_accuracy"] for line in steps if line.get("pretext_accuracy")]
    return {
        "checkpoint": str(out / CHECKPOINT_FOLDER),
        "model": config.model,
        "best_step": config.step,
        "steps": steps[-1].get("step", 0) if steps else 0,
        "validation_error_px": config.validation_error_px,
        "constant_error_px": start.get("constant_error_px"),
        "pretext_accuracy": accuracies[-1] if accuracies else None,
        "samples_per_s": speeds[len(speeds) // 2] if speeds else None,
        "notes": list(config.notes),
    }
