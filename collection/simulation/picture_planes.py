"""Pictures as videos hold them: brightness at full, colour at half the resolution."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


class Planes(NamedTuple):
    """Brightness and colour of a picture of w × h px, both even.

    Attributes
    ----------
    y
        Shape (h, w).
    u, v
        Shape (h / 2, w / 2).
    """

    y: Plane
    u: Plane
    v: Plane


def planes_of(picture: Plane) -> Planes:
    """Take a BGR picture apart, shape (h, w, 3)."""
    height, width = picture.shape[:2]
    flat = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8).ravel()
    y, u, v = np.split(flat, [height * width, height * width * 5 // 4])
    half = height // 2, width // 2
    return Planes(y.reshape(height, width), u.reshape(half), v.reshape(half))


def stacked(planes: Planes) -> Plane:
    """Put the planes into one array as `write_video` takes it, shape (3 h / 2, w)."""
    flat = np.concatenate([plane.ravel() for plane in planes])
    return np.asarray(flat.reshape(-1, planes.y.shape[1]), dtype=np.uint8)


def look(picture: Planes, places: NDArray[np.float32]) -> Planes:
    """Show a picture through another one's pixels.

    Parameters
    ----------
    picture
        What is looked at.
    places
        Where on it each pixel looks, shape (h, w, 2), px.
    """
    # Every other pixel is near enough for colour.
    at_half = np.ascontiguousarray((places[::2, ::2] - 0.5) / 2, dtype=np.float32)
    return Planes(
        look_at(picture.y, places), look_at(picture.u, at_half), look_at(picture.v, at_half)
    )


def look_at(plane: Plane, places: NDArray[np.float32]) -> Plane:
    """Show a plane at places, shape (h, w, 2)."""
    x, y = cv2.split(places)
    seen = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, dtype=np.uint8)


def covered(picture: Planes, cover: Plane, opaque: Plane) -> Planes:
    """Lay a grey picture over another one; both of shape (h, w), `opaque` from 0 to 255."""
    half = np.ascontiguousarray(opaque[::2, ::2])
    grey = np.full_like(half, 128)
    return Planes(
        _blend(picture.y, cover, opaque),
        _blend(picture.u, grey, half),
        _blend(picture.v, grey, half),
    )


def _blend(behind: Plane, cover: Plane, opaque: Plane) -> Plane:
    through = cv2.multiply(behind, cv2.bitwise_not(opaque), scale=1 / 255)
    return np.asarray(cv2.add(through, cv2.multiply(cover, opaque, scale=1 / 255)), dtype=np.uint8)
