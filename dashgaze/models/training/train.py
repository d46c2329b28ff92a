"""Training a network on a packed data set."""

from __future__ import annotations

from pathlib import Path

from dashgaze.errors import MissingExtraError
from dashgaze.progress import Progress, silent

from .options import TrainOptions

_DEFAULT = TrainOptions()


def train(
    data: Path,
    options: TrainOptions = _DEFAULT,
    out: Path = Path("run"),
    *,
    resume: bool = False,
    progress: Progress = silent,
) -> Path:
    """Train a network, or go on with a training.

    Learns from the sessions of split ``train``, and keeps the weights that are best on those of split
    ``validation``; no other session is looked at. Equal seeds give equal weights on a CPU with as many
    threads of torch, also when the training was killed in between and resumed.

    Parameters
    ----------
    data
        A packed data set with pictures.
    options
        What was chosen.
    out
        Folder of the run: ``checkpoint/``, ``train.jsonl``, ``state.pt``, ``run.json``, and
        ``heads.safetensors`` of the pretext task. New, unless `resume` is set.
    resume
        Go on with the run in `out`, with the same options.
    progress
        Where to report to.

    Returns
    -------
    Path
        The checkpoint's folder.

    Raises
    ------
    InputError
        If the data can't be learned from, options contradict one another, a driver is on both sides, or the
        loss is no number.
    OutputError
        If `out` is taken or can't be written.
    MissingExtraError
        If torch or another package of the extra ``train`` is not installed.
    """
    try:
        from .run import run_training
    except ImportError as error:
        if (error.name or "dashgaze").startswith("dashgaze"):
            raise
        raise MissingExtraError(
            f"Training needs the package {error.name}, which is not installed.",
            fix="Install it: pip install 'dashgaze[train]'",
        ) from error
    return run_training(data, options, out, resume=resume, progress=progress)
