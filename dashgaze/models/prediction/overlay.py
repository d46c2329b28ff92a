"""The movie of what is predicted: the road with gaze and its ellipse, the driver in a corner."""

import math
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.frame_grid import nearest_frame
from dashgaze.media import FrameTimes
from dashgaze.progress import Progress
from dashgaze.rendering.canvas import Canvas, Rect
from dashgaze.rendering.clip import Clip, ClipFile
from dashgaze.rendering.gaze_marks import (
    CHI2_95,
    TRAIL_S,
    draw_ellipse,
    draw_gaze,
    draw_pointer,
    draw_trail,
)
from dashgaze.rendering.lettering import height_of, write_on_plate
from dashgaze.rendering.movie_writer import writing_movie
from dashgaze.rendering.palette import EGO_GAZE, EMPTY, GREY, NO_MAP, PALE
from dashgaze.rendering.picture_feed import PictureFeed, Shown
from dashgaze.rendering.timeline import Track
from dashgaze.schemas.face_table import LANDMARKS

from .options import PredictOptions
from .prediction_table import PredictionRows
from .road_view import RoadView, usual_interval

FloatArray = NDArray[np.float64]

CHI2_68 = -2.0 * math.log(1.0 - 0.68)
"""68 % quantile of χ² with two degrees of freedom."""

SAYS = {
    "no_face": "no face is seen",
    "others_only": "only somebody else's face is seen",
    "lost": "the face moved too fast",
    "too_old": "the face was seen too long ago",
    "not_looked_at": "no face is known yet",
    "undecodable": "this picture of the driver is damaged",
    "other_shape": "this picture of the driver has another shape",
    "no_answer": "the network gave no answer",
}
"""Reasons in words."""

# Share of the movie's width, and of its height, that the driver may take.
_INSET_WIDTH, _INSET_HEIGHT = 0.26, 0.42


@dataclass(frozen=True, kw_only=True, eq=False)
class OverlayViews:
    """What is shown.

    Attributes
    ----------
    road, driver
        Their frame times.
    road_size_px, driver_size_px
        Width and height of their pictures.
    offset_s
        Time in the road video = time in the driver video + this.
    mirrored
        Whether pictures of the driver are stored as mirror images; they are shown turned back.
    """

    road: FrameTimes
    driver: FrameTimes
    road_size_px: tuple[int, int]
    driver_size_px: tuple[int, int]
    offset_s: float
    mirrored: bool


def overlay_views(
    road: RoadView, driver: FrameTimes, driver_size_px: tuple[int, int], options: PredictOptions
) -> OverlayViews | None:
    """Give the views of an overlay; None without a road video."""
    if road.times is None:
        return None
    return OverlayViews(
        road=road.times,
        driver=driver,
        road_size_px=road.size_px,
        driver_size_px=driver_size_px,
        offset_s=options.offset_s,
        mirrored=options.mirrored,
    )


def write_overlay(
    path: Path, views: OverlayViews, rows: PredictionRows, *, width_px: int, progress: Progress
) -> int:
    """Write the movie: the road video's frames, at their times, as long as there are predictions.

    Parameters
    ----------
    path
        An MP4 file to write.
    views
        What is shown.
    rows
        What is predicted.
    width_px
        Width of the movie, even; never wider than the road picture.
    progress
        Where to report to.

    Returns
    -------
    int
        Pictures written.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    driver_s = rows.time_s + views.offset_s
    interval_s = usual_interval(driver_s)
    near = nearest_frame(driver_s, views.road.time_s, within=interval_s)
    steps = np.flatnonzero(near.found)
    shown_rows, time_s = near.index[steps], views.road.time_s[steps]
    width_px = min(width_px, views.road_size_px[0] // 2 * 2)
    size_px = (width_px, _even(width_px * views.road_size_px[1] / views.road_size_px[0]))
    inset = _inset(size_px, views.driver_size_px)
    buffer = np.empty((size_px[1] * 3 // 2, size_px[0]), np.uint8)
    canvas = Canvas.on(buffer)
    artist = _Artist(canvas, inset, rows, driver_s, views)
    with ExitStack() as stack:
        road = stack.enter_context(
            PictureFeed(_track(views.road, views.road_size_px, steps), size_px)
        )
        driver = stack.enter_context(
            PictureFeed(
                _track(views.driver, views.driver_size_px, rows.index[shown_rows]), inset.size_px
            )
        )
        movie = stack.enter_context(
            writing_movie(
                path,
                size_px,
                rate_hz=float(np.clip(1 / usual_interval(views.road.time_s), 1.0, 240.0)),
                sound=None,
                zero_s=float(time_s[0]),
            )
        )
        for number, (row, now_s) in enumerate(
            zip(shown_rows.tolist(), time_s.tolist(), strict=True)
        ):
            artist.draw(road.next(), driver.next(), row, now_s)
            movie.show(buffer, now_s)
            progress("rendering the overlay", (number + 1) / len(steps))
        movie.finish(float(time_s[-1]) + interval_s)
    return len(steps)


class _Artist:
    """Draws one picture after the other."""

    def __init__(
        self,
        canvas: Canvas,
        inset: Rect,
        rows: PredictionRows,
        driver_s: FloatArray,
        views: OverlayViews,
    ) -> None:
        self._canvas, self._inset, self._rows = canvas, inset, rows
        self._driver_s, self._views = driver_s, views
        self._letter_px = max(11, round(canvas.size_px[0] / 68))
        self._scale = np.array(canvas.size_px, dtype=np.float64) / views.road_size_px
        points = np.stack([rows["x_px"], rows["y_px"]], axis=1)
        self._points = (points + 0.5) * self._scale - 0.5
        spread = np.stack([rows["x_sd_px"], rows["y_sd_px"]], axis=1) * self._scale
        # The ellipse that is drawn reaches to 95 % of what it is given.
        self._variance = spread**2 * CHI2_68 / CHI2_95

    def draw(self, road: Shown | str, driver: Shown | str, row: int, now_s: float) -> None:
        if isinstance(road, str):
            self._canvas.fill(EMPTY)
        else:
            self._canvas.paste(road.planes)
        self._draw_gaze(row)
        self._draw_driver(driver, row)
        self._write(road, row, now_s)

    def _draw_gaze(self, row: int) -> None:
        at = self._points[row]
        start = int(np.searchsorted(self._driver_s, self._driver_s[row] - TRAIL_S))
        age_s = self._driver_s[row] - self._driver_s[start : row + 1]
        draw_trail(self._canvas, self._points[start : row + 1], age_s, EGO_GAZE)
        if not np.isfinite(at).all():
            return
        covariance = np.diag(self._variance[row])
        draw_ellipse(self._canvas, at, covariance, EGO_GAZE, letter_px=self._letter_px)
        inside = (at >= 0).all() and (at <= np.array(self._canvas.size_px) - 1).all()
        if inside:
            draw_gaze(self._canvas, at, EGO_GAZE, letter_px=self._letter_px)
        else:
            draw_pointer(self._canvas, at, EGO_GAZE, letter_px=self._letter_px)

    def _draw_driver(self, driver: Shown | str, row: int) -> None:
        part = self._canvas.part(self._inset)
        small = max(10, round(0.8 * self._letter_px))
        if isinstance(driver, str):
            part.fill(EMPTY)
            write_on_plate(part, driver, (0, 0), size_px=small)
            return
        bright, blue, red = driver.planes
        if self._views.mirrored:
            bright, blue, red = bright[:, ::-1], blue[:, ::-1], red[:, ::-1]
        part.paste((bright, blue, red))
        scale = np.array(part.size_px, dtype=np.float64) / self._views.driver_size_px
        rows = self._rows
        x, y, width, height = (
            float(rows[f"face_{each}_px"][row]) for each in ("x", "y", "width", "height")
        )
        if math.isfinite(x):
            corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (width, height) + (x, y)
            fresh = rows["face_age_frames"][row] == 0
            part.line(corners * scale - 0.5, EGO_GAZE if fresh else PALE, closed=True)
            for name in LANDMARKS:
                point = np.array([rows[f"{name}_{axis}_px"][row] for axis in "xy"])
                part.ring((point + 0.5) * scale - 0.5, 2.0, EGO_GAZE)
        width_px, height_px = part.size_px
        edge = [(0, 0), (width_px - 1, 0), (width_px - 1, height_px - 1), (0, height_px - 1)]
        part.line(edge, GREY, closed=True)

    def _write(self, road: Shown | str, row: int, now_s: float) -> None:
        canvas, letter_px = self._canvas, self._letter_px
        words = [f"{now_s:.2f} s"]
        spread = (self._rows["x_sd_px"][row], self._rows["y_sd_px"][row])
        if np.isfinite(spread).all():
            words.append(f"standard deviation {spread[0]:.0f} x {spread[1]:.0f} px")
        write_on_plate(canvas, "   ".join(words), (0, 0), size_px=letter_px)
        line = height_of(letter_px) + letter_px // 2
        reason = self._rows.reason[row]
        if isinstance(road, str):
            write_on_plate(canvas, road, (0, line), size_px=letter_px, colour=NO_MAP)
        elif reason is not None:
            text = f"no prediction: {SAYS[reason]}"
            write_on_plate(canvas, text, (0, line), size_px=letter_px, colour=NO_MAP)
        elif self._rows["unusualness"][row] > 1:
            text = "unlike what the network was trained on"
            write_on_plate(canvas, text, (0, line), size_px=letter_px, colour=NO_MAP)
        small = max(10, round(0.8 * letter_px))
        text = "predicted gaze; ellipse: 68 % as the network states it"
        write_on_plate(canvas, text, (0, canvas.size_px[1]), size_px=small)


def _track(times: FrameTimes, size_px: tuple[int, int], index: NDArray[np.int64]) -> Track:
    clip = Clip(files=(ClipFile(path=times.path, times=times),), size_px=size_px)
    return Track(clip=clip, file=np.zeros(len(index), np.int64), index=index)


def _inset(size_px: tuple[int, int], driver_size_px: tuple[int, int]) -> Rect:
    """Give the lower right corner for the driver."""
    width, height = driver_size_px
    scale = min(_INSET_WIDTH * size_px[0] / width, _INSET_HEIGHT * size_px[1] / height)
    inner = max(16, _even(width * scale)), max(16, _even(height * scale))
    return Rect(size_px[0] - inner[0], size_px[1] - inner[1], *inner)


def _even(value: float) -> int:
    return 2 * round(value / 2)
