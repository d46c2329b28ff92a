"""The gaze offset of a lab session: ``field/gaze_offset.json``."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.files import write_text

from ..eye_tracker import open_recording
from .gaze_offset import DEGREES, GazeOffset, estimate_offset
from .known_targets import KNOWN_NAME

OFFSET_NAME = "field/gaze_offset.json"
_FRAMES = "derived/frames.parquet"
_COLUMNS = ("timestamp_ns", "gaze_azimuth_deg", "gaze_elevation_deg", "road_from_ego")


def store_gaze_offset(session: Path, *, eye_tracker: str = "eye_tracker") -> GazeOffset:
    """Estimate by how many degrees gaze is off, and store it as data; no gaze is changed.

    Needs ``field/known_targets.parquet`` with times of the tracker's clock, and the maps of
    ``dashgaze align`` between scene camera and film.

    Parameters
    ----------
    session
        The session folder; its road video is the film.
    eye_tracker
        Path of the eye tracker's recording in it.

    Returns
    -------
    GazeOffset
        As it was stored; with the reasons if it was refused.

    Raises
    ------
    InputError
        If something that it needs is not there.
    """
    known = _read(session / KNOWN_NAME, None, f"Type: dashgaze collect targets VIDEO {session}")
    frames = _read(session / _FRAMES, _COLUMNS, f"Type: dashgaze align {session}")
    used = known.filter((known["seen"].to_numpy(zero_copy_only=False)) & _there(known, "x_px"))
    if used["tracker_ns"].null_count:
        raise InputError(
            "The targets have no times of the eye tracker's clock: field/clocks.json lacks its offset.",
            fix="Measure it: record with `dashgaze collect record`, or pack again once it is there.",
            path=session / KNOWN_NAME,
        )
    target_ns = used["tracker_ns"].to_numpy().astype(np.int64)
    film_px = np.stack([used["x_px"].to_numpy(), used["y_px"].to_numpy()], axis=1)
    frame_ns = frames["timestamp_ns"].to_numpy().astype(np.int64)
    matrix = open_recording(session / eye_tracker).scene_camera.matrix
    maps = [
        None if each is None else np.array(each, dtype=np.float64).reshape(3, 3)
        for each in frames["road_from_ego"].to_pylist()
    ]
    seen_deg = _directions(target_ns, film_px, frame_ns, maps, matrix)
    mapped = np.isfinite(seen_deg).all(axis=1)
    gaze_deg = np.stack(
        [
            frames[name].to_numpy(zero_copy_only=False).astype(np.float64)
            for name in ("gaze_azimuth_deg", "gaze_elevation_deg")
        ],
        axis=1,
    )
    offset = estimate_offset(
        gaze_ns=frame_ns,
        gaze=gaze_deg,
        target_ns=target_ns[mapped],
        target_id=np.array(used["target_id"].to_pylist(), dtype=object)[mapped],
        target=seen_deg[mapped],
        unit="deg",
        limits=DEGREES,
    )
    write_text(session / OFFSET_NAME, json.dumps(offset.to_json(), indent=2) + "\n")
    return offset


def _directions(
    target_ns: NDArray[np.int64],
    film_px: NDArray[np.float64],
    frame_ns: NDArray[np.int64],
    maps: list[NDArray[np.float64] | None],
    matrix: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Give azimuth and elevation of targets, seen from the scene camera; NaN where unknown. (m, 2)."""
    found = np.full((len(target_ns), 2), np.nan)
    if not len(frame_ns):
        return found
    after = np.clip(np.searchsorted(frame_ns, target_ns), 1, max(1, len(frame_ns) - 1))
    nearest = np.where(
        np.abs(frame_ns[after - 1] - target_ns)
        <= np.abs(frame_ns[np.minimum(after, len(frame_ns) - 1)] - target_ns),
        after - 1,
        np.minimum(after, len(frame_ns) - 1),
    )
    for row, frame in enumerate(nearest):
        road_from_ego = maps[frame]
        if road_from_ego is None or abs(int(frame_ns[frame] - target_ns[row])) > 50_000_000:
            continue
        try:
            seen = np.linalg.solve(road_from_ego @ matrix, np.array([*film_px[row], 1.0]))
        except np.linalg.LinAlgError:
            continue
        x, y = seen[:2] / seen[2]
        length = np.sqrt(x * x + y * y + 1.0)
        found[row] = np.degrees([np.arctan(x), -np.arcsin(y / length)])
    return found


def _there(table: "pq.pa.Table", name: str) -> NDArray[np.bool_]:
    return np.asarray(table[name].is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _read(path: Path, columns: tuple[str, ...] | None, fix: str) -> "pq.pa.Table":
    try:
        return pq.read_table(path, columns=None if columns is None else list(columns))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(
            f"{path} is not there, or lacks what is needed.", fix=fix, path=path
        ) from error
