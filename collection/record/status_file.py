"""What the screen shows, left for a second terminal: ``field/status.json``."""

import json

from .drive_folder import DriveFolder
from .preflight import without_keys
from .state import Phase
from .view import View, view_to_json


def write_status(folder: DriveFolder, view: View, phase: Phase, host_ns: int) -> str:
    """Write a view; it is no evidence, so it is neither synced nor worth an error.

    Parameters
    ----------
    folder
        The session folder.
    view
        What is shown.
    phase
        How far the drive is.
    host_ns
        Now, Unix time, ns.

    Returns
    -------
    str
        What went wrong, in a sentence; empty if nothing did.
    """
    part = folder.status.with_suffix(".part")
    try:
        part.write_text(without_keys(json.dumps(view_to_json(view, phase, host_ns))))
        part.replace(folder.status)
    except OSError as error:
        return f"{folder.status} can't be written: {error.strerror or error}."
    return ""
