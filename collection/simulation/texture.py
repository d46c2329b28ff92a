"""Noise with structure of several sizes, as surfaces have it."""

import cv2
import numpy as np
from numpy.typing import NDArray


def texture(
    rng: np.random.Generator, size_px: tuple[int, int], grains_px: tuple[int, ...]
) -> NDArray[np.float32]:
    """Make noise that has structure of each of several sizes.

    Parameters
    ----------
    rng
        Random numbers.
    size_px
        Width and height.
    grains_px
        Sizes of the structures.

    Returns
    -------
    NDArray[np.float32]
        Shape (h, w), mean about 0, standard deviation about 0.7.
    """
    width, height = size_px
    total = np.zeros((height, width), dtype=np.float32)
    for grain in grains_px:
        coarse = rng.standard_normal((height // grain + 2, width // grain + 2), dtype=np.float32)
        total += cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(total / np.sqrt(len(grains_px)), dtype=np.float32)
