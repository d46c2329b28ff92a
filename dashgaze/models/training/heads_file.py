"""The heads of training sessions, kept beside the checkpoint; needs torch."""

from __future__ import annotations

from pathlib import Path

from dashgaze.errors import InputError

from ..adaptation.heads import Heads, build_heads
from ..contract.network import GazeNetwork
from .options_file import train_options
from .run_files import CHECKPOINT_FOLDER, read_config
from .weights_file import read_weights_file, write_weights_file

HEADS_NAME = "heads.safetensors"
"""Of a run's folder: heads are of no use for answering, only for learning at test time."""


def save_heads(folder: Path, heads: Heads, *, step: int) -> None:
    """Write the heads of a run; `step` is that of the checkpoint they belong to."""
    write_weights_file(folder / HEADS_NAME, heads.state_dict(), {"step": str(step)})


def load_heads(folder: Path, network: GazeNetwork) -> Heads:
    """Read the heads that were learned with a checkpoint.

    Parameters
    ----------
    folder
        Of the run, or its checkpoint.
    network
        As `load_checkpoint` gave it.

    Raises
    ------
    InputError
        If there are none, or they are of other weights.
    """
    run = folder.parent if folder.name == CHECKPOINT_FOLDER else folder
    config = read_config(folder)
    path = run / HEADS_NAME
    if not path.is_file():
        raise InputError(
            f"{run} has no {HEADS_NAME}: the heads of its sessions were not kept, or there were none.",
            fix="Train with `keep_heads: true` and the pretext task, or start from a fresh head.",
            path=path,
        )
    options = train_options(config.training, source=f"The training options in {run}")
    heads = build_heads(network, len(config.train_sessions), options.pretext)
    weights, marks = read_weights_file(path, fix="Copy the run again, or start from a fresh head.")
    if marks.get("step") != str(config.step):
        raise InputError(
            f"{path} is of step {marks.get('step')}, the checkpoint of step {config.step}.",
            fix="Go on with the training: `dashgaze train --resume`.",
            path=path,
        )
    try:
        heads.load_state_dict(weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{path} does not fit this network: {reason}.", fix="Copy the run again.", path=path
        ) from error
    return heads
