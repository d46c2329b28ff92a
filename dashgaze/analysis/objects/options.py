"""What can be chosen in the analysis of gaze on objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dashgaze.errors import InputError

from ..study.traffic import Traffic
from .placing import PlacedBoxes

ASSUMED_ERROR_DEG = 2.0
"""Standard deviation in each axis that is taken where nobody validated the eye tracker: glasses that need no
calibration are off by some degrees, and an offset that one look at a known target tells leaves about 2°."""


@dataclass(frozen=True, kw_only=True)
class ObjectOptions:
    """How gaze on objects is counted.

    Attributes
    ----------
    boxes
        By session: see `boxes_of_dataset`.
    traffic
        By session; that of the boxes where it is not given.
    tracker_error_deg
        Error of the eye tracker, standard deviation in each axis: one for all, or by session; 2° is
        assumed, and said so, where it is not given.
    margin_deg
        Of the second rule.
    least_apart_s
        Other moments, which make chance, are at least so far from a look in time.
    moments
        How many of them each look is held against.
    looks_per_s
        Frames are thinned to about so many: neighbours say the same.
    least_cell_s
        Least time of looks of a session in a condition.
    seed
        Of what is drawn.
    """

    boxes: Mapping[str, PlacedBoxes]
    traffic: Mapping[str, Traffic] = field(default_factory=dict)
    tracker_error_deg: float | Mapping[str, float] | None = None
    margin_deg: float = 1.0
    least_apart_s: float = 30.0
    moments: int = 24
    looks_per_s: float = 10.0
    least_cell_s: float = 60.0
    seed: int = 1

    def __post_init__(self) -> None:
        given = self.tracker_error_deg
        errors = [] if given is None else given.values() if isinstance(given, Mapping) else [given]
        if not all(0 < error <= 30 for error in errors):
            raise InputError(
                "tracker_error_deg has to be above 0° and at most 30°.",
                fix="Give the standard deviation in each axis that a validation found.",
            )
        if (
            not 0 <= self.margin_deg <= 10
            or self.least_apart_s <= 0
            or self.moments < 10
            or self.looks_per_s <= 0
            or self.least_cell_s <= 0
        ):
            raise InputError(
                f"margin_deg is {self.margin_deg}, least_apart_s {self.least_apart_s}, moments {self.moments}, "
                f"looks_per_s {self.looks_per_s}, least_cell_s {self.least_cell_s}.",
                fix="Take a margin of 0 to 10°, at least 10 moments, and the rest above 0.",
            )

    def error_deg(self, session_id: str) -> tuple[float, bool]:
        """Give the tracker's error of a session, and whether it is assumed."""
        given = self.tracker_error_deg
        if isinstance(given, Mapping):
            given = given.get(session_id)
        return (ASSUMED_ERROR_DEG, True) if given is None else (given, False)
