"""One figure of the card."""

from dataclasses import dataclass

FIGURES_FOLDER = "figures"


@dataclass(frozen=True, kw_only=True)
class FigureFile:
    """A figure that was drawn.

    Attributes
    ----------
    name
        File name in the folder `FIGURES_FOLDER`.
    title
        What it shows.
    alt
        The same in words, with its numbers, for those who don't see it.
    note
        How to read it, where that is not plain to see.
    """

    name: str
    title: str
    alt: str
    note: str = ""

    @property
    def path(self) -> str:
        """Path from the data set's folder."""
        return f"{FIGURES_FOLDER}/{self.name}"
