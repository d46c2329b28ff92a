"""Making a trained network smaller: filters that tell nothing of gaze go, the rest learns again."""

from pathlib import Path

from dashgaze.errors import MissingExtraError
from dashgaze.progress import Progress, silent

from .options import CompressOptions

_DEFAULT = CompressOptions()


def compress(
    data: Path,
    checkpoint: Path,
    options: CompressOptions = _DEFAULT,
    out: Path = Path("compressed"),
    *,
    progress: Progress = silent,
) -> Path:
    """Make a trained network smaller.

    Listens to the filters on the sessions that the network was trained on, keeps those that tell gaze there, and
    trains the rest for some steps. Errors are measured on another split, before, after pruning, and after
    finetuning, for several γ.

    Parameters
    ----------
    data
        The data set that it was trained on.
    checkpoint
        Folder of the trained network.
    options
        How.
    out
        Folder of the new checkpoint, with ``compression.json`` and ``compression.png``; made, and never written
        over.
    progress
        Where to report to.

    Returns
    -------
    Path
        The new checkpoint's folder.

    Raises
    ------
    InputError
        If the checkpoint can't be read, nothing of the network can be pruned, or its training sessions are not in
        the data set.
    OutputError
        If the result can't be written.
    MissingExtraError
        If torch or another package of the extra ``train`` is not installed.
    """
    try:
        from .compression_run import run_compression
    except ImportError as error:
        if (error.name or "dashgaze").startswith("dashgaze"):
            raise
        raise MissingExtraError(
            f"Compressing a network needs the package {error.name}, which is not installed.",
            fix="Install it: pip install 'dashgaze[train]'",
        ) from error
    return run_compression(data, checkpoint, options, out, progress)
