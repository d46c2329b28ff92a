"""Gaze on the road for a new pair of dashcam videos."""

from pathlib import Path

from dashgaze.errors import MissingExtraError
from dashgaze.progress import Progress, silent

from .options import PredictOptions

_DEFAULT = PredictOptions()


def predict(
    video: Path,
    checkpoint: Path,
    options: PredictOptions = _DEFAULT,
    out: Path = Path("predictions"),
    *,
    progress: Progress = silent,
) -> Path:
    """Tell where in the road picture a driver looks, for each frame of a video of the driver.

    Writes ``predictions.parquet`` (`prediction_table.PREDICTION_TABLE`: a row for each frame, the reason where
    there is no answer), ``predictions.json`` (what it was made with, share answered, speed, warnings), and
    ``overlay.mp4`` if there is a road video.

    Parameters
    ----------
    video
        Video of the driver. It is read once in its order, at the times of its own frames.
    checkpoint
        Folder of a trained network.
    options
        What can be chosen.
    out
        Folder of the results; made, and never written over.
    progress
        Where to report to.

    Returns
    -------
    Path
        ``predictions.parquet``.

    Raises
    ------
    InputError
        If the checkpoint can't be read or needs what the video can't give, the size of the road picture is
        unknown, the videos don't overlap, or no frame shows the driver's face.
    MediaError
        If a video can't be read.
    OutputError
        If the results can't be written.
    MissingExtraError
        If torch or the weights of the face detector are not installed.
    """
    try:
        from .prediction_run import run_prediction
    except ImportError as error:
        if (error.name or "dashgaze").startswith("dashgaze"):
            raise
        raise MissingExtraError(
            f"Predicting gaze needs the package {error.name}, which is not installed.",
            fix="Install it: pip install 'dashgaze[train]'",
        ) from error
    return run_prediction(video, checkpoint, options, out, progress)
