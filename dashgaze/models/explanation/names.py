"""Names of what can be chosen; no torch here."""

from typing import Literal, get_args

from dashgaze.models.contract.pictures import PictureName

Fill = Literal["mean", "blur", "zero"]
FILLS: tuple[Fill, ...] = get_args(Fill)

InputName = PictureName | Literal["all"]
"""A picture of the driver, or all of them at once: as if something lay on the face itself."""

INPUTS: tuple[InputName, ...] = (*get_args(PictureName), "all")

PATCH_PX = 15.0
"""Side of the covered square in a picture of 224 px, after the description."""
