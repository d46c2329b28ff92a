"""Which blinks, fixations and saccades of a recording to use: the device's own, or found here."""

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.alignment.fixations import MAX_GAP_MS, find_fixations, gaps_between
from dashgaze.alignment.frame_grid import Membership, interval_of, nearest_frame
from dashgaze.collection.eye_tracker import EyeTrackerRecording, Intervals


@dataclass(frozen=True, kw_only=True)
class EyeEvents:
    """Eye events of a recording, and the gaze samples that count.

    Attributes
    ----------
    blinks
        The device's; None where it did not look for any.
    fixations, saccades
        The device's, or found here in its gaze.
    usable
        Gaze samples that show where the eyes looked, shape (n,): worn, finite, outside of blinks.
    seen_ns
        Times of these samples, shape (m,), ns.
    """

    blinks: Intervals | None
    fixations: Intervals
    saccades: Intervals
    usable: NDArray[np.bool_]
    seen_ns: NDArray[np.int64]


def choose_eye_events(
    recording: EyeTrackerRecording, *, device_fixations: bool, velocity_px_s: float
) -> EyeEvents:
    """Take the device's eye events; find fixations and saccades where it has none.

    Parameters
    ----------
    recording
        The recording.
    device_fixations
        Whether to take the device's fixations where there are any.
    velocity_px_s
        Threshold for those found here, px/s.
    """
    gaze, camera = recording.gaze, recording.scene_camera
    points_px = np.column_stack([gaze.x_px, gaze.y_px])
    blinks = None if recording.blinks is None else _numbered(recording.blinks)
    usable = gaze.worn & np.isfinite(points_px).all(axis=1)
    if blinks is not None:
        usable &= ~intervals_at(gaze.timestamp_ns, blinks).found
    if device_fixations and recording.fixations is not None:
        fixations = _numbered(recording.fixations)
        saccades = recording.saccades or _intervals(
            *gaps_between(fixations.start_ns, fixations.end_ns), method=fixations.method
        )
    else:
        found = find_fixations(
            gaze.timestamp_ns,
            points_px,
            usable=usable,
            matrix=camera.matrix,
            distortion=camera.distortion,
            velocity_px_s=velocity_px_s,
        )
        fixations = _intervals(found.fixation_start_ns, found.fixation_end_ns, method=found.method)
        saccades = _intervals(found.saccade_start_ns, found.saccade_end_ns, method=found.method)
    return EyeEvents(
        blinks=blinks,
        fixations=fixations,
        saccades=saccades,
        usable=usable,
        seen_ns=gaze.timestamp_ns[usable],
    )


def intervals_at(times_ns: NDArray[np.int64], intervals: Intervals) -> Membership:
    """Find the interval that each time lies in."""
    return interval_of(times_ns, intervals.start_ns, intervals.end_ns)


def saccade_at(
    times_ns: NDArray[np.int64], events: EyeEvents
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Tell whether the eyes jump at each time.

    Returns
    -------
    saccade, known
        Each of shape (n,). It is not known away from all samples that count (nearer ones would have
        been connected), unless that is in a fixation or a blink; `saccade` means nothing there.
    """
    seen = nearest_frame(events.seen_ns, times_ns, within=MAX_GAP_MS * 1e6 / 2).found
    fixated = intervals_at(times_ns, events.fixations).found
    blinking = np.zeros(len(times_ns), dtype=np.bool_)
    if events.blinks is not None:
        blinking = intervals_at(times_ns, events.blinks).found
    saccade = intervals_at(times_ns, events.saccades).found & ~fixated & ~blinking
    return saccade, seen | fixated | blinking


def _intervals(start_ns: NDArray[np.int64], end_ns: NDArray[np.int64], *, method: str) -> Intervals:
    return Intervals(
        id=np.arange(1, len(start_ns) + 1), start_ns=start_ns, end_ns=end_ns, method=method
    )


def _numbered(intervals: Intervals) -> Intervals:
    """Count anew from 1 where a file's numbers don't fit into the tables' 32 bits."""
    limits = np.iinfo(np.int32)
    if ((intervals.id >= limits.min) & (intervals.id <= limits.max)).all():
        return intervals
    return dataclasses.replace(intervals, id=np.arange(1, len(intervals.id) + 1))
