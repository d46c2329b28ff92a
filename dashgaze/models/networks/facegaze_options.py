"""Choices of FaceGaze."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .heteroscedastic import Likelihood


@dataclass(frozen=True, kw_only=True)
class FaceGazeOptions:
    """Options of `FaceGaze`.

    Attributes
    ----------
    size
        Preset, ``small`` or ``tiny``.
    face_px, eye_px
        Side of the face's picture; width of the eyes', which are half as high.
    face_stem, face_stages, face_features
        The face's trunk, see `mobile.MobileTrunk`.
    eye_stem, eye_stages, eye_features
        The trunk that both eyes share.
    expansion
        How many times wider blocks are inside.
    geometry_features
        Length of what is made of landmarks, box and head pose.
    hidden
        Hidden layer behind all features.
    dropout
        Share of that layer, and of the features, that training leaves out.
    eyes, face, geometry, driver
        Which inputs are used. The whole driver view tells sessions apart rather than gaze, so it is off.
    likelihood
        ``gaussian``, ``beta`` or ``laplace``, see `heteroscedastic`.
    angle_weight
        Of the angle's loss.
    """

    size: Literal["small", "tiny"] = "small"
    face_px: int = 112
    eye_px: int = 64
    face_stem: int = 16
    face_stages: tuple[tuple[int, int], ...] = ((24, 2), (40, 2), (80, 2))
    face_features: int = 96
    eye_stem: int = 16
    eye_stages: tuple[tuple[int, int], ...] = ((24, 2), (48, 2))
    eye_features: int = 64
    expansion: int = 3
    geometry_features: int = 64
    hidden: int = 128
    dropout: float = 0.1
    eyes: bool = True
    face: bool = True
    geometry: bool = True
    driver: bool = False
    likelihood: Likelihood = "beta"
    angle_weight: float = 1.0

    def __post_init__(self) -> None:
        if not (self.eyes or self.face or self.geometry or self.driver):
            raise ValueError("at least one of eyes, face, geometry and driver is needed")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError("dropout must be at least 0 and less than 1")
        if self.angle_weight < 0.0:
            raise ValueError("angle_weight must not be negative")


FACEGAZE_SIZES: Mapping[str, Mapping[str, Any]] = {
    "small": {},
    "tiny": {
        "face_px": 64,
        "eye_px": 48,
        "face_stem": 8,
        "face_stages": ((16, 1), (24, 1), (48, 1)),
        "face_features": 48,
        "eye_stem": 8,
        "eye_stages": ((16, 1), (32, 1)),
        "eye_features": 48,
        "geometry_features": 48,
        "hidden": 96,
    },
}
