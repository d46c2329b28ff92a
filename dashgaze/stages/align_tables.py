"""The tables of the ``align`` stage: homographies, and gaze in the road view beside what was there."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.alignment.finite import finite_rows
from dashgaze.alignment.frame_grid import Membership
from dashgaze.alignment.observations import REFUSALS, Observations
from dashgaze.alignment.road_camera import usual_focal_px
from dashgaze.alignment.solution import REASONS, SOURCES, Solution
from dashgaze.alignment.transfer import RoadGaze, carry_gaze, carry_samples
from dashgaze.schemas.homography_table import HOMOGRAPHY_TABLE

from .align_plan import AlignPlan, gaze_points

Columns = Mapping[str, pa.Array]


@dataclass(frozen=True, kw_only=True, eq=False)
class AlignTables:
    """What the stage writes.

    Attributes
    ----------
    homographies
        After `HOMOGRAPHY_TABLE`.
    frames, gaze
        The tables of the ``frames`` stage with their road columns filled.
    error_px
        Error of each frame's map as in the column, shape (n,); NaN without one.
    """

    homographies: pa.Table
    frames: pa.Table
    gaze: pa.Table
    error_px: NDArray[np.float64]


def build_align_tables(
    plan: AlignPlan, seen: Observations, solution: Solution, frames: pa.Table, gaze: pa.Table
) -> AlignTables:
    """Carry gaze over and put everything into columns.

    Parameters
    ----------
    plan
        The drive.
    seen, solution
        What was seen of its frames, and their maps.
    frames, gaze
        Frame table and gaze table.
    """
    ego_px = plan.camera.undistort(gaze_points(frames))
    of_frames = carry_gaze(solution, ego_px, np.arange(len(plan)))
    error_px = np.where(of_frames.known, of_frames.error_px, _middle_error_px(plan, solution))
    shared = _map_columns(solution, error_px)
    homographies = pa.Table.from_arrays(
        list(_homography_columns(seen, solution, frames, shared).values()),
        schema=HOMOGRAPHY_TABLE.to_arrow(),
    )
    frames = _with(frames, {**shared, **_road_columns(of_frames)})
    gaze = _with(gaze, _sample_columns(plan, solution, frames, gaze))
    return AlignTables(homographies=homographies, frames=frames, gaze=gaze, error_px=error_px)


def _homography_columns(
    seen: Observations, solution: Solution, frames: pa.Table, shared: Columns
) -> dict[str, pa.Array]:
    answered = np.isfinite(solution.normal_map[:, 0])
    model = np.where(answered[:, None, None], solution.model_px2, np.nan)
    columns = {
        "session_id": frames.column("session_id").combine_chunks(),
        "frame_index": frames.column("frame_index").combine_chunks(),
        "timestamp_ns": frames.column("timestamp_ns").combine_chunks(),
        "road_frame_index": frames.column("road_frame_index").combine_chunks(),
        "none_reason": _names(solution.reason, REASONS),
        "match_refusal": _names(seen.refusal, REFUSALS),
        "road_from_ego_covariance": _lists(solution.covariance, np.float32),
        "model_cov_xx_px2": _floats(model[:, 0, 0]),
        "model_cov_xy_px2": _floats(model[:, 0, 1]),
        "model_cov_yy_px2": _floats(model[:, 1, 1]),
        "homography_match_count": pa.array(seen.match_count.astype(np.int32), mask=~seen.is_direct),
        "keypoint_sigma_px": _floats(seen.sigma_px),
        **shared,
    }
    return {field.name: columns[field.name] for field in HOMOGRAPHY_TABLE.to_arrow()}


def _map_columns(solution: Solution, error_px: NDArray[np.float64]) -> dict[str, pa.Array]:
    answered = np.isfinite(solution.normal_map[:, 0])
    return {
        "road_from_ego": _lists(solution.road_from_ego, np.float64),
        "homography_source": _names(solution.source, SOURCES),
        "homography_inlier_count": pa.array(solution.inlier_count, mask=~answered),
        "homography_hops": pa.array(solution.hops, mask=~answered),
        "homography_error_px": _floats(error_px),
    }


def _road_columns(road: RoadGaze) -> dict[str, pa.Array]:
    return {
        "gaze_road_x_px": pa.array(road.point_px[:, 0], mask=~road.known),
        "gaze_road_y_px": pa.array(road.point_px[:, 1], mask=~road.known),
        "gaze_road_in_view": pa.array(road.in_view, mask=~road.known),
        "gaze_road_cov_xx_px2": _floats(road.covariance_px2[:, 0, 0]),
        "gaze_road_cov_xy_px2": _floats(road.covariance_px2[:, 0, 1]),
        "gaze_road_cov_yy_px2": _floats(road.covariance_px2[:, 1, 1]),
    }


def _sample_columns(
    plan: AlignPlan, solution: Solution, frames: pa.Table, gaze: pa.Table
) -> dict[str, pa.Array]:
    member = Membership(
        index=gaze.column("frame_index").fill_null(0).to_numpy().astype(np.int64),
        found=gaze.column("frame_index").is_valid().to_numpy(),
    )
    road = carry_samples(
        solution,
        plan.camera.undistort(gaze_points(gaze)),
        member,
        gaze.column("timestamp_ns").to_numpy(),
        frames.column("timestamp_ns").to_numpy(),
        road_px_per_rad=road_focal_px(plan, solution),
    )
    return {
        "gaze_road_x_px": _floats(road.point_px[:, 0]),
        "gaze_road_y_px": _floats(road.point_px[:, 1]),
        "gaze_road_in_view": pa.array(road.in_view, mask=~road.known),
        "gaze_road_error_px": _floats(road.error_px),
    }


def road_focal_px(plan: AlignPlan, solution: Solution) -> float:
    """Give the road camera's focal length; a usual one where it is unknown."""
    if solution.road_camera is None:
        return usual_focal_px(plan.frame.road_size_px)
    return solution.road_camera.focal_px


def _middle_error_px(plan: AlignPlan, solution: Solution) -> NDArray[np.float64]:
    """Give the error in the middle of the road view, shape (n,); NaN without a map."""
    width, height = plan.frame.road_size_px
    middle = np.full((len(plan), 2), np.nan)
    answered = np.flatnonzero(np.isfinite(solution.normal_map[:, 0]))
    if len(answered):
        inverse = np.linalg.inv(solution.road_from_ego[answered].reshape(-1, 3, 3))
        image = inverse @ [(width - 1) / 2, (height - 1) / 2, 1.0]
        middle[answered] = image[:, :2] / image[:, 2:]
    return carry_gaze(solution, middle, np.arange(len(plan))).error_px


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
