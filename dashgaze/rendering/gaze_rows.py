"""What the tables of a session say of gaze, as arrays."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

SOURCES = ("direct", "propagated", "none")
UNKNOWN = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class GazeRows:
    """One row for each of n ego frames; NaN where something is not known.

    Attributes
    ----------
    timestamp_ns
        Time of the frame on the tracker's clock, shape (n,).
    ego_px, road_px
        Gaze in the two views, shape (n, 2).
    covariance_px2
        Of the point in the road view, shape (n, 2, 2).
    road_from_ego
        Homographies, shape (n, 3, 3).
    source
        Index into `SOURCES`, shape (n,); -1 before the align stage.
    none_reason
        Why there is no homography, or None.
    error_px
        Predicted error of a mapped point (1σ per axis), shape (n,).
    blink, saccade, unworn
        What is known to be so, shape (n,).
    fixation_s
        How long the fixation of the frame has lasted, s, shape (n,); NaN outside of fixations.
    speed_m_s
        Of the car, shape (n,).
    """

    timestamp_ns: NDArray[np.int64]
    ego_px: NDArray[np.float64]
    road_px: NDArray[np.float64]
    covariance_px2: NDArray[np.float64]
    road_from_ego: NDArray[np.float64]
    source: NDArray[np.int8]
    none_reason: tuple[str | None, ...]
    error_px: NDArray[np.float64]
    blink: NDArray[np.bool_]
    saccade: NDArray[np.bool_]
    unworn: NDArray[np.bool_]
    fixation_s: NDArray[np.float64]
    speed_m_s: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.timestamp_ns)

    @property
    def aligned(self) -> bool:
        """Whether the align stage has run."""
        return bool((self.source != UNKNOWN).any())

    @classmethod
    def read(cls, frames_path: Path, homographies_path: Path) -> Self:
        """Read them.

        Raises
        ------
        OSError, ValueError, LookupError, TypeError, ArrowException
            If the frame table can't be read, lacks a column, or has one of another type.
        """
        table = pq.read_table(frames_path)
        stamps = table.column("timestamp_ns").cast(pa.int64()).to_numpy()
        xx, xy, yy = (_numbers(table, f"gaze_road_cov_{axes}_px2") for axes in ("xx", "xy", "yy"))
        return cls(
            timestamp_ns=stamps,
            ego_px=_points(table, "gaze_ego"),
            road_px=_points(table, "gaze_road"),
            covariance_px2=np.stack([xx, xy, xy, yy], axis=1).reshape(-1, 2, 2),
            road_from_ego=_matrices(table, "road_from_ego"),
            source=_sources(table),
            none_reason=_reasons(homographies_path, table.num_rows),
            error_px=_numbers(table, "homography_error_px"),
            blink=_flags(table, "blink"),
            saccade=_flags(table, "saccade"),
            unworn=_flags(table, "worn", of=False),
            fixation_s=_lasted_s(table, stamps),
            speed_m_s=_numbers(table, "speed_m_s"),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class GazeSamples:
    """Every gaze sample in the road view, for trails; only such as show where the eyes looked.

    Attributes
    ----------
    timestamp_ns
        Ascending, shape (n,).
    road_px
        Shape (n, 2).
    """

    timestamp_ns: NDArray[np.int64]
    road_px: NDArray[np.float64]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read them; none where the table can't be read."""
        try:
            table = pq.read_table(
                path,
                columns=["timestamp_ns", "worn", "blink_id", "gaze_road_x_px", "gaze_road_y_px"],
            )
            points = _points(table, "gaze_road")
            blinking = table.column("blink_id").is_valid().to_numpy()
            usable = _flags(table, "worn") & ~blinking & np.isfinite(points).all(axis=1)
            stamps = table.column("timestamp_ns").cast(pa.int64()).to_numpy()
        except (OSError, ValueError, LookupError, TypeError, pa.ArrowException):
            return cls(timestamp_ns=np.zeros(0, np.int64), road_px=np.zeros((0, 2)))
        return cls(timestamp_ns=stamps[usable], road_px=points[usable])


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    return np.asarray(table.column(name).to_numpy(), dtype=np.float64)


def _points(table: pa.Table, name: str) -> NDArray[np.float64]:
    return np.column_stack([_numbers(table, f"{name}_{axis}_px") for axis in "xy"])


def _flags(table: pa.Table, name: str, *, of: bool = True) -> NDArray[np.bool_]:
    """Tell where a flag is known to be so."""
    filled = table.column(name).fill_null(not of).to_numpy(zero_copy_only=False)
    return np.asarray(filled == of, dtype=np.bool_)


def _matrices(table: pa.Table, name: str) -> NDArray[np.float64]:
    column = table.column(name).combine_chunks()
    rows = np.full((len(column), 9), np.nan)
    known = column.is_valid().to_numpy(zero_copy_only=False)
    rows[known] = column.drop_null().flatten().to_numpy().reshape(-1, 9)
    return rows.reshape(-1, 3, 3)


def _sources(table: pa.Table) -> NDArray[np.int8]:
    names = table.column("homography_source").to_pylist()
    code: dict[str | None, int] = {name: index for index, name in enumerate(SOURCES)}
    return np.array([code.get(name, UNKNOWN) for name in names], dtype=np.int8)


def _reasons(path: Path, count: int) -> tuple[str | None, ...]:
    try:
        reasons = pq.read_table(path, columns=["none_reason"]).column("none_reason").to_pylist()
    except (OSError, ValueError, LookupError, pa.ArrowException):
        return (None,) * count
    return tuple(reasons) if len(reasons) == count else (None,) * count


def _lasted_s(table: pa.Table, stamps_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Give the time since the first frame of each frame's fixation."""
    column = table.column("fixation_id")
    inside = column.is_valid().to_numpy()
    lasted = np.full(len(stamps_ns), np.nan)
    if inside.any():
        number = column.drop_null().to_numpy()
        _, first, which = np.unique(number, return_index=True, return_inverse=True)
        stamps = stamps_ns[inside]
        lasted[inside] = (stamps - stamps[first[which]]) / 1e9
    return lasted
