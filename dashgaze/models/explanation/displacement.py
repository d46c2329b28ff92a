"""How far a network's answer moves, and how much worse it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.batch import Output
from dashgaze.models.contract.samples import Samples
from dashgaze.models.contract.scale import direction, px_from_unit

FloatArray = NDArray[np.float64]

Head = Literal["location", "angle"]
HEADS: tuple[Head, ...] = ("location", "angle")
UNITS: Mapping[Head, str] = {"location": "px", "angle": "deg"}

LEAST_EFFECT: Mapping[Head, float] = {"location": 0.05, "angle": 0.005}
"""What single precision and the order of a batch may move an answer by, px and degrees, with a margin: a
largest displacement under it is no effect, and no map is drawn of it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Answers:
    """What a network says of n frames.

    Attributes
    ----------
    location
        Gaze in the road view, shape (n, 2), px.
    angle
        Azimuth and elevation, shape (n, 2), degrees; None if the network gives none.
    """

    location: FloatArray
    angle: FloatArray | None

    @property
    def heads(self) -> tuple[Head, ...]:
        """The heads that there are."""
        return HEADS if self.angle is not None else ("location",)

    def of(self, head: Head) -> FloatArray:
        """Give the answers of one head, shape (n, 2)."""
        if head == "location":
            return self.location
        if self.angle is None:
            raise ValueError("this network gives no angle")
        return self.angle


def answers_of(output: Output, road_size_px: FloatArray) -> Answers:
    """Bring what a network says to pixels and degrees.

    Parameters
    ----------
    output
        Of n frames.
    road_size_px
        Of their road pictures, shape (n, 2), or (2,) if it is the same frame n times.
    """
    unit = output.xy.detach().cpu().numpy().astype(np.float64)
    size = np.broadcast_to(road_size_px, unit.shape)
    angle = None if output.angle is None else output.angle.detach().cpu().numpy()
    return Answers(
        location=px_from_unit(unit, size),
        angle=None if angle is None else np.degrees(angle.astype(np.float64)),
    )


def apart(one: FloatArray, other: FloatArray, head: Head) -> FloatArray:
    """Give how far answers are from one another, shape (n,): px, or the angle between directions, degrees.

    Parameters
    ----------
    one, other
        Shape (n, 2), or (2,) for the same one n times. NaN gives NaN.
    head
        What they are.
    """
    if head == "location":
        return np.asarray(np.linalg.norm(one - other, axis=-1), dtype=np.float64)
    a, b = np.broadcast_arrays(np.atleast_2d(one), np.atleast_2d(other))
    u, v = direction(a), direction(b)
    across = np.linalg.norm(np.cross(u, v), axis=1)
    return np.asarray(np.degrees(np.arctan2(across, (u * v).sum(axis=1))), dtype=np.float64)


def truth_of(samples: Samples, head: Head) -> FloatArray:
    """Give the labels that a head is to answer, shape (n, 2); NaN where unknown."""
    return samples.gaze_road_px if head == "location" else samples.gaze_angle_deg
