"""How the car turns, told so that gaze can be held against it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import FloatArray, SessionData
from ..study.motion import frame_step_s, smooth
from ..study.session_arrays import CAR_YAW_RATE_FACT, YAW_RATE_FACT

TurnSource = Literal["road video", "gyroscope"]

SMOOTHING_S = 1.0
_SEEN_SMOOTHING_S = 0.3
"""The road video's yaw rate has little noise, and less once it is summed up to a bearing: smoothed over a second, turns at
junctions lose some of their height, and factors come out two percent too large."""

APART_S = 2.0
"""Gaze and what it does to the head have no say in turns so much earlier or later."""

REACH_S = 3.0
_WIDEST_DEG = 25.0
_FEWEST_S = 30.0
_KNOWN_PART = 0.7


@dataclass(frozen=True, kw_only=True, eq=False)
class CarHeading:
    """How the car turns, for each of n frames.

    Attributes
    ----------
    yaw_rate_deg_s
        Right positive, smoothed, shape (n,), deg/s; NaN where it is unknown.
    source
        ``road video``: the road camera's own turns, which no gaze is in. ``gyroscope``: the head's turns less
        those of the head in the car. Those are known from gaze, so that some of the gaze of a moment is in
        the yaw rate of that moment, and the two must not be held against each other: see `turns_apart_deg_s`.
    """

    yaw_rate_deg_s: FloatArray
    source: TurnSource

    def bearing_ahead_deg(self, time_s: FloatArray, lead_s: float) -> FloatArray:
        """Give the mean turn of the next seconds, shape (n,), deg, right positive.

        On a road of curvature κ it is the bearing of the point that the car reaches after `lead_s`, from
        the present direction of travel: mean of the headings till then, less that of now. With the yaw rate r
        and the lead T it is ∫ (1 − u / T) r(t + u) du from 0 to T.

        Parameters
        ----------
        time_s
            Of the frames, shape (n,), s.
        lead_s
            How far ahead.
        """
        step_s = frame_step_s(time_s)
        length = max(round(lead_s / step_s), 1)
        weights = 1 - np.arange(length) / length
        weights[0] /= 2  # half of its step lies behind
        kernel = np.concatenate([np.zeros(length - 1), weights])
        return _weighted_mean(self.yaw_rate_deg_s, kernel) * float(weights.sum()) * step_s

    def turns_apart_deg_s(self, time_s: FloatArray) -> FloatArray:
        """Give the mean yaw rate from 2 to 5 s before and from 2 to 5 s after each frame, shape (n,), deg/s.

        Bends last, so that it tells of the bend here without the turns of here. What leaks from gaze into
        the yaw rate can't get in: looks are over within 2 s. Slow shifts of gaze and head come in by their
        change from before to after, which takes both signs alike.

        Parameters
        ----------
        time_s
            Of the frames, shape (n,), s.
        """
        step_s = frame_step_s(time_s)
        apart, reach = max(round(APART_S / step_s), 1), max(round(REACH_S / step_s), 1)
        bump = np.hanning(reach + 2)[1:-1]
        return _weighted_mean(
            self.yaw_rate_deg_s, np.concatenate([bump, np.zeros(2 * apart - 1), bump])
        )


def car_heading(session: SessionData, gaze: GazeDirections) -> CarHeading | None:
    """Tell how the car turns: by the road video if its yaw rate is known, else by the gyroscope.

    None without either, or with a gyroscope but without gaze relative to the head.

    Parameters
    ----------
    session
        The session, with all of its frames.
    gaze
        Its directions.
    """
    step_s = frame_step_s(session.time_s)
    if not step_s > 0:
        return None
    seen = session.facts.get(CAR_YAW_RATE_FACT)
    if seen is not None and len(seen) == len(session):
        rate = smooth(np.asarray(seen, dtype=np.float64), session.time_s, _SEEN_SMOOTHING_S)
        if np.count_nonzero(np.isfinite(rate)) * step_s >= _FEWEST_S:
            return CarHeading(yaw_rate_deg_s=rate, source="road video")
    return _felt_heading(session, gaze, step_s)


def _felt_heading(session: SessionData, gaze: GazeDirections, step_s: float) -> CarHeading | None:
    """Take the head's turns in the car off what the glasses' gyroscope feels.

    The head's azimuth in the car is that of gaze in the road camera less that of gaze from the head. The eyes fall
    out of this difference, but not wholly, as the camera is not where the eyes are, and as angles do not quite
    add up.
    """
    felt = session.facts.get(YAW_RATE_FACT)
    if felt is None or len(felt) != len(session):
        return None
    # A missing rate counts as none: the heading bends a little there, and does not break.
    turned = np.cumsum(np.nan_to_num(np.asarray(felt, dtype=np.float64))) * step_s
    head = gaze.camera_deg[:, 0] - session.gaze_angle_deg[:, 0]
    near = (np.abs(gaze.camera_deg - gaze.reference_deg) < _WIDEST_DEG).all(axis=1)
    heading = np.where(near, turned - head, np.nan)
    if np.count_nonzero(np.isfinite(heading)) * step_s < _FEWEST_S:
        return None
    smoothed = smooth(heading, session.time_s, SMOOTHING_S)
    return CarHeading(yaw_rate_deg_s=np.gradient(smoothed) / step_s, source="gyroscope")


def _weighted_mean(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Average around each frame; NaN where less than 70 % of the weight is known, shape (n,).

    Parameters
    ----------
    values
        Shape (n,); NaN where unknown.
    kernel
        Weights of the frames around, of odd length; its middle is that of the frame itself.
    """
    from scipy.ndimage import convolve1d

    known = np.isfinite(values)
    turned = kernel[::-1]  # a convolution turns its kernel
    total = convolve1d(np.where(known, values, 0.0), turned, mode="constant")
    weight = convolve1d(known.astype(np.float64), turned, mode="constant")
    enough = weight >= _KNOWN_PART * kernel.sum()
    result = np.full(len(values), np.nan)
    result[enough] = total[enough] / weight[enough]
    return result
