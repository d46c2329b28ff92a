"""Textures of the simulated world, all in one array, each with its smaller copies."""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]

_LARGEST_PX = 4096


class Paint(NamedTuple):
    """A texture: brightness, colour and what shines by itself, each of shape (h, w), uint8.

    Attributes
    ----------
    y
        Brightness under full light; 0 is a hole, through which one sees what is behind.
    u, v
        Colour as in video, 128 for grey.
    glow
        Brightness that needs no light.
    """

    y: Plane
    u: Plane
    v: Plane
    glow: Plane


def paint(
    bgr: NDArray[np.float32] | Plane,
    *,
    hole: NDArray[np.bool_] | None = None,
    glow: Plane | None = None,
) -> Paint:
    """Make a texture of a BGR picture, 0 … 255, shape (h, w, 3).

    Parameters
    ----------
    bgr
        The picture; both sides are powers of two.
    hole
        Where one sees through it, shape (h, w).
    glow
        Brightness that needs no light, shape (h, w).
    """
    whole = np.clip(np.rint(bgr), 0, 255).astype(np.uint8)
    y, v, u = cv2.split(np.asarray(cv2.cvtColor(whole, cv2.COLOR_BGR2YCrCb)))
    y = np.maximum(np.asarray(y, dtype=np.uint8), 1)
    if hole is not None:
        y[hole] = 0
    return Paint(
        y=np.asarray(y, dtype=np.uint8),
        u=np.asarray(u, dtype=np.uint8),
        v=np.asarray(v, dtype=np.uint8),
        glow=np.zeros_like(y) if glow is None else glow,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Atlas:
    """All textures of a world, as the rasteriser reads them.

    Attributes
    ----------
    texels
        Every texture with its smaller copies, one after the other, shape (n,): brightness, u, v and glow
        in the four bytes of each, from the lowest.
    starts, widths, heights, levels
        Where each texture begins, its size in px (powers of two) and how many copies it has; shape (k,).
    """

    texels: NDArray[np.uint32]
    starts: NDArray[np.int64]
    widths: NDArray[np.int64]
    heights: NDArray[np.int64]
    levels: NDArray[np.int64]


class AtlasBuilder:
    """Collects textures under names."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._parts: list[NDArray[np.uint32]] = []
        self._shapes: list[tuple[int, int, int]] = []

    def add(self, name: str, texture: Paint) -> int:
        """Add a texture and give its number."""
        height, width = texture.y.shape
        for length in (height, width):
            if length & (length - 1) or not 2 <= length <= _LARGEST_PX:
                raise ValueError(f"A side of {length} px is no power of two up to {_LARGEST_PX}.")
        copies = [_packed(texture)]
        while min(texture.y.shape) > 2:
            texture = _halved(texture)
            copies.append(_packed(texture))
        self._numbers[name] = len(self._shapes)
        self._parts.append(np.concatenate(copies))
        self._shapes.append((width, height, len(copies)))
        return self._numbers[name]

    def __getitem__(self, name: str) -> int:
        """Give a texture's number."""
        return self._numbers[name]

    def build(self) -> Atlas:
        """Put all together."""
        lengths = [len(part) for part in self._parts]
        widths, heights, levels = (
            np.array(each, dtype=np.int64) for each in zip(*self._shapes, strict=True)
        )
        return Atlas(
            texels=np.concatenate(self._parts),
            starts=np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64),
            widths=widths,
            heights=heights,
            levels=levels,
        )


def _packed(texture: Paint) -> NDArray[np.uint32]:
    y, u, v, glow = (plane.astype(np.uint32) for plane in texture)
    return np.asarray(y | (u << 8) | (v << 16) | (glow << 24), dtype=np.uint32).ravel()


def _halved(texture: Paint) -> Paint:
    """Halve both sides; a texel is a hole if most of its four are."""
    solid = (texture.y > 0).astype(np.float32)
    height, width = solid.shape

    def mean(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        fours = plane.reshape(height // 2, 2, width // 2, 2)
        return np.asarray(fours.mean(axis=(1, 3)), dtype=np.float32)

    weight = mean(solid)
    safe = np.maximum(weight, 1e-6)
    y, u, v, glow = (mean(plane * solid) / safe for plane in texture)
    y = np.where(weight >= 0.5, np.maximum(np.rint(y), 1), 0)
    return Paint(*(np.rint(plane).astype(np.uint8) for plane in (y, u, v, glow)))
