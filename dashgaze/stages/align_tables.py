"""The tables of the ``align`` stage: homographies, and gaze in the road view beside what was there."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.finite import finite_rows
from dashgaze.alignment.frame_grid import Membership
from dashgaze.alignment.frame_maps import FrameMaps
from dashgaze.alignment.mapping import MapFrame
from dashgaze.alignment.observations import REFUSALS, Observations
from dashgaze.alignment.solution import REASONS, SOURCES, Solution
from dashgaze.alignment.transfer import RoadGaze, carry_gaze, carry_samples
from dashgaze.schemas.homography_table import HOMOGRAPHY_TABLE

from .align_plan import gaze_points

Columns = Mapping[str, pa.Array | pa.ChunkedArray]

_SHARED = (
    "road_from_ego",
    "homography_source",
    "homography_inlier_count",
    "homography_hops",
    "homography_error_px",
)
_AXES = {"xx": (0, 0), "xy": (0, 1), "yy": (1, 1)}


def homography_table(
    seen: Observations, solution: Solution, camera: EgoCamera, frames: pa.Table
) -> pa.Table:
    """Put the maps of all frames into a table after `HOMOGRAPHY_TABLE`.

    Parameters
    ----------
    seen, solution
        What was seen of the frames, and their maps.
    camera
        The scene camera.
    frames
        The frame table.
    """
    answered = solution.answered
    gaze = carry_gaze(
        solution, camera.undistort(gaze_points(frames)), np.arange(len(solution.source))
    )
    error_px = np.where(gaze.known, gaze.error_px, _middle_error_px(solution))
    model = np.where(answered[:, None, None], solution.model_px2, np.nan)
    columns = {
        **{
            name: frames.column(name).combine_chunks()
            for name in ("session_id", "frame_index", "timestamp_ns", "road_frame_index")
        },
        "homography_source": _names(solution.source, SOURCES),
        "none_reason": _names(solution.reason, REASONS),
        "match_refusal": _names(seen.refusal, REFUSALS),
        "road_from_ego": _lists(solution.road_from_ego, np.float64),
        "road_from_ego_covariance": _lists(solution.covariance, np.float32),
        **{f"model_cov_{axes}_px2": _floats(model[:, i, j]) for axes, (i, j) in _AXES.items()},
        "homography_inlier_count": pa.array(solution.inlier_count, mask=~answered),
        "homography_match_count": pa.array(seen.match_count.astype(np.int32), mask=~seen.is_direct),
        "homography_hops": pa.array(solution.hops, mask=~answered),
        "homography_error_px": _floats(error_px),
        "keypoint_sigma_px": _floats(seen.sigma_px),
    }
    schema = HOMOGRAPHY_TABLE.to_arrow()
    return pa.Table.from_arrays([columns[field.name] for field in schema], schema=schema)


def read_frame_maps(table: pa.Table, frame: MapFrame) -> FrameMaps:
    """Get the maps back from a homography table.

    Parameters
    ----------
    table
        After `HOMOGRAPHY_TABLE`.
    frame
        Coordinates of the maps.
    """
    model = np.full((table.num_rows, 2, 2), np.nan)
    for axes, (i, j) in _AXES.items():
        model[:, i, j] = model[:, j, i] = _numbers(table, f"model_cov_{axes}_px2")
    return FrameMaps.from_road_from_ego(
        _rows(table, "road_from_ego", 9), _rows(table, "road_from_ego_covariance", 36), model, frame
    )


def fill_road_columns(
    homographies: pa.Table,
    maps: FrameMaps,
    camera: EgoCamera,
    frames: pa.Table,
    gaze: pa.Table,
    *,
    road_px_per_rad: float,
) -> tuple[pa.Table, pa.Table]:
    """Carry gaze over and fill the road columns of the tables of the ``frames`` stage.

    Parameters
    ----------
    homographies, maps
        The homography table, and the maps in it.
    camera
        The scene camera.
    frames, gaze
        Frame table and gaze table.
    road_px_per_rad
        Pixels of the road view to a radian.

    Returns
    -------
    frames, gaze
        The tables, filled.
    """
    of_frames = carry_gaze(maps, camera.undistort(gaze_points(frames)), np.arange(frames.num_rows))
    covariance = of_frames.covariance_px2
    filled = _with(
        frames,
        {
            **{name: homographies.column(name) for name in _SHARED},
            **_point_columns(of_frames, np.float64),
            **{
                f"gaze_road_cov_{axes}_px2": _floats(covariance[:, i, j])
                for axes, (i, j) in _AXES.items()
            },
        },
    )
    index = gaze.column("frame_index")
    member = Membership(
        index=index.fill_null(0).to_numpy().astype(np.int64),
        found=index.is_valid().to_numpy(),
    )
    of_samples = carry_samples(
        maps,
        camera.undistort(gaze_points(gaze)),
        member,
        gaze.column("timestamp_ns").to_numpy(),
        frames.column("timestamp_ns").to_numpy(),
        road_px_per_rad=road_px_per_rad,
    )
    samples = {
        **_point_columns(of_samples, np.float32),
        "gaze_road_error_px": _floats(of_samples.error_px),
    }
    return filled, _with(gaze, samples)


def _point_columns(road: RoadGaze, dtype: type[np.float32] | type[np.float64]) -> Columns:
    x, y = np.asarray(road.point_px, dtype=dtype).T
    missing = ~road.known
    return {
        "gaze_road_x_px": pa.array(x, mask=missing),
        "gaze_road_y_px": pa.array(y, mask=missing),
        "gaze_road_in_view": pa.array(road.in_view, mask=missing),
    }


def _middle_error_px(maps: FrameMaps) -> NDArray[np.float64]:
    """Give the error in the middle of the road view, shape (n,); NaN without a map."""
    width, height = maps.frame.road_size_px
    middle = np.full((len(maps.answered), 2), np.nan)
    answered = np.flatnonzero(maps.answered)
    if len(answered):
        inverse = np.linalg.inv(maps.road_from_ego[answered].reshape(-1, 3, 3))
        image = inverse @ [(width - 1) / 2, (height - 1) / 2, 1.0]
        middle[answered] = image[:, :2] / image[:, 2:]
    return carry_gaze(maps, middle, np.arange(len(middle))).error_px


def _with(table: pa.Table, columns: Columns) -> pa.Table:
    """Fill columns of a table, which keeps its schema."""
    for name, values in columns.items():
        position = table.schema.get_field_index(name)
        table = table.set_column(position, table.schema.field(position), values)
    return table


def _names(codes: NDArray[np.int8], known: tuple[str, ...]) -> pa.Array:
    return pa.array(
        [None if code < 0 else known[code] for code in codes.tolist()], type=pa.string()
    )


def _floats(values: NDArray[np.float64]) -> pa.Array:
    with np.errstate(over="ignore"):  # an absurd error becomes null, as infinity
        narrow = np.asarray(values, dtype=np.float32)
    return pa.array(narrow, mask=~np.isfinite(narrow))


def _lists(rows: NDArray[np.float64], dtype: type[np.float32] | type[np.float64]) -> pa.Array:
    """Make a column of lists of one length; rows with NaN are null."""
    missing = ~finite_rows(rows)
    values = pa.array(np.where(missing[:, None], 0.0, rows).astype(dtype).ravel())
    field = pa.field("element", values.type)
    return pa.FixedSizeListArray.from_arrays(
        values, type=pa.list_(field, rows.shape[1]), mask=pa.array(missing)
    )


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    return np.asarray(table.column(name).to_numpy(), dtype=np.float64)


def _rows(table: pa.Table, name: str, width: int) -> NDArray[np.float64]:
    """Read a column of lists of one length, shape (n, width); NaN where null."""
    column = table.column(name).combine_chunks()
    rows = np.full((len(column), width), np.nan)
    known = column.is_valid().to_numpy(zero_copy_only=False)
    rows[known] = column.drop_null().flatten().to_numpy().reshape(-1, width)
    return rows
