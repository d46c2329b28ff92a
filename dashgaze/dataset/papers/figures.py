"""All figures of the card, in the order that they are shown in."""

from collections.abc import Callable
from pathlib import Path

from dashgaze.progress import Progress, silent

from .condition_figures import draw_devices, draw_weather_and_lighting
from .figure import FigureFile
from .frame_tally import FrameTally
from .gaze_figures import draw_gaze_angles, draw_gaze_on_road, draw_head_pose
from .quality_figures import draw_homographies, draw_missing, draw_speed
from .session_tally import SessionTally


def draw_figures(
    folder: Path, sessions: SessionTally, frames: FrameTally, *, progress: Progress = silent
) -> tuple[FigureFile, ...]:
    """Draw what there is something to show of.

    Parameters
    ----------
    folder
        The data set's folder; figures are written below.
    sessions, frames
        What was counted.
    progress
        Told of each figure.
    """
    if sessions.all.sessions == 0:
        return ()
    steps: tuple[Callable[[], FigureFile | None], ...] = (
        lambda: draw_weather_and_lighting(folder, sessions),
        lambda: draw_devices(folder, sessions),
        lambda: draw_gaze_on_road(folder, frames, sessions),
        lambda: draw_gaze_angles(folder, frames),
        lambda: draw_head_pose(folder, frames),
        lambda: draw_speed(folder, frames),
        lambda: draw_homographies(folder, frames),
        lambda: draw_missing(folder, frames),
    )
    drawn = []
    for index, step in enumerate(steps):
        figure = step()
        if figure is not None:
            drawn.append(figure)
        progress("drawing figures", (index + 1) / len(steps))
    return tuple(drawn)
