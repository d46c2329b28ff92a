"""Ego frames and the road frames beside them, decoded in step."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from dashgaze.media import FrameTimes, LumaFrame, LumaGap, LumaReader

from .features import FeatureDetector
from .road_view import RoadView

MissingReason = Literal[
    "no_road_frame", "ego_invalid", "ego_undecodable", "road_undecodable", "road_other_shape"
]
"""Why there are no two pictures to compare.

no_road_frame
    The road video has no frame at that time, or the clocks are not known.
ego_invalid
    Grey padding, or a frame that its recording says can't be used.
ego_undecodable, road_undecodable
    The picture is damaged.
road_other_shape
    The road picture has another shape than the video's first one.
"""

EGO_DRAFT, ROAD_DRAFT = False, True
"""Whether the two videos are decoded as drafts; see `LumaReader`. `vanishing_point.video_scan` decodes the road as
`ROAD_DRAFT` says, too: looks in passing and anew have to see the same pictures."""

_BEYOND = np.iinfo(np.int64).max


@dataclass(frozen=True, kw_only=True)
class PairPlan:
    """Which frames belong together; arrays over n ego frames of one video file.

    Attributes
    ----------
    ego_path, road_path
        The two files.
    ego_times, road_times
        Their frames.
    ego_index
        Position of each ego frame in its file, shape (n,); -1 where it has none.
    road_index
        Position of the road frame beside it, shape (n,), not descending but for -1: none.
    time_s
        Time of each ego frame on the phone's clock, shape (n,), s.
    turn_rad
        Turn of the head since the ego frame before, by the gyroscope, shape (n, 3); NaN if unknown.
    gaze_px
        Undistorted ego point that was looked at, shape (n, 2); NaN if unknown.
    """

    ego_path: Path
    road_path: Path
    ego_times: FrameTimes
    road_times: FrameTimes
    ego_index: NDArray[np.int64]
    road_index: NDArray[np.int64]
    time_s: NDArray[np.float64]
    turn_rad: NDArray[np.float64]
    gaze_px: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time_s)

    def window(self, first: int, end: int) -> "PairPlan":
        """Give the plan of some of its rows, which are counted from 0 there."""
        rows = slice(first, end)
        return replace(
            self,
            ego_index=self.ego_index[rows],
            road_index=self.road_index[rows],
            time_s=self.time_s[rows],
            turn_rad=self.turn_rad[rows],
            gaze_px=self.gaze_px[rows],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class FramePair:
    """An ego picture, its road frame, and that one's neighbour on the side of the ego frame's time."""

    row: int
    luma: NDArray[np.uint8]
    view: RoadView
    neighbour: RoadView | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Listener:
    """Somebody who wants to see road pictures as they are decoded.

    Attributes
    ----------
    index
        Positions of the pictures in the road video, ascending, shape (n,). Those that lie between or before the
        frames of the pairs are decoded for it.
    see
        Called with each of them, in order, as far as the pairs are read.
    """

    index: NDArray[np.int64]
    see: Callable[[LumaFrame | LumaGap], object]


@dataclass(frozen=True, kw_only=True)
class NoPair:
    """No two pictures, and why."""

    row: int
    reason: MissingReason


class PairReader:
    """Decodes pairs of frames, each road frame once. A context manager.

    Parameters
    ----------
    plan
        Which frames belong together.
    detector
        Finds the features of road frames.
    usable
        Where road features may lie, 0 or 255, of the size of the reduced picture; everywhere if None.
    thread_count
        Threads for decoding each video; 0 for one per core.
    listener
        Who else wants to see road pictures; nobody if None.
    """

    def __init__(
        self,
        plan: PairPlan,
        detector: FeatureDetector,
        *,
        usable: NDArray[np.uint8] | None = None,
        thread_count: int = 0,
        listener: Listener | None = None,
    ) -> None:
        self._plan = plan
        self._detector = detector
        self._usable = usable
        self._listener = listener
        kind: Literal["AUTO", "NONE"] = "NONE" if thread_count == 1 else "AUTO"
        self._ego = LumaReader(
            plan.ego_path,
            plan.ego_times,
            thread_type=kind,
            thread_count=thread_count,
            draft=EGO_DRAFT,
        )
        self._road = LumaReader(
            plan.road_path,
            plan.road_times,
            thread_type=kind,
            thread_count=thread_count,
            draft=ROAD_DRAFT,
        )

    @property
    def ego_size_px(self) -> tuple[int, int]:
        """Width and height of the ego pictures."""
        return self._ego.size_px

    @property
    def road_size_px(self) -> tuple[int, int]:
        """Width and height of the road pictures, as shown."""
        return self._road.size_px

    def __enter__(self) -> Self:
        self._ego.__enter__()
        self._road.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._ego.__exit__(None, None, None)
        self._road.__exit__(None, None, None)

    def read(self, rows: range) -> Iterator[FramePair | NoPair]:
        """Give the pairs of some rows of the plan, in order."""
        plan = self._plan
        wanted = np.arange(rows.start, rows.stop)
        usable = wanted[(plan.ego_index[wanted] >= 0) & (plan.road_index[wanted] >= 0)]
        ego = self._ego.read(plan.ego_index[usable].tolist())
        road = _RoadWindow(self._road, self._detector, plan, usable, self._usable, self._listener)
        for row in rows:
            if plan.ego_index[row] < 0:
                yield NoPair(row=row, reason="ego_invalid")
            elif plan.road_index[row] < 0:
                yield NoPair(row=row, reason="no_road_frame")
            else:
                yield self._pair(row, next(ego), road)

    def _pair(
        self, row: int, picture: LumaFrame | LumaGap, road: "_RoadWindow"
    ) -> FramePair | NoPair:
        index = int(self._plan.road_index[row])
        later = self._plan.time_s[row] > self._plan.road_times.time_s[index]
        view = road.view(index)
        neighbour = road.view(index + 1 if later else index - 1)
        if isinstance(picture, LumaGap) or picture.resized:
            return NoPair(row=row, reason="ego_undecodable")
        if not isinstance(view, RoadView):
            reason: MissingReason = "road_undecodable"
            if view is not None and view.reason == "other_shape":
                reason = "road_other_shape"
            return NoPair(row=row, reason=reason)
        return FramePair(
            row=row,
            luma=picture.luma,
            view=view,
            neighbour=neighbour if isinstance(neighbour, RoadView) else None,
        )


class _RoadWindow:
    """The last few road frames, read ahead by one."""

    def __init__(
        self,
        reader: LumaReader,
        detector: FeatureDetector,
        plan: PairPlan,
        rows: NDArray[np.int64],
        usable: NDArray[np.uint8] | None,
        listener: Listener | None,
    ) -> None:
        self._detector = detector
        self._usable = usable
        self._times = plan.road_times
        index = plan.road_index[rows]
        near = np.unique(np.concatenate([index - 1, index, index + 1]))
        near = near[(near >= 0) & (near < len(plan.road_times.time_s))]
        self._pictures = _overheard(reader, near, listener)
        self._views: dict[int, RoadView | LumaGap] = {}
        self._newest = -1

    def view(self, index: int) -> RoadView | LumaGap | None:
        """Give a road frame no older than two before the newest one asked for; None if there is none."""
        while self._newest < index:
            picture = next(self._pictures, None)
            if picture is None:
                self._newest = _BEYOND
                break
            self._newest = picture.index
            self._views[picture.index] = self._see(picture)
            for old in [each for each in self._views if each < picture.index - 3]:
                del self._views[old]
        return self._views.get(index)

    def _see(self, picture: LumaFrame | LumaGap) -> RoadView | LumaGap:
        if isinstance(picture, LumaGap):
            return picture
        reduced = self._detector.reduce(picture.luma)
        return RoadView(
            index=picture.index,
            time_s=float(self._times.time_s[picture.index]),
            picture=reduced,
            reduction=self._detector.reduction,
            features=self._detector.find(picture.luma, usable=self._usable, reduced=reduced),
        )


def _overheard(
    reader: LumaReader, near: NDArray[np.int64], listener: Listener | None
) -> Iterator[LumaFrame | LumaGap]:
    """Read pictures, and have a listener see those that it wants, others between them as well."""
    if listener is None or not len(near):
        yield from reader.read(near.tolist())
        return
    mine, wanted = set(near.tolist()), set(listener.index.tolist())
    also = listener.index[listener.index <= near[-1]]
    for picture in reader.read(np.union1d(near, also).tolist()):
        if picture.index in wanted:
            listener.see(picture)
        if picture.index in mine:
            yield picture
