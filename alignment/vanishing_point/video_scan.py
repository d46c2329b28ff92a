"""A road video, looked at once from start to end."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.media import FrameTimes, LumaFrame, LumaReader
from dashgaze.progress import Progress, part_of, silent

from ..road_camera import RoadCamera
from ..static_parts import static_parts
from .picture_flow import FlowFinder, Luma, WorkingView
from .road_lines import LineVote, line_vote
from .travel import Travel, estimate_travel
from .travel_track import TravelTrack

GAP_S = 0.1
"""From one picture to the next that is looked at: three frames of thirty a second."""

_LONGEST_GAP_S = 0.4
_LINES_EVERY_S = 1.0
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
    progress
        Where to report to.
    """
    view = WorkingView.of(camera)
    wanted = _thinned(times.time_s, GAP_S)
    time_s, gap_s, travels = [], [], list[Travel]()
    votes, last_vote_s, before_s = list[LineVote](), -np.inf, np.nan
    near, looked_at, gaps = np.zeros(2), 0, 0
    # Points are followed in pictures of a third of the size, where unsmoothed block edges do not matter.
    with LumaReader(times.path, times, thread_count=thread_count, draft=True) as reader:
        usable = static_parts(list(_looks(reader, times, view, part_of(progress, 0.0, 0.1))))
        finder = FlowFinder(view, usable)
        report = part_of(progress, 0.1, 1.0)
        for place, item in enumerate(reader.read(wanted)):
            if place % 50 == 0:
                report("following points", place / len(wanted))
            if not isinstance(item, LumaFrame):
                finder.forget()
                gaps += 1
                continue
            looked_at += 1
            picture, now_s = view.reduced(item.luma), float(times.time_s[item.index])
            if now_s - before_s > _LONGEST_GAP_S:
                finder.forget()
            flow = finder.follow(picture)
            if flow is not None:
                travel = estimate_travel(flow, near=near, seed=item.index)
                if travel.refusal is None:
                    near = near + _NEAR_PART * (travel.focus - near)
                time_s.append((now_s + before_s) / 2)
                gap_s.append(now_s - before_s)
                travels.append(travel)
            if lines and now_s - last_vote_s >= _LINES_EVERY_S:
                last_vote_s = now_s
                vote = line_vote(picture, view, usable, time_s=now_s)
                votes += [] if vote is None else [vote]
            before_s = now_s
    return VideoScan(
        track=TravelTrack.of(time_s, gap_s, travels),
        votes=tuple(votes),
        looked_at=looked_at,
        gaps=gaps,
        static_share=0.0 if usable is None else float((usable == 0).mean()),
    )


def _thinned(time_s: NDArray[np.float64], gap_s: float) -> list[int]:
    """Choose frames that are at least a gap apart, a hair less for frame times that jitter."""
    chosen: list[int] = []
    last = -np.inf
    for index, now in enumerate(time_s.tolist()):
        if now - last >= gap_s * 0.9:
            chosen.append(index)
            last = now
    return chosen


def _looks(
    reader: LumaReader, times: FrameTimes, view: WorkingView, progress: Progress
) -> Iterator[Luma]:
    """Give a few pictures from all over the drive, where it can be entered without much decoding."""
    keys = np.flatnonzero(times.keyframe)
    count = min(_LOOKS, len(keys))
    if count:
        at = np.unique(keys[np.linspace(0, len(keys) - 1, count).astype(int)])
        for place, item in enumerate(reader.read(at)):
            progress("looking around", place / len(at))
            if isinstance(item, LumaFrame):
                yield view.reduced(item.luma)
