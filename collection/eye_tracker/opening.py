"""Opening a recording, whatever made it."""

from pathlib import Path

from dashgaze.errors import RecordingError
from dashgaze.progress import Progress, silent

from .cloud import open_cloud
from .info import INFO_NAME
from .native import open_native
from .recognition import find_recording
from .recording import EyeTrackerRecording


def open_recording(path: Path, *, progress: Progress = silent) -> EyeTrackerRecording:
    """Read an eye tracker recording: a native folder or a CSV export of Pupil Invisible or Neon.

    Nothing is decoded but a few pictures, and nothing is written. What is mended, left out or
    assumed stands in the recording's notes.

    Parameters
    ----------
    path
        The folder of one recording. The folder around it of a Pupil Cloud download will do, if
        there is one recording inside.
    progress
        Called while the videos are read.

    Returns
    -------
    EyeTrackerRecording
        Streams with strictly ascending stamps.

    Raises
    ------
    RecordingError
        If the folder is no such recording, or one without gaze or without stamps of the world
        video. The message names file and stream.
    """
    found = find_recording(path)
    if found.kind is None:
        raise RecordingError(
            f"{found.folder} does not say whether a Pupil Invisible or a Neon made it.",
            fix=f"Copy {INFO_NAME} of the download into it.",
            path=found.folder,
        )
    if found.source == "cloud":
        return open_cloud(found.folder, found.kind, progress=progress)
    return open_native(found.folder, found.kind, progress=progress)
