"""What has to be covered: faces and licence plates, as boxes."""

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

RegionClass: TypeAlias = Literal["face", "plate"]
REGION_CLASSES: tuple[RegionClass, ...] = ("face", "plate")


@dataclass(frozen=True, kw_only=True)
class Region:
    """One face or plate in one picture.

    Attributes
    ----------
    kind
        What it is.
    x_px, y_px
        Left and top edge, px of the picture as shown.
    width_px, height_px
        Its size; more than 0.
    confidence
        How sure the detector is, 0 … 1.

    Raises
    ------
    ValueError
        If a number is not finite, or the size not more than 0.
    """

    kind: RegionClass
    x_px: float
    y_px: float
    width_px: float
    height_px: float
    confidence: float = 1.0

    def __post_init__(self) -> None:
        numbers = (self.x_px, self.y_px, self.width_px, self.height_px, self.confidence)
        if not all(math.isfinite(number) for number in numbers):
            raise ValueError("a box has a number that is not finite")
        if self.width_px <= 0 or self.height_px <= 0:
            raise ValueError(f"a box of {self.width_px} × {self.height_px} px has no area")
