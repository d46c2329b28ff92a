"""Where a simulated driver looks, as an exact function of time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .actor import Actor
from .car_layout import EYES_M, place_m
from .fixation_plan import FixationPlan
from .poses import Poses
from .ride import Ride
from .route import smooth_step

FloatArray = NDArray[np.float64]

SACCADE_S, SACCADE_S_PER_DEG = 0.021, 0.0022
"""The main sequence: a saccade of A degrees takes 21 ms + A · 2.2 ms."""
_MOST_OF_SPAN = 0.8


class GazeTrack:
    """The fixated point: of each fixation, and on the way between two.

    A span begins with the saccade. On its way direction and inverse distance go from the last target
    to the next by minimum jerk, while both targets go on moving; so gaze never jumps.

    Parameters
    ----------
    plan
        What is looked at.
    ride
        Of the own car.
    actors
        Of the story, by track id; none where the plan names none.
    flat
        Whether the car has no springs: for labels without pictures.
    """

    def __init__(
        self, plan: FixationPlan, ride: Ride, actors: Sequence[Actor], *, flat: bool = False
    ) -> None:
        self.plan = plan
        self._actors = actors
        self._car = ride.ground_from if flat else ride.world_from_car
        starts_s = plan.start_s[:-1]
        poses = self._car(starts_s)
        numbers = np.arange(len(starts_s))
        before = self._rays(np.maximum(numbers - 1, 0), starts_s, poses)
        after = self._rays(numbers, starts_s, poses)
        cosine = np.einsum("ni,ni->n", _unit(before), _unit(after))
        self.amplitude_deg = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
        """Of the saccade at the beginning of each span, shape (n,), deg."""
        self.saccade_s = np.minimum(
            SACCADE_S + SACCADE_S_PER_DEG * self.amplitude_deg,
            _MOST_OF_SPAN * np.diff(plan.start_s),
        )
        """How long it takes, shape (n,), s."""

    def span(self, time_s: ArrayLike) -> NDArray[np.intp]:
        """Give the number of the span that times lie in, shape (n,)."""
        number = np.searchsorted(self.plan.start_s, time_s, side="right") - 1
        return np.asarray(np.clip(number, 0, len(self.plan.kind) - 1), dtype=np.intp)

    def in_saccade(self, time_s: ArrayLike) -> NDArray[np.bool_]:
        """Tell when the eye is on its way, shape (n,)."""
        times = np.asarray(time_s, dtype=np.float64)
        number = self.span(times)
        return np.asarray(times - self.plan.start_s[number] < self.saccade_s[number])

    def fixation_id(self, time_s: ArrayLike) -> NDArray[np.intp]:
        """Give the number of the fixation, counted from 0; −1 in saccades, shape (n,).

        −1 stays inside of the code; files have null.
        """
        return np.where(self.in_saccade(time_s), -1, self.span(time_s))

    def target(self, time_s: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Give kind (place in `TARGET_KINDS`) and track id (−1 for none), each of shape (n,).

        During a saccade they are those of the fixation it leads to.
        """
        number = self.span(time_s)
        return self.plan.kind[number], self.plan.track_id[number]

    def gaze_point_world_m(
        self, time_s: ArrayLike, world_from_car: Poses | None = None
    ) -> FloatArray:
        """Give the point that is looked at, in the world, shape (n, 3), m.

        Parameters
        ----------
        time_s
            Shape (n,), s.
        world_from_car
            The car's poses at these times, if they are known already.
        """
        times = np.asarray(time_s, dtype=np.float64)
        poses = self._car(times) if world_from_car is None else world_from_car
        number = self.span(times)
        points = self._targets(number, times, poses)
        part = (times - self.plan.start_s[number]) / self.saccade_s[number]
        rows = np.flatnonzero((part < 1) & (number > 0))
        if len(rows):
            here = poses[rows]
            eyes_m = here.apply(place_m(EYES_M))
            start = self._targets(number[rows] - 1, times[rows], here) - eyes_m
            end = points[rows] - eyes_m
            points[rows] = eyes_m + _on_the_way(start, end, smooth_step(part[rows]))
        return points

    def _rays(
        self, number: NDArray[np.intp], time_s: FloatArray, world_from_car: Poses
    ) -> FloatArray:
        """Give the ways from the eyes to targets, in the world, shape (n, 3), m."""
        eyes_m = world_from_car.apply(place_m(EYES_M))
        return self._targets(number, time_s, world_from_car) - eyes_m

    def _targets(
        self, number: NDArray[np.intp], time_s: FloatArray, world_from_car: Poses
    ) -> FloatArray:
        """Give where the targets of spans are at times, in the world, shape (n, 3), m."""
        points = self.plan.target_m[number]
        rows = np.flatnonzero(self.plan.in_car[number])
        points[rows] = world_from_car[rows].apply(points[rows])
        track = self.plan.track_id[number]
        rows = np.flatnonzero(track >= 0)
        rows = rows[np.argsort(track[rows], kind="stable")]
        bounds = np.flatnonzero(np.diff(track[rows])) + 1
        for part in np.split(rows, bounds) if len(rows) else ():
            poses = self._actors[int(track[part[0]])].world_from_actor(time_s[part])
            points[part] = poses.apply(points[part])
        return points


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _on_the_way(start: FloatArray, end: FloatArray, part: FloatArray) -> FloatArray:
    """Turn from one way to another: the direction on a great circle, the inverse length evenly."""
    lengths = np.linalg.norm(start, axis=1), np.linalg.norm(end, axis=1)
    first, last = _unit(start), _unit(end)
    cosine = np.clip(np.einsum("ni,ni->n", first, last), -1, 1)
    across = last - cosine[:, None] * first
    size = np.linalg.norm(across, axis=1, keepdims=True)
    across = np.divide(across, size, out=np.zeros_like(across), where=size > 1e-12)
    angle = (np.arccos(cosine) * part)[:, None]
    turned = np.cos(angle) * first + np.sin(angle) * across
    inverse = (1 - part) / lengths[0] + part / lengths[1]
    return np.asarray(turned / inverse[:, None], dtype=np.float64)
