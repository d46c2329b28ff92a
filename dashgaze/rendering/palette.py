"""The few colours of an overlay, told apart by people of all kinds of colour vision.

After Okabe and Ito, "Color Universal Design" (2008). No meaning rests on a colour alone: each goes with a
shape or a word.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Colour:
    """A colour as video stores it (BT.709, levels 16 … 235).

    Attributes
    ----------
    y, u, v
        Brightness and the two differences of colour.
    """

    y: int
    u: int
    v: int

    @classmethod
    def from_rgb(cls, red: int, green: int, blue: int) -> "Colour":
        """Convert a colour of a screen, 0 … 255 each."""
        r, g, b = red / 255, green / 255, blue / 255
        bright = 0.2126 * r + 0.7152 * g + 0.0722 * b
        return cls(
            y=round(16 + 219 * bright),
            u=round(128 + 224 * (b - bright) / 1.8556),
            v=round(128 + 224 * (r - bright) / 1.5748),
        )


BLACK = Colour(16, 128, 128)
WHITE = Colour(235, 128, 128)
BACKGROUND = Colour.from_rgb(24, 26, 30)
EMPTY = Colour.from_rgb(40, 43, 48)
GREY = Colour.from_rgb(150, 154, 160)
PALE = Colour.from_rgb(205, 208, 212)
DIRECT = Colour.from_rgb(86, 200, 255)
PROPAGATED = Colour.from_rgb(255, 165, 0)
NO_MAP = Colour.from_rgb(213, 94, 60)
SOURCE_COLOURS = {"direct": DIRECT, "propagated": PROPAGATED, "none": NO_MAP}
EGO_GAZE = Colour.from_rgb(245, 230, 70)
