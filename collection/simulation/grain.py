"""Noise of a camera's sensor."""

import cv2
import numpy as np
from numpy.typing import NDArray

_MARGIN_PX = 64


class Grain:
    """Adds noise that lies elsewhere in each picture.

    Parameters
    ----------
    size_px
        Width and height of the pictures.
    seed
        Same seed, same noise.
    sigma
        Standard deviation, grey levels.
    """

    def __init__(self, size_px: tuple[int, int], *, seed: int, sigma: float) -> None:
        self._rng_seed = seed
        shape = (size_px[1] + _MARGIN_PX, size_px[0] + _MARGIN_PX)
        noise = np.random.default_rng([seed, 8]).standard_normal(shape, dtype=np.float32)
        self._noise = np.rint(sigma * noise).astype(np.int8)

    def __call__(
        self, y: NDArray[np.uint8], index: int, out: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Add that of a frame to its brightness, shape (h, w); into `out` if given."""
        down, right = np.random.default_rng([self._rng_seed, index]).integers(0, _MARGIN_PX, 2)
        height, width = y.shape
        noise = self._noise[down : down + height, right : right + width]
        return np.asarray(cv2.add(y, noise, out, dtype=cv2.CV_8U), dtype=np.uint8)
