"""Where drivers look: on the road view, as angles of the eye, with the head."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .colours import RED, SERIES
from .figure import FIGURES_FOLDER, FigureFile
from .figure_sheet import DASHES, sheet
from .frame_tally import GRID_HEIGHT, GRID_WIDTH, FrameTally
from .histogram import Histogram
from .session_tally import SessionTally
from .wording import counted, degrees, integer, listed, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BLUR_CELLS = 1.5
_SHARES = (0.5, 0.9)
_HOW_TO_READ_ROAD = "The lines hold half and nine tenths of all gaze in the picture."
_HOW_TO_READ_CROSS = " The cross is the mean vanishing point of the road."


def draw_gaze_on_road(
    folder: Path, frames: FrameTally, sessions: SessionTally
) -> FigureFile | None:
    """Draw the density of gaze over the road picture; None without gaze in it."""
    total = int(frames.density.sum())
    if total == 0:
        return None
    import cv2

    blurred = cv2.GaussianBlur(
        frames.density.astype(np.float64), (0, 0), _BLUR_CELLS, borderType=cv2.BORDER_REFLECT
    )
    ((width_px, height_px), _), *_ = sorted(
        sessions.road_sizes_px.items(), key=lambda item: (-item[1], item[0])
    )
    falling = np.sort(blurred.ravel())[::-1]
    mass = np.cumsum(falling)
    levels = [float(falling[np.searchsorted(mass, share * mass[-1])]) for share in _SHARES]
    name = "gaze_road.png"
    # The picture takes four fifths of the sheet's width; labels take the rest.
    height_in = min(2.95 * height_px / width_px, 5.5) + 0.5
    vanishing = frames.vanishing_point
    with sheet(folder / FIGURES_FOLDER / name, height_in) as figure:
        axes = figure.add_subplot()
        axes.imshow(
            np.sqrt(blurred / blurred.max()),
            cmap="cividis",
            extent=(0, 100, 100, 0),
            aspect=height_px / width_px,
            interpolation="bilinear",
        )
        x = (np.arange(GRID_WIDTH) + 0.5) * 100 / GRID_WIDTH
        y = (np.arange(GRID_HEIGHT) + 0.5) * 100 / GRID_HEIGHT
        if levels[1] < levels[0]:
            axes.contour(
                x,
                y,
                blurred,
                levels=levels[::-1],
                colors="white",
                linewidths=0.8,
                linestyles=["--", "-"],
            )
        if vanishing is not None:
            axes.plot(100 * vanishing[0], 100 * vanishing[1], "+", color=RED, ms=9, mew=2)
        axes.set_xlabel("from the left, % of the road picture")
        axes.set_ylabel("from the top, %")
    middle_x, middle_y = _median_place(frames)
    cross = (
        ""
        if vanishing is None
        else f" A cross marks the mean vanishing point, {100 * vanishing[0]:.0f} % from the left "
        f"and {100 * vanishing[1]:.0f} % from the top."
    )
    areas = [float(np.mean(blurred >= level)) for level in levels]
    return FigureFile(
        name=name,
        title="Gaze in the road picture",
        alt=f"Density of {integer(total)} frames' gaze in the road picture of "
        f"{counted(frames.sessions_with_size, 'session')}. Half of it lies in "
        f"{percent(areas[0], 1)} of the picture (inner line), nine tenths in {percent(areas[1], 1)} "
        f"(outer line); its median is {middle_x:.0f} % from the left and {middle_y:.0f} % from the "
        f"top.{cross}",
        note=_HOW_TO_READ_ROAD + ("" if vanishing is None else _HOW_TO_READ_CROSS),
    )


def draw_gaze_angles(folder: Path, frames: FrameTally) -> FigureFile | None:
    """Draw the distributions of azimuth and elevation; None without gaze."""
    if frames.azimuth_deg.total == 0:
        return None
    angles = {
        "azimuth (right positive)": frames.azimuth_deg,
        "elevation (up positive)": frames.elevation_deg,
    }
    name = "gaze_angles.png"
    _draw_lines(folder / FIGURES_FOLDER / name, angles, "gaze angle to the scene camera, degrees")
    return FigureFile(
        name=name,
        title="Gaze angles",
        alt=f"Distributions of the gaze angles relative to the scene camera: {_quantiles(angles)}.",
    )


def draw_head_pose(folder: Path, frames: FrameTally) -> FigureFile | None:
    """Draw the distributions of yaw, pitch and roll of the head; None where it is not known."""
    if frames.head_deg["yaw"].total == 0:
        return None
    name = "head_pose.png"
    _draw_lines(
        folder / FIGURES_FOLDER / name, frames.head_deg, "head angle to the driver camera, degrees"
    )
    known = frames.head_deg["yaw"].total
    return FigureFile(
        name=name,
        title="Head pose",
        alt=f"Distributions of the head's angles relative to the driver camera, for "
        f"{percent(known, frames.frames)} of all frames: {_quantiles(frames.head_deg)}.",
    )


def _draw_lines(path: Path, angles: Mapping[str, Histogram], label: str) -> None:
    low, high = _reach(angles)
    with sheet(path, 2.3) as figure:
        axes: Axes = figure.add_subplot()
        for (name, histogram), colour, dashes in zip(angles.items(), SERIES, DASHES, strict=False):
            step = float(histogram.edges[1] - histogram.edges[0])
            axes.stairs(
                100 * histogram.shares / step,
                histogram.edges,
                label=name,
                color=colour,
                linestyle=dashes,
                linewidth=1.4,
            )
        axes.set_xlim(low, high)
        axes.set_ylim(bottom=0)
        axes.set_xlabel(label)
        axes.set_ylabel("% of frames per degree")
        figure.legend(loc="outside upper left", ncols=len(angles), frameon=False, handlelength=2.2)


def _reach(angles: Mapping[str, Histogram]) -> tuple[float, float]:
    """Give the range that holds all but a few of the values, in steps of ten degrees."""
    lows = [histogram.quantile(0.002) or 0.0 for histogram in angles.values()]
    highs = [histogram.quantile(0.998) or 0.0 for histogram in angles.values()]
    low, high = np.floor(min(lows) / 10) * 10, np.ceil(max(highs) / 10) * 10
    return float(low), float(max(high, low + 10))


def _quantiles(angles: Mapping[str, Histogram]) -> str:
    parts = []
    for name, histogram in angles.items():
        low, middle, high = (histogram.quantile(share) or 0.0 for share in (0.05, 0.5, 0.95))
        parts.append(
            f"{name} median {degrees(middle)}, nine tenths from {degrees(low)} to {degrees(high)}"
        )
    return listed(parts)


def _median_place(frames: FrameTally) -> tuple[float, float]:
    places = []
    for axis, count in ((0, GRID_WIDTH), (1, GRID_HEIGHT)):
        histogram = Histogram(np.linspace(0, 100, count + 1))
        histogram.counts += frames.density.sum(axis=axis)
        places.append(histogram.quantile(0.5) or 0.0)
    return places[0], places[1]
