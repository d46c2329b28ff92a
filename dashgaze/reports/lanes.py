"""Lanes of the timeline that show gaze and its way to the road view; and all lanes together."""

from collections.abc import Callable

import numpy as np

from .device_lanes import face_lane, light_lane, sound_lane, stream_lane
from .drive import Drive
from .frame_facts import FrameFacts
from .lane import Lane, LegendItem
from .shapes import BOX, Axis, bars, line
from .texts import counted, number, percent
from .time_bins import TimeBins


def all_lanes(drive: Drive, bins: TimeBins) -> tuple[Lane, ...]:
    """Draw all lanes of a drive."""
    facts = drive.frames
    of_frames: tuple[tuple[str, Callable[[FrameFacts, TimeBins, Drive], Lane]], ...] = (
        ("Gaze", _gaze_lane),
        ("Blinks", _blink_lane),
        ("Way to the road view", _source_lane),
        ("Error in the road view", _error_lane),
        ("Speed", _speed_lane),
    )
    lanes = [
        Lane(title=title, summary="not known: the frames stage has not run")
        if facts is None
        else draw(facts, bins, drive)
        for title, draw in of_frames
    ]
    lanes += [light_lane(drive, bins), sound_lane(drive, bins), stream_lane(drive, bins)]
    if drive.faces.seen is not None:
        lanes.append(face_lane(drive, bins))
    return tuple(lanes)


def _gaze_lane(facts: FrameFacts, bins: TimeBins, _: Drive) -> Lane:
    rows = facts.valid
    share = bins.mean(facts.time_s[rows], facts.has_gaze[rows].astype(np.float64))
    zero, full = np.zeros(len(bins)), np.full(len(bins), BOX)
    return Lane(
        title="Gaze",
        summary=f"{percent(facts.gaze_share)} of the scene camera's frames have gaze",
        shapes=(
            bars(bins.left, bins.right, zero, share * BOX, "fill-blue"),
            bars(
                bins.left,
                bins.right,
                share * BOX,
                np.where(np.isfinite(share), full, np.nan),
                "fill-miss",
            ),
        ),
        legend=(
            LegendItem(look="fill-blue", text="with gaze"),
            LegendItem(look="fill-miss", text="without"),
        ),
    )


def _blink_lane(facts: FrameFacts, bins: TimeBins, _: Drive) -> Lane:
    if facts.blink_count is None:
        return Lane(title="Blinks", summary="not known: this device tells none")
    share = bins.mean(facts.time_s, facts.blink)
    return Lane(
        title="Blinks",
        summary=f"{counted(facts.blink_count, 'blink')}, {number(facts.blinks_per_min, 1)} a minute",
        shapes=(bars(bins.left, bins.right, np.zeros(len(bins)), share * BOX, "fill-purple"),),
        legend=(LegendItem(look="fill-purple", text="in a blink"),),
    )


def _source_lane(facts: FrameFacts, bins: TimeBins, _: Drive) -> Lane:
    title = "Way to the road view"
    if not facts.aligned:
        return Lane(title=title, summary="not known: the align stage has not run")
    known = facts.source >= 0
    low = np.zeros(len(bins))
    shapes = []
    for code, look in enumerate(("fill-blue", "fill-green", "fill-miss")):
        share = bins.mean(facts.time_s[known], (facts.source[known] == code).astype(np.float64))
        high = low + share * BOX
        shapes.append(bars(bins.left, bins.right, low, high, look))
        low = high
    direct, propagated, none = (
        percent(float(np.mean(facts.source[known] == code))) for code in range(3)
    )
    return Lane(
        title=title,
        summary=f"{direct} of the frames matched directly, {propagated} filled in, {none} not at all",
        shapes=tuple(shapes),
        legend=(
            LegendItem(look="fill-blue", text="matched"),
            LegendItem(look="fill-green", text="filled in"),
            LegendItem(look="fill-miss", text="none"),
        ),
    )


def _error_lane(facts: FrameFacts, bins: TimeBins, _: Drive) -> Lane:
    title = "Error in the road view"
    error = facts.error_px[np.isfinite(facts.error_px)]
    if not len(error):
        return Lane(title=title, summary="not known: the align stage has not run")
    # Errors differ by factors of a hundred: decades, from a twentieth of a pixel on.
    axis = Axis(low=np.log10(0.05), high=max(1.0, float(np.log10(error.max()))))
    top = bins.largest(facts.time_s, facts.error_px)
    with np.errstate(divide="ignore"):
        place = axis.place(np.log10(top)).clip(0, BOX)
    pixel = float(axis.place(np.array([0.0]))[0])
    return Lane(
        title=title,
        summary=f"median {number(float(np.median(error)), 2)} px, 95 % below "
        f"{number(float(np.quantile(error, 0.95)), 2)} px, largest {number(float(error.max()), 1)} px "
        f"(1σ, stated; logarithmic from 0.05 px)",
        shapes=(
            line(np.array([0.0, BOX]), np.array([pixel, pixel]), "rule"),
            line(bins.middle, place, "line-ink"),
        ),
        legend=(
            LegendItem(look="line-ink", text="largest in each moment"),
            LegendItem(look="rule", text="1 px"),
        ),
        tall=True,
    )


def _speed_lane(facts: FrameFacts, bins: TimeBins, drive: Drive) -> Lane:
    speed = facts.speed_m_s[np.isfinite(facts.speed_m_s)] * 3.6
    if not len(speed):
        has_track = drive.session.manifest.phone.location is not None
        why = "no location fix in the drive" if has_track else "the session has no location track"
        return Lane(title="Speed", summary=f"not known: {why}")
    axis = Axis(low=0.0, high=max(10.0, float(np.ceil(speed.max() / 10) * 10)))
    place = axis.place(bins.mean(facts.time_s, facts.speed_m_s) * 3.6)
    return Lane(
        title="Speed",
        summary=f"median {number(float(np.median(speed)))}, highest {number(float(speed.max()))} km/h; "
        f"known in {percent(facts.speed_share)} of the frames (lane from 0 to {number(axis.high)} km/h)",
        shapes=(line(bins.middle, place, "line-blue"),),
        tall=True,
    )
