"""The picture of each step of an overlay, put together from its views."""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .clip import Clip, Missing
from .layout import Layout, Panel, lay_out
from .material import EgoClip, Material
from .moment import Moment, Moments
from .options import RenderOptions
from .palette import BACKGROUND
from .panels import draw_driver, draw_ego, draw_projected, draw_road, say
from .picture_feed import NO_PICTURE, PictureFeed, Shown
from .projection import PROJECTED_ASPECT, Projection, Window
from .strips import draw_footer, draw_header
from .timeline import Timeline, Track

View = Literal["road", "ego", "driver"]


class Feed(Protocol):
    """What gives the picture of each step of a view."""

    def next(self) -> Shown | str:
        """Give the next picture, or why there is none."""
        ...


VIEWS: tuple[View, ...] = ("road", "ego", "driver")

_USUAL_ASPECT: Mapping[View, float] = {"road": 16 / 9, "ego": 1.0, "driver": 4 / 3}


class Scene:
    """Draws the steps of a timeline one after the other.

    A context manager: pictures are decoded ahead of time within it.

    Parameters
    ----------
    session_id
        Name of the session.
    material, timeline
        The drive.
    options
        What is shown.

    Attributes
    ----------
    layout
        Where everything stands.
    feeds
        What gives the pictures; filled when the context is entered.
    """

    def __init__(
        self, session_id: str, material: Material, timeline: Timeline, options: RenderOptions
    ) -> None:
        self._session_id, self._material, self._timeline = session_id, material, timeline
        self.layout = lay_out(_aspects(options.panels, material), options.width_px)
        self._moments = Moments(material, timeline)
        self._projection = _projection(material, self.layout)
        self.feeds: dict[View, Feed] = {}
        self._stack = ExitStack()
        width, height = self.layout.size_px
        self._picture = np.zeros((height * 3 // 2, width), dtype=np.uint8)
        canvas = Canvas.on(self._picture)
        canvas.fill(BACKGROUND)
        draw_footer(canvas.part(self.layout.footer), letter_px=self.layout.letter_px)
        self._header = canvas.part(self.layout.header)
        self._panels = {name: canvas.part(rect) for name, rect in self.layout.panels.items()}

    def __enter__(self) -> Self:
        tracks = {view: self._track(view) for view in VIEWS if self._wants(view)}
        threads = max(1, (os.cpu_count() or 1) // len(tracks)) if tracks else 1
        for view, track in tracks.items():
            if isinstance(track, Track):
                feed = PictureFeed(track, self._panel_size(view), thread_count=threads)
                self.feeds[view] = self._stack.enter_context(feed)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        self.feeds.clear()

    def draw(self, step: int) -> NDArray[np.uint8]:
        """Draw a step; they have to be asked for one by one, from the first on.

        Returns
        -------
        NDArray[np.uint8]
            I420, shape (3 height / 2, width); it is drawn over by the next call.
        """
        shown = {view: feed.next() for view, feed in self.feeds.items()}
        moment = self._moments.at(step)
        letter_px = self.layout.letter_px
        draw_header(
            self._header, self._session_id, self._timeline.clock, moment, letter_px=letter_px
        )
        for name, canvas in self._panels.items():
            if name == "projected":
                self._draw_projected(canvas, shown, moment)
                continue
            picture = shown.get(name)
            if not isinstance(picture, Shown):
                say(canvas, self._excuse(name, picture, moment), name, letter_px=letter_px)
            elif name == "road":
                draw_road(
                    canvas, picture, moment, self._moments.trail(step),
                    missing=self._no_road_gaze(), letter_px=letter_px,
                )  # fmt: skip
            elif name == "ego":
                draw_ego(canvas, picture, moment, letter_px=letter_px)
            else:
                draw_driver(canvas, picture, letter_px=letter_px)
        return self._picture

    def _draw_projected(
        self, canvas: Canvas, shown: Mapping[View, Shown | str], moment: Moment
    ) -> None:
        title, letter_px = "road projected into ego", self.layout.letter_px
        ego, road = shown.get("ego"), shown.get("road")
        if not isinstance(ego, Shown) or self._projection is None or moment.row < 0:
            excuse = self._excuse("ego", ego, moment)
            if isinstance(ego, Shown) and moment.row >= 0:
                excuse = "the calibration is for ego pictures of another size"
            say(canvas, excuse, title, letter_px=letter_px)
            return
        missing: Missing | str | None = self._material.road_gaze
        if isinstance(self._timeline.road, Missing):
            missing = "there is no road view to project"
        elif missing is None and not isinstance(road, Shown):
            missing = self._excuse("road", road, moment)
        draw_projected(
            canvas, ego, road.full.y if isinstance(road, Shown) else None, moment,
            self._projection, missing=missing, letter_px=letter_px,
        )  # fmt: skip

    def _excuse(self, view: View, said: Shown | str | None, moment: Moment) -> Missing | str:
        """Say why a view has no picture at a step."""
        track = self._track(view)
        if isinstance(track, Missing):
            return track
        if view == "ego" and said == NO_PICTURE and moment.row >= 0:
            return "padding, or a picture that can't be used"
        return said if isinstance(said, str) else NO_PICTURE

    def _no_road_gaze(self) -> Missing | None:
        """Say why no gaze can be in the road view at all."""
        if isinstance(self._material.time_map, Missing):
            return self._material.time_map
        if self._material.recording is None and isinstance(self._material.ego, Missing):
            return self._material.ego
        return self._material.road_gaze

    def _track(self, view: View) -> Track | Missing:
        line = self._timeline
        return {"road": line.road, "ego": line.ego, "driver": line.driver}[view]

    def _wants(self, view: View) -> bool:
        if view in self.layout.panels:
            return True
        return view != "driver" and "projected" in self.layout.panels

    def _panel_size(self, view: View) -> tuple[int, int]:
        rect = self.layout.panels.get(view)
        return (16, 16) if rect is None else rect.size_px


def _aspects(panels: tuple[Panel, ...], material: Material) -> dict[Panel, float]:
    clips: dict[View, Clip | EgoClip | Missing] = {
        "road": material.road,
        "ego": material.ego,
        "driver": material.driver,
    }
    aspects: dict[Panel, float] = {}
    for name in panels:
        if name == "projected":
            aspects[name] = PROJECTED_ASPECT
            continue
        clip = clips[name]
        clip = clip.clip if isinstance(clip, EgoClip) else clip
        aspects[name] = clip.aspect if isinstance(clip, Clip) else _USUAL_ASPECT[name]
    return aspects


def _projection(material: Material, layout: Layout) -> Projection | None:
    rect, camera = layout.panels.get("projected"), material.camera
    ego, road, gaze = material.ego, material.road, material.gaze
    if rect is None or camera is None or isinstance(ego, Missing):
        return None
    if ego.clip.size_px != camera.size_px:
        return None
    road_px = road.size_px if isinstance(road, Clip) else camera.size_px
    count = len(ego.index)
    window = (
        Window.whole(count, camera)
        if isinstance(gaze, Missing)
        else Window.around_road(gaze, camera, road_px)
    )
    return Projection(camera, road_px, window, rect.size_px)
