"""The driver's video of a session that otherwise has labels only."""

from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..drive_videos import frame_times
from ..driver_view.driver_camera import DriverCamera, front_camera
from ..driver_view.driver_look import draw_look
from ..media_writer import write_video
from ..story.label_drive import LabelDrive
from ..story.labels import Film
from .drive import Drive
from .film_files import film_options, single_opencv
from .films import driver_film
from .recording import DRIVER_LATE_S
from .truth import write_driver_truth

FloatArray = NDArray[np.float64]

SLOWEST_FPS, USUAL_FPS, FASTEST_FPS = 1.0, 10.0, 30.0

SAID = (
    "Simulated, labels and driver video only: this session has tables, truth and phone/driver.mp4, but no "
    "other recordings; the other paths of phone and eye tracker in session.yaml name files that are not "
    "there. The clocks of phone and tracker are one."
)
# Finer than in full drives: fewer frames, each of them to learn from, and further apart.
_OPTIONS = film_options(24, 700)


def film_driver(folder: Path, drive: LabelDrive, *, fps: float = USUAL_FPS) -> Film:
    """Film the driver of a drive: ``phone/driver.mp4``, and what is true of it in ``truth/driver.parquet``.

    Camera, driver, light and pictures are those of a full drive; frames are fewer, and finer encoded.

    Parameters
    ----------
    folder
        The session folder, with ``truth/``.
    drive
        The drive.
    fps
        Frames a second.

    Returns
    -------
    Film
        With ``driver_frame_index`` and ``driver_time_error_ms``.

    Raises
    ------
    OutputError
        If a file can't be written.
    """
    story = drive.story
    rng = np.random.default_rng([story.seed, 55])
    frame_s = frame_times(rng, story.seconds, fps, start_s=DRIVER_LATE_S)
    look = draw_look(story.conditions.driver.look_seed, story.conditions.eyewear)
    camera = front_camera(story.conditions.camera_position, Drive().driver_size_px)
    phone = folder / "phone"
    phone.mkdir()
    with single_opencv():
        write_video(
            phone / "driver.mp4",
            times_s=frame_s,
            size_px=camera.size_px,
            images=driver_film(story, look, camera, frame_s, lambda: None),
            options=_OPTIONS,
        )
    write_driver_truth(folder / "truth" / "driver.parquet", story, look, camera, frame_s)
    return Film(
        columns=driver_frames(drive.phone_s, frame_s),
        facts={"driver_fps": fps, "driver_frames": len(frame_s), "driver_camera": _facts(camera)},
        note=SAID,
    )


def driver_frames(phone_s: FloatArray, frame_s: FloatArray) -> dict[str, pa.Array]:
    """Find the driver frame that is nearest to each row of the frame table.

    As the ``frames`` stage does: null where none is within the usual interval of the video, and of two
    equally near ones the earlier. That stage lies above the simulation, and tests hold one against the
    other.

    Parameters
    ----------
    phone_s
        Times of the rows, shape (n,), s.
    frame_s
        Times of the video's frames, ascending, shape (m,), m ≥ 2, s.
    """
    after = np.clip(np.searchsorted(frame_s, phone_s), 1, len(frame_s) - 1)
    before_s, after_s = phone_s - frame_s[after - 1], frame_s[after] - phone_s
    index = np.where(before_s <= after_s, after - 1, after)
    error_s = frame_s[index] - phone_s
    missing = np.abs(error_s) > np.median(np.diff(frame_s))
    return {
        "driver_frame_index": pa.array(index.astype(np.int32), mask=missing),
        "driver_time_error_ms": pa.array((error_s * 1e3).astype(np.float32), mask=missing),
    }


def _facts(camera: DriverCamera) -> dict[str, object]:
    return {
        "size": list(camera.size_px),
        "matrix": camera.matrix.tolist(),
        "car_from_camera": camera.car_from_camera.tolist(),
    }
