"""Scaling planes of pictures."""

import cv2
import numpy as np

from .canvas import Plane


def scaled(plane: Plane, size_px: tuple[int, int]) -> Plane:
    """Scale a plane to a width and height, without moiré where it shrinks.

    Halving is exact and fast; what is left is less than a factor of two, where interpolation between
    neighbours still sees every pixel.
    """
    width, height = size_px
    while plane.shape[1] >= 2 * width and plane.shape[0] >= 2 * height:
        half = plane.shape[1] // 2, plane.shape[0] // 2
        plane = _resized(plane, half, cv2.INTER_AREA)
    return plane if plane.shape == (height, width) else _resized(plane, size_px, cv2.INTER_LINEAR)


def _resized(plane: Plane, size_px: tuple[int, int], way: int) -> Plane:
    return np.asarray(cv2.resize(plane, size_px, interpolation=way), dtype=np.uint8)
