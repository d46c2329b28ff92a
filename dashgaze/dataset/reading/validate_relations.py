"""Whether the tables of one session agree within themselves and with each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .validate_report import DatasetFindings

if TYPE_CHECKING:
    import pyarrow as pa

_MEND = "Mend what computed it, and pack again."
# A point this near to the picture's edge is on either side of it by rounding.
_EDGE_PX = 0.01
# float32 keeps seven digits.
_ROUNDING = 1e-5
_PAIRS = (
    ("gaze_ego_x_px", "gaze_ego_y_px"),
    ("gaze_azimuth_deg", "gaze_elevation_deg"),
    ("gaze_road_x_px", "gaze_road_y_px", "gaze_road_in_view"),
    ("gaze_road_cov_xx_px2", "gaze_road_cov_xy_px2", "gaze_road_cov_yy_px2"),
    ("vanishing_point_x_px", "vanishing_point_y_px"),
    ("face_x_px", "face_y_px", "face_width_px", "face_height_px"),
)


@dataclass(frozen=True)
class Column:
    """One column as numpy has it.

    Attributes
    ----------
    values
        With anything where a value is missing, shape (n,).
    known
        Whether there is a value, shape (n,).
    """

    values: NDArray[Any]
    known: NDArray[np.bool_]


class Rows:
    """The rows of a table, column by column; those that the table lacks are all missing."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __getitem__(self, name: str) -> Column:
        import pyarrow as pa
        import pyarrow.compute as pc

        if name not in self._table.column_names:
            return Column(np.zeros(len(self)), np.zeros(len(self), dtype=np.bool_))
        column = self._table[name].combine_chunks()
        known = np.asarray(pc.is_valid(column))
        if column.null_count:
            blank: bool | int | str = 0
            if pa.types.is_boolean(column.type):
                blank = False
            elif pa.types.is_string(column.type):
                blank = ""
            column = column.fill_null(pa.scalar(blank, column.type))
        return Column(np.asarray(column), known)


class RelationCheck:
    """Checks the tables of one session.

    Parameters
    ----------
    session
        Its row of the sessions table; empty if that can't be read.
    findings
        Where to tell.
    """

    def __init__(self, session: Mapping[str, Any], findings: DatasetFindings) -> None:
        self._session, self._findings = session, findings

    def check_frames(self, rows: Rows, file: str) -> None:
        """Check order, times, gaze and maps of the frame table."""
        index, time = rows["frame_index"].values, rows["time_ns"].values
        if not np.array_equal(index, np.arange(len(rows))):
            self._wrong("ROWS_ORDER", file, "frame_index does not count from 0 in steps of one.")
        if len(time) and time[0] != 0:
            self._wrong("ROWS_TIME", file, f"time_ns starts at {time[0]}; it has to start at 0.")
        if (np.diff(time) <= 0).any():
            self._wrong("ROWS_TIME", file, "time_ns does not ascend from frame to frame.")
        self._check_pts(rows, file)
        self._check_together(rows, file)
        self._check_view(rows, file)
        self._check_covariance(rows, file)
        gaze, count = rows["gaze_ego_x_px"], rows["gaze_sample_count"]
        self._count(
            "GAZE_SAMPLES",
            file,
            gaze.known != (count.values > 0),
            "gaze is there without samples, or samples without gaze",
        )
        hops, source = rows["homography_hops"], rows["homography_source"]
        direct = source.known & (source.values == "direct")
        self._count(
            "MAP_HOPS",
            file,
            direct & hops.known & (hops.values != 0),
            "the map is direct, but homography_hops is not 0",
        )
        self._count_frames(rows, file)

    def check_fixations(self, rows: Rows, frames: Rows, file: str) -> None:
        """Check the fixation table, and that the frames' fixations are in it."""
        ids = rows["fixation_id"].values
        if len(np.unique(ids)) != len(ids):
            self._wrong("FIXATION_TWICE", file, "A fixation_id is there twice.")
        named = frames["fixation_id"]
        lost = np.setdiff1d(named.values[named.known], ids)
        if len(lost):
            self._wrong(
                "FIXATION_UNKNOWN", file, f"Frames lie in fixation {lost[0]}, which is not in it."
            )
        onset, offset = rows["onset_ns"].values, rows["offset_ns"].values
        self._count("FIXATION_TIME", file, offset < onset, "a fixation ends before it begins")
        if (np.diff(onset) < 0).any():
            self._wrong("FIXATION_TIME", file, "onset_ns does not ascend.")
        first, last = rows["first_frame_index"], rows["last_frame_index"]
        self._count(
            "FIXATION_FRAMES",
            file,
            (first.known != last.known)
            | (first.known & ((first.values > last.values) | (last.values >= len(frames)))),
            "first_frame_index and last_frame_index don't fit each other or the frames",
        )

    def check_gaze(self, rows: Rows, frames: Rows, fixations: Rows | None, file: str) -> None:
        """Check the raw samples."""
        if (np.diff(rows["time_ns"].values) < 0).any():
            self._wrong("ROWS_TIME", file, "time_ns does not ascend from sample to sample.")
        index = rows["frame_index"]
        self._count(
            "GAZE_FRAME",
            file,
            index.known & (index.values >= len(frames)),
            "frame_index names a frame that is not there",
        )
        if fixations is not None:
            named = rows["fixation_id"]
            lost = np.setdiff1d(named.values[named.known], fixations["fixation_id"].values)
            if len(lost):
                self._wrong(
                    "FIXATION_UNKNOWN",
                    file,
                    f"Samples lie in fixation {lost[0]}, which the fixation table lacks.",
                )
        self._check_together(rows, file)
        self._check_view(rows, file)

    def _check_pts(self, rows: Rows, file: str) -> None:
        numbers = {"ego": "frame_index", "road": "road_frame_index", "driver": "driver_frame_index"}
        for view, name in numbers.items():
            pts, index = rows[f"{view}_pts"], rows[name]
            self._count(
                "PTS_WITHOUT_FRAME",
                file,
                pts.known & ~index.known,
                f"{view}_pts is there, but {name} is missing",
            )
            both = pts.known & index.known
            frame, first = np.unique(index.values[both], return_index=True)
            times = pts.values[both]
            if (np.diff(times[first]) <= 0).any() or not np.array_equal(
                times, times[first][np.searchsorted(frame, index.values[both])]
            ):
                self._wrong(
                    "PTS_ORDER", file, f"{view}_pts does not ascend with {name}, frame by frame."
                )

    def _check_together(self, rows: Rows, file: str) -> None:
        for names in _PAIRS:
            known = [rows[name].known for name in names]
            apart = np.zeros(len(rows), dtype=np.bool_)
            for other in known[1:]:
                apart |= known[0] != other
            self._count(
                "VALUES_APART", file, apart, f"{' and '.join(names)} are not there together"
            )

    def _check_view(self, rows: Rows, file: str) -> None:
        width, height = self._session.get("road_width_px"), self._session.get("road_height_px")
        if width is None or height is None:
            return
        x, y, in_view = rows["gaze_road_x_px"], rows["gaze_road_y_px"], rows["gaze_road_in_view"]
        known = x.known & y.known & in_view.known
        inside = _between(x.values, width, -_EDGE_PX) & _between(y.values, height, -_EDGE_PX)
        outside = ~(_between(x.values, width, _EDGE_PX) & _between(y.values, height, _EDGE_PX))
        says = in_view.values.astype(np.bool_)
        self._count(
            "IN_VIEW_WRONG",
            file,
            known & ((inside & ~says) | (outside & says)),
            f"gaze_road_in_view contradicts the point in a picture of {width} × {height} px",
        )

    def _check_covariance(self, rows: Rows, file: str) -> None:
        xx, xy, yy = (rows[f"gaze_road_cov_{name}_px2"] for name in ("xx", "xy", "yy"))
        a, b, c = (column.values.astype(np.float64) for column in (xx, xy, yy))
        with np.errstate(invalid="ignore"):
            bad = (a < 0) | (c < 0) | (b * b > a * c * (1 + _ROUNDING) + _ROUNDING**2)
        self._count(
            "COVARIANCE_WRONG",
            file,
            xx.known & xy.known & yy.known & bad,
            "the covariance of the road gaze point is none (not positive semidefinite)",
        )

    def _count_frames(self, rows: Rows, file: str) -> None:
        valid = int(rows["ego_frame_valid"].values.sum())
        for name, count in (("frame_count", len(rows)), ("valid_frame_count", valid)):
            said = self._session.get(name)
            if said is not None and said != count:
                self._wrong(
                    "SESSION_COUNTS", file, f"{name} of the session is {said}, not {count}."
                )

    def _count(self, code: str, file: str, bad: NDArray[np.bool_], what: str) -> None:
        rows = np.flatnonzero(bad)
        if len(rows):
            self._wrong(code, file, f"In {len(rows)} rows, first in row {rows[0]}, {what}.")

    def _wrong(self, code: str, file: str, message: str) -> None:
        self._findings.add(code, message, file=file, fix=_MEND)


def _between(values: NDArray[Any], size_px: int, margin_px: float) -> NDArray[np.bool_]:
    """Tell which coordinates lie in a picture, made larger by a margin; pixel centres are integers."""
    return (values >= -0.5 - margin_px) & (values < size_px - 0.5 + margin_px)
