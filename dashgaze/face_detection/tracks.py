"""Faces of neighbouring pictures that are one person's, and the places where people sit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

# A face that was lost for longer begins a new track.
_LONGEST_GAP_S = 1.0
# How far a head gets, in sizes of its face: at once, and with time.
_REACH, _REACH_PER_S, _LARGEST_REACH = 0.4, 1.5, 1.0
# By how much its size may differ.
_RATIO = 1.5

_PLACE_REACH, _PLACE_RATIO = 1.5, 1.5


def size_of(boxes: FloatArray) -> FloatArray:
    """Give the size of boxes (n, 4): the root of their area, (n,), px."""
    return np.asarray(np.sqrt(boxes[:, 2] * boxes[:, 3]), dtype=np.float64)


def centre_of(boxes: FloatArray) -> FloatArray:
    """Give the centres of boxes (n, 4), (n, 2), px."""
    return np.asarray(boxes[:, :2] + boxes[:, 2:] / 2, dtype=np.float64)


def link(row: NDArray[np.int64], boxes: FloatArray, time_s: FloatArray) -> NDArray[np.int64]:
    """Tell which faces follow each other.

    Parameters
    ----------
    row
        The picture that each face is in, ascending, shape (n,).
    boxes
        Shape (n, 4).
    time_s
        When each picture is shown, ascending.

    Returns
    -------
    NDArray[np.int64]
        A number of the track of each face, from 0, shape (n,).
    """
    track = np.full(len(row), -1, dtype=np.int64)
    if not len(row):
        return track
    centre, size = centre_of(boxes), size_of(boxes)
    # Neighbours may lie further apart than the longest gap where only some pictures were looked at.
    step_s = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 0.0
    longest_s = max(_LONGEST_GAP_S, 2.5 * step_s)
    last: list[int] = []  # the latest face of each open track
    count = 0
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(row)], strict=True):
        now = time_s[row[start]]
        last = [face for face in last if now - time_s[row[face]] <= longest_s]
        pairs = []
        for new in range(start, end):
            for place, old in enumerate(last):
                ratio = size[new] / size[old]
                reach = _REACH + _REACH_PER_S * float(now - time_s[row[old]])
                way = float(np.hypot(*(centre[new] - centre[old]))) / size[old]
                if 1 / _RATIO <= ratio <= _RATIO and way <= min(reach, _LARGEST_REACH):
                    pairs.append((way + abs(np.log(ratio)), new, place))
        taken: set[int] = set()
        for _, new, place in sorted(pairs):
            if track[new] < 0 and place not in taken:
                track[new] = track[last[place]]
                taken.add(place)
                last[place] = new
        for new in range(start, end):
            if track[new] < 0:
                track[new] = count
                count += 1
                last.append(new)
    return track


@dataclass(eq=False)
class Place:
    """Where somebody sits.

    Attributes
    ----------
    tracks
        Tracks of faces there.
    centre
        Median of the faces' centres, shape (2,), px.
    size
        Median of their sizes, px.
    count
        Pictures with a face there.
    """

    tracks: list[int]
    centre: FloatArray
    size: float
    count: int

    @property
    def weight(self) -> float:
        """How much speaks for the driver: the face's area, and how often it is seen.

        The driver is nearest to the phone. Area counts for more, since drivers turn away more often than
        passengers do.
        """
        return float(self.size**2 * self.count**0.75)


def find_places(track: NDArray[np.int64], row: NDArray[np.int64], boxes: FloatArray) -> list[Place]:
    """Put tracks together whose faces are about as large and at about the same place.

    Parameters
    ----------
    track, row, boxes
        As for `link`.

    Returns
    -------
    list of Place
        The one with the largest weight first.
    """
    order = np.argsort(track, kind="stable")
    parts = np.split(order, np.flatnonzero(np.diff(track[order])) + 1) if len(track) else []
    centre, size = centre_of(boxes), size_of(boxes)
    members: list[list[NDArray[np.int64]]] = []
    homes: list[tuple[FloatArray, float]] = []
    for part in sorted(parts, key=lambda each: (-len(each), each[0])):
        middle, large = np.median(centre[part], axis=0), float(np.median(size[part]))
        best, least = -1, np.inf
        for number, (home, home_size) in enumerate(homes):
            way = float(np.hypot(*(middle - home))) / home_size
            ratio = max(large / home_size, home_size / large)
            if way <= _PLACE_REACH and ratio <= _PLACE_RATIO and way < least:
                best, least = number, way
        if best < 0:
            members.append([])
            homes.append((middle, large))
        members[best].append(part)
        together = np.concatenate(members[best])
        homes[best] = (np.median(centre[together], axis=0), float(np.median(size[together])))
    places = [
        Place(
            tracks=sorted({int(track[part[0]]) for part in mine}),
            centre=home,
            size=home_size,
            count=len(np.unique(row[np.concatenate(mine)])),
        )
        for mine, (home, home_size) in zip(members, homes, strict=True)
    ]
    return sorted(places, key=lambda each: -each.weight)
