"""Textures of trees and bushes; between their leaves one sees through them."""

import cv2
import numpy as np

from .atlas import Paint, paint
from .surface_paint import flat, noise

_TREE_PX = 256
_BUSH_PX = (64, 256)


def tree(rng: np.random.Generator) -> Paint:
    """Paint a tree with its trunk, as tall as wide."""
    shape = (_TREE_PX, _TREE_PX)
    picture, leaf = flat(shape, (48, 70, 92)), np.zeros(shape, dtype=np.uint8)
    middle = _TREE_PX // 2
    trunk = int(rng.integers(7, 13))
    cv2.rectangle(leaf, (middle - trunk, 130), (middle + trunk, _TREE_PX), 255, -1)
    bark = 1 + 0.25 * noise(rng, shape, (1.5, 4.0))[..., None]
    picture *= bark
    for _ in range(4):
        end = middle + int(rng.integers(-70, 70)), int(rng.integers(60, 130))
        cv2.line(leaf, (middle, int(rng.integers(150, 190))), end, 255, 5)
    hue = np.array([46, 96, 72], np.float32) * rng.uniform(0.75, 1.15, 3).astype(np.float32)
    for _ in range(rng.integers(22, 34)):
        angle, reach = rng.uniform(0, 2 * np.pi), 84 * np.sqrt(rng.random())
        x, y = middle + reach * np.cos(angle) * 1.15, 92 + reach * np.sin(angle) * 0.85
        radius = rng.uniform(14, 30)
        for _ in range(56):
            spot = rng.normal(0, radius * 0.6, 2)
            at = int(x + spot[0]), int(y + spot[1])
            light = 1.1 - 0.004 * (at[1] - 40) + rng.normal(0, 0.22)
            size = int(rng.integers(2, 5)), int(rng.integers(1, 4))
            turn = float(rng.uniform(0, 180))
            cv2.ellipse(picture, at, size, turn, 0, 360, (hue * max(light, 0.25)).tolist(), -1)
            cv2.ellipse(leaf, at, size, turn, 0, 360, 255, -1)
    return paint(picture, hole=leaf == 0)


def bush(rng: np.random.Generator) -> Paint:
    """Paint a hedge, 4 : 1."""
    picture, leaf = flat(_BUSH_PX, (40, 84, 60)), np.zeros(_BUSH_PX, dtype=np.uint8)
    for _ in range(1500):
        at = int(rng.integers(0, 256)), int(64 - 58 * np.sqrt(rng.random()))
        light = 1.25 - 0.011 * at[1] + rng.normal(0, 0.22)
        size = int(rng.integers(2, 5)), int(rng.integers(1, 4))
        colour = (np.array([44, 100, 72]) * max(light, 0.25)).tolist()
        cv2.ellipse(picture, at, size, float(rng.uniform(0, 180)), 0, 360, colour, -1)
        cv2.ellipse(leaf, at, size, 0, 0, 360, 255, -1)
    return paint(picture, hole=leaf == 0)
