"""Means of many pictures in linear light, and how much the pictures differ."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from dashgaze.scratch import forget

Pixels = NDArray[np.uint8]
Light = NDArray[np.float32]

LEVELS = 16
"""Levels of brightness that entropy is counted over."""

_SUMS_AT_ONCE = 16
"""After so many their pages are let go, where they lie in a temporary file."""

_LUMINANCE = (0.2126, 0.7152, 0.0722)


@dataclass(kw_only=True, eq=False)
class PictureSum:
    """Mean and variation of pictures of one size, taken one by one (Welford 1962).

    Pixels are turned from sRGB's code values into linear light (IEC 61966-2-1) first: a mean of code values is
    darker than what a camera with a long exposure would have seen. Phones' own tone curves are not undone.

    Attributes
    ----------
    height_px, width_px
        Of all pictures.
    count
        Pictures so far.
    mean
        Mean in linear light, red, green, blue, 0 … 1, shape (height, width, 3).
    squares
        Sum of squared differences from the mean of luminance, shape (height, width).
    levels
        How often each pixel's code value of luma was in each of 16 levels, shape (16, height, width); of no size
        once it is complete.
    """

    height_px: int
    width_px: int
    count: int = 0
    mean: Light = field(init=False)
    squares: Light = field(init=False)
    levels: NDArray[np.uint16] = field(init=False)
    _entropy_bits: float | None = field(init=False, default=None, repr=False)

    def __post_init__(self) -> None:
        shape = self.height_px, self.width_px
        self.mean = np.zeros((*shape, 3), dtype=np.float32)
        self.squares = np.zeros(shape, dtype=np.float32)
        self.levels = np.zeros((LEVELS, *shape), dtype=np.uint16)

    def add(self, picture: Pixels) -> None:
        """Take a picture, red, green, blue, shape (height, width, 3)."""
        light = linear_light(picture)
        self.count += 1
        step = (light - self.mean) / np.float32(self.count)
        before = luminance(light) - luminance(self.mean)
        self.mean += step
        self.squares += before * (luminance(light) - luminance(self.mean))
        level = (picture @ np.array(_LUMINANCE, dtype=np.float32)).astype(np.uint8) // (
            256 // LEVELS
        )
        rows, columns = np.ogrid[: self.height_px, : self.width_px]
        self.levels[level, rows, columns] += 1

    def complete(self) -> "PictureSum":
        """Count the levels, which are two thirds of it, and drop them; no picture can be added afterwards."""
        self._entropy_bits = self.mean_entropy_bits
        self.levels = np.zeros((LEVELS, 0, 0), dtype=np.uint16)
        return self

    @property
    def sd(self) -> Light:
        """Standard deviation of luminance of each pixel, linear, shape (height, width); NaN below two pictures."""
        if self.count < 2:
            return np.full_like(self.squares, np.nan)
        return np.sqrt(np.maximum(self.squares, 0) / np.float32(self.count - 1))

    @property
    def mean_sd(self) -> float:
        """Mean of that over the picture."""
        return float(self.sd.mean())

    @property
    def mean_entropy_bits(self) -> float:
        """Mean over pixels of the entropy of their level over pictures, bits, corrected after Miller and Madow.

        0 where nothing ever changes, 4 where all 16 levels are as frequent. NaN below two pictures.
        """
        if self._entropy_bits is not None:
            return self._entropy_bits
        if self.count < 2:
            return float("nan")
        shares = self.levels / np.float32(self.count)
        logs = np.log2(shares, out=np.zeros_like(shares), where=shares > 0)
        plain = -(shares * logs).sum(axis=0)
        seen = (self.levels > 0).sum(axis=0)
        return float((plain + (seen - 1) / (2 * self.count * np.log(2))).mean())


@dataclass(frozen=True, kw_only=True, eq=False)
class MeanPicture:
    """What several sums have in common; each counts the same, however many pictures it has.

    Attributes
    ----------
    mean
        Linear light, shape (height, width, 3).
    within_sd
        Root of the mean variance of luminance within sums, shape (height, width).
    between_sd
        SD of the sums' mean luminance, shape (height, width); NaN of one sum.
    sums
        How many.
    pictures
        Of all of them.
    """

    mean: Light
    within_sd: Light
    between_sd: Light
    sums: int
    pictures: int


def mean_of_sums(sums: Sequence[PictureSum], weights: Sequence[float] | None = None) -> MeanPicture:
    """Give the mean of sums of pictures of one size.

    Parameters
    ----------
    sums
        At least one, none of them empty.
    weights
        Of the mean; equal if None.
    """
    total = np.ones(len(sums)) if weights is None else np.asarray(weights, dtype=np.float64)
    shape = sums[0].mean.shape[:2]
    mean = np.zeros((*shape, 3))
    inner, several = np.zeros(shape), 0
    grey_mean, grey_squares = np.zeros(shape), np.zeros(shape)
    # One after the other (Welford 1962): ten thousand of them side by side would be gigabytes.
    for number, (each, share) in enumerate(zip(sums, total / total.sum(), strict=True), start=1):
        mean += share * each.mean
        if each.count > 1:
            inner += each.sd.astype(np.float64) ** 2
            several += 1
        step = luminance(each.mean) - grey_mean
        grey_mean += step / number
        grey_squares += step * (luminance(each.mean) - grey_mean)
        if number % _SUMS_AT_ONCE == 0:
            forget(each.mean)
            forget(each.squares)
    blank = np.full(shape, np.nan, dtype=np.float32)
    between = np.sqrt(grey_squares / max(len(sums) - 1, 1))
    return MeanPicture(
        mean=mean.astype(np.float32),
        within_sd=np.sqrt(inner / several).astype(np.float32) if several else blank,
        between_sd=between.astype(np.float32) if len(sums) > 1 else blank,
        sums=len(sums),
        pictures=sum(each.count for each in sums),
    )


def linear_light(picture: Pixels) -> Light:
    """Turn sRGB's code values into linear light, 0 … 1."""
    return _to_linear()[picture]


def code_values(light: Light) -> Pixels:
    """Turn linear light, 0 … 1, into sRGB's code values."""
    kept = np.clip(light, 0.0, 1.0)
    coded = np.where(kept <= 0.0031308, 12.92 * kept, 1.055 * kept ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(coded * 255), dtype=np.uint8)


def luminance(light: Light) -> Light:
    """Give the luminance of linear red, green and blue (BT.709), shape (height, width)."""
    return np.asarray(light @ np.array(_LUMINANCE, dtype=np.float32), dtype=np.float32)


@cache
def _to_linear() -> Light:
    coded = np.arange(256) / 255
    light = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)
