"""Gaze in degrees from a reference that differs from session to session."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ReferenceKind = Literal["vanishing_point", "mount_point", "modal_gaze"]


@dataclass(frozen=True, kw_only=True, eq=False)
class GazeDirections:
    """Gaze of the n frames of a `SessionData` as directions of the road camera.

    Attributes
    ----------
    camera_deg
        Azimuth (right positive) and elevation (up positive) from the optical axis, shape (n, 2), degrees.
    vanishing_point_deg
        Of the direction of travel, frame by frame, shape (n, 2), degrees.
    reference_deg
        The session's reference in the same axes, shape (2,).
    reference_kind
        What it is: the frames' vanishing points where there are enough (their geometric median is
        ``mount_point``), or the mode of gaze.
    from_reference_deg
        Gaze less the session's reference, shape (n, 2).
    noise_sd_deg
        What of the spread is no gaze: tracker and mapping together, horizontally and vertically, shape (2,);
        NaN if unknown.
    focal_px
        Focal length behind it.
    focal_is_assumed
        Whether the focal length is a usual one and not this camera's: then degrees are approximate and
        spreads are compared within sessions only.
    """

    camera_deg: FloatArray
    vanishing_point_deg: FloatArray
    reference_deg: FloatArray
    reference_kind: ReferenceKind
    from_reference_deg: FloatArray
    noise_sd_deg: FloatArray
    focal_px: float
    focal_is_assumed: bool
