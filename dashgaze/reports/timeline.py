"""The timeline: one lane for each thing that is worth seeing over the drive."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .drive import Drive, DriveEvent
from .lane import Lane
from .lanes import all_lanes
from .shapes import Axis
from .texts import clock
from .ticks import Tick, time_ticks
from .time_bins import TimeBins

_MERGE_PERCENT = 4.0


@dataclass(frozen=True, kw_only=True)
class EventMark:
    """Events that stand so close that they share a mark: its place in per cent, and their numbers."""

    percent: float
    text: str


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """An event in the table below: its number, when it was, and its name."""

    number: int
    time: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """What is drawn over the drive.

    Attributes
    ----------
    lanes
        One below the other.
    ticks
        Times on the axis.
    marks, events
        Marks of events, and all of them in words.
    note
        What the axis counts.
    """

    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[EventMark, ...]
    events: tuple[EventRow, ...]
    note: str


def draw_timeline(drive: Drive) -> Timeline | None:
    """Draw the timeline of a drive; None where no time is known of anything."""
    span = drive.span_s
    if span is None or not span[1] > span[0]:
        return None
    axis = Axis(low=span[0], high=span[1])
    note = (
        "Time of the road video, minutes and seconds. What is blank was not recorded. On a narrow screen "
        "it scrolls sideways."
    )
    if not drive.clocks_known:
        note = (
            "The clocks are not aligned: what is of the phone counts from the start of the road video, "
            "what is of the eye tracker from its own first frame. The two don't belong together."
        )
    return Timeline(
        lanes=all_lanes(drive, TimeBins.over(axis)),
        ticks=time_ticks(*span),
        marks=_marks(drive.events, axis),
        events=tuple(
            EventRow(number=i, time=clock(event.time_s), name=event.name)
            for i, event in enumerate(drive.events, start=1)
        ),
        note=note,
    )


def _marks(events: tuple[DriveEvent, ...], axis: Axis) -> tuple[EventMark, ...]:
    places: NDArray[np.float64] = axis.place(np.array([event.time_s for event in events])) / 10
    places = places.clip(0, 100)
    groups: list[list[int]] = []
    for i, place in enumerate(places):
        if groups and place - places[groups[-1][0]] < _MERGE_PERCENT:
            groups[-1].append(i)
        else:
            groups.append([i])
    return tuple(
        EventMark(
            percent=float(places[group].mean()),
            text=str(group[0] + 1) if len(group) == 1 else f"{group[0] + 1}–{group[-1] + 1}",
        )
        for group in groups
    )
