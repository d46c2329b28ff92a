"""From a session's rows in a data set's tables to the arrays of `SessionData`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from ..contract.study import BoolArray, FloatArray, IndexArray, SessionData, TextArray

if TYPE_CHECKING:
    import pyarrow as pa

YAW_RATE_FACT = "head_yaw_rate_deg_s"
"""Name in `SessionData.facts` of the head's yaw rate, right positive, deg/s: float32, shape (n,), of all frames
as they were read (`SessionData.where` does not cut it). Its running mean is that of the car."""

CAR_YAW_RATE_FACT = "car_yaw_rate_deg_s"
"""The same of the car, as the road video shows it: no gaze and no head is in it. Data sets need not have it."""

_NUMBERS = {
    "gaze_road_px": ("gaze_road_x_px", "gaze_road_y_px"),
    "gaze_road_cov_px2": ("gaze_road_cov_xx_px2", "gaze_road_cov_xy_px2", "gaze_road_cov_yy_px2"),
    "gaze_angle_deg": ("gaze_azimuth_deg", "gaze_elevation_deg"),
    "gaze_spread_px": ("gaze_spread_px",),
    "vanishing_point_px": ("vanishing_point_x_px", "vanishing_point_y_px"),
    "speed_m_s": ("speed_m_s",),
    "homography_error_px": ("homography_error_px",),
    "homography_hops": ("homography_hops",),
    "head_pose_deg": ("head_yaw_deg", "head_pitch_deg", "head_roll_deg"),
}
_ONE_NUMBER = ("gaze_spread_px", "speed_m_s", "homography_error_px", "homography_hops")
_FLAGS = {
    "valid": "ego_frame_valid",
    "gaze_in_view": "gaze_road_in_view",
    "worn": "worn",
    "blink": "blink",
    "saccade": "saccade",
}
_OTHERS = {
    "gaze_sample_count": "gaze_sample_count",
    "fixation_id": "fixation_id",
    "homography_source": "homography_source",
}
# The glasses' y axis points down: a turn about it is one to the right.
_FACTS = {YAW_RATE_FACT: "gyro_y_deg_s", CAR_YAW_RATE_FACT: "car_yaw_rate_deg_s"}
_ALWAYS = ("valid", "time_s")
_CONDITIONS = ("lighting", "weather", "camera_position", "eyewear", "car")
_TAKEN = {
    "session_id",
    "driver_id",
    "passengers",
    "road_width_px",
    "road_height_px",
    "road_focal_px",
    "road_focal_origin",
    *_CONDITIONS,
}

READABLE: tuple[str, ...] = (*_NUMBERS, *_FLAGS, *_OTHERS, *_FACTS)
"""What of a session's frames can be asked for by name."""


def frame_columns(wanted: Sequence[str] | None = None) -> list[str]:
    """List the columns of the frame table that some fields of `SessionData` are made of.

    Parameters
    ----------
    wanted
        Names of `READABLE`; all if None. Time and validity always come along.

    Raises
    ------
    InputError
        If a name is none of them.
    """
    names = READABLE if wanted is None else (*wanted, *_ALWAYS)
    columns = ["time_ns"]
    for name in names:
        if name in _NUMBERS:
            columns += _NUMBERS[name]
        elif name in _FLAGS or name in _OTHERS:
            columns.append(_FLAGS.get(name) or _OTHERS[name])
        elif name in _FACTS:
            columns.append(_FACTS[name])
        elif name != "time_s":
            raise InputError(
                f"The frames of a session have no {name!r}.",
                fix=f"Ask for some of {', '.join(READABLE)}.",
            )
    return list(dict.fromkeys(columns))


def session_data(frames: pa.Table, row: Mapping[str, Any]) -> SessionData:
    """Give one session as the analyses see it.

    Parameters
    ----------
    frames
        Rows of the data set's frame table, in order of time. Columns that are not there count as null.
    row
        The session's row of the sessions table; ``session_id`` and ``driver_id`` have to be there.
    """
    count = frames.num_rows
    known: set[str] = set()
    arrays: dict[str, Any] = {name: _text_or_none(row.get(name)) for name in _CONDITIONS}
    for name, columns in _NUMBERS.items():
        values = np.full((count, len(columns)), np.nan)
        for place, column in enumerate(columns):
            if _has_values(frames, column):
                values[:, place] = _floats(frames, column)
                known |= {name, column}
        arrays[name] = values[:, 0].copy() if name in _ONE_NUMBER else values
    for name, column in _FLAGS.items():
        arrays[name] = np.zeros(count, dtype=np.bool_)
        if _has_values(frames, column):
            arrays[name] = _flags(frames, column)
            known |= {name, column}
    for name, missing in (("gaze_sample_count", 0), ("fixation_id", -1)):
        arrays[name] = np.full(count, missing, dtype=np.int64)
        if _has_values(frames, name):
            arrays[name] = _integers(frames, name, missing)
            known.add(name)
    source = "homography_source"
    arrays[source] = np.full(count, "", dtype="<U10")
    if _has_values(frames, source):
        arrays[source] = _text(frames, source)
        known.add(source)
    facts = {name: value for name, value in row.items() if name not in _TAKEN}
    for name, column in _FACTS.items():
        if _has_values(frames, column):
            facts[name] = _floats(frames, column).astype(np.float32)
            known |= {name, column}
    return SessionData(
        session_id=str(row["session_id"]),
        driver_id=str(row["driver_id"]),
        passengers=_whole_or_none(row.get("passengers")),
        road_size_px=_size(row.get("road_width_px"), row.get("road_height_px")),
        road_focal_px=_positive(row.get("road_focal_px")),
        road_focal_origin=_text_or_none(row.get("road_focal_origin")),
        time_s=_integers(frames, "time_ns", 0) / 1e9,
        facts=facts,
        known=_the_same(frozenset(known)),
        **arrays,
    )


@lru_cache(maxsize=64)
def _the_same(known: frozenset[str]) -> frozenset[str]:
    """Give one object for equal sets: most sessions have the same columns, and there may be many sessions."""
    return known


def _has_values(frames: pa.Table, column: str) -> bool:
    return (
        column in frames.column_names
        and frames.num_rows > 0
        and frames.column(column).null_count < frames.num_rows
    )


def _floats(frames: pa.Table, column: str) -> FloatArray:
    import pyarrow as pa

    return np.asarray(frames.column(column).cast(pa.float64()).to_numpy(), dtype=np.float64)


def _flags(frames: pa.Table, column: str) -> BoolArray:
    return np.asarray(frames.column(column).fill_null(False).to_numpy(), dtype=np.bool_)


def _integers(frames: pa.Table, column: str, missing: int) -> IndexArray:
    return np.asarray(frames.column(column).fill_null(missing).to_numpy(), dtype=np.int64)


def _text(frames: pa.Table, column: str) -> TextArray:
    """Give a column of few different words, ``""`` where null, shape (n,)."""
    encoded = frames.column(column).combine_chunks().dictionary_encode()
    words = np.array([*encoded.dictionary.to_pylist(), ""], dtype=np.str_)
    places: NDArray[np.int64] = np.asarray(
        encoded.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False), dtype=np.int64
    )
    return np.asarray(words[places], dtype=np.str_)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)


def _whole_or_none(value: Any) -> int | None:
    return None if value is None else int(value)


def _positive(value: Any) -> float | None:
    # A focal length of 0 or NaN would turn every angle into nonsense without a word.
    return float(value) if value is not None and np.isfinite(value) and value > 0 else None


def _size(width: Any, height: Any) -> tuple[int, int] | None:
    return None if not width or not height else (int(width), int(height))
