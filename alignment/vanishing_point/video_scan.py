"""A road video, looked at once from start to end."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dashgaze.media import FrameTimes, LumaFrame, LumaReader
from dashgaze.progress import Progress, part_of, silent

from ..frame_pairs import ROAD_DRAFT
from ..road_camera import RoadCamera
from ..static_parts import static_parts
from .kept_looks import KeptLooks, LookSource
from .picture_flow import Luma, WorkingView, reduced
from .road_flow import RoadFlowPlan
from .road_lines import LineVote, meeting_point
from .travel import Travel, estimate_travel
from .travel_track import TravelTrack

_LOOKS = 24
_NEAR_PART = 0.1
# How much of each new focus goes into where the next one is expected.


@dataclass(frozen=True, kw_only=True, eq=False)
class VideoScan:
    """What was seen.

    Attributes
    ----------
    track
        Travel between pairs of pictures.
    votes
        Where road lines meet, of about one picture a second.
    looked_at, gaps
        Pictures looked at, and those that could not be had.
    static_share
        Share of the picture that never changes and was left out.
    """

    track: TravelTrack
    votes: tuple[LineVote, ...]
    looked_at: int
    gaps: int
    static_share: float


def scan_video(
    times: FrameTimes,
    camera: RoadCamera,
    *,
    lines: bool = True,
    thread_count: int = 1,
    kept: KeptLooks | None = None,
    progress: Progress = silent,
) -> VideoScan:
    """Follow points through a road video.

    Every picture is decoded in order, about ten a second are looked at, whatever the frame rate.

    Parameters
    ----------
    times
        Times of the video's frames.
    camera
        The road camera.
    lines
        Whether to look for road lines too, in pictures that are bright enough.
    thread_count
        Threads of the decoder.
    kept
        Looks at this video that were kept; then only the others' pictures are decoded. The result is the same.
    progress
        Where to report to.
    """
    view = WorkingView.of(camera)
    time_s, gap_s, travels = [], [], list[Travel]()
    votes, before_s = list[LineVote](), np.nan
    near, looked_at, gaps = np.zeros(2), 0, 0
    with LumaReader(times.path, times, thread_count=thread_count, draft=ROAD_DRAFT) as reader:
        if kept is None:
            usable = static_road_parts(reader, times, view.size_px, part_of(progress, 0.0, 0.1))
        else:
            usable = kept.usable
        plan = RoadFlowPlan.of(times, size_px=view.size_px, usable=usable, lines=lines)
        report = part_of(progress, 0.1, 1.0)
        for place, look in enumerate(LookSource(plan, reader, kept)):
            if place % 50 == 0:
                report("following points", place / len(plan))
            if not look.seen:
                gaps += 1
                continue
            looked_at += 1
            now_s = float(times.time_s[look.index])
            if look.flow is not None:
                travel = estimate_travel(view.flow(look.flow), near=near, seed=look.index)
                if travel.refusal is None:
                    near = near + _NEAR_PART * (travel.focus - near)
                time_s.append((now_s + before_s) / 2)
                gap_s.append(now_s - before_s)
                travels.append(travel)
            if lines and look.line_ends is not None:
                ends = view.tangents(look.line_ends.astype(np.float64))
                vote = meeting_point(ends, time_s=now_s)
                votes += [] if vote is None else [vote]
            before_s = now_s
    return VideoScan(
        track=TravelTrack.of(time_s, gap_s, travels),
        votes=tuple(votes),
        looked_at=looked_at,
        gaps=gaps,
        static_share=0.0 if usable is None else float((usable == 0).mean()),
    )


def static_road_parts(
    reader: LumaReader, times: FrameTimes, size_px: tuple[int, int], progress: Progress = silent
) -> Luma | None:
    """Find what of a road video never changes; see `static_parts`.

    Parameters
    ----------
    reader
        The video, opened.
    times
        Times of its frames.
    size_px
        Width and height of the reduced picture.
    progress
        Where to report to.
    """
    return static_parts(list(_far_apart(reader, times, size_px, progress)))


def _far_apart(
    reader: LumaReader, times: FrameTimes, size_px: tuple[int, int], progress: Progress
) -> Iterator[Luma]:
    """Give a few pictures from all over the drive, where it can be entered without much decoding."""
    keys = np.flatnonzero(times.keyframe)
    count = min(_LOOKS, len(keys))
    if count:
        at = np.unique(keys[np.linspace(0, len(keys) - 1, count).astype(int)])
        for place, item in enumerate(reader.read(at)):
            progress("looking around", place / len(at))
            if isinstance(item, LumaFrame):
                yield reduced(item.luma, size_px)
