"""Lanes of the timeline that show the recordings: light, sound, lost frames, faces."""

import numpy as np
from numpy.typing import NDArray

from .drive import Drive
from .lane import Lane, LegendItem
from .shapes import BOX, Axis, Shape, bars, line, spans
from .streams import Stream
from .texts import clock, number, percent
from .time_bins import TimeBins

_LEAST_LOST = 0.2
"""A moment that lost a frame is marked so high at least, of 1: a single frame is seen, too. The height is the
root of the share that is lost, so that a blind second stands out in an hour."""

# Sums over a drive leave so much of nothing.
_ROUNDING = 1e-6

_LEVEL_AXIS = Axis(low=-80.0, high=0.0)
_LUMA_AXIS = Axis(low=0.0, high=255.0)


def light_lane(drive: Drive, bins: TimeBins) -> Lane:
    """Draw how bright the videos are."""
    looks = {"road": "line-blue", "world": "line-ink dashed", "driver": "line-purple dotted"}
    names = {"road": "road", "world": "scene camera", "driver": "driver"}
    shapes, legend, texts = [], [], []
    for name, look in looks.items():
        seen = drive.exposures.get(name)
        if seen is None or not len(seen.luma):
            continue
        shapes.append(line(bins.axis.place(seen.time_s), _LUMA_AXIS.place(seen.luma), look))
        legend.append(LegendItem(look=look, text=names[name]))
        texts.append(f"{names[name]} {number(seen.median_luma)}")
    if not shapes:
        return Lane(title="Light", summary="not known: no video can be decoded")
    return Lane(
        title="Light",
        summary=f"median brightness, of 255: {', '.join(texts)}",
        shapes=tuple(shapes),
        legend=tuple(legend),
        tall=True,
    )


def sound_lane(drive: Drive, bins: TimeBins) -> Lane:
    """Draw how loud the sounds are."""
    looks = {"road": "line-blue", "world": "line-ink dashed"}
    names = {"road": "phone", "world": "eye tracker"}
    shapes, legend, texts = [], [], []
    for name, look in looks.items():
        health = drive.sounds.get(name)
        if health is None:
            continue
        time_s = drive.to_drive_s(health.time_s) if name == "world" else health.time_s
        inside = (time_s >= bins.axis.low) & (time_s <= bins.axis.high)
        level = bins.mean(time_s[inside], np.maximum(health.level_dbfs, _LEVEL_AXIS.low)[inside])
        middle = bins.middle
        if len(time_s) < len(bins):  # seconds are coarser than the stretches
            middle, level = bins.axis.place(time_s[inside]), health.level_dbfs[inside]
            level = np.maximum(level, _LEVEL_AXIS.low)
        shapes.append(line(middle, _LEVEL_AXIS.place(level), look))
        legend.append(LegendItem(look=look, text=names[name]))
        texts.append(f"{names[name]} {number(health.median_dbfs)} dBFS")
    if not shapes:
        return Lane(title="Sound", summary="not known: there is none that can be decoded")
    return Lane(
        title="Sound",
        summary=f"median level: {', '.join(texts)} (lane from −80 to 0 dBFS)",
        shapes=tuple(shapes),
        legend=tuple(legend),
        tall=True,
    )


def stream_lane(drive: Drive, bins: TimeBins) -> Lane:
    """Draw when each video was recorded, and where it lost frames."""
    shapes, texts = [], []
    there = [stream for stream in drive.streams if stream.there]
    names = {"road": "road", "driver": "driver", "world": "scene camera"}
    height = BOX / max(1, len(there))
    for row, stream in enumerate(there):
        low = BOX - (row + 1) * height + height * 0.15
        high = BOX - row * height - height * 0.15
        ends = (float(stream.time_s[0]), float(stream.time_s[-1]))
        shapes.append(spans([ends], bins.axis, low, high, "fill-blue soft"))
        lost = _lost_shares(stream, bins)
        top = low + (high - low) * np.maximum(np.sqrt(lost), _LEAST_LOST)
        bottom = np.full(len(bins), low)
        shapes.append(
            bars(bins.left, bins.right, bottom, np.where(lost > 0, top, np.nan), "fill-red")
        )
        texts.append(
            f"{names[stream.name]} {clock(stream.duration_s)}, {number(stream.lost_count)} lost"
        )
    if not there:
        return Lane(title="Recorded, and lost frames", summary="not known: no video can be read")
    return Lane(
        title="Recorded, and lost frames",
        summary=f"from top to bottom: {'; '.join(texts)}",
        shapes=tuple(shapes),
        legend=(
            LegendItem(look="fill-blue soft", text="recorded"),
            LegendItem(look="fill-red", text="frames lost; higher is more"),
        ),
        tall=True,
    )


def _lost_shares(stream: Stream, bins: TimeBins) -> NDArray[np.float64]:
    """Give the share of each stretch in which frames are missing, shape (n,), 0 … 1."""
    gaps = np.array(stream.gaps_s(), dtype=np.float64).reshape(-1, 2)
    if not len(gaps) or stream.rate_hz is None:
        return np.zeros(len(bins))
    gaps[:, 0] += 1 / stream.rate_hz  # a gap begins where the next frame should have come
    missing_s = np.repeat(np.cumsum(gaps[:, 1] - gaps[:, 0]), 2)
    missing_s[::2] -= gaps[:, 1] - gaps[:, 0]
    edges = np.append(bins.left, bins.right[-1]) / BOX
    edges_s = bins.axis.low + edges * (bins.axis.high - bins.axis.low)
    lost_s = np.diff(np.interp(edges_s, gaps.ravel(), missing_s, left=0.0))
    share = np.asarray(lost_s / np.diff(edges_s), dtype=np.float64).clip(0.0, 1.0)
    return np.where(share > _ROUNDING, share, 0.0)


def face_lane(drive: Drive, bins: TimeBins) -> Lane:
    """Draw where the driver's face was seen."""
    driver, faces = drive.stream("driver"), drive.faces
    shapes: tuple[Shape, ...] = ()
    if (
        driver is not None
        and driver.there
        and faces.seen is not None
        and faces.driver_index is not None
    ):
        inside = (faces.driver_index >= 0) & (faces.driver_index < len(driver.time_s))
        time_s = driver.time_s[faces.driver_index[inside]]
        share = bins.mean(time_s, faces.seen[inside].astype(np.float64))
        shapes = (bars(bins.left, bins.right, np.zeros(len(bins)), share * BOX, "fill-green"),)
    return Lane(
        title="Face",
        summary=f"seen in {percent(faces.visible_share)} of the driver's frames",
        shapes=shapes,
        legend=(LegendItem(look="fill-green", text="face seen"),),
    )
