"""As much of one condition as there is of another, in stretches as long and as far apart."""

from collections.abc import Iterator

import numpy as np

from ..contract.study import BoolArray, IndexArray

DRAWS = 20


def equal_stretches(many: BoolArray, few: BoolArray, draws: int = DRAWS) -> Iterator[IndexArray]:
    """Lay the stretches of a rare condition over the frames of a frequent one, evenly, again and again.

    A spread is found the smaller, the fewer and the more alike its samples are: that of a minute of gaze by about a
    percent, that of some long stops by less than that of many short ones. Compared with the same pattern of stretches
    elsewhere, both sides are too small alike. (Rarefaction, as for entropies and species; here of stretches, since
    frames in a row are no independent samples.)

    Parameters
    ----------
    many, few
        Frames of the two conditions, shape (n,); none is in both, and `few` has at most as many.
    draws
        How many times.

    Yields
    ------
    IndexArray
        Places of frames of `many`, as many as `few` has. Each stretch lies where its own place in time would be if time
        without the rare condition were stretched to all of it, moved on by an equal step with each draw.
    """
    among = np.flatnonzero(many)
    both = np.flatnonzero(many | few)
    places = np.searchsorted(both, np.flatnonzero(few))
    if not len(places) or not len(among):
        return
    begins = np.flatnonzero(np.diff(places, prepend=-2) != 1)
    lengths = np.diff(np.append(begins, len(places)))
    starts = np.floor(places[begins] * (len(among) / len(both))).astype(np.int64)
    within = np.arange(len(places)) - np.repeat(begins, lengths)
    for draw in range(draws):
        moved = starts + draw * len(among) // draws
        yield among[(np.repeat(moved, lengths) + within) % len(among)]
