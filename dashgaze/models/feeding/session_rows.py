"""Labels of one session's pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.schemas.face_table import LANDMARKS

from ..contract.samples import Samples

if TYPE_CHECKING:
    import pyarrow as pa

SessionRow = Mapping[str, Any]

CONDITIONS = ("lighting", "weather", "camera_position", "eyewear", "car")
SESSION_COLUMNS = (
    "session_id",
    "driver_id",
    "split",
    "road_width_px",
    "road_height_px",
    "driver_width_px",
    "driver_height_px",
    *CONDITIONS,
)
_PAIRS = {
    "gaze_road_px": ("gaze_road_x_px", "gaze_road_y_px"),
    "gaze_road_cov_px2": tuple(f"gaze_road_cov_{pair}_px2" for pair in ("xx", "xy", "yy")),
    "gaze_angle_deg": ("gaze_azimuth_deg", "gaze_elevation_deg"),
    "landmarks_px": tuple(f"{mark}_{axis}_px" for mark in LANDMARKS for axis in "xy"),
    "face_box_px": tuple(f"face_{side}_px" for side in ("x", "y", "width", "height")),
    "head_pose_deg": tuple(f"head_{angle}_deg" for angle in ("yaw", "pitch", "roll")),
    "vanishing_point_px": ("vanishing_point_x_px", "vanishing_point_y_px"),
}
_NUMBERS = ("face_confidence", "speed_m_s", "homography_error_px")
_FRAME_COLUMNS = (
    "frame_index",
    "time_ns",
    "gaze_road_in_view",
    "blink",
    "fixation_id",
    "homography_source",
    *_NUMBERS,
    *(name for names in _PAIRS.values() for name in names),
)


def read_columns(path: Path, columns: Sequence[str]) -> pa.Table:
    """Read some columns of a shard.

    Raises
    ------
    InputError
        If it can't be read or lacks one of them.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        for name in columns:
            if name not in schema.names:
                raise InputError(
                    f"{path} has no column {name}.",
                    fix="Pack the data set again with this version of dashgaze.",
                    path=path,
                )
        return pq.read_table(path, columns=list(columns), partitioning=None)
    except (OSError, ValueError, pa.ArrowException) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise InputError(
            f"{path} can't be read: {reason}.",
            fix="Type `dashgaze validate` on the data set, and copy the file again.",
            path=path,
        ) from error


def read_session(
    frames_path: Path, images_path: Path, facts: SessionRow
) -> tuple[Samples, NDArray[np.int64]]:
    """Read the labels of all frames of a session that have pictures.

    Parameters
    ----------
    frames_path, images_path
        Shards of the configurations ``frames`` and ``images``.
    facts
        The session's row of the sessions table.

    Returns
    -------
    samples
        Ascending in time.
    row_in_shard
        Row of each in the shard of pictures, shape (n,).

    Raises
    ------
    InputError
        If a size is unknown, the shards don't belong together, or a number is infinite.
    """
    index = read_columns(images_path, ("frame_index",))["frame_index"].to_numpy()
    order = np.argsort(index, kind="stable")
    table = read_columns(frames_path, _FRAME_COLUMNS)
    known = table["frame_index"].to_numpy()
    place = np.searchsorted(known, index[order])
    if len(index) and (place.max() >= len(known) or (known[place] != index[order]).any()):
        raise InputError(
            f"{images_path} has pictures of frames that {frames_path} lacks.",
            fix="Copy both from the same data set, or pack it again.",
            path=images_path,
        )
    labels = {name: _values(table[name], place) for name in _FRAME_COLUMNS}
    arrays: dict[str, Any] = {
        name: np.stack([labels[column] for column in columns], axis=1)
        for name, columns in _PAIRS.items()
    }
    arrays |= {name: labels[name] for name in _NUMBERS}
    for name, values in arrays.items():
        if np.isinf(values).any():
            raise InputError(
                f"{frames_path} holds infinite numbers in {', '.join(_PAIRS.get(name, (name,)))}.",
                fix="Type `dashgaze validate` on the data set, and pack it again.",
                path=frames_path,
            )
    arrays["landmarks_px"] = arrays["landmarks_px"].reshape(-1, len(LANDMARKS), 2)
    count = len(index)
    words = {
        name: np.full(count, facts[name] or "") for name in ("session_id", "split", "driver_id")
    }
    words |= {name: np.full(count, facts[name] or "") for name in CONDITIONS}
    sees_face = bool(np.isfinite(arrays["landmarks_px"]).any())
    samples = Samples(
        **words,
        **arrays,
        frame_index=index[order].astype(np.int64),
        time_s=labels["time_ns"] / 1e9,
        gaze_in_view=labels["gaze_road_in_view"] == 1.0,
        blink=labels["blink"] == 1.0,
        fixation=np.isfinite(labels["fixation_id"]),
        homography_source=labels["homography_source"],
        road_size_px=np.tile(_size(facts, "road", needed=True), (count, 1)),
        driver_size_px=np.tile(_size(facts, "driver", needed=sees_face), (count, 1)),
    )
    return samples, order.astype(np.int64)


def _values(column: pa.ChunkedArray, rows: NDArray[np.int64]) -> Any:
    """Give numbers as float64 with NaN for null, words with "" for null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    taken = column.take(pa.array(rows)).combine_chunks()
    if pa.types.is_string(taken.type):
        return np.asarray(pc.fill_null(taken, "").to_pylist(), dtype=np.str_)
    numbers = taken.cast(pa.float64()) if not pa.types.is_boolean(taken.type) else taken
    if pa.types.is_boolean(numbers.type):
        numbers = numbers.cast(pa.int8()).cast(pa.float64())
    return numbers.to_numpy(zero_copy_only=False).astype(np.float64)


def _size(facts: SessionRow, view: str, *, needed: bool) -> NDArray[np.float64]:
    """Give width and height of a session's picture; NaN where it is neither known nor needed."""
    size = [facts[f"{view}_{side}_px"] for side in ("width", "height")]
    if all(size):
        return np.array(size, dtype=np.float64)
    if not needed:
        return np.full(2, np.nan)
    raise InputError(
        f"The sessions table does not say how large the {view} picture of {facts['session_id']} is; its "
        f"{'gaze' if view == 'road' else 'landmarks'} can't be scaled.",
        fix="Pack the data set again with the recordings at hand.",
    )
