"""Where a point of the driver picture is in the small pictures that were cut from it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.pictures.crops import (
    EYE_WIDTH_PER_DISTANCE,
    FACE_SIDE_PER_BOX,
    LEAST_DISTANCE_PER_BOX,
)
from dashgaze.models.contract.pictures import PictureName
from dashgaze.models.contract.samples import Samples

FloatArray = NDArray[np.float64]

_EYES: dict[PictureName, tuple[int, int]] = {"left_eye": (0, 1), "right_eye": (1, 0)}


@dataclass(frozen=True, kw_only=True)
class PicturePlace:
    """``picture = scale · driver + shift``, in pixels whose centres are integers."""

    scale: tuple[float, float]
    shift: tuple[float, float]

    def points_px(self, driver_px: FloatArray) -> FloatArray:
        """Bring points of the driver picture, shape (n, 2), to this picture."""
        placed: FloatArray = driver_px * np.array(self.scale) + np.array(self.shift)
        return placed


def picture_place(
    samples: Samples, row: int, name: PictureName, size_px: tuple[int, int]
) -> PicturePlace | None:
    """Say how a small picture lies in the driver picture; as `dataset.pictures.crops` cuts them.

    Parameters
    ----------
    samples
        Frames.
    row
        Which one.
    name
        Which picture.
    size_px
        Width and height that the network takes it in.

    Returns
    -------
    PicturePlace or None
        None if the face that it was cut around is unknown.
    """
    width, height = (float(each) for each in samples.driver_size_px[row])
    if name == "driver":
        scale = (size_px[0] / width, size_px[1] / height)
        return PicturePlace(scale=scale, shift=(0.5 * scale[0] - 0.5, 0.5 * scale[1] - 0.5))
    left, top, box_width, box_height = (float(each) for each in samples.face_box_px[row])
    if name == "face":
        centre = (left + box_width / 2, top + box_height / 2)
        wide = FACE_SIDE_PER_BOX * max(box_width, box_height)
        high = wide
    else:
        own, other = (samples.landmarks_px[row, place] for place in _EYES[name])
        centre = (float(own[0]), float(own[1]))
        apart = math.hypot(*(own - other))
        sizes = (apart, LEAST_DISTANCE_PER_BOX * box_height)
        wide = EYE_WIDTH_PER_DISTANCE * max((size for size in sizes if size > 0), default=math.nan)
        high = wide / 2
    scale = (size_px[0] / wide, size_px[1] / high)
    shift = tuple(
        -(middle - size / 2) * each - 0.5
        for middle, size, each in zip(centre, (wide, high), scale, strict=True)
    )
    if not np.isfinite([*scale, *shift]).all():
        return None
    return PicturePlace(scale=scale, shift=(shift[0], shift[1]))
