"""Where the CPU time of a sweep goes, for bench_align.py.

Functions of the pipeline are wrapped with clocks of the thread's CPU time; what one wrapped function
spends in another counts for that one only. Names of inner functions are used, so this breaks, loudly, when
they change; nothing else depends on it.
"""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import cv2
from bench_align_runs import WARM_ROWS

from dashgaze.alignment import direct, road_view, sweep
from dashgaze.alignment.chunk import Chunk, sweep_chunk
from dashgaze.alignment.ego_camera import EgoCamera
from dashgaze.alignment.features import FeatureDetector
from dashgaze.alignment.view_geometry import ViewGeometry
from dashgaze.media.luma_plane import Upright
from dashgaze.media.picture_finder import PictureFinder

OTHER = "all else in Python"


class Clocks:
    """Exclusive CPU times of wrapped functions."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}
        self.calls: dict[str, int] = {}
        self._running: list[str] = [OTHER]
        self._since = time.thread_time()

    def wrap(self, owner: Any, name: str, part: str | Callable[..., str]) -> None:
        """Clock a function, as a part of that name, or of the name that its arguments tell."""
        inner = getattr(owner, name)

        def clocked(*arguments: Any, **named: Any) -> Any:
            label = part if isinstance(part, str) else part(*arguments, **named)
            self._switch()
            self._running.append(label)
            self.calls[label] = self.calls.get(label, 0) + 1
            try:
                return inner(*arguments, **named)
            finally:
                self._switch()
                self._running.pop()

        setattr(owner, name, clocked)

    def _switch(self) -> None:
        now = time.thread_time()
        label = self._running[-1]
        self.spent_s[label] = self.spent_s.get(label, 0.0) + now - self._since
        self._since = now

    def stop(self) -> None:
        """Count the time up to now."""
        self._switch()

    def restart(self) -> None:
        """Forget what was before."""
        self._switch()
        self.spent_s.clear()
        self.calls.clear()


def breakdown(chunk: Chunk) -> dict[str, tuple[float, float]]:
    """Sweep a chunk in this process; give CPU ms and calls of each part, for a triplet."""
    clocks = Clocks()
    _wrap_all(clocks, chunk)
    sweep_chunk(dataclasses.replace(chunk, row_count=WARM_ROWS), lambda _: None)
    clocks.restart()
    sweep_chunk(chunk, lambda _: None)
    clocks.stop()
    rows = chunk.row_count
    return {
        part: (1e3 * spent_s / rows, clocks.calls.get(part, 0) / rows)
        for part, spent_s in sorted(clocks.spent_s.items(), key=lambda each: -each[1])
    }


def _wrap_all(clocks: Clocks, chunk: Chunk) -> None:
    road_width = chunk.road_size_px[0]

    def decode(finder: PictureFinder, _: int) -> str:
        return f"decode {'road' if finder._path == chunk.plan.road_path else 'ego'}"

    def copy(_: Upright, picture: Any) -> str:
        return f"copy luma, {'road' if picture.width == road_width else 'ego'}"

    def of_detector(what: str) -> Callable[..., str]:
        return lambda each, *_, **__: f"{what} {'road' if each.reduction > 1 else 'ego'}"

    class Orb:
        def __init__(self, detector: FeatureDetector, inner: cv2.ORB) -> None:
            self.reduction = detector.reduction
            self.detectAndCompute = inner.detectAndCompute
            self.setFastThreshold = inner.setFastThreshold

    make = FeatureDetector.__init__

    def make_clocked(detector: FeatureDetector, **named: Any) -> None:
        make(detector, **named)
        corners = detector._corners
        corners._orb = Orb(detector, corners._orb)
        clocks.wrap(corners._orb, "detectAndCompute", of_detector("ORB")(detector))

    FeatureDetector.__init__ = make_clocked
    wrap = clocks.wrap
    wrap(PictureFinder, "find", decode)
    wrap(Upright, "luma", copy)
    wrap(FeatureDetector, "find", of_detector("features, around ORB,"))
    wrap(FeatureDetector, "reduce", of_detector("reduce"))
    wrap(direct, "features_at", "road → road, around matching")
    wrap(road_view, "match_near", "road → road, matching")
    wrap(direct, "match_near", "ego → road, matching near")
    wrap(direct, "match_descriptors", "ego → road, matching everywhere")
    wrap(direct, "estimate_homography", "MLESAC")
    wrap(EgoCamera, "undistort", "undistort points")
    wrap(EgoCamera, "distort", "distort points")
    wrap(direct.DirectMatcher, "match", "direct match, the rest")
    wrap(direct.DirectMatcher, "_ego_features", "ego features, the rest")
    wrap(ViewGeometry, "road_region", "ego region")
    wrap(direct.DirectMatcher, "deviation_px", "deviation from far things")
    wrap(direct.DirectMatcher, "_off_course", "off course or not")
    wrap(direct.DirectMatcher, "_far_fit", "turn fitted instead")
    wrap(sweep.Sweep, "_note", "local spread")
    wrap(sweep.Sweep, "_carrier", "carrier made")
    wrap(sweep.Sweep, "_go_on", "tracking forward")
    wrap(sweep.Sweep, "_go_back", "tracking backward")
    wrap(sweep.Predictor, "predict", "prediction")
    wrap(sweep.Predictor, "learn", "prediction")
