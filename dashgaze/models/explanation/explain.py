"""What a trained network looks at: one page, with tests of whether to believe it."""

from pathlib import Path

from dashgaze.errors import MissingExtraError
from dashgaze.progress import Progress, silent

from .options import ExplainOptions

_DEFAULT = ExplainOptions()


def explain(
    data: Path,
    checkpoint: Path,
    options: ExplainOptions = _DEFAULT,
    out: Path = Path("explanation"),
    *,
    progress: Progress = silent,
) -> Path:
    """Say what a trained network looks at.

    Writes ``report.html``, a page that needs no other file, ``report.json`` with its numbers, the maps as PNG in
    ``maps/`` and as arrays in ``maps.npz``: for each input and head ``<input>_<head>_mean`` and ``…_standard_error``,
    shape (204, 160), a pixel is a millimetre of the plain face.

    Parameters
    ----------
    data
        The data set's folder, packed with pictures.
    checkpoint
        Folder of a trained network.
    options
        What is looked at.
    out
        Folder of the report; made, and never written over.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``report.html``.

    Raises
    ------
    InputError
        If the checkpoint can't be read, it does not take an input that was asked for, or no frame will do.
    OutputError
        If the report can't be written.
    MissingExtraError
        If torch or another package of the extra ``train`` is not installed.
    """
    try:
        from .explanation_run import run_explanation
    except ImportError as error:
        if (error.name or "dashgaze").startswith("dashgaze"):
            raise
        raise MissingExtraError(
            f"Explaining a network needs the package {error.name}, which is not installed.",
            fix="Install it: pip install 'dashgaze[train]'",
        ) from error
    return run_explanation(data, checkpoint, options, out, progress)
