"""Pictures of frames, by row."""

from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

PictureName = Literal["driver", "face", "left_eye", "right_eye"]
"""Columns of `schemas.image_table`. The eyes are the driver's left and right."""

PICTURE_SIZES_PX: dict[PictureName, tuple[int, int]] = {
    "driver": (224, 224),
    "face": (224, 224),
    "left_eye": (100, 50),
    "right_eye": (100, 50),
}
"""Width and height in the data set."""


class PictureSource(Protocol):
    """Where pictures of the rows of a `Samples` come from."""

    def read(
        self, rows: NDArray[np.int64], name: PictureName, size_px: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Give one kind of picture of some rows.

        Parameters
        ----------
        rows
            Rows of the `Samples` that belongs to this source, shape (b,).
        name
            Which picture.
        size_px
            Width and height wanted; as stored if None. Shrunk by area.

        Returns
        -------
        pictures
            Red, green, blue, shape (b, 3, height, width); black where there is none.
        present
            Where there is one, shape (b,).
        """

    def take(self, rows: NDArray[np.int64]) -> "PictureSource":
        """Give the source that belongs to ``samples.take(rows)``."""
