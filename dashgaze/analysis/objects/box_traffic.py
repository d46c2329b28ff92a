"""Traffic from boxes of vehicles."""

import re
from collections.abc import Collection

import numpy as np

from ..contract.study import SessionData
from ..study.traffic import Traffic, near_vehicles, traffic_from_boxes
from .placing import PlacedBoxes

VEHICLES = frozenset(
    {
        "auto",
        "auto-rickshaw",
        "autorickshaw",
        "bus",
        "car",
        "motorbike",
        "motorcycle",
        "rickshaw",
        "suv",
        "tractor",
        "truck",
        "van",
        "vehicle",
    }
)
"""Classes that make traffic, as they are called in COCO and in data sets of Indian roads."""


def traffic_of_boxes(
    placed: PlacedBoxes, session: SessionData, *, vehicles: Collection[str] = VEHICLES
) -> Traffic:
    """Tell the traffic of a session's frames by how many vehicles are near: see `traffic_from_boxes`.

    Parameters
    ----------
    placed
        Its boxes.
    session
        The session.
    vehicles
        Classes that count, in any case of letters; ``_`` and blanks are as good as ``-``.
    """
    boxes = placed.boxes
    wanted = {name.lower() for name in vehicles}
    names, code = np.unique(boxes.kind, return_inverse=True)
    counts = np.array(
        [re.sub(r"[_\s]+", "-", str(name).strip().lower()) in wanted for name in names],
        dtype=np.bool_,
    )
    near = near_vehicles(boxes.corners_px[:, 1], boxes.corners_px[:, 3], placed.size_px[1])
    near &= counts[code] if len(names) else False
    per_picture = np.bincount(boxes.picture[near], minlength=len(boxes.moment)).astype(np.float64)
    row = placed.picture_of_row
    per_row = np.full(len(session), np.nan)
    per_row[row >= 0] = per_picture[row[row >= 0]]
    return traffic_from_boxes(per_row, session.time_s)
