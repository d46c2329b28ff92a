"""How much traffic there is, frame by frame, and what tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dashgaze.errors import InputError

from ..contract.study import BoolArray, FloatArray, IndexArray

TRAFFIC: tuple[str, ...] = ("light", "medium", "heavy")
"""Names; places in this tuple are what `Traffic.level` has."""

UNKNOWN = -1
MEDIUM_FROM, HEAVY_FROM = 2.0, 5.0
"""Vehicles in view, the median over 10 s, from which on traffic is medium, or heavy. Fixed: thirds of the same
data set would call the same road heavy in one study and light in another."""

WINDOW_S = 10.0
LEAST_HEIGHT = 0.025
"""Least height of a vehicle's box as a share of the picture's: smaller ones are far away."""

TrafficSource = Literal["key presses", "boxes", "none"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Traffic:
    """Traffic of n frames.

    Attributes
    ----------
    level
        Places in `TRAFFIC`, −1 unknown, shape (n,).
    source
        What tells it; it is published with every result.
    cannot_say
        Why it is not known; "" if it is.
    """

    level: IndexArray
    source: TrafficSource
    cannot_say: str = ""


def unknown_traffic(count: int) -> Traffic:
    """Give the traffic of frames of which nobody said anything."""
    return Traffic(
        level=np.full(count, UNKNOWN, dtype=np.int64),
        source="none",
        cannot_say="The data set says nothing of traffic: session.yaml has no field for it, and observers' "
        "key presses are not packed. Give boxes of vehicles (CSV, COCO, or a detector), or the key presses.",
    )


def traffic_from_boxes(vehicle_count: FloatArray, time_s: FloatArray) -> Traffic:
    """Tell traffic by vehicles in view: light below 2, medium below 5, else heavy; medians over 10 s.

    Parameters
    ----------
    vehicle_count
        Vehicles that are near enough (see `near_vehicles`), shape (n,); NaN for frames that were not looked at.
    time_s
        Ascending, shape (n,), s.

    Raises
    ------
    InputError
        If shapes differ.
    """
    if vehicle_count.shape != time_s.shape:
        raise InputError(
            f"There are counts of {len(vehicle_count)} frames and times of {len(time_s)}.",
            fix="Give a count for each frame, NaN where none was looked for.",
        )
    if not np.isfinite(vehicle_count).any():
        return unknown_traffic(len(time_s))
    median = _running_median(vehicle_count, time_s, WINDOW_S)
    level = np.where(np.isfinite(median), 0, UNKNOWN)
    level[median >= MEDIUM_FROM] = 1
    level[median >= HEAVY_FROM] = 2
    return Traffic(level=level.astype(np.int64), source="boxes")


def near_vehicles(top_px: FloatArray, bottom_px: FloatArray, picture_height_px: float) -> BoolArray:
    """Tell which boxes of vehicles count: at least 2.5 % of the picture high, feet in its lower half.

    Parameters
    ----------
    top_px, bottom_px
        Edges of the boxes, shape (n,), px.
    picture_height_px
        Height of the picture.
    """
    high = (bottom_px - top_px) >= LEAST_HEIGHT * picture_height_px
    return np.asarray(high & (bottom_px >= picture_height_px / 2), dtype=np.bool_)


def traffic_from_marks(marks: Sequence[tuple[float, str]], time_s: FloatArray) -> Traffic:
    """Tell traffic by what an observer pressed: each mark holds until the next one.

    Parameters
    ----------
    marks
        Time, s, on the clock of the frames, and ``light``, ``medium`` or ``heavy``.
    time_s
        Of the frames, shape (n,), s. Before the first mark traffic is unknown.

    Raises
    ------
    InputError
        If a mark says something else.
    """
    for _, word in marks:
        if word not in TRAFFIC:
            raise InputError(f"{word!r} is no level of traffic.", fix=f"Use {', '.join(TRAFFIC)}.")
    if not marks:
        return unknown_traffic(len(time_s))
    ordered = sorted(marks, key=lambda mark: mark[0])
    levels = np.array([UNKNOWN, *(TRAFFIC.index(word) for _, word in ordered)], dtype=np.int64)
    place = np.searchsorted([at_s for at_s, _ in ordered], time_s, side="right")
    return Traffic(level=levels[place], source="key presses")


def _running_median(values: FloatArray, time_s: FloatArray, seconds: float) -> FloatArray:
    """Give the median around each frame, in steps of a second; NaN where nothing is known around it."""
    if not len(values):
        return np.zeros(0)
    second = np.floor(time_s - time_s[0]).astype(np.int64)
    half = max(round(seconds / 2), 1)
    starts = np.searchsorted(second, np.arange(second[-1] + 1) - half)
    ends = np.searchsorted(second, np.arange(second[-1] + 1) + half)
    medians = np.full(int(second[-1]) + 1, np.nan)
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        around = values[start:end]
        known = around[np.isfinite(around)]
        if len(known):
            medians[place] = np.median(known)
    return np.asarray(medians[second], dtype=np.float64)
