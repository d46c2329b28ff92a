"""Finishing what a killed run left between two renames."""

from pathlib import Path

from .lock import locked
from .staging import recover, was_broken_off


def recover_if_broken_off(folder: Path) -> bool:
    """Put a data set back in its place if a run was killed while it swapped folders; else do nothing.

    Parameters
    ----------
    folder
        The data set's folder.

    Returns
    -------
    bool
        Whether there was something to finish.

    Raises
    ------
    OutputError
        If another process is changing it, or the folder can't be written.
    """
    if not was_broken_off(folder):
        return False
    with locked(folder):
        return recover(folder)
