"""Ways to spoil pictures as cars and cameras do: out of focus, dark, covered, squeezed.

Each takes the picture as it is stored. What a camera does to the whole view is the same for all pictures
of a frame: blur is given as a share of the face's size, not of the crop's.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import cv2
import numpy as np
from numpy.typing import NDArray

Kind = Literal["blur", "low_light", "cover_eyes", "cover_mouth", "cover_half_face", "jpeg"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SEVERITIES = (1, 2, 3, 4, 5)

TITLES: dict[Kind, str] = {
    "blur": "Out of focus",
    "low_light": "Low light",
    "cover_eyes": "Eyes covered",
    "cover_mouth": "Mouth covered",
    "cover_half_face": "Half of the face covered",
    "jpeg": "Compression",
}

BLUR_OF_FACE = (0.005, 0.01, 0.02, 0.035, 0.05)
"""Standard deviation of the blur, as a share of the longer side of the face's box."""

LIGHT = (0.5, 0.25, 0.12, 0.06, 0.03)
"""Share of the light that is left."""

JPEG_QUALITY = (40, 25, 15, 8, 4)

COVERED = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Share of the region that is covered: eyes from the top, mouth from below, half of the face from its edge."""

_GAMMA = 2.2
_FULL_WELL = 4000.0  # electrons at white, of a small telephone sensor
_READ_NOISE = 6.0  # electrons

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, px of the picture that is spoiled."""


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """One way to spoil pictures, at one strength from 1 (hardly seen) to 5 (hardly anything left)."""

    kind: Kind
    severity: int

    @property
    def step(self) -> int:
        """Place of the strength in the tables above."""
        return self.severity - 1


def blurred(picture: Picture, sd_px: float) -> Picture:
    """Blur by a Gaussian.

    Parameters
    ----------
    picture
        Red, green, blue, shape (height, width, 3).
    sd_px
        Standard deviation, px of this picture.
    """
    if sd_px < 0.05:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sd_px), dtype=np.uint8)


def darkened(picture: Picture, light: float, rng: np.random.Generator) -> Picture:
    """Take away light, and add the noise of the photons that are left and of the sensor.

    Values are made linear (exponent 2.2), scaled, given Gaussian noise whose variance is that of the
    photons (4000 electrons at white) and of reading (6 electrons), and written as before.

    Parameters
    ----------
    picture
        Shape (height, width, 3).
    light
        Share that is left, 0 … 1.
    rng
        Where noise comes from.
    """
    electrons = (picture.astype(np.float64) / 255.0) ** _GAMMA * light * _FULL_WELL
    noise = rng.standard_normal(picture.shape) * np.sqrt(electrons + _READ_NOISE**2)
    linear = np.clip((electrons + noise) / _FULL_WELL, 0.0, 1.0)
    return np.asarray(np.round(linear ** (1 / _GAMMA) * 255.0), dtype=np.uint8)


def squeezed(picture: Picture, quality: int) -> Picture:
    """Write as JPEG and read again."""
    done, content = cv2.imencode(
        ".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)]
    )
    if not done:
        raise RuntimeError("OpenCV could not write a JPEG")
    again = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(again[:, :, ::-1])


def covered(picture: Picture, box: Box) -> Picture:
    """Cover a rectangle by the mean colour of the picture."""
    height, width = picture.shape[:2]
    left, right = (int(np.clip(round(each), 0, width)) for each in (box[0], box[2]))
    top, bottom = (int(np.clip(round(each), 0, height)) for each in (box[1], box[3]))
    if right <= left or bottom <= top:
        return picture
    result = picture.copy()
    result[top:bottom, left:right] = picture.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    return result


def from_top(box: Box, share: float) -> Box:
    """Give the upper part of a rectangle: what a visor, a brim or a lid hides first."""
    left, top, right, bottom = box
    return (left, top, right, top + (bottom - top) * share)


def from_bottom(box: Box, share: float) -> Box:
    """Give the lower part of a rectangle: what a hand or a scarf hides first."""
    left, top, right, bottom = box
    return (left, bottom - (bottom - top) * share, right, bottom)
