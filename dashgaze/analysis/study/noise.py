"""What of the spread of gaze is no gaze."""

import numpy as np

from ..contract.study import BoolArray, FloatArray, SessionData
from .motion import frame_step_s

WINDOW_S = 0.3
"""Within fixations precision is measured over 200–500 ms (Holmqvist et al. 2022)."""

FEWEST_WINDOWS = 30
_CAP_PERCENTILE = 99.0


def tracker_noise_deg(session: SessionData, usable: BoolArray) -> FloatArray:
    """Estimate the eye tracker's noise, frame by frame, as a standard deviation for each axis, shape (2,).

    Gaze relative to the head in windows of 0.3 s inside of fixations, less a straight line (the eyes
    counter the head's turns), leaves what jumps from frame to frame. The median over windows counts. Slow
    errors of the tracker, over seconds or constant, can't be told from gaze: the estimate is a lower bound.
    NaN with fewer than 30 windows.

    Parameters
    ----------
    session
        The session; it needs fixations.
    usable
        Frames that count, shape (n,).
    """
    unknown = np.full(2, np.nan)
    step_s = frame_step_s(session.time_s)
    if not step_s > 0 or "fixation_id" not in session.known:
        return unknown
    length = round(WINDOW_S / step_s)
    if length < 4:
        return unknown
    angles = session.gaze_angle_deg
    good = usable & (session.fixation_id >= 0) & np.isfinite(angles).all(axis=1)
    starts = _window_starts(np.where(good, session.fixation_id, -1), length)
    if len(starts) < FEWEST_WINDOWS:
        return unknown
    rows = starts[:, None] + np.arange(length)
    windows = angles[rows]  # (windows, frames, 2)
    line = np.arange(length) - (length - 1) / 2
    centred = windows - windows.mean(axis=1, keepdims=True)
    slope = np.einsum("f,wfa->wa", line, centred) / (line @ line)
    rest = centred - line[None, :, None] * slope[:, None, :]
    freedom = length - 2
    variance = (rest**2).sum(axis=1) / freedom
    # The median of a chi-squared distribution is below its mean (Wilson & Hilferty 1931).
    return np.asarray(
        np.sqrt(np.median(variance, axis=0) / (1 - 2 / (9 * freedom)) ** 3), dtype=np.float64
    )


def mapping_noise_deg(session: SessionData, usable: BoolArray, focal_px: float) -> FloatArray:
    """Give what carrying gaze to the road view adds, as it is stated, for each axis, shape (2,), deg.

    Root of the mean variance; the highest hundredth of the variances counts as much as the next one. NaN if
    nothing is stated.

    Parameters
    ----------
    session
        The session.
    usable
        Frames that count, shape (n,).
    focal_px
        Focal length of the road camera.
    """
    variances = session.gaze_road_cov_px2[:, [0, 2]]
    if "gaze_road_cov_px2" not in session.known:
        variances = np.repeat(session.homography_error_px[:, None] ** 2, 2, axis=1)
    kept = variances[usable & np.isfinite(variances).all(axis=1)]
    if not len(kept):
        return np.full(2, np.nan)
    cap = np.percentile(kept, _CAP_PERCENTILE, axis=0)
    return np.asarray(
        np.degrees(np.sqrt(np.minimum(kept, cap).mean(axis=0)) / focal_px), dtype=np.float64
    )


def _window_starts(fixation: FloatArray, length: int) -> np.ndarray:
    """Find first rows of windows of so many frames, side by side, each in one fixation."""
    begins = np.flatnonzero(np.diff(fixation, prepend=-2) != 0)
    ends = np.append(begins[1:], len(fixation))
    inside = fixation[begins] >= 0
    whole = (ends - begins) // length * inside
    first = np.repeat(begins, whole)
    within = np.arange(len(first)) - np.repeat(np.cumsum(whole) - whole, whole)
    return np.asarray(first + within * length)
