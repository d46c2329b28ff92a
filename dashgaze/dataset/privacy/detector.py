"""The seam to what finds faces and plates: a detector is anything of this form."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from .regions import Region, RegionClass


@runtime_checkable
class RegionDetector(Protocol):
    """Finds faces, plates, or both in single pictures."""

    @property
    def name(self) -> str:
        """What it is called in the record."""
        ...

    @property
    def classes(self) -> frozenset[RegionClass]:
        """What it looks for: an answer without a region of a class means that there is none."""
        ...

    @property
    def facts(self) -> dict[str, Any]:
        """What tells it from another: version, SHA-256 of its weights, thresholds.

        Ready for JSON, and without paths of this machine.
        """
        ...

    def detect(self, picture: NDArray[np.uint8]) -> Sequence[Region]:
        """Find regions in a picture.

        Never called from two threads at once.

        Parameters
        ----------
        picture
            Blue, green, red, shape (height, width, 3).

        Raises
        ------
        DashgazeError
            If the picture can't be judged. Then nothing of the view is written.
        """
        ...

    def close(self) -> None:
        """Give back what it holds; it may be used again afterwards."""
        ...
