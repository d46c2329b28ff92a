"""Precision within fixations, and the rate of samples."""

from dataclasses import dataclass

import numpy as np

from ..contract.study import BoolArray, FloatArray, IndexArray, SessionData
from ..study.packed_dataset import OpenDataset

FEWEST_WINDOWS = 10
_FEWEST_SAMPLES = 4

NOMINAL_HZ = {"pupil_invisible": 200.0, "neon": 200.0}
"""Rates that the devices' makers state: never given as if measured."""


@dataclass(frozen=True, kw_only=True)
class Precision:
    """Scatter of gaze while the eyes rest, relative to the head; medians over windows.

    Attributes
    ----------
    rms_deg
        Root mean square of the steps from sample to sample, deg. It depends on the rate of samples.
    sd_deg
        Root of the summed variances of both axes, deg: slow movement counts, so also what the eyes do to
        make up for the head's.
    windows
        How many.
    """

    rms_deg: float
    sd_deg: float
    windows: int


@dataclass(frozen=True, kw_only=True)
class Samples:
    """Samples of gaze of a session.

    Attributes
    ----------
    rate_hz
        Samples over the time from the first to the last one.
    usual_hz
        One over the median interval: what the device does while it works.
    longest_gap_s
        Longest time between two samples, s.
    precision
        Of the samples; None with too few windows in fixations.
    count
        How many.
    """

    rate_hz: float
    usual_hz: float
    longest_gap_s: float
    precision: Precision | None
    count: int


def frame_precision(session: SessionData, window_s: float) -> Precision | None:
    """Give the precision of gaze frame by frame; None without fixations or with too few windows."""
    if "fixation_id" not in session.known:
        return None
    good = session.valid & ~session.blink
    return precision(
        session.gaze_angle_deg, np.where(good, session.fixation_id, -1), session.time_s, window_s
    )


def raw_samples(dataset: OpenDataset, session_id: str, window_s: float) -> Samples | None:
    """Give rate, gaps and precision of the raw samples; None where they are not packed.

    Parameters
    ----------
    dataset
        The packed data set.
    session_id
        Which session.
    window_s
        Length of the windows of precision.
    """
    table = dataset.table("gaze", session_id)
    if table is None or table.num_rows < 2:
        return None
    time_s = np.asarray(table.column("time_ns").to_numpy(), dtype=np.float64) / 1e9
    order = np.argsort(time_s, kind="stable")
    time_s = time_s[order]
    steps = np.diff(time_s)
    usual = float(np.median(steps))
    if not usual > 0:
        return None
    angles = np.stack(
        [
            np.asarray(table.column(name).to_numpy(zero_copy_only=False), dtype=np.float64)[order]
            for name in ("gaze_azimuth_deg", "gaze_elevation_deg")
        ],
        axis=1,
    )
    worn = np.asarray(table.column("worn").to_numpy(zero_copy_only=False), dtype=np.bool_)[order]
    blink = np.asarray(table.column("blink_id").is_valid().to_numpy(), dtype=np.bool_)[order]
    fixation = np.asarray(table.column("fixation_id").fill_null(-1).to_numpy(), dtype=np.int64)
    return Samples(
        rate_hz=len(steps) / float(time_s[-1] - time_s[0]),
        usual_hz=1.0 / usual,
        longest_gap_s=float(steps.max()),
        precision=precision(angles, np.where(worn & ~blink, fixation[order], -1), time_s, window_s),
        count=len(time_s),
    )


def precision(
    angles_deg: FloatArray, fixation_id: IndexArray, time_s: FloatArray, window_s: float
) -> Precision | None:
    """Measure scatter in windows side by side, each in one fixation.

    Parameters
    ----------
    angles_deg
        Azimuth and elevation, shape (n, 2); NaN where unknown.
    fixation_id
        −1 outside of fixations, shape (n,).
    time_s
        Ascending, shape (n,).
    window_s
        Length of the windows.

    Returns
    -------
    None with fewer than 10 windows, or if a window has fewer than 4 samples.

    References
    ----------
    Holmqvist et al. 2022, Behav. Res. Methods, doi:10.3758/s13428-021-01762-8.
    """
    if len(time_s) < 2:
        return None
    step = float(np.median(np.diff(time_s)))
    length = round(window_s / step) if step > 0 else 0
    if length < _FEWEST_SAMPLES:
        return None
    finite: BoolArray = np.asarray(np.isfinite(angles_deg).all(axis=1), dtype=np.bool_)
    starts = _starts(np.where(finite, fixation_id, -1), length)
    if not len(starts):
        return None
    # A window across a gap lasts longer than it should.
    starts = starts[time_s[starts + length - 1] - time_s[starts] <= 1.5 * length * step]
    if len(starts) < FEWEST_WINDOWS:
        return None
    windows = angles_deg[starts[:, None] + np.arange(length)]
    # A degree of azimuth is shorter away from the horizon.
    shrink = np.cos(np.radians(windows[..., 1].mean(axis=1)))
    windows = windows * np.stack([shrink, np.ones_like(shrink)], axis=1)[:, None, :]
    steps = (np.diff(windows, axis=1) ** 2).sum(axis=2).mean(axis=1)
    spread = windows.var(axis=1, ddof=1).sum(axis=1)
    return Precision(
        rms_deg=float(np.median(np.sqrt(steps))),
        sd_deg=float(np.median(np.sqrt(spread))),
        windows=len(starts),
    )


def _starts(fixation_id: IndexArray, length: int) -> IndexArray:
    """Find first rows of windows of so many rows, side by side within runs of one fixation."""
    begins = np.flatnonzero(np.diff(fixation_id, prepend=-2) != 0)
    ends = np.append(begins[1:], len(fixation_id))
    count = (ends - begins) // length * (fixation_id[begins] >= 0)
    first = np.repeat(begins, count)
    place = np.arange(len(first)) - np.repeat(np.cumsum(count) - count, count)
    return np.asarray(first + place * length, dtype=np.int64)
