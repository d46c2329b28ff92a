"""Textures of vehicles and people."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .atlas import Paint, paint
from .surface_paint import Picture, flat, noise, scribble

_SIDE_PX = (128, 256)
_END_PX = (128, 128)
_PERSON_PX = (128, 64)
STEPS = 4
"""Pictures of a stride."""

BODY_COLOURS: tuple[tuple[float, float, float], ...] = (
    (225, 225, 228),
    (190, 192, 195),
    (60, 60, 62),
    (40, 36, 150),
    (120, 70, 40),
    (70, 90, 110),
    (150, 160, 170),
    (60, 110, 60),
)
"""Colours of cars, BGR."""


def side(rng: np.random.Generator, kind: str, colour: tuple[float, float, float]) -> Paint:
    """Paint a vehicle's left side; its front is at the left."""
    picture, solid = _body(rng, _SIDE_PX, colour)
    glass = (62.0, 54.0, 46.0)
    if kind in ("car", "auto_rickshaw"):
        roof = np.array(
            [[0, 62], [44, 54], [84, 8], [190, 8], [232, 54], [255, 60], [255, 128], [0, 128]]
        )
        if kind == "auto_rickshaw":
            roof = np.array([[6, 70], [40, 10], [250, 10], [250, 128], [6, 128]])
        solid[:] = 0
        cv2.fillPoly(solid, [roof.astype(np.int32)], 255)
        window = (
            roof[1:5] if kind == "car" else np.array([[50, 64], [60, 22], [236, 22], [236, 64]])
        )
        inner = np.rint(window.mean(axis=0) + 0.84 * (window - window.mean(axis=0))).astype(
            np.int32
        )
        cv2.fillPoly(picture, [inner], glass)
        cv2.line(picture, (136, 10), (136, 104), _darker(colour, 0.55), 3)
        for handle in (112, 176):
            cv2.rectangle(picture, (handle, 66), (handle + 14, 69), _darker(colour, 0.5), -1)
    elif kind in ("van", "bus"):
        for x in range(26, 236, 34):
            cv2.rectangle(picture, (x, 18), (x + 27, 54), glass, -1)
        scribble(rng, picture, (40, 64, 170, 26), lines=1)
    elif kind == "truck":
        cv2.rectangle(picture, (8, 28), (48, 62), glass, -1)
        cv2.line(picture, (62, 0), (62, 110), (20, 20, 20), 4)
        for x in range(74, 256, 12):
            cv2.line(picture, (x, 4), (x, 96), _darker(colour, 0.7), 2)
        scribble(rng, picture, (90, 30, 140, 40), lines=1)
    elif kind == "motorcycle":
        return _rider(rng, colour, _SIDE_PX, ends=False)
    picture[96:104] *= 0.55
    for wheel in (52, 204):
        cv2.circle(picture, (wheel, 106), 24, (24, 24, 24), -1, cv2.LINE_AA)
        cv2.circle(picture, (wheel, 106), 13, (150, 150, 152), -1, cv2.LINE_AA)
        cv2.circle(picture, (wheel, 106), 5, (60, 60, 60), -1, cv2.LINE_AA)
    solid[112:] = 0
    for wheel in (52, 204):
        cv2.circle(solid, (wheel, 106), 22, 255, -1)
    return paint(picture, hole=solid == 0)


def end(
    rng: np.random.Generator,
    kind: str,
    colour: tuple[float, float, float],
    *,
    rear: bool,
    night: bool,
) -> Paint:
    """Paint a vehicle's front or rear."""
    if kind == "motorcycle":
        return _rider(
            rng, colour, _END_PX, ends=True, lamp=(40, 30, 220) if rear else (240, 250, 250)
        )
    picture, solid = _body(rng, _END_PX, colour)
    glow = np.zeros(_END_PX, dtype=np.uint8)
    low = kind in ("car", "auto_rickshaw")
    if low:
        shape = np.array([[20, 4], [108, 4], [124, 52], [126, 128], [2, 128], [4, 52]])
        solid[:] = 0
        cv2.fillPoly(solid, [shape.astype(np.int32)], 255)
    glass = np.array(
        [[24, 10], [104, 10], [114, 48], [14, 48]]
        if low
        else [[10, 12], [118, 12], [118, 56], [10, 56]]
    )
    cv2.fillPoly(picture, [glass.astype(np.int32)], (66, 58, 50))
    cv2.line(picture, glass[0].tolist(), glass[2].tolist(), (120, 116, 110), 2, cv2.LINE_AA)
    if kind in ("truck", "bus", "van"):
        scribble(rng, picture, (20, 60, 88, 16), lines=1)
    lamp = (40.0, 30.0, 215.0) if rear else (235.0, 245.0, 250.0)
    for x in (6, 100):
        cv2.rectangle(picture, (x, 66), (x + 22, 82), lamp, -1)
        cv2.rectangle(picture, (x, 66), (x + 22, 82), (30, 30, 30), 2)
        if night:
            glow[68:81, x + 2 : x + 20] = 120 if rear else 235
    cv2.rectangle(picture, (40, 86), (88, 102), (225, 230, 230), -1)
    scribble(rng, picture, (43, 89, 44, 12), lines=1)
    picture[104:112] *= 0.55
    for x in (6, 102):
        cv2.rectangle(picture, (x, 112), (x + 20, 127), (22, 22, 22), -1)
        cv2.rectangle(solid, (x, 112), (x + 20, 127), 255, -1)
    solid[112:, 26:102] = 0
    return paint(picture, hole=solid == 0, glow=glow)


def top(rng: np.random.Generator, colour: tuple[float, float, float]) -> Paint:
    """Paint a vehicle's roof."""
    picture, _ = _body(rng, (64, 64), colour)
    picture[::9] *= 0.85
    return paint(picture)


def person(rng: np.random.Generator, step: int) -> Paint:
    """Paint a person walking, seen from any side; `step` of `STEPS` of the stride."""
    picture, solid = flat(_PERSON_PX, (40, 40, 44)), np.zeros(_PERSON_PX, dtype=np.uint8)
    skin = (np.array([104, 140, 186]) * rng.uniform(0.6, 1.05)).tolist()
    shirt, trousers = rng.uniform(30, 235, 3).tolist(), rng.uniform(20, 150, 3).tolist()
    swing = float(np.sin(2 * np.pi * step / STEPS))

    def limb(
        start: tuple[int, int], stop: tuple[float, float], wide: int, colour: list[float]
    ) -> None:
        finish = int(stop[0]), int(stop[1])
        cv2.line(picture, start, finish, colour, wide, cv2.LINE_AA)
        cv2.line(solid, start, finish, 255, wide)

    limb((30, 66), (30 + 12 * swing, 122), 9, trousers)
    limb((35, 66), (35 - 12 * swing, 122), 9, trousers)
    limb((24, 32), (22 - 9 * swing, 66), 6, skin)
    limb((41, 32), (43 + 9 * swing, 66), 6, skin)
    cv2.ellipse(picture, (32, 46), (12, 24), 0, 0, 360, shirt, -1, cv2.LINE_AA)
    cv2.ellipse(solid, (32, 46), (12, 24), 0, 0, 360, 255, -1)
    for stripe in range(30, 66, int(rng.integers(5, 12))):
        cv2.line(picture, (22, stripe), (42, stripe), _darker(tuple(shirt), 0.7), 2)
    cv2.circle(picture, (32, 14), 8, skin, -1, cv2.LINE_AA)
    cv2.circle(solid, (32, 14), 9, 255, -1)
    cv2.ellipse(picture, (32, 11), (9, 7), 0, 180, 360, (24, 24, 26), -1)
    return paint(picture, hole=solid == 0)


def _rider(
    rng: np.random.Generator,
    colour: tuple[float, float, float],
    shape: tuple[int, int],
    *,
    ends: bool,
    lamp: tuple[float, float, float] = (40, 30, 220),
) -> Paint:
    """Paint a motorcycle and who rides it."""
    picture, solid = flat(shape, (34, 34, 36)), np.zeros(shape, dtype=np.uint8)
    shirt = rng.uniform(40, 230, 3).tolist()
    middle = shape[1] // 2
    for plane, tone in ((picture, None), (solid, 255)):
        if ends:
            cv2.rectangle(plane, (middle - 8, 84), (middle + 8, 126), tone or (26, 26, 26), -1)
            cv2.ellipse(plane, (middle, 56), (28, 34), 0, 0, 360, tone or shirt, -1)
            cv2.circle(plane, (middle, 16), 15, tone or colour, -1)
            cv2.rectangle(plane, (middle - 10, 88), (middle + 10, 98), tone or lamp, -1)
        else:
            for wheel in (54, 200):
                cv2.circle(plane, (wheel, 100), 27, tone or (24, 24, 24), -1)
                cv2.circle(plane, (wheel, 100), 12, tone or (140, 140, 142), -1)
            cv2.rectangle(plane, (60, 66), (204, 92), tone or colour, -1)
            cv2.ellipse(plane, (132, 46), (26, 34), 0, 0, 360, tone or shirt, -1)
            cv2.line(plane, (126, 38), (76, 62), tone or shirt, 10)
            cv2.circle(plane, (126, 12), 12, tone or colour, -1)
    return paint(picture, hole=solid == 0)


def _body(
    rng: np.random.Generator, shape: tuple[int, int], colour: tuple[float, float, float]
) -> tuple[Picture, NDArray[np.uint8]]:
    picture = (
        flat(shape, colour) * np.linspace(1.08, 0.72, shape[0], dtype=np.float32)[:, None, None]
    )
    picture *= 1 + 0.03 * noise(rng, shape, (2.0, 16.0))[..., None]
    return picture, np.full(shape, 255, dtype=np.uint8)


def _darker(colour: tuple[float, ...], factor: float) -> list[float]:
    return [factor * value for value in colour]
