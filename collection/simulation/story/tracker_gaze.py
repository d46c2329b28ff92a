"""What an eye tracker makes of a simulated driver's gaze."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..lens import Lens
from ..swing import Swing
from .blinks import Blinks
from .fixation_plan import angles_deg, direction
from .glances import IN_CAR
from .projection import LENS_REACH
from .streams import Stream, stream

if TYPE_CHECKING:
    from .story import Story

FloatArray = NDArray[np.float64]

_DRIFT_HZ = (1 / 310, 1 / 130, 1 / 47)
_BLINK_DOWN_DEG, _BLINK_SD_DEG = 7.0, 3.0


@dataclass(frozen=True, kw_only=True)
class TrackerError:
    """How wrong the eye tracker is, in degrees, for each of azimuth and elevation.

    Attributes
    ----------
    bias_sd_deg
        SD of a session's constant error.
    drift_sd_deg
        SD of what changes within minutes.
    noise_deg
        SD of a single sample, independent of the others.
    """

    bias_sd_deg: float = 1.2
    drift_sd_deg: float = 0.3
    noise_deg: float = 0.25


_USUAL = TrackerError()


class SessionError:
    """The errors of one session as functions of time.

    Parameters
    ----------
    seed
        Of the story.
    error
        How large they are.
    blinks
        While the lids are shut, what the tracker says is up to some degrees too low.
    """

    def __init__(self, seed: int, error: TrackerError, blinks: Blinks) -> None:
        self._rng = stream(seed, Stream.TRACKER)
        self._error = error
        self._blinks = blinks
        self.bias_deg: FloatArray = self._rng.standard_normal(2) * error.bias_sd_deg
        """Azimuth and elevation."""
        size = error.drift_sd_deg * np.sqrt(2 / len(_DRIFT_HZ))
        self._drift = [Swing(self._rng, tuple((size, hz) for hz in _DRIFT_HZ)) for _ in range(2)]
        self._blink_deg = self._rng.normal(0, _BLINK_SD_DEG, (len(blinks.start_s) + 1, 2))
        self._blink_deg[:, 1] -= _BLINK_DOWN_DEG

    def slow_deg(self, time_s: FloatArray) -> FloatArray:
        """Give bias, drift and what blinks do, azimuth and elevation, shape (n, 2), deg."""
        drift = np.column_stack([swing(time_s) for swing in self._drift])
        shut = 1 - self._blinks.eyelid_openness(time_s)
        blinked = self._blink_deg[self._blinks.blink_id(time_s)] * shut[:, None]
        return np.asarray(self.bias_deg + drift + blinked, dtype=np.float64)

    def noise_deg(self, count: int, samples: float = 1.0) -> FloatArray:
        """Draw the noise of means over some samples, shape (count, 2), deg."""
        scores = self._rng.standard_normal((count, 2))
        return np.asarray(scores * (self._error.noise_deg / np.sqrt(samples)), dtype=np.float64)


@dataclass(frozen=True, kw_only=True)
class MeasuredGaze:
    """Gaze samples as the tracker delivers them, and what is true of them; n samples.

    Attributes
    ----------
    time_s
        On the phone's clock, shape (n,).
    ego_px
        Measured, in the distorted picture of the scene camera, shape (n, 2). What lies more than 51° off
        its axis is put there, outside of the picture; so all are finite.
    in_picture
        Whether they lie in the scene camera's picture, shape (n,).
    true_ego_px
        Without error, shape (n, 2); put to 51° in the same way.
    point_world_m
        The point of the measured ray as far from the scene camera as the true target, shape (n, 3): where
        exactly a measured gaze belongs in the world. NaN for targets in the car (mirrors and
        instruments), which have no place in the road view, and beyond 51°.
    kind, track_id
        Of the target, as `GazeTrack.target` gives them, shape (n,).
    blink
        Whether the eyes are shut or half shut, shape (n,).
    """

    time_s: FloatArray
    ego_px: FloatArray
    in_picture: NDArray[np.bool_]
    true_ego_px: FloatArray
    point_world_m: FloatArray
    kind: NDArray[np.intp]
    track_id: NDArray[np.intp]
    blink: NDArray[np.bool_]


def measured_gaze(
    story: "Story",
    lens: Lens,
    time_s: FloatArray,
    *,
    size_px: tuple[int, int] = (1088, 1080),
    error: TrackerError = _USUAL,
) -> MeasuredGaze:
    """Measure gaze with an eye tracker's errors.

    To azimuth and elevation in the scene camera's axes are added: the session's bias, drift, noise, and
    in blinks a jump down and aside while the lids are shut.

    Parameters
    ----------
    story
        Where the driver looks.
    lens
        Of the scene camera.
    time_s
        When samples are taken, on the phone's clock, shape (n,), s.
    size_px
        Of the scene camera's pictures.
    error
        How large the errors are.
    """
    times = np.asarray(time_s, dtype=np.float64)
    world_from_car = story.world_from_car(times)
    world_from_ego = world_from_car @ story.car_from_ego(times)
    points_world_m = story.gaze.gaze_point_world_m(times, world_from_car)
    points_m = world_from_ego.inverse().apply(points_world_m)
    session = SessionError(story.seed, error, story.blinks)
    wrong_deg = session.slow_deg(times) + session.noise_deg(len(times))
    rays = measured_rays(points_m, wrong_deg)
    tangents, within = within_reach(rays)
    found_px = lens.pixels(tangents)
    range_m = np.linalg.norm(points_m, axis=1, keepdims=True)
    carried_m = world_from_ego.apply(rays * range_m)
    kind, track_id = story.gaze.target(times)
    carried_m[np.isin(kind, IN_CAR) | ~within] = np.nan
    size = np.array(size_px)
    return MeasuredGaze(
        time_s=times,
        ego_px=found_px,
        in_picture=np.asarray(((found_px >= -0.5) & (found_px < size - 0.5)).all(axis=1)),
        true_ego_px=lens.pixels(within_reach(points_m)[0]),
        point_world_m=carried_m,
        kind=kind,
        track_id=track_id,
        blink=story.blinks.blink(times),
    )


def measured_rays(points_m: FloatArray, wrong_deg: FloatArray) -> FloatArray:
    """Add errors to the directions of points, both of them in the scene camera's axes.

    Parameters
    ----------
    points_m
        Shape (n, 3).
    wrong_deg
        Errors of azimuth and elevation, shape (n, 2).

    Returns
    -------
    NDArray[np.float64]
        Unit vectors, shape (n, 3).
    """
    azimuth, elevation = angles_deg(points_m)
    return direction(azimuth + wrong_deg[:, 0], elevation + wrong_deg[:, 1])


def within_reach(rays: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Give the tangents (x / z, y / z) of rays, those beyond the lens put to its reach.

    Parameters
    ----------
    rays
        Of any length, shape (n, 3).

    Returns
    -------
    tangents
        Shape (n, 2).
    within
        Whether they needed no putting, shape (n,).
    """
    across = np.hypot(rays[:, 0], rays[:, 1])
    within = (rays[:, 2] > 0) & (across <= LENS_REACH * rays[:, 2])
    scale = np.where(within, 1.0 / np.where(within, rays[:, 2], 1.0), 0.0)
    edge = LENS_REACH / np.maximum(across, 1e-12)
    tangents = rays[:, :2] * np.where(within, scale, edge)[:, None]
    return tangents, within
