"""What can be chosen when a network is explained."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashgaze.errors import InputError

from .names import FILLS, INPUTS, PATCH_PX, Fill, InputName

REPORT_NAME = "report.html"
FIGURES_NAME = "report.json"
EXPLANATION_SCHEMA = "dashgaze/explanation/1"


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    """What is looked at, and how closely.

    Attributes
    ----------
    split
        Which part of the data set the frames come from.
    inputs
        Pictures whose canonical maps are made; ``all`` covers a place of the face in all pictures at once.
    frames
        About so many, evenly taken from sessions and their time.
    fill
        What covers windows: ``mean`` colour, ``blur`` or ``zero``.
    patch_px
        Side of the covered square, in a picture as the data set has it.
    every
        Cover one of so many points of the face: 1 is finest, 2 takes half the time.
    sanity_frames
        Frames of the layer randomisation; 0 leaves it out.
    driver_frames
        Frames of the occlusion maps of the driver view; 0 leaves them out.
    adapt
        Make the map of the network after learning at test time as well.
    example_faces
        So many pictures of faces under their own occlusion maps go into the report: of drivers only who
        agreed to raw pictures.
    batch_size
        Versions of a frame computed at a time.
    device
        Where the network runs: ``cpu``, ``cuda`` …
    seed
        Of all that is drawn.
    """

    split: str = "test"
    inputs: tuple[InputName, ...] = ("face",)
    frames: int = 200
    fill: Fill = "mean"
    patch_px: float = PATCH_PX
    every: int = 1
    sanity_frames: int = 24
    driver_frames: int = 40
    adapt: bool = False
    example_faces: int = 0
    batch_size: int = 128
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        read_inputs(self.inputs)
        if not self.inputs:
            raise InputError("No input was chosen; one is needed.", fix="Give `--input face`.")
        if self.fill not in FILLS:
            raise InputError(
                f"There is no fill {self.fill!r}; expected one of {', '.join(FILLS)}.",
                fix="Give `--fill mean`.",
            )
        least = {"frames": 1, "every": 1, "sanity_frames": 0, "driver_frames": 0}
        for name, low in {**least, "example_faces": 0, "batch_size": 1}.items():
            if getattr(self, name) < low:
                raise InputError(
                    f"{name} is {getattr(self, name)}; at least {low} was expected.",
                    fix=f"Give `--{name.replace('_', '-')} {max(low, 1)}`.",
                )
        if not 1 <= self.patch_px <= 100:
            raise InputError(
                f"A patch of {self.patch_px} px was asked for; expected 1 … 100.",
                fix="Give `--patch 15`.",
            )


def read_inputs(names: Iterable[str]) -> tuple[InputName, ...]:
    """Read names of inputs.

    Raises
    ------
    InputError
        If there is no such input.
    """
    found = []
    for name in names:
        known = next((each for each in INPUTS if each == name), None)
        if known is None:
            raise InputError(
                f"There is no input {name!r}; expected one of {', '.join(INPUTS)}.",
                fix="Give `--input face`.",
            )
        found.append(known)
    return tuple(found)
