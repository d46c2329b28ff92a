"""The data set's table of fixations, from gaze samples, or from frames where there are none."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.schemas.dataset_tables import FIXATION_TABLE

from .column_values import flags, floats, integers, to_array
from .frame_rows import in_order


@dataclass(frozen=True, kw_only=True, eq=False)
class _Looks:
    """Where and when was looked, in samples or frames that lie in a fixation; arrays of shape (n,).

    Attributes
    ----------
    number
        Which row of the table each belongs to.
    counts
        Whether its point is to be trusted: not null, worn, outside of blinks.
    time_ns
        On the session's clock.
    ego_px, road_px
        Points, shape (n, 2); NaN where missing.
    in_view
        Whether the road point lies in the picture.
    """

    number: NDArray[np.int64]
    counts: NDArray[np.bool_]
    time_ns: NDArray[np.int64]
    ego_px: NDArray[np.float64]
    road_px: NDArray[np.float64]
    in_view: NDArray[np.bool_]


def fixation_rows(session_id: str, frames: pa.Table, gaze: pa.Table | None) -> pa.Table:
    """Describe each fixation of a session.

    Time, centre and dispersion are those of its gaze samples. A fixation that no sample lies in has
    its times from the frames, and no centre. Without a gaze table all comes from the frames.

    Parameters
    ----------
    session_id
        The session.
    frames
        After `DATASET_FRAME_TABLE`.
    gaze
        After `DATASET_GAZE_TABLE`; None if samples are unknown.

    Returns
    -------
    pa.Table
        After `FIXATION_TABLE`, by onset.
    """
    frame_ids, frame_inside = integers(frames, "fixation_id")
    ids = np.unique(frame_ids[frame_inside])
    if gaze is not None:
        sample_ids, sample_inside = integers(gaze, "fixation_id")
        ids = np.union1d(ids, sample_ids[sample_inside])
    count = len(ids)
    # The gaze of a frame is made of samples that count, or null.
    of_frames = _looks(frames, ids, usable=np.ones(frames.num_rows, dtype=np.bool_))
    first, last = _extremes(of_frames.number, np.flatnonzero(frame_inside), count)
    onset, offset = _extremes(of_frames.number, of_frames.time_ns, count)
    looks = of_frames
    if gaze is not None:
        _, blinking = integers(gaze, "blink_id")
        looks = _looks(gaze, ids, usable=flags(gaze, "worn") & ~blinking)
        with_samples = np.bincount(looks.number, minlength=count) > 0
        sample_onset, sample_offset = _extremes(looks.number, looks.time_ns, count)
        onset = np.where(with_samples, sample_onset, onset)
        offset = np.where(with_samples, sample_offset, offset)
    ego_px, dispersion_px, looked = _centres(looks.number, looks.ego_px, looks.counts, count)
    carried = looks.counts & np.isfinite(looks.road_px[:, 0])
    road_px, _, on_road = _centres(looks.number, looks.road_px, carried, count)
    seen = np.bincount(looks.number[carried & looks.in_view], minlength=count)
    has_frames = np.bincount(of_frames.number, minlength=count) > 0
    wanted = FIXATION_TABLE.to_arrow()
    values = {
        "fixation_id": ids,
        "onset_ns": onset,
        "offset_ns": offset,
        "first_frame_index": np.where(has_frames, first, np.nan),
        "last_frame_index": np.where(has_frames, last, np.nan),
        "gaze_ego_x_px": ego_px[:, 0],
        "gaze_ego_y_px": ego_px[:, 1],
        "gaze_road_x_px": road_px[:, 0],
        "gaze_road_y_px": road_px[:, 1],
        "gaze_road_in_view_share": _over(seen, on_road),
        "dispersion_px": dispersion_px,
    }
    if gaze is not None:
        values["sample_count"] = looked
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        name: to_array(each, wanted.field(name).type) for name, each in values.items()
    }
    columns["session_id"] = pa.repeat(pa.scalar(session_id), count)
    order = np.lexsort([ids, onset])
    return in_order(columns, FIXATION_TABLE, count).take(pa.array(order))


def _looks(table: pa.Table, ids: NDArray[np.int64], *, usable: NDArray[np.bool_]) -> _Looks:
    """Take the rows of a frame table or gaze table that lie in a fixation."""
    fixation, inside = integers(table, "fixation_id")
    ego = np.column_stack([floats(table, f"gaze_ego_{axis}_px") for axis in "xy"])
    road = np.column_stack([floats(table, f"gaze_road_{axis}_px") for axis in "xy"])
    counts = usable & np.isfinite(ego[:, 0]) & np.isfinite(ego[:, 1])
    return _Looks(
        number=np.searchsorted(ids, fixation[inside]).astype(np.int64),
        counts=counts[inside],
        time_ns=integers(table, "time_ns")[0][inside],
        ego_px=ego[inside],
        road_px=road[inside],
        in_view=flags(table, "gaze_road_in_view")[inside],
    )


def _extremes(
    number: NDArray[np.int64], values: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the least and the greatest value of each group, shape (count,); 0 where it is empty."""
    limits = np.iinfo(np.int64)
    least, greatest = np.full(count, limits.max), np.full(count, limits.min)
    np.minimum.at(least, number, values)
    np.maximum.at(greatest, number, values)
    empty = greatest < least
    least[empty] = greatest[empty] = 0
    return least, greatest


def _centres(
    number: NDArray[np.int64], points_px: NDArray[np.float64], counts: NDArray[np.bool_], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Give mean, root mean square distance from it, and number of the points of each group.

    Shapes (count, 2), (count,) and (count,); NaN where no point counts.
    """
    group, points = number[counts], points_px[counts]
    size = np.bincount(group, minlength=count)
    sums = [np.bincount(group, weights=axis, minlength=count) for axis in points.T]
    means = np.column_stack([_over(each, size) for each in sums])
    squares = ((points - means[group]) ** 2).sum(axis=1)
    spread = np.sqrt(_over(np.bincount(group, weights=squares, minlength=count), size))
    return means, spread, size


def _over(
    sums: NDArray[np.float64] | NDArray[np.int64], sizes: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Divide, NaN where there is nothing to divide by."""
    result = np.full(len(sums), np.nan)
    np.divide(sums, sizes, out=result, where=sizes > 0)
    return result
