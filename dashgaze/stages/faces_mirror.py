"""Whether the driver video is a mirror image, by what the frame table says of head and gaze."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.face_detection.head_pose import HeadPoses
from dashgaze.face_detection.mirroring import MirrorEvidence, mirror_evidence

from .frames import FRAMES_NAME

_COLUMNS = ("timestamp_ns", "driver_frame_index", "gyro_y_deg_s", "gaze_azimuth_deg")
"""All of them are there as soon as the ``frames`` stage has run; ``align`` changes none."""


def read_mirror_evidence(
    derived: Path, index: NDArray[np.int64], poses: HeadPoses
) -> MirrorEvidence:
    """Compare how the head turns in the pictures with gyroscope and gaze.

    Parameters
    ----------
    derived
        Where the frame table is, if the ``frames`` stage has run.
    index
        Frames of the driver video that were looked at, ascending, shape (m,).
    poses
        Of the driver's head in each.
    """
    path = derived / FRAMES_NAME
    if not path.is_file():
        return MirrorEvidence(reason="there is no frame table to compare with")
    try:
        table = pq.read_table(path, columns=list(_COLUMNS))
        time_ns = table.column(_COLUMNS[0]).cast(pa.int64())
        known = time_ns.is_valid().to_numpy()
        ns = time_ns.fill_null(0).to_numpy()[known]
        shown, turn, azimuth = (_numbers(table.column(name))[known] for name in _COLUMNS[1:])
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException) as error:
        return MirrorEvidence(reason=f"{FRAMES_NAME} has no such columns ({error})")
    time_s = (ns - ns[:1].sum()) / 1e9
    if np.any(np.diff(time_s) < 0):
        return MirrorEvidence(reason=f"times of {FRAMES_NAME} don't ascend")
    yaw = _beside(shown, index, poses.angles_deg[:, 0])
    return mirror_evidence(time_s, yaw, turn, azimuth)


def _beside(
    shown: NDArray[np.float64], index: NDArray[np.int64], yaw_deg: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Bring the head's turn to the first ego frame that shows each picture; NaN in all others."""
    found = np.full(len(shown), np.nan)
    if not len(index):
        return found
    wanted = np.where(np.isfinite(shown), shown, -1).astype(np.int64)
    place = np.searchsorted(index, wanted)
    there = np.take(index, place, mode="clip") == wanted
    first = np.concatenate([[True], wanted[1:] != wanted[:-1]])[: len(wanted)]
    rows = there & first
    found[rows] = yaw_deg[place[rows]]
    return found


def _numbers(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Give a column as float64, null as NaN."""
    return np.asarray(column.cast(pa.float64()).fill_null(np.nan).to_numpy(), dtype=np.float64)
