"""What can be chosen of an overlay video."""

import math
from dataclasses import dataclass
from typing import Literal

from dashgaze.errors import InputError

from .layout import PANELS, Panel

SoundSource = Literal["none", "phone", "tracker"]

NARROWEST_PX, WIDEST_PX = 320, 3840


@dataclass(frozen=True, kw_only=True)
class RenderOptions:
    """What can be chosen.

    Attributes
    ----------
    start_s, end_s
        The part of the drive to show, on the phone's clock, s; None for all of it.
    width_px
        Width of the picture, even; the height follows.
    panels
        The views, the large one first.
    sound
        What is heard. Speech of everyone in the car is personal: none by default.
    fps
        Most frames per second; None for all that the road video has.
    """

    start_s: float | None = None
    end_s: float | None = None
    width_px: int = 1280
    panels: tuple[Panel, ...] = PANELS
    sound: SoundSource = "none"
    fps: float | None = None

    def __post_init__(self) -> None:
        for name in ("start_s", "end_s"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InputError(f"{name} is {value}; a number of seconds was expected.")
        if self.start_s is not None and self.end_s is not None and self.start_s >= self.end_s:
            raise InputError(
                f"The part to show starts at {self.start_s:g} s and ends at {self.end_s:g} s.",
                fix="Choose an end after the start.",
            )
        if not NARROWEST_PX <= self.width_px <= WIDEST_PX or self.width_px % 2:
            raise InputError(
                f"A width of {self.width_px} px can't be had.",
                fix=f"Choose an even number from {NARROWEST_PX} to {WIDEST_PX}.",
            )
        unknown = [name for name in self.panels if name not in PANELS]
        if unknown or not self.panels or len(set(self.panels)) != len(self.panels):
            raise InputError(
                f"The panels {', '.join(self.panels) or 'are empty'} can't be shown."
                if not unknown
                else f"There is no panel {unknown[0]!r}.",
                fix=f"Choose from {', '.join(PANELS)}, each once.",
            )
        if self.sound not in ("none", "phone", "tracker"):
            raise InputError(
                f"There is no sound {self.sound!r}.", fix="Choose none, phone or tracker."
            )
        if self.fps is not None and not (math.isfinite(self.fps) and self.fps > 0):
            raise InputError(f"{self.fps} frames per second can't be shown.")
