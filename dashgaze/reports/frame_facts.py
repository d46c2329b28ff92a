"""What the frame table says of gaze, eye events, speed and the way to the road view."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dashgaze.alignment.time_map import TimeMap
from dashgaze.errors import InputError

SOURCES = ("direct", "propagated", "none")

_COLUMNS = (
    "ego_frame_valid", "timestamp_ns", "frame_index", "road_frame_index", "driver_frame_index",
    "gaze_ego_x_px", "gaze_ego_y_px", "worn", "blink", "blink_id", "fixation_id", "speed_m_s",
    "gaze_road_x_px", "gaze_road_y_px", "gaze_road_in_view", "gaze_road_cov_xx_px2",
    "gaze_road_cov_xy_px2", "gaze_road_cov_yy_px2", "homography_source", "homography_error_px",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class FrameFacts:
    """The frame table as arrays over its n frames; NaN where a value is missing.

    Attributes
    ----------
    time_s
        On the drive's clock (see `Drive`), shape (n,), s.
    valid
        Whether the ego frame is a real picture, shape (n,).
    road_index, driver_index
        Frames of the phone beside it, shape (n,); -1 for none.
    gaze_ego_px, gaze_road_px
        Gaze in the two views, shape (n, 2), px.
    blink
        1 in blinks, 0 outside, NaN where unknown, shape (n,).
    blink_count
        Blinks in the table; None where the device found none at all.
    fixating
        Whether a frame lies in a fixation, shape (n,).
    worn
        1 if the glasses were worn, 0 if not, NaN without samples, shape (n,).
    speed_m_s
        Speed of the car, shape (n,).
    in_view
        1 where road gaze lies in the picture, 0 where it does not, NaN without, shape (n,).
    covariance_px2
        Of road gaze, as xx, xy, yy, shape (n, 3), px².
    source
        Index into `SOURCES`, shape (n,); -1 before the align stage.
    error_px
        Stated error of the map, 1σ per axis, shape (n,), px.
    """

    time_s: NDArray[np.float64]
    valid: NDArray[np.bool_]
    road_index: NDArray[np.int64]
    driver_index: NDArray[np.int64]
    gaze_ego_px: NDArray[np.float64]
    gaze_road_px: NDArray[np.float64]
    blink: NDArray[np.float64]
    blink_count: int | None
    fixating: NDArray[np.bool_]
    worn: NDArray[np.float64]
    speed_m_s: NDArray[np.float64]
    in_view: NDArray[np.float64]
    covariance_px2: NDArray[np.float64]
    source: NDArray[np.int64]
    error_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def has_gaze(self) -> NDArray[np.bool_]:
        """Whether a frame has gaze, shape (n,)."""
        return np.isfinite(self.gaze_ego_px[:, 0])

    @property
    def gaze_share(self) -> float | None:
        """Share of real ego frames with gaze."""
        return _mean(self.has_gaze[self.valid])

    @property
    def road_share(self) -> float | None:
        """Share of real ego frames with a road frame beside them."""
        return _mean(self.road_index[self.valid] >= 0)

    @property
    def speed_share(self) -> float | None:
        """Share of frames with a speed."""
        return _mean(np.isfinite(self.speed_m_s))

    @property
    def worn_share(self) -> float | None:
        """Share of frames with gaze samples in which the glasses were worn."""
        return _mean(self.worn[np.isfinite(self.worn)])

    @property
    def fixation_share(self) -> float | None:
        """Share of frames with gaze that lie in a fixation."""
        return _mean(self.fixating[self.has_gaze])

    @property
    def blink_share(self) -> float | None:
        """Share of frames in blinks; None where the device found none."""
        return _mean(self.blink[np.isfinite(self.blink)])

    @property
    def blinks_per_min(self) -> float | None:
        """Blinks in a minute; None where the device found none."""
        if self.blink_count is None or len(self) < 2:
            return None
        return self.blink_count / max(1e-9, float(np.ptp(self.time_s)) / 60)

    @property
    def aligned(self) -> bool:
        """Whether the align stage has filled its columns."""
        return bool((self.source >= 0).any())

    @property
    def road_gaze_share(self) -> float | None:
        """Share of frames with gaze and a road frame whose gaze was carried to the road view."""
        able = self.has_gaze & (self.road_index >= 0)
        return _mean(np.isfinite(self.gaze_road_px[able, 0])) if self.aligned else None

    @property
    def in_view_share(self) -> float | None:
        """Share of road gaze that lies in the road picture."""
        return _mean(self.in_view[np.isfinite(self.in_view)])

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        speed = self.speed_m_s[np.isfinite(self.speed_m_s)]
        return {
            "frame_count": len(self),
            "valid_frame_count": int(np.count_nonzero(self.valid)),
            "gaze_share": self.gaze_share,
            "worn_share": self.worn_share,
            "blink_count": self.blink_count,
            "blinks_per_min": self.blinks_per_min,
            "blink_share": self.blink_share,
            "fixation_share": self.fixation_share,
            "road_frame_share": self.road_share,
            "speed_share": self.speed_share,
            "median_speed_m_s": float(np.median(speed)) if len(speed) else None,
            "max_speed_m_s": float(speed.max()) if len(speed) else None,
            "road_gaze_share": self.road_gaze_share,
            "road_gaze_in_view_share": self.in_view_share,
        }


def read_frame_facts(
    path: Path, *, first_frame_ns: int | None, time_map: TimeMap | None
) -> FrameFacts:
    """Read the frame table.

    Parameters
    ----------
    path
        ``frames.parquet``.
    first_frame_ns
        Zero of the tracker's time; None for the table's first frame.
    time_map
        From the phone's clock to the tracker's; None leaves times on the tracker's.

    Raises
    ------
    InputError
        If it can't be read, or lacks columns.
    """
    try:
        table = pq.read_table(path, columns=list(_COLUMNS))
        missing = [name for name in _COLUMNS if name not in table.column_names]
        if missing:
            raise ValueError(f"the column {missing[0]} is missing")
        return _facts(table, first_frame_ns, time_map)
    except (OSError, pa.ArrowException, ValueError, LookupError, TypeError) as error:
        raise InputError(
            f"{path.name} can't be read: {error}.",
            fix="Make it again with `dashgaze frames --force`.",
            path=path,
        ) from error


def _facts(table: pa.Table, first_frame_ns: int | None, time_map: TimeMap | None) -> FrameFacts:
    def floats(name: str) -> NDArray[np.float64]:
        column = table.column(name).combine_chunks().cast(pa.float64())
        return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)

    def indices(name: str) -> NDArray[np.int64]:
        column = table.column(name).cast(pa.int64()).fill_null(-1)
        return np.asarray(column.to_numpy(), dtype=np.int64)

    stamps_ns = np.asarray(table.column("timestamp_ns").cast(pa.int64()).to_numpy())
    if not len(stamps_ns):
        raise ValueError("it has no rows")
    zero_ns = int(stamps_ns[0]) if first_frame_ns is None else first_frame_ns
    tracker_s = (stamps_ns - zero_ns) / 1e9
    blink = floats("blink")
    blink_ids = table.column("blink_id").drop_null().unique()
    names = table.column("homography_source").fill_null("").to_numpy(zero_copy_only=False)
    source = np.full(len(stamps_ns), -1, dtype=np.int64)
    for code, name in enumerate(SOURCES):
        source[names == name] = code
    covariance = ("gaze_road_cov_xx_px2", "gaze_road_cov_xy_px2", "gaze_road_cov_yy_px2")
    return FrameFacts(
        time_s=tracker_s if time_map is None else time_map.phone_s(tracker_s),
        valid=np.asarray(table.column("ego_frame_valid").to_numpy(), dtype=np.bool_),
        road_index=indices("road_frame_index"),
        driver_index=indices("driver_frame_index"),
        gaze_ego_px=np.column_stack([floats("gaze_ego_x_px"), floats("gaze_ego_y_px")]),
        gaze_road_px=np.column_stack([floats("gaze_road_x_px"), floats("gaze_road_y_px")]),
        blink=blink,
        blink_count=len(blink_ids) if np.isfinite(blink).any() else None,
        fixating=indices("fixation_id") >= 0,
        worn=floats("worn"),
        speed_m_s=floats("speed_m_s"),
        in_view=floats("gaze_road_in_view"),
        covariance_px2=np.column_stack([floats(name) for name in covariance]),
        source=source,
        error_px=floats("homography_error_px"),
    )


def _mean(values: NDArray[Any]) -> float | None:
    return float(np.mean(values)) if len(values) else None
