"""Where bodies are and how they are turned, at many moments at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Poses:
    """Rigid motions, named like transforms.

    With ``world_from_car``, ::

        X_world = rotation @ X_car + origin_m

    A single pose, n = 1, goes with any number of others.

    Attributes
    ----------
    rotation
        Shape (n, 3, 3).
    origin_m
        The body's origin in the target's axes, shape (n, 3), m.
    """

    rotation: FloatArray
    origin_m: FloatArray

    @classmethod
    def single(cls, rotation: ArrayLike, origin_m: ArrayLike) -> "Poses":
        """Make one pose of a rotation, shape (3, 3), and an origin, shape (3,)."""
        return cls(
            np.asarray(rotation, dtype=np.float64)[None],
            np.asarray(origin_m, dtype=np.float64)[None],
        )

    def __len__(self) -> int:
        return len(self.origin_m)

    def __getitem__(self, rows: slice | NDArray[np.bool_] | NDArray[np.intp]) -> "Poses":
        """Give the poses of some rows."""
        return Poses(self.rotation[rows], self.origin_m[rows])

    def apply(self, points_m: ArrayLike) -> FloatArray:
        """Bring points from the body's axes to the target's.

        Parameters
        ----------
        points_m
            Shape (3,): one point for all poses; (n, 3): one for each; (n, k, 3): k for each.

        Returns
        -------
        NDArray[np.float64]
            Shape (n, 3) or (n, k, 3), m.
        """
        turned = self.turn(points_m)
        return turned + (self.origin_m[:, None] if turned.ndim == 3 else self.origin_m)

    def turn(self, vectors: ArrayLike) -> FloatArray:
        """Bring directions from the body's axes to the target's; shapes as for `apply`."""
        array = np.asarray(vectors, dtype=np.float64)
        if array.ndim == 1:
            return np.asarray(self.rotation @ array, dtype=np.float64)
        if array.ndim == 2:
            return np.asarray((self.rotation @ array[:, :, None])[:, :, 0], dtype=np.float64)
        return np.asarray(array @ self.rotation.transpose(0, 2, 1), dtype=np.float64)

    def inverse(self) -> "Poses":
        """Give the motions back: ``world_from_car.inverse()`` is ``car_from_world``."""
        back = self.rotation.transpose(0, 2, 1)
        return Poses(back, -(back @ self.origin_m[:, :, None])[:, :, 0])

    def __matmul__(self, other: "Poses") -> "Poses":
        """Compose: ``world_from_car @ car_from_ego`` is ``world_from_ego``."""
        return Poses(self.rotation @ other.rotation, self.apply(other.origin_m))


def level_turns(heading_rad: FloatArray) -> FloatArray:
    """Give the rotations of upright bodies, turned to the right of z, shape (n,) to (n, 3, 3)."""
    found = np.zeros((len(heading_rad), 3, 3))
    found[:, 0, 0] = found[:, 2, 2] = np.cos(heading_rad)
    found[:, 0, 2] = np.sin(heading_rad)
    found[:, 2, 0] = -found[:, 0, 2]
    found[:, 1, 1] = 1.0
    return found


def turns(yaw_deg: FloatArray, pitch_deg: FloatArray, roll_deg: FloatArray) -> FloatArray:
    """Give rotations to the right, up and clockwise, from the turned axes to those at rest.

    The same as `dashgaze.collection.simulation.swing.turns`, several times as fast.

    Parameters
    ----------
    yaw_deg, pitch_deg, roll_deg
        Shape (n,), deg.

    Returns
    -------
    NDArray[np.float64]
        ``R_y(yaw) · R_x(pitch) · R_z(roll)``, shape (n, 3, 3).
    """
    (ca, cb, cc), (sa, sb, sc) = (
        (
            function(np.radians(yaw_deg)),
            function(np.radians(pitch_deg)),
            function(np.radians(roll_deg)),
        )
        for function in (np.cos, np.sin)
    )
    found = np.empty((len(ca), 3, 3))
    found[:, 0, 0] = ca * cc + sa * sb * sc
    found[:, 0, 1] = sa * sb * cc - ca * sc
    found[:, 0, 2] = sa * cb
    found[:, 1, 0] = cb * sc
    found[:, 1, 1] = cb * cc
    found[:, 1, 2] = -sb
    found[:, 2, 0] = ca * sb * sc - sa * cc
    found[:, 2, 1] = ca * sb * cc + sa * sc
    found[:, 2, 2] = ca * cb
    return found
