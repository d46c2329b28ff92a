"""What is counted over the frame table, shard by shard: gaze, head, speed, maps to the road."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashgaze.progress import Progress, silent
from dashgaze.schemas.dataset_manifest import DatasetManifest

from .histogram import Histogram
from .shards import read_batches

GRID_WIDTH = 160
GRID_HEIGHT = 90
"""Cells of the gaze density over the road picture."""

HEAD_ANGLES = ("yaw", "pitch", "roll")

CAUSES = (
    "gaze in the road picture",
    "gaze outside of the road picture",
    "no map to the road view",
    "no road frame",
    "blink",
    "glasses not worn",
    "no valid sample",
    "ego frame unusable",
)
"""Where gaze of a frame ended up, or why it is missing; each frame counts once."""

IN_VIEW, OUTSIDE, NO_MAP, NO_ROAD_FRAME, BLINK, NOT_WORN, NO_SAMPLE, NO_EGO = range(len(CAUSES))

SOURCES = ("direct", "propagated", "none")
NOT_ALIGNED = "not aligned"

_NUMBERS = (
    "gaze_ego_x_px",
    "gaze_azimuth_deg",
    "gaze_elevation_deg",
    "gaze_road_x_px",
    "gaze_road_y_px",
    "homography_error_px",
    "speed_m_s",
    "vanishing_point_x_px",
    "vanishing_point_y_px",
    *(f"head_{name}_deg" for name in HEAD_ANGLES),
)
_FLAGS = ("ego_frame_valid", "worn", "blink", "gaze_road_in_view")
_COLUMNS = (*_NUMBERS, *_FLAGS, "road_frame_index", "homography_source", "fixation_id")

STANDING_M_S = 0.5
"""Slower than this a car stands, as far as satellite positioning can tell."""


def _even(low: float, high: float, step: float) -> Histogram:
    return Histogram(np.linspace(low, high, round((high - low) / step) + 1))


@dataclass
class FrameTally:
    """Counts over all frames.

    Attributes
    ----------
    frames
        Rows.
    valid_frames
        Rows whose ego frame is valid.
    gaze_frames
        Valid rows with gaze in the ego view.
    road_gaze_frames
        Valid rows with gaze in the road view, inside of the picture or not.
    fixation_frames
        Valid rows in a fixation.
    causes
        Rows by `CAUSES`.
    azimuth_deg, elevation_deg
        Gaze angles.
    head_deg
        Head pose, by name of the angle.
    speed_m_s
        Speed of the car.
    standing_frames
        Rows with a speed below `STANDING_M_S`.
    sources
        Rows by source of the homography: `SOURCES` and `NOT_ALIGNED`.
    error_px
        Stated error of the map of gaze to the road view.
    density
        Gaze in the road picture, rows from the top, shape (GRID_HEIGHT, GRID_WIDTH).
    vanishing_point_sum
        Sum of vanishing points as shares of width and height, and their number.
    sessions_with_size
        Sessions whose gaze is in `density`: those with a known size of the road picture.
    """

    frames: int = 0
    valid_frames: int = 0
    gaze_frames: int = 0
    road_gaze_frames: int = 0
    fixation_frames: int = 0
    causes: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(CAUSES), dtype=np.int64))
    azimuth_deg: Histogram = field(default_factory=lambda: _even(-90, 90, 1))
    elevation_deg: Histogram = field(default_factory=lambda: _even(-90, 90, 1))
    head_deg: dict[str, Histogram] = field(
        default_factory=lambda: {name: _even(-180, 180, 2) for name in HEAD_ANGLES}
    )
    speed_m_s: Histogram = field(default_factory=lambda: _even(0, 60, 1))
    standing_frames: int = 0
    sources: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys((*SOURCES, NOT_ALIGNED), 0)
    )
    # Twenty bins a decade: fine enough for quantiles of two digits.
    error_px: Histogram = field(default_factory=lambda: Histogram(np.geomspace(0.01, 1e4, 121)))
    density: NDArray[np.int64] = field(
        default_factory=lambda: np.zeros((GRID_HEIGHT, GRID_WIDTH), dtype=np.int64)
    )
    vanishing_point_sum: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    sessions_with_size: int = 0

    @property
    def vanishing_point(self) -> tuple[float, float] | None:
        """Mean vanishing point, as shares of width and height from the top left."""
        x, y, count = self.vanishing_point_sum.tolist()
        return None if count == 0 else (x / count, y / count)

    def add(self, batch: Any, road_size_px: tuple[int, int] | None) -> None:
        """Count a batch of one session's rows."""
        numbers = {name: _numbers(batch, name) for name in _NUMBERS}
        valid = _is_true(batch, "ego_frame_valid")
        has_gaze = valid & np.isfinite(numbers["gaze_ego_x_px"])
        on_road = valid & np.isfinite(numbers["gaze_road_x_px"])
        in_view = on_road & _is_true(batch, "gaze_road_in_view")
        self.frames += batch.num_rows
        self.valid_frames += int(valid.sum())
        self.gaze_frames += int(has_gaze.sum())
        self.road_gaze_frames += int(on_road.sum())
        self.fixation_frames += int((valid & ~_is_null(batch, "fixation_id")).sum())
        # The first that holds is the cause.
        causes = np.select(
            [
                ~valid,
                in_view,
                on_road,
                has_gaze & _is_null(batch, "road_frame_index"),
                has_gaze,
                _is_true(batch, "blink"),
                _is_false(batch, "worn"),
            ],
            [NO_EGO, IN_VIEW, OUTSIDE, NO_ROAD_FRAME, NO_MAP, BLINK, NOT_WORN],
            NO_SAMPLE,
        )
        self.causes += np.bincount(causes, minlength=len(CAUSES))
        self.azimuth_deg.add(numbers["gaze_azimuth_deg"][valid])
        self.elevation_deg.add(numbers["gaze_elevation_deg"][valid])
        for name, histogram in self.head_deg.items():
            histogram.add(numbers[f"head_{name}_deg"])
        self.speed_m_s.add(numbers["speed_m_s"])
        self.standing_frames += int((numbers["speed_m_s"] < STANDING_M_S).sum())
        self.error_px.add(numbers["homography_error_px"][on_road])
        self._add_sources(batch, valid)
        if road_size_px is not None:
            self._add_places(numbers, in_view, road_size_px)

    def _add_sources(self, batch: Any, valid: NDArray[np.bool_]) -> None:
        import pyarrow.compute as pc

        column = batch.column("homography_source")
        left = int(valid.sum())
        for name in SOURCES:
            count = int((valid & _bools(pc.equal(column, name), False)).sum())
            self.sources[name] += count
            left -= count
        self.sources[NOT_ALIGNED] += left

    def _add_places(
        self,
        numbers: dict[str, NDArray[np.float64]],
        in_view: NDArray[np.bool_],
        road_size_px: tuple[int, int],
    ) -> None:
        width_px, height_px = road_size_px
        # Pixel centres lie at integers: the picture begins half a pixel before the first.
        x = (numbers["gaze_road_x_px"][in_view] + 0.5) / width_px
        y = (numbers["gaze_road_y_px"][in_view] + 0.5) / height_px
        column = (x * GRID_WIDTH).astype(np.int64).clip(0, GRID_WIDTH - 1)
        row = (y * GRID_HEIGHT).astype(np.int64).clip(0, GRID_HEIGHT - 1)
        cells = np.bincount(row * GRID_WIDTH + column, minlength=GRID_HEIGHT * GRID_WIDTH)
        self.density += cells.reshape(GRID_HEIGHT, GRID_WIDTH)
        vanishing_x = (numbers["vanishing_point_x_px"] + 0.5) / width_px
        vanishing_y = (numbers["vanishing_point_y_px"] + 0.5) / height_px
        known = np.isfinite(vanishing_x) & np.isfinite(vanishing_y)
        self.vanishing_point_sum += (
            vanishing_x[known].sum(),
            vanishing_y[known].sum(),
            known.sum(),
        )


def tally_frames(
    folder: Path,
    manifest: DatasetManifest,
    road_size_px: dict[str, tuple[int, int]],
    *,
    progress: Progress = silent,
) -> FrameTally:
    """Count over the shards of the frame table.

    Parameters
    ----------
    folder
        The data set's folder.
    manifest
        What is in it.
    road_size_px
        Size of the road picture of each session that has one.
    progress
        Told of each shard.
    """
    tally = FrameTally()
    shards = manifest.shards("frames")
    for index, file in enumerate(shards):
        size = None if file.session_id is None else road_size_px.get(file.session_id)
        tally.sessions_with_size += size is not None
        for batch in read_batches(folder, file, _COLUMNS):
            tally.add(batch, size)
        progress("counting frames", (index + 1) / len(shards))
    return tally


def _numbers(batch: Any, name: str) -> NDArray[np.float64]:
    values = batch.column(name).to_numpy(zero_copy_only=False)
    return np.asarray(values, dtype=np.float64)  # a null is NaN


def _is_null(batch: Any, name: str) -> NDArray[np.bool_]:
    return np.asarray(batch.column(name).is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _is_true(batch: Any, name: str) -> NDArray[np.bool_]:
    return _bools(batch.column(name), False)


def _is_false(batch: Any, name: str) -> NDArray[np.bool_]:
    return ~_bools(batch.column(name), True)


def _bools(column: Any, missing: bool) -> NDArray[np.bool_]:
    filled = column.fill_null(missing).to_numpy(zero_copy_only=False)
    return np.asarray(filled, dtype=np.bool_)
