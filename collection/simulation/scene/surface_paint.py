"""Textures of road, pavement, ground and walls."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .atlas import Paint, paint

Picture = NDArray[np.float32]

ROAD_WIDTH_M = 8.0
ROAD_LENGTH_M = 32.0
"""What a road texture covers, across and along."""

_ROAD_PX = (2048, 512)
_PX_PER_M = 64


def noise(rng: np.random.Generator, shape: tuple[int, int], sizes_px: Sequence[float]) -> Picture:
    """Give a sum of noises of several grain sizes, mean 0 and variance 1, that repeats without a seam."""
    total = np.zeros(shape, dtype=np.float32)
    for size_px in sizes_px:
        # A coarse grain needs no fine grid.
        step = max(1, int(2 ** np.floor(np.log2(max(size_px / 2, 1)))))
        small = rng.standard_normal((shape[0] // step, shape[1] // step), dtype=np.float32)
        soft = ndimage.gaussian_filter(small, size_px / step / 2, mode="wrap")
        total += enlarged(soft / max(float(soft.std()), 1e-9), shape)
    return np.asarray((total - total.mean()) / max(float(total.std()), 1e-9), dtype=np.float32)


def enlarged(picture: Picture, shape: tuple[int, int]) -> Picture:
    """Enlarge a picture that repeats without a seam to a multiple of its size, still without one."""
    factor = shape[0] // picture.shape[0]
    border = 2
    wrapped = np.pad(picture, border, mode="wrap")
    size = wrapped.shape[1] * factor, wrapped.shape[0] * factor
    large = cv2.resize(wrapped, size, interpolation=cv2.INTER_LINEAR)
    cut = border * factor
    return np.asarray(large[cut : cut + shape[0], cut : cut + shape[1]], dtype=np.float32)


def flat(shape: tuple[int, int], bgr: tuple[float, float, float]) -> Picture:
    """Give a picture of one colour, shape (h, w, 3)."""
    return np.broadcast_to(np.array(bgr, dtype=np.float32), (*shape, 3)).copy()


def road(rng: np.random.Generator, *, wet: bool) -> Paint:
    """Paint asphalt with lines, tracks, patches, cracks and covers; along the road downwards."""
    height, width = _ROAD_PX
    grey = 92 + 6 * noise(rng, _ROAD_PX, (1.5,)) + 8 * noise(rng, _ROAD_PX, (6.0, 40.0))
    across_m = (np.arange(width) + 0.5) / _PX_PER_M - ROAD_WIDTH_M / 2
    for lane_m in (-1.75, 1.75):
        for wheel_m in (-0.75, 0.75):
            grey -= 9 * np.exp(-(((across_m - lane_m - wheel_m) / 0.22) ** 2))[None]
    picture = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    for _ in range(rng.integers(4, 9)):  # patches
        x, y = rng.integers(0, width), rng.integers(0, height)
        wide, high = rng.integers(25, 140), rng.integers(30, 300)
        picture[y : y + high, x : x + wide] *= rng.uniform(0.7, 1.12)
    for _ in range(26):  # cracks
        steps = rng.normal(0, (4, 12) if rng.random() < 0.6 else (12, 4), (rng.integers(8, 40), 2))
        points = np.cumsum(steps, axis=0) + rng.uniform(0, (width, height))
        tone = float(rng.uniform(25, 60))
        line = [np.rint(points).astype(np.int32)]
        cv2.polylines(
            picture, line, False, (tone, tone, tone), int(rng.integers(1, 3)), cv2.LINE_AA
        )
    for _ in range(60):  # stains and stones
        at = int(rng.integers(0, width)), int(rng.integers(0, height))
        tone = float(rng.uniform(35, 150))
        axes = int(rng.integers(1, 9)), int(rng.integers(1, 14))
        cv2.ellipse(picture, at, axes, 0, 0, 360, (tone, tone, tone), -1, cv2.LINE_AA)
    if rng.random() < 0.6:
        at = int(rng.integers(90, width - 90)), int(rng.integers(60, height - 60))
        cv2.circle(picture, at, 22, (52, 55, 58), -1, cv2.LINE_AA)
        cv2.circle(picture, at, 22, (115, 118, 120), 2, cv2.LINE_AA)
        for shift in range(-14, 15, 7):
            cv2.line(
                picture, (at[0] - 15, at[1] + shift), (at[0] + 15, at[1] + shift), (90,) * 3, 2
            )
    worn = np.clip(0.82 + 0.22 * noise(rng, _ROAD_PX, (2.0, 9.0)), 0, 1)[..., None]
    lines = np.zeros((*_ROAD_PX, 1), dtype=np.float32)
    for start_m in np.arange(0, ROAD_LENGTH_M, 8.0):
        _mark(lines, 0.0, 0.14, start_m, start_m + 3.0)
    for edge_m in (-3.6, 3.6):
        _mark(lines, edge_m, 0.12, 0.0, ROAD_LENGTH_M)
    picture += (np.float32(205.0) - picture) * lines * worn
    if wet:
        picture = 0.62 * picture + 10 * noise(rng, _ROAD_PX, (60.0,))[..., None]
    return paint(picture)


def asphalt(rng: np.random.Generator) -> Paint:
    """Paint asphalt with stains, as beside lanes, 8 × 4 m."""
    shape = (512, 256)
    grey = 84 + 6 * noise(rng, shape, (1.5,)) + 8 * noise(rng, shape, (6.0, 40.0))
    picture = np.repeat(grey[..., None], 3, axis=2).astype(np.float32)
    _stains(rng, picture, 70)
    return paint(picture)


def zebra(rng: np.random.Generator) -> Paint:
    """Paint a crossing for people, 8 × 4 m: white bars along the road."""
    shape = (256, 512)
    grey = 95 + 8 * noise(rng, shape, (1.5, 6.0))
    bars = (np.arange(512) // 32) % 2 == 0
    worn = np.clip(0.85 + 0.2 * noise(rng, shape, (2.0, 9.0)), 0, 1)
    grey += (210 - grey) * bars[None] * worn
    return paint(np.repeat(grey[..., None], 3, axis=2))


def pavement(rng: np.random.Generator) -> Paint:
    """Paint slabs, 2 × 8 m."""
    shape = (512, 128)
    grey = 138 + 8 * noise(rng, shape, (1.5,)) + 7 * noise(rng, shape, (20.0,))
    for row in range(0, 512, 32):
        for column in range(0, 128, 32):
            grey[row : row + 32, column : column + 32] += rng.normal(0, 9)
    grey[::32] = grey[1::32] = 82
    grey[:, ::32] = grey[:, 1::32] = 82
    picture = np.stack([0.93 * grey, 0.98 * grey, grey], axis=-1)
    _stains(rng, picture, 30)
    return paint(picture)


def kerb(rng: np.random.Generator) -> Paint:
    """Paint kerb stones, black and white as in India, 4 m long."""
    shape = (32, 256)
    bars = ((np.arange(256) // 64) % 2 == 0)[None]
    grey = np.where(bars, 195.0, 48.0) + 9 * noise(rng, shape, (1.5, 8.0))
    grey[:, ::64] = 90
    return paint(np.repeat(grey[..., None], 3, axis=2))


def soil(rng: np.random.Generator) -> Paint:
    """Paint trodden soil with stones and litter, 8 × 8 m."""
    shape = (256, 256)
    base = noise(rng, shape, (1.5, 5.0, 24.0))[..., None]
    picture = np.array([88, 118, 146], np.float32) * (1 + 0.16 * base)
    _stains(rng, picture, 60)
    return paint(picture)


def grass(rng: np.random.Generator) -> Paint:
    """Paint grass with bare spots, 8 × 8 m."""
    shape = (256, 256)
    base = noise(rng, shape, (1.2, 4.0, 20.0))[..., None]
    bare = np.clip(noise(rng, shape, (12.0, 40.0)) - 0.7, 0, 1)[..., None]
    picture = np.array([52, 112, 88], np.float32) * (1 + 0.24 * base)
    picture += (np.array([96, 128, 150], np.float32) - picture) * bare
    return paint(picture)


def wall(rng: np.random.Generator) -> Paint:
    """Paint a wall with posters and dirt, 8 × 2 m."""
    shape = (128, 512)
    tone = rng.uniform(0.75, 1.0)
    picture = np.array([130, 165, 185], np.float32) * tone
    picture = picture * (1 + 0.09 * noise(rng, shape, (1.5, 10.0, 60.0))[..., None])
    picture[100:] *= np.linspace(1, 0.6, 28, dtype=np.float32)[:, None, None]
    for edge in range(0, 512, 128):
        picture[:, edge : edge + 5] *= 0.7
    for _ in range(7):
        x, y = int(rng.integers(0, 450)), int(rng.integers(8, 60))
        wide, high = int(rng.integers(22, 60)), int(rng.integers(20, 55))
        picture[y : y + high, x : x + wide] = rng.uniform(70, 230, 3)
        scribble(rng, picture, (x + 2, y + 4, wide - 4, high - 6), lines=3)
    return paint(picture)


def scribble(
    rng: np.random.Generator, picture: Picture, box: tuple[int, int, int, int], *, lines: int
) -> None:
    """Write something that looks like lettering into a box (x, y, width, height)."""
    x, y, wide, high = box
    if wide < 6 or high < 4:
        return
    ink = tuple(
        rng.uniform(0, 90, 3).tolist() if rng.random() < 0.6 else rng.uniform(190, 255, 3).tolist()
    )
    line_px = max(3, high // lines)
    for line in range(lines):
        top = y + line * line_px
        at = x
        letter = max(2, int(line_px * 0.55))
        while at + letter < x + wide:
            if rng.random() < 0.84:
                for _ in range(2):
                    ends = rng.integers(0, (letter, max(2, int(line_px * 0.7))), (2, 2)) + np.array(
                        [at, top]
                    )
                    thick = max(1, letter // 5)
                    cv2.line(picture, ends[0].tolist(), ends[1].tolist(), ink, thick, cv2.LINE_AA)
            at += letter + max(1, letter // 3)


def _mark(lines: Picture, middle_m: float, width_m: float, start_m: float, end_m: float) -> None:
    left = round((middle_m - width_m / 2 + ROAD_WIDTH_M / 2) * _PX_PER_M)
    right = round((middle_m + width_m / 2 + ROAD_WIDTH_M / 2) * _PX_PER_M)
    lines[round(start_m * _PX_PER_M) : round(end_m * _PX_PER_M), left:right] = 1


def _stains(rng: np.random.Generator, picture: Picture, count: int) -> None:
    height, width = picture.shape[:2]
    for _ in range(count):
        at = int(rng.integers(0, width)), int(rng.integers(0, height))
        tone = rng.uniform(0.5, 1.5) * picture[at[1], at[0]]
        axes = int(rng.integers(1, 5)), int(rng.integers(1, 5))
        cv2.ellipse(picture, at, axes, 0, 0, 360, tone.tolist(), -1, cv2.LINE_AA)
