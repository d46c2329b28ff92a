"""Where the car turns to, from gyroscope and gaze: what a camera fixed to the car cannot see.

A vanishing point of travel stays where it is in the picture of a camera that turns with the car, so that it
does not show bends. The glasses' gyroscope feels the car's turns and the head's. The head's angle in the car
is known from gaze itself, which is measured twice: relative to the head by the eye tracker, and relative to
the road camera by the homographies. Their difference is free of the eyes, and taking it off leaves the car.
"""

from dataclasses import dataclass

import numpy as np

from ..contract.direction import GazeDirections
from ..contract.study import BoolArray, FloatArray, SessionData
from ..study.motion import frame_step_s, smooth
from ..study.session_arrays import YAW_RATE_FACT

SMOOTHING_S = 1.0
_FAST_S = 2.0
_WIDEST_DEG = 25.0
_OUTLIER_SD = 4.0
_ROUNDS = 4
_FEWEST_S = 30.0


@dataclass(frozen=True, kw_only=True, eq=False)
class CarHeading:
    """How the car turns, for each of n frames; NaN where it is unknown.

    Attributes
    ----------
    heading_deg
        Right positive, from an arbitrary zero that drifts with the gyroscope, smoothed over a second.
    yaw_rate_deg_s
        Right positive.
    """

    heading_deg: FloatArray
    yaw_rate_deg_s: FloatArray

    def bearing_ahead_deg(self, time_s: FloatArray, lead_s: float) -> FloatArray:
        """Give the mean turn of the next seconds, shape (n,), deg, right positive.

        On a road of curvature κ it is the bearing of the point that the car reaches after `lead_s`, from
        the present direction of travel: mean of the headings till then, less that of now.

        Parameters
        ----------
        time_s
            Of the frames, shape (n,), s.
        lead_s
            How far ahead.
        """
        length = max(round(lead_s / frame_step_s(time_s)), 1)
        known = np.isfinite(self.heading_deg)
        total = np.concatenate([[0.0], np.cumsum(np.where(known, self.heading_deg, 0.0))])
        number = np.concatenate([[0], np.cumsum(known)])
        first = np.arange(len(time_s))
        last = np.minimum(first + length, len(time_s) - 1) + 1
        counted = number[last] - number[first]
        mean = np.full(len(time_s), np.nan)
        enough = counted >= length / 2
        mean[enough] = (total[last] - total[first])[enough] / counted[enough]
        return np.asarray(mean - self.heading_deg, dtype=np.float64)


def car_heading(session: SessionData, gaze: GazeDirections) -> CarHeading | None:
    """Estimate how the car turns; None without a gyroscope, or without gaze relative to the head.

    The heading is the integral of the head's yaw rate less the head's azimuth in the car (gaze in the road
    camera less gaze from the head). Gaze leaks into that difference, as the camera is not where the eyes are,
    and as angles do not quite add up. A car's heading does not jump with gaze: what of its fast changes
    (faster than 2 s) goes along with gaze is regressed out, or an analysis of following would find itself.

    Parameters
    ----------
    session
        The session, with all of its frames.
    gaze
        Its directions.
    """
    rate = session.facts.get(YAW_RATE_FACT)
    step_s = frame_step_s(session.time_s)
    if rate is None or len(rate) != len(session) or not step_s > 0:
        return None
    # A missing rate counts as none: the heading bends a little there, and does not break.
    turned = np.cumsum(np.nan_to_num(np.asarray(rate, dtype=np.float64))) * step_s
    head = gaze.camera_deg[:, 0] - session.gaze_angle_deg[:, 0]
    around = gaze.camera_deg - gaze.reference_deg
    near = (np.abs(around) < _WIDEST_DEG).all(axis=1)
    raw = np.where(near, turned - head, np.nan)
    known = np.isfinite(raw)
    if np.count_nonzero(known) * step_s < _FEWEST_S:
        return None
    leak = _leak(raw, around, session.time_s, known)
    heading = smooth(raw - around @ leak, session.time_s, SMOOTHING_S)
    return CarHeading(heading_deg=heading, yaw_rate_deg_s=np.gradient(heading) / step_s)


def _leak(raw: FloatArray, around: FloatArray, time_s: FloatArray, known: BoolArray) -> FloatArray:
    """Find what of gaze is in the heading, by fast changes of both, shape (2,)."""
    fast = raw - smooth(raw, time_s, _FAST_S)
    given = np.where(known[:, None], around, np.nan)
    parts = np.column_stack(
        [given[:, axis] - smooth(given[:, axis], time_s, _FAST_S) for axis in (0, 1)]
    )
    usable = np.isfinite(fast) & np.isfinite(parts).all(axis=1)
    if np.count_nonzero(usable) < 10:
        return np.zeros(2)
    kept = usable
    factors: FloatArray = np.zeros(2)
    for _ in range(_ROUNDS):
        factors = np.asarray(
            np.linalg.lstsq(parts[kept], fast[kept], rcond=None)[0], dtype=np.float64
        )
        rest = np.abs(fast - parts @ factors)
        limit = _OUTLIER_SD * 1.4826 * float(np.median(rest[usable]))
        kept = usable & (rest <= limit)
    return np.asarray(factors, dtype=np.float64)
