"""Textures of houses, shops, hoardings and signs."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .atlas import Paint, paint
from .surface_paint import Picture, flat, noise, scribble

FACADE_M = 12.0
"""What a facade's texture covers, across and up."""

_FACADE_PX = 512
_FLOOR_PX = 128
_SHOP_FROM_PX = _FACADE_PX - _FLOOR_PX

Glow = NDArray[np.uint8]


def facade(rng: np.random.Generator, *, night: bool, shops: bool) -> Paint:
    """Paint a house front of four floors, 12 × 12 m; some windows are lit at night."""
    shape = (_FACADE_PX, _FACADE_PX)
    colour = np.array(rng.choice(_WALLS), dtype=np.float32) * rng.uniform(0.8, 1.05)
    picture = (flat(shape, (1, 1, 1)) * colour) * (
        1 + 0.05 * noise(rng, shape, (1.2, 7.0, 70.0))[..., None]
    )
    glow = np.zeros(shape, dtype=np.uint8)
    columns = int(rng.choice([3, 4, 5]))
    wide = _FACADE_PX // columns
    window = int(wide * rng.uniform(0.42, 0.62)), int(_FLOOR_PX * rng.uniform(0.48, 0.62))
    balconies = rng.random() < 0.5
    for floor in range(4):
        top = floor * _FLOOR_PX
        picture[top : top + 4] *= 0.72
        if shops and floor == 3:
            continue
        for column in range(columns):
            x = column * wide + (wide - window[0]) // 2
            y = top + (_FLOOR_PX - window[1]) // 2
            _window(rng, picture, glow, (x, y, *window), lit=night and rng.random() < 0.3)
            if balconies and floor < 3 and rng.random() < 0.45:
                _balcony(rng, picture, (column * wide + 6, top + 92, wide - 12, 34))
            elif rng.random() < 0.25:
                _cooler(picture, (x + window[0] + 2, y + window[1] - 22, 22, 16))
    if shops:
        _shops(rng, picture, glow, night=night)
    streaks = noise(rng, (2, _FACADE_PX), (2.0,))[:1]
    picture *= (
        1
        - 0.05 * np.clip(streaks, 0, 2)[..., None] * np.linspace(1, 0.2, _FACADE_PX)[:, None, None]
    )
    return paint(picture.astype(np.float32), glow=glow)


def hoarding(rng: np.random.Generator, *, night: bool) -> Paint:
    """Paint an advertisement, 2 : 1."""
    shape = (256, 512)
    picture = flat(shape, tuple(rng.uniform(60, 235, 3).tolist()))
    for _ in range(5):
        at = int(rng.integers(0, 512)), int(rng.integers(0, 256))
        colour = rng.uniform(20, 255, 3).tolist()
        if rng.random() < 0.5:
            cv2.circle(picture, at, int(rng.integers(20, 90)), colour, -1, cv2.LINE_AA)
        else:
            corner = at[0] + int(rng.integers(40, 200)), at[1] + int(rng.integers(20, 120))
            cv2.rectangle(picture, at, corner, colour, -1)
    scribble(rng, picture, (24, 24, 300, 90), lines=1)
    scribble(rng, picture, (24, 140, 420, 90), lines=3)
    cv2.rectangle(picture, (0, 0), (511, 255), (40, 40, 40), 8)
    glow = None
    if night:
        glow = np.clip(picture.mean(axis=2) * 0.75, 0, 255).astype(np.uint8)
    return paint(picture, glow=glow)


def sign(rng: np.random.Generator, kind: str) -> Paint:
    """Paint a traffic sign: ``round``, ``triangle`` or ``board``."""
    shape = (128, 128)
    picture, hole = flat(shape, (235, 235, 235)), np.ones(shape, dtype=np.uint8)
    red, blue, green = (40.0, 30.0, 190.0), (150.0, 80.0, 20.0), (70.0, 110.0, 20.0)
    if kind == "round":
        cv2.circle(hole, (64, 64), 60, 0, -1)
        cv2.circle(picture, (64, 64), 56, red, 14, cv2.LINE_AA)
        scribble(rng, picture, (34, 40, 60, 50), lines=1)
    elif kind == "triangle":
        corners = np.array([[64, 6], [122, 114], [6, 114]])
        cv2.fillPoly(hole, [corners], 0)
        cv2.polylines(picture, [corners], True, red, 18, cv2.LINE_AA)
        scribble(rng, picture, (44, 60, 40, 44), lines=1)
    else:
        hole[:] = 0
        picture[:] = blue if rng.random() < 0.5 else green
        cv2.rectangle(picture, (5, 5), (122, 122), (240, 240, 240), 3)
        for line in range(3):
            box = (14, 16 + 34 * line, 96, 26)
            scribble(rng, picture, box, lines=1)
    return paint(picture, hole=hole.astype(np.bool_))


def lamp_head(*, night: bool) -> Paint:
    """Paint the head of a street lamp."""
    picture = flat((16, 16), (190.0, 190.0, 195.0))
    glow = np.full((16, 16), 235, dtype=np.uint8) if night else None
    return paint(picture, glow=glow)


def post(rng: np.random.Generator) -> Paint:
    """Paint a post of concrete or metal, with bands."""
    picture = flat((128, 16), (150.0, 152.0, 150.0))
    picture *= 1 + 0.08 * noise(rng, (128, 16), (1.5, 8.0))[..., None]
    picture[96:] *= 0.55
    picture[88:96] = (40, 200, 230)
    picture[:, :4] *= 0.7
    return paint(picture)


def _window(
    rng: np.random.Generator,
    picture: Picture,
    glow: Glow,
    box: tuple[int, int, int, int],
    *,
    lit: bool,
) -> None:
    x, y, wide, high = box
    cv2.rectangle(picture, (x - 4, y - 4), (x + wide + 4, y + high + 4), (205, 210, 212), -1)
    shade = rng.uniform(35, 95)
    ramp = np.linspace(1.35, 0.75, high, dtype=np.float32)[:, None, None]
    picture[y : y + high, x : x + wide] = np.array([1.12, 1.0, 0.9], np.float32) * shade * ramp
    if lit:
        glow[y : y + high, x : x + wide] = rng.integers(120, 215)
    if rng.random() < 0.5:  # curtain
        edge = x + int(wide * rng.uniform(0.2, 0.8))
        picture[y : y + high, x:edge] = rng.uniform(90, 220, 3)
    cv2.line(picture, (x + wide // 2, y), (x + wide // 2, y + high), (190, 195, 198), 3)
    if rng.random() < 0.6:
        cv2.line(picture, (x, y + high // 3), (x + wide, y + high // 3), (190, 195, 198), 2)
    for bar in range(x + 6, x + wide, 9) if rng.random() < 0.3 else ():
        cv2.line(picture, (bar, y), (bar, y + high), (60, 60, 60), 1)


def _balcony(rng: np.random.Generator, picture: Picture, box: tuple[int, int, int, int]) -> None:
    x, y, wide, high = box
    picture[y : y + high, x : x + wide] *= 0.8
    cv2.rectangle(picture, (x, y), (x + wide, y + 5), (180, 185, 190), -1)
    for bar in range(x, x + wide, 7):
        cv2.line(picture, (bar, y), (bar, y + high), (70, 72, 75), 2)
    if rng.random() < 0.6:  # washing
        for cloth in range(x + 4, x + wide - 14, 18):
            cv2.rectangle(
                picture, (cloth, y - 22), (cloth + 12, y - 2), rng.uniform(30, 240, 3).tolist(), -1
            )


def _cooler(picture: Picture, box: tuple[int, int, int, int]) -> None:
    x, y, wide, high = box
    cv2.rectangle(picture, (x, y), (x + wide, y + high), (205, 208, 210), -1)
    cv2.circle(picture, (x + wide // 2, y + high // 2), high // 3, (70, 70, 72), -1)


def _shops(rng: np.random.Generator, picture: Picture, glow: Glow, *, night: bool) -> None:
    """Fill the lowest floor with shops and their boards."""
    at = 0
    while at < _FACADE_PX - 40:
        wide = min(int(rng.integers(110, 220)), _FACADE_PX - at)
        top = _SHOP_FROM_PX
        board = rng.uniform(20, 240, 3)
        picture[top : top + 36, at : at + wide - 4] = board
        scribble(rng, picture, (at + 8, top + 6, wide - 22, 26), lines=1)
        open_now = rng.random() < 0.75
        inside = picture[top + 40 :, at + 4 : at + wide - 8]
        if open_now:
            inside[:] = rng.uniform(30, 80, 3)
            for _ in range(24):
                x = int(rng.integers(0, max(1, inside.shape[1] - 14)))
                y = int(rng.integers(0, inside.shape[0] - 10))
                high, across = int(rng.integers(5, 22)), int(rng.integers(5, 16))
                inside[y : y + high, x : x + across] = rng.uniform(30, 235, 3)
        else:
            inside[:] = rng.uniform(100, 170)
            inside[::6] *= 0.7
        if night and open_now:
            glow[top : top + 36, at : at + wide - 4] = rng.integers(130, 230)
            bright = inside.mean(axis=2) * 0.9 + 50
            glow[top + 40 :, at + 4 : at + wide - 8] = np.clip(bright, 0, 220).astype(np.uint8)
        at += wide


_WALLS = (
    (150, 190, 214),
    (196, 208, 214),
    (130, 170, 210),
    (170, 196, 176),
    (206, 190, 172),
    (140, 150, 200),
    (120, 140, 160),
    (214, 214, 210),
)
"""Colours of walls, BGR."""
