"""Frames of a session whose gaze maps are held against."""

from dataclasses import dataclass

import numpy as np

from dashgaze.densities.grid import Grid
from dashgaze.densities.unit_square import unit_from_px
from dashgaze.errors import InputError

from ..contract.study import FloatArray, IndexArray, SessionData
from ..study.packed_dataset import OpenDataset
from ..study.selection import Selection, usable_gaze

SELECTION = Selection(off_frame=False)
"""Fixations in the road picture."""

_COLUMNS = (
    "gaze_road_px",
    "gaze_in_view",
    "worn",
    "blink",
    "saccade",
    "homography_source",
    "homography_error_px",
    "vanishing_point_px",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class GazeFrames:
    """Gaze of n frames of a session, inside of the road picture.

    Attributes
    ----------
    session_id, driver_id
        Which.
    size_px
        Width and height of the road picture.
    road_frame_index
        Shape (n,).
    gaze_px, vanishing_point_px
        Shape (n, 2); NaN where there is no vanishing point.
    cell
        Cell of gaze, shape (n,).
    """

    session_id: str
    driver_id: str
    size_px: tuple[int, int]
    road_frame_index: IndexArray
    gaze_px: FloatArray
    vanishing_point_px: FloatArray
    cell: IndexArray

    def __len__(self) -> int:
        return len(self.cell)


def gaze_frames(dataset: OpenDataset, session_id: str, grid: Grid) -> GazeFrames | None:
    """Read the frames of a session that count; None if its road picture is unknown.

    Parameters
    ----------
    dataset
        The packed data set.
    session_id
        Which session.
    grid
        The cells.
    """
    session = dataset.session(session_id, _COLUMNS)
    table = dataset.table("frames", session_id, ["road_frame_index"])
    if session.road_size_px is None or table is None:
        return None
    if "road_frame_index" not in table.column_names:
        return None
    index = np.asarray(
        table.column("road_frame_index").fill_null(-1).to_numpy(zero_copy_only=False), np.int64
    )
    return frames_of(session, index, grid)


def frames_of(session: SessionData, road_frame_index: IndexArray, grid: Grid) -> GazeFrames:
    """Choose the frames that count.

    Parameters
    ----------
    session
        With all of its frames, n.
    road_frame_index
        −1 where there is none, shape (n,).
    grid
        The cells.
    """
    size = session.road_size_px
    if size is None or len(road_frame_index) != len(session):
        raise InputError(
            f"{session.session_id} does not tell the size of its road picture, or not all road frames.",
            fix="Pack the data set again.",
        )
    sizes = np.full((len(session), 2), size, dtype=np.float64)
    cell = grid.cell_of(unit_from_px(session.gaze_road_px, sizes))
    known_view = "gaze_in_view" in session.known
    chosen = Selection(
        off_frame=SELECTION.off_frame if known_view else True,
        largest_error_deg=SELECTION.largest_error_deg,
    )
    rows = usable_gaze(session, chosen) & (cell >= 0) & (road_frame_index >= 0)
    return GazeFrames(
        session_id=session.session_id,
        driver_id=session.driver_id,
        size_px=size,
        road_frame_index=road_frame_index[rows],
        gaze_px=session.gaze_road_px[rows],
        vanishing_point_px=session.vanishing_point_px[rows],
        cell=cell[rows],
    )
