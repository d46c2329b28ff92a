"""What a simulated driver looks like."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Bgr = tuple[float, float, float]
Eyewear = Literal["none", "glasses", "lenses"]
HairStyle = Literal["none", "short", "full", "long"]
Beard = Literal["none", "stubble", "beard"]

_SKINS: tuple[Bgr, ...] = (
    (172.0, 194.0, 232.0),
    (150.0, 176.0, 222.0),
    (128.0, 158.0, 208.0),
    (98.0, 130.0, 184.0),
    (72.0, 101.0, 152.0),
    (56.0, 78.0, 118.0),
)
_DARK_HAIR: tuple[Bgr, ...] = ((26.0, 27.0, 30.0), (30.0, 38.0, 50.0))
_HAIR: tuple[Bgr, ...] = (
    *_DARK_HAIR,
    (36.0, 54.0, 84.0),
    (78.0, 118.0, 158.0),
    (150.0, 154.0, 158.0),
)
_IRISES: tuple[Bgr, ...] = (
    (24.0, 42.0, 70.0),
    (28.0, 56.0, 92.0),
    (64.0, 104.0, 112.0),
    (150.0, 124.0, 92.0),
)


@dataclass(frozen=True, kw_only=True)
class DriverLook:
    """A person's face, hair and clothes.

    Attributes
    ----------
    skin_bgr, hair_bgr, iris_bgr, clothes_bgr
        Colours, 0 … 255.
    face_width, face_height, jaw_width, nose_length, nose_width, lips, eye_opening
        Factors of the mean face.
    brow_drop_mm, brow_thickness_mm
        How much lower than usual the eyebrows lie, and how thick they are.
    eye_tilt_mm
        How much higher the outer corner of an eye lies than the inner one.
    age
        0 (smooth) … 1 (lined).
    hair_style, hair_mm
        Cut, and how far hair stands off the head.
    beard
        What grows on the jaw.
    glasses
        Whether a frame is worn, and
    glasses_bgr, glasses_thickness_mm, glasses_round
        its colour, thickness and shape (0: rectangles, 1: ellipses).
    """

    skin_bgr: Bgr
    hair_bgr: Bgr
    iris_bgr: Bgr
    clothes_bgr: Bgr
    face_width: float = 1.0
    face_height: float = 1.0
    jaw_width: float = 1.0
    nose_length: float = 1.0
    nose_width: float = 1.0
    lips: float = 1.0
    eye_opening: float = 1.0
    brow_drop_mm: float = 0.0
    brow_thickness_mm: float = 6.0
    eye_tilt_mm: float = 1.5
    age: float = 0.3
    hair_style: HairStyle = "short"
    hair_mm: float = 9.0
    beard: Beard = "none"
    glasses: bool = False
    glasses_bgr: Bgr = (24.0, 22.0, 22.0)
    glasses_thickness_mm: float = 3.0
    glasses_round: float = 0.5


def draw_look(seed: int, eyewear: Eyewear = "none") -> DriverLook:
    """Draw a person.

    Parameters
    ----------
    seed
        Same seed, same person, with and without glasses.
    eyewear
        Contact lenses can't be seen.
    """
    rng = np.random.default_rng([seed, 40])
    skin = int(rng.integers(len(_SKINS)))
    hair_colours = _HAIR if skin < 3 else _DARK_HAIR
    hair_bgr = hair_colours[int(rng.integers(len(hair_colours)))]
    iris_bgr = _IRISES[int(rng.integers(len(_IRISES)))] if skin < 3 else _IRISES[skin % 2]
    styles: tuple[HairStyle, ...] = ("none", "short", "short", "full", "full", "long", "long")
    hair_style = styles[int(rng.integers(len(styles)))]
    beards: tuple[Beard, ...] = ("none", "none", "stubble", "beard")
    beard = "none" if hair_style == "long" else beards[int(rng.integers(len(beards)))]
    stands_off_mm = {"none": 0.0, "short": 5.0, "full": 14.0, "long": 11.0}[hair_style]

    def factor(spread: float) -> float:
        return float(np.clip(rng.normal(1.0, spread), 1 - 2 * spread, 1 + 2 * spread))

    shade = rng.uniform(0.75, 1.1)
    skin_bgr = tuple(
        float(shade**0.3 * c * f) for c, f in zip(_SKINS[skin], rng.normal(1, 0.02, 3), strict=True)
    )
    clothes = rng.uniform(25, 215) * rng.uniform(0.6, 1.2, 3)
    frame = rng.uniform(12, 70) * rng.uniform(0.7, 1.3, 3)
    return DriverLook(
        skin_bgr=(skin_bgr[0], skin_bgr[1], skin_bgr[2]),
        hair_bgr=hair_bgr,
        iris_bgr=iris_bgr,
        clothes_bgr=_colour(clothes),
        face_width=factor(0.03),
        face_height=factor(0.03),
        jaw_width=factor(0.05),
        nose_length=factor(0.06),
        nose_width=factor(0.1),
        lips=factor(0.15),
        eye_opening=factor(0.08),
        brow_drop_mm=float(rng.normal(0.0, 1.0)),
        brow_thickness_mm=float(rng.uniform(4.5, 8.0)),
        eye_tilt_mm=float(rng.uniform(0.3, 2.5)),
        age=float(rng.uniform(0.0, 1.0)),
        hair_style=hair_style,
        hair_mm=stands_off_mm * factor(0.15),
        beard=beard,
        glasses=eyewear == "glasses",
        glasses_bgr=_colour(frame),
        glasses_thickness_mm=float(rng.uniform(2.2, 4.2)),
        glasses_round=float(rng.uniform(0.0, 1.0)),
    )


def _colour(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Bgr:
    blue, green, red = np.clip(values, 0, 255).tolist()
    return blue, green, red
