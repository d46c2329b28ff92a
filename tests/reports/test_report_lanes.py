"""The lanes of the timeline, and its events."""

from dataclasses import replace

import numpy as np
import pytest

from dashgaze.reports.device_lanes import stream_lane
from dashgaze.reports.drive import DriveEvent
from dashgaze.reports.faces import FaceFacts
from dashgaze.reports.shapes import Axis
from dashgaze.reports.time_bins import TimeBins
from dashgaze.reports.timeline import draw_timeline
from dashgaze.stages.session_clock import SessionClock


def lanes(drive):
    return {lane.title: lane for lane in draw_timeline(drive).lanes}


def test_every_lane_says_in_words_what_it_shows(seen_drive):
    found = lanes(seen_drive)
    assert list(found) == [
        "Gaze",
        "Blinks",
        "Way to the road view",
        "Error in the road view",
        "Speed",
        "Light",
        "Sound",
        "Recorded, and lost frames",
    ]
    for lane in found.values():
        assert bool(lane.shapes) != lane.summary.startswith("not known"), lane.title
        assert all("nan" not in shape.d and "inf" not in shape.d for shape in lane.shapes)


def test_what_is_not_known_is_said_not_drawn(seen_drive):
    found = lanes(replace(seen_drive, frames=None, sounds={}, exposures={}))
    for title in ("Gaze", "Blinks", "Speed", "Light", "Sound"):
        assert found[title].summary.startswith("not known"), title
        assert found[title].shapes == ()
    facts = seen_drive.frames
    blank = np.full(len(facts), np.nan)
    bare = replace(facts, source=np.full(len(facts), -1), error_px=blank, speed_m_s=blank)
    found = lanes(replace(seen_drive, frames=bare))
    assert "align stage" in found["Way to the road view"].summary
    assert "align stage" in found["Error in the road view"].summary
    assert "no location fix" in found["Speed"].summary


def test_blinks_and_faces_where_they_are_known(seen_drive):
    facts = seen_drive.frames
    blink = (np.arange(len(facts)) % 20 < 3).astype(float)
    faces = FaceFacts(note="", seen=np.ones(10, dtype=bool), driver_index=np.arange(10))
    found = lanes(
        replace(seen_drive, frames=replace(facts, blink=blink, blink_count=6), faces=faces)
    )
    assert found["Blinks"].summary.startswith("6 blinks, ")
    assert found["Face"].summary == "seen in 100 % of the driver's frames"
    assert found["Face"].shapes


@pytest.mark.parametrize("length_s", [20.0, 3600.0])
def test_lost_frames_are_as_high_as_they_are_many(seen_drive, length_s):
    """One frame is seen even in an hour; two blind seconds fill their place."""
    times = np.arange(round(length_s * 30)) / 30
    keep = (times < 5) | (times >= 7)
    keep[360] = False
    road = replace(
        seen_drive.stream("road"), time_s=times[keep], part_starts=np.zeros(keep.sum(), bool), rate_hz=30.0
    )  # fmt: skip
    lane = stream_lane(
        replace(seen_drive, streams=(road,)), TimeBins.over(Axis(low=0.0, high=length_s))
    )
    lost = lane.shapes[1].d.split("z")[:-1]
    assert len(lost) >= (2 if length_s < 100 else 1)
    heights = [
        float(part.split("V")[1].split("H")[0]) - float(part.split(" ")[1].split("H")[0])
        for part in lost
    ]
    assert max(heights) == pytest.approx(700 if length_s < 100 else 700 / np.sqrt(6), rel=0.1)
    assert min(heights) >= 139


def test_events_that_are_close_share_a_mark(seen_drive):
    start, end = seen_drive.span_s
    moments = (start, start + 0.01, (start + end) / 2, end + 100)
    events = tuple(DriveEvent(name=f"event {i}", time_s=t) for i, t in enumerate(moments))
    timeline = draw_timeline(replace(seen_drive, events=events))
    assert [mark.text for mark in timeline.marks] == ["1–2", "3", "4"]
    assert timeline.marks[-1].percent == 100
    assert [row.name for row in timeline.events] == [event.name for event in events]


def test_clocks_that_are_not_aligned_are_told(seen_drive):
    apart = replace(seen_drive, clock=SessionClock(document=None, time_map=None, notes=()))
    assert "don't belong together" in draw_timeline(apart).note
    assert draw_timeline(replace(seen_drive, streams=())) is None
