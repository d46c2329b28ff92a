"""The lids of an eye, which follow the eye up and down and close over it.

Axes of an eye: x away from the nose, y down, z out of the face, from the eyeball's centre, mm. Lids are rings of
points from their edge, where lashes grow, out to the rim of the socket, where they meet the face.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .driver_look import DriverLook
from .head_shape import EYE_X_MM, HeadShape

FloatArray = NDArray[np.float64]

EYEBALL_MM = 12.0

AROUND = 24
"""Points of a ring: from the inner corner over the upper lid to the outer one, and back below."""

RINGS = 6

_INNER_MM, _OUTER_MM = -14.0, 13.6
_EDGE_MM = 12.55
_LID_MM = 13.7
_OUTWARD = (0.0, 0.1, 0.3, 0.55, 0.8, 1.0)
_ON_FACE = (0.0, 0.0, 0.06, 0.38, 0.8, 1.0)
_UPPER_MM, _LOWER_MM = -4.9, 5.0
# Of the iris' way up or down the upper lid goes three quarters, the lower one a third.
_UPPER_PER_DEG, _LOWER_PER_DEG = -0.16, -0.07


@dataclass(frozen=True, kw_only=True)
class LidHeights:
    """Where the middles of both lids' edges are, mm below the line between the corners of the eye."""

    upper_mm: float
    lower_mm: float


def lid_heights(openness: float, elevation_deg: float, *, wide: float = 1.0) -> LidHeights:
    """Say how far the lids are apart.

    Parameters
    ----------
    openness
        0 (closed) … 1 (open as usual).
    elevation_deg
        How far up the eye looks in the head.
    wide
        The person's factor.
    """
    lower = wide * _LOWER_MM + _LOWER_PER_DEG * elevation_deg - 1.2 * (1 - openness)
    upper = float(np.clip(wide * _UPPER_MM + _UPPER_PER_DEG * elevation_deg, -8.5, lower - 0.6))
    # Half a millimetre over: no gap between closed lids.
    return LidHeights(upper_mm=lower + 0.5 + openness * (upper - lower - 0.5), lower_mm=lower)


class Eyelids:
    """The lids of a person's eyes.

    Parameters
    ----------
    shape
        The face around them.
    """

    def __init__(self, shape: HeadShape) -> None:
        self._look: DriverLook = shape.look
        turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
        along = -np.cos(turn)
        self._above = np.sin(turn) > 1e-9
        self._bulge = np.abs(np.sin(turn)) ** 0.85
        self._edge_x = (_INNER_MM + _OUTER_MM) / 2 + (_OUTER_MM - _INNER_MM) / 2 * along
        tilt = shape.look.eye_tilt_mm
        self._line_y = 0.8 - tilt * (along + 1) / 2
        rim_x = 1.3 + 19.5 * along
        rim_y = np.where(self._above, -13.0, 13.0) * np.abs(np.sin(turn)) - 0.5
        self._rim = np.column_stack([rim_x, rim_y])
        face = shape.front_mm(EYE_X_MM + rim_x, rim_y)
        self._face = face - [EYE_X_MM, 0.0, 0.0]

    def places_mm(self) -> FloatArray:
        """Give where rings lie on the face's map when the eye is half open, (RINGS, AROUND, 2), x and y."""
        edge = self._edge(LidHeights(upper_mm=-3.2, lower_mm=4.2))
        out = np.array(_OUTWARD)[:, None, None]
        return np.asarray((1 - out) * edge[None] + out * self._rim[None], dtype=np.float64)

    def points_mm(self, heights: LidHeights) -> FloatArray:
        """Give the lids' points, shape (RINGS, AROUND, 3)."""
        edge = self._edge(heights)
        out = np.array(_OUTWARD)[:, None, None]
        flat = (1 - out) * edge[None] + out * self._face[None, :, :2]
        radius = np.full((RINGS, 1), _LID_MM)
        radius[0] = _EDGE_MM
        on_ball = _softly_at_least(radius**2 - (flat**2).sum(axis=-1), 20.0)
        weight = np.array(_ON_FACE)[:, None]
        z = (1 - weight) * np.sqrt(on_ball) + weight * self._face[None, :, 2]
        # The fold above an open upper lid.
        fold = np.exp(-0.5 * ((np.array(_OUTWARD)[:, None] - 0.55) / 0.15) ** 2)
        gap = np.clip((heights.lower_mm - heights.upper_mm) / 9.0, 0, 1)
        z = z - 1.6 * gap * fold * np.where(self._above, self._bulge, 0.0)
        return np.concatenate([flat, z[..., None]], axis=-1)

    def _edge(self, heights: LidHeights) -> FloatArray:
        middle = np.where(self._above, heights.upper_mm, heights.lower_mm)
        return np.column_stack([self._edge_x, self._line_y + middle * self._bulge])


def _softly_at_least(values: FloatArray, least: float) -> FloatArray:
    return np.asarray(least + np.logaddexp(0.0, (values - least) / 12.0) * 12.0, dtype=np.float64)
