"""What was seen of travel over a drive: one row for each pair of pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .travel import REFUSALS, Travel

FloatArray = NDArray[np.float64]
IndexArray = NDArray[np.int64]

SEEN = -1
"""The refusal code of pairs that were not refused."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TravelTrack:
    """Travel and turn between m pairs of pictures, in time's order.

    Attributes
    ----------
    time_s
        Halfway between the two pictures, shape (m,), s.
    gap_s
        From one to the other, shape (m,), s.
    focus
        Direction of travel in the camera's axes, tangents to the right and down, shape (m, 2); NaN if refused.
    covariance
        Of it, shape (m, 2, 2).
    turn_rad, turn_sd_rad
        Turn of the camera over the gap about x (upwards), y (to the right) and z, and its standard errors,
        shape (m, 3); NaN if unknown.
    inlier_count
        Flows that agree, shape (m,).
    expansion
        Growth over the gap, see `Travel`, shape (m,).
    refusal
        Places in `REFUSALS`, `SEEN` for none, shape (m,).
    """

    time_s: FloatArray
    gap_s: FloatArray
    focus: FloatArray
    covariance: FloatArray
    turn_rad: FloatArray
    turn_sd_rad: FloatArray
    inlier_count: IndexArray
    expansion: FloatArray
    refusal: IndexArray

    def __len__(self) -> int:
        return len(self.time_s)

    @classmethod
    def of(
        cls, time_s: Sequence[float], gap_s: Sequence[float], travels: Sequence[Travel]
    ) -> "TravelTrack":
        """Put single estimates together."""
        m = len(travels)
        return cls(
            time_s=np.array(time_s, dtype=np.float64),
            gap_s=np.array(gap_s, dtype=np.float64),
            focus=np.array([each.focus for each in travels]).reshape(m, 2),
            covariance=np.array([each.covariance for each in travels]).reshape(m, 2, 2),
            turn_rad=np.array([each.turn_rad for each in travels]).reshape(m, 3),
            turn_sd_rad=np.array([each.turn_sd_rad for each in travels]).reshape(m, 3),
            inlier_count=np.array([each.inlier_count for each in travels], dtype=np.int64),
            expansion=np.array([each.expansion for each in travels], dtype=np.float64),
            refusal=np.array(
                [
                    SEEN if each.refusal is None else REFUSALS.index(each.refusal)
                    for each in travels
                ],
                dtype=np.int64,
            ),
        )

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Pairs with a focus, shape (m,)."""
        return np.asarray(self.refusal == SEEN, dtype=np.bool_)

    @property
    def rate_deg_s(self) -> FloatArray:
        """How fast the camera turns upwards, to the right and about its axis, shape (m, 3), deg/s."""
        return np.asarray(np.degrees(self.turn_rad) / self.gap_s[:, None], dtype=np.float64)

    def moving(self, speed_m_s: FloatArray | None) -> NDArray[np.bool_]:
        """Tell when the car moves fast enough for its direction to mean something, shape (m,).

        Above 4 m/s where speed is known; else by the flow: what is seen below the focus comes nearer by more
        than a tenth of its distance in a second.

        Parameters
        ----------
        speed_m_s
            At the times of the pairs, shape (m,), NaN where unknown; None if all of it is.
        """
        by_flow = self.expansion / self.gap_s > LEAST_EXPANSION_PER_S
        if speed_m_s is None:
            return np.asarray(by_flow, dtype=np.bool_)
        known = np.isfinite(speed_m_s)
        return np.asarray(np.where(known, speed_m_s > LEAST_SPEED_M_S, by_flow), dtype=np.bool_)


LEAST_SPEED_M_S = 4.0
LEAST_EXPANSION_PER_S = 0.1
