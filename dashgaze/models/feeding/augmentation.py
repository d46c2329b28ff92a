"""Pictures changed a little, so that a network learns gaze and not one camera's light."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.schemas.image_table import FACE_PX

Pictures = NDArray[np.uint8]
"""Red, green, blue, shape (b, 3, height, width)."""

_TAPE_SAMPLES = 1 << 18
_MOST_VALUES = 3 * FACE_PX * FACE_PX
_NOISE_STEPS = 9


@dataclass(frozen=True, kw_only=True)
class AugmentOptions:
    """How much pictures are changed; 0 is not at all. Nothing is ever mirrored (reference A23).

    Attributes
    ----------
    brightness, contrast, gamma
        Greatest change, of full range, as a factor and as an exponent: drawn for each frame, the same for
        all its pictures.
    noise_levels
        Greatest standard deviation of noise, levels of 255.
    shift
        Greatest shift of face and eyes in their picture, of its size: as of a detector that is off. The
        driver view stays, as landmarks are given in it.
    zoom
        Greatest change of their size, as a factor.
    """

    brightness: float = 0.15
    contrast: float = 0.2
    gamma: float = 0.25
    noise_levels: float = 4.0
    shift: float = 0.03
    zoom: float = 0.04

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "gamma", "shift", "zoom"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} has to be at least 0 and less than 1")
        if not 0.0 <= self.noise_levels <= 100.0:
            raise ValueError("noise_levels has to be within 0 and 100")


def augment(
    pictures: Mapping[str, Pictures], options: AugmentOptions, random: np.random.Generator
) -> dict[str, Pictures]:
    """Change the pictures of some frames.

    Parameters
    ----------
    pictures
        By name, b of each.
    options
        How much.
    random
        What is drawn from; the same state gives the same pictures.
    """
    count = len(next(iter(pictures.values())))
    levels = _levels(count, options, random)
    changed = {}
    for name in sorted(pictures):
        given = pictures[name]
        made = given.copy()
        moves = random.uniform(-1.0, 1.0, (count, 3))
        sds = random.integers(0, _NOISE_STEPS, count)
        starts = random.integers(0, _TAPE_SAMPLES, count)
        for frame in range(count):
            picture = given[frame]
            if not picture.any():  # there is none, and it stays so
                continue
            if name != "driver" and (options.shift or options.zoom):
                picture = _moved(picture, moves[frame], options)
            picture = np.asarray(cv2.LUT(picture, levels[frame]), dtype=np.uint8)
            if options.noise_levels:
                picture = _noisy(picture, int(sds[frame]), int(starts[frame]), options.noise_levels)
            made[frame] = picture
        changed[name] = made
    return changed


def _levels(count: int, options: AugmentOptions, random: np.random.Generator) -> NDArray[np.uint8]:
    """Draw the curve of levels of each frame, shape (b, 256)."""
    draws = random.uniform(-1.0, 1.0, (count, 3))
    level = np.linspace(0.0, 1.0, 256)
    exponent = (1.0 + options.gamma) ** draws[:, 2:]
    factor = 1.0 + options.contrast * draws[:, 1:2]
    curve = (level**exponent - 0.5) * factor + 0.5 + options.brightness * draws[:, :1]
    # Beyond the view all is black, and stays dark.
    curve[:, 0] = 0.0
    return np.asarray(np.clip(np.rint(curve * 255), 0, 255), dtype=np.uint8)


def _moved(picture: Pictures, move: NDArray[np.float64], options: AugmentOptions) -> Pictures:
    """Shift and zoom about the middle; the edge goes on beyond itself."""
    _, height, width = picture.shape
    zoom = (1.0 + options.zoom) ** move[2]
    middle = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = middle - zoom * (middle + options.shift * move[:2] * (width, height))
    matrix = np.array([[zoom, 0.0, offset[0]], [0.0, zoom, offset[1]]])
    moved = cv2.warpAffine(
        cv2.merge(list(picture)),  # an order of magnitude faster than transposing
        matrix,
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.stack(cv2.split(np.asarray(moved, dtype=np.uint8)))


def _noisy(picture: Pictures, step: int, start: int, most_levels: float) -> Pictures:
    # Drawing a number for each pixel costs more than decoding: noise is a piece of a tape, drawn once.
    above, below = _tapes(most_levels)
    flat = picture.reshape(1, -1)
    plus, minus = (
        # A picture larger than those of a data set goes round the tape.
        np.resize(tape[step, start:], flat.shape)
        if start + flat.size > tape.shape[1]
        else tape[step, start : start + flat.size].reshape(1, -1)
        for tape in (above, below)
    )
    noisy = cv2.subtract(cv2.add(flat, plus), minus)
    return np.asarray(noisy.reshape(picture.shape), dtype=np.uint8)


@lru_cache(maxsize=4)
def _tapes(most_levels: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw normal noise of some standard deviations up to `most_levels`: what it adds, what it takes."""
    random = np.random.default_rng(20260101)
    tape = random.standard_normal(_TAPE_SAMPLES + _MOST_VALUES)
    sds = np.linspace(0.0, most_levels, _NOISE_STEPS)[:, None]
    noise = np.rint(sds * tape)
    return tuple(np.clip(sign * noise, 0, 255).astype(np.uint8) for sign in (1, -1))
