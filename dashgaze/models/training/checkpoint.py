"""Writing and reading checkpoints; needs torch."""

from __future__ import annotations

from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.files import write_text

from ..contract.checkpoint import CONFIG_NAME, WEIGHTS_NAME, CheckpointConfig
from ..contract.network import GazeNetwork
from ..networks.registry import build
from .run_files import find_checkpoint, read_config
from .weights_file import read_weights_file, write_weights_file


def save_checkpoint(folder: Path, network: GazeNetwork, config: CheckpointConfig) -> Path:
    """Write a checkpoint, or replace the one that is there.

    Each of its two files is replaced in one step, and the weights say which step they are of: a checkpoint
    whose files don't belong together, after a crash between both, is refused by `load_checkpoint`.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    write_weights_file(folder / WEIGHTS_NAME, network.state_dict(), _marks(config))
    write_text(folder / CONFIG_NAME, config.model_dump_json(indent=2) + "\n")
    return folder


def load_checkpoint(folder: Path) -> tuple[GazeNetwork, CheckpointConfig]:
    """Load a trained network.

    Parameters
    ----------
    folder
        A checkpoint's folder, or the folder of a run.

    Returns
    -------
    network
        On the CPU, ready to answer (in evaluation mode).
    config
        Where it comes from.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the weights don't belong to the configuration.
    """
    config = read_config(folder)
    path = find_checkpoint(folder) / WEIGHTS_NAME
    try:
        network = build(config.model, config.options)
    except (TypeError, ValueError, OverflowError, MemoryError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"{CONFIG_NAME} beside {path} describes no {config.model} that can be built: {reason}.",
            fix="Copy the checkpoint again.",
            path=path,
        ) from error
    weights, marks = read_weights_file(path, fix="Copy the checkpoint again.")
    if any(marks.get(name) != value for name, value in _marks(config).items()):
        raise InputError(
            f"{path} and {CONFIG_NAME} beside it are not of the same moment: weights are of "
            f"{marks.get('model', 'an unknown model')}, step {marks.get('step', 'unknown')}; the "
            f"configuration is of {config.model}, step {config.step}.",
            fix="Copy the checkpoint again, or go on with the training: `dashgaze train --resume`.",
            path=path,
        )
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path} does not fit {config.model} with the options in {CONFIG_NAME}: {reason}.",
            fix="Copy both files from the same checkpoint.",
            path=path,
        ) from error
    return network.eval(), config


def _marks(config: CheckpointConfig) -> dict[str, str]:
    """Give what weights say of themselves."""
    return {
        "schema": config.schema_id,
        "model": config.model,
        "step": str(config.step),
        "data": config.data_digest,
    }
