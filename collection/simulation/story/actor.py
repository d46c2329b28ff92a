"""Another road user: what it is, how big, and where at every time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .motions import Along, Motion
from .poses import Poses
from .route import Route

FloatArray = NDArray[np.float64]

SIZES_M = {
    "car": (1.74, 1.50, 4.10),
    "van": (1.90, 2.10, 4.90),
    "bus": (2.45, 3.10, 10.50),
    "truck": (2.35, 2.95, 7.80),
    "motorcycle": (0.78, 1.62, 2.00),
    "auto_rickshaw": (1.30, 1.75, 2.65),
    "pedestrian": (0.55, 1.68, 0.42),
}
"""Width, height and length of the average one; a motorcycle's height is that of its rider."""

ACTOR_KINDS = tuple(SIZES_M)
VEHICLE_KINDS = ACTOR_KINDS[:-1]

_SCALE_SD = 0.04


@dataclass(frozen=True, kw_only=True, eq=False)
class Actor:
    """A vehicle or a pedestrian.

    Attributes
    ----------
    track_id
        Number in the story, from 0.
    kind
        One of `ACTOR_KINDS`.
    size_m
        Width, height, length.
    look_seed
        Of colour, clothes and such.
    start_s, end_s
        When it is present.
    motion
        How it moves along the route.
    route
        The road.
    """

    track_id: int
    kind: str
    size_m: tuple[float, float, float]
    look_seed: int
    start_s: float
    end_s: float
    motion: Motion
    route: Route

    def present(self, time_s: ArrayLike) -> NDArray[np.bool_]:
        """Tell whether it is there at times, shape (n,)."""
        times = np.asarray(time_s, dtype=np.float64)
        return np.asarray((times >= self.start_s) & (times <= self.end_s))

    def along(self, time_s: ArrayLike) -> Along:
        """Give its places on the route at times, shape (n,)."""
        return self.motion.along(np.asarray(time_s, dtype=np.float64))

    def world_from_actor(self, time_s: ArrayLike) -> Poses:
        """Give its poses at times, n of them; its origin is on the ground under its middle."""
        return self.route.poses(*self.along(time_s))

    def braking(self, time_s: ArrayLike) -> NDArray[np.bool_]:
        """Tell when its brake lights are on, shape (n,)."""
        return self.motion.braking(np.asarray(time_s, dtype=np.float64))

    def corners_m(self) -> FloatArray:
        """Give the corners of its box in its own axes, shape (8, 3), m."""
        width, height, length = self.size_m
        return np.array(
            [
                (x, y, z)
                for x in (-width / 2, width / 2)
                for y in (-height, 0.0)
                for z in (-length / 2, length / 2)
            ]
        )


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An actor without its number; `start_s` > `end_s` if it never comes in sight."""

    kind: str
    size_m: tuple[float, float, float]
    look_seed: int
    start_s: float
    end_s: float
    motion: Motion


def draw_size_m(rng: np.random.Generator, kind: str) -> tuple[float, float, float]:
    """Draw the size of one of a kind: 4 % larger or smaller than the average one (SD)."""
    width, height, length = SIZES_M[kind]
    scale = 1 + _SCALE_SD * rng.standard_normal(3).clip(-2, 2)
    # What stands in a lane has to stay in it; lengths and heights vary more freely.
    return (
        float(width * min(scale[0], 1.04)),
        float(height * scale[1]),
        float(length * scale[2]),
    )


def draw_kind(rng: np.random.Generator, shares: dict[str, float]) -> str:
    """Draw a kind by its share."""
    return str(rng.choice(list(shares), p=list(shares.values())))


def draw_look(rng: np.random.Generator) -> int:
    """Draw the seed of an actor's looks."""
    return int(rng.integers(2**31))
