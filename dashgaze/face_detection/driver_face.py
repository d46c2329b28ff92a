"""Which of the faces is the driver's.

The phone stands before the driver, so the driver's face is the one that is large for most of the drive, and
always about the same place. No side of the car is taken for the driver's. Where the driver turns away
there is no face, whoever else is seen.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .tracks import FloatArray, Place, centre_of, find_places, link, size_of

Side = Literal["left", "right"]
"""Of the picture."""
Verdict = Literal["ok", "doubtful", "failed"]

LIKE_AS_LARGE = 0.8
"""A second face that has so much of the driver's weight may as well be the driver's."""
NEARLY_AS_LARGE = 0.65
"""From here on the choice is doubtful."""

# Fewer faces than that in a whole video are chance.
_LEAST_COUNT = 3
# How far the driver leans, in sizes of the face, and by how much nearer or further away.
_LEAN, _LEAN_RATIO = 2.0, 1.8
# Who sits beside the other in front has at least so much of the other's weight.
_IN_FRONT = 0.1
# A second face seen so seldom together with the first one may be the first one, from a moved phone.
_TOGETHER = 0.05


@dataclass(frozen=True, kw_only=True, eq=False)
class VideoFaces:
    """All faces of a video, the input of `choose_driver`.

    Attributes
    ----------
    row
        The picture that each face is in, ascending, shape (n,).
    boxes
        Left and top edge, width and height, shape (n, 4), px.
    time_s
        When each of the m pictures is shown, shape (m,).
    """

    row: NDArray[np.int64]
    boxes: FloatArray
    time_s: FloatArray


@dataclass(frozen=True, kw_only=True, eq=False)
class DriverChoice:
    """The driver's faces.

    Attributes
    ----------
    face
        Number of the driver's face in each picture, shape (m,); -1 where there is none.
    contested
        Pictures in which two faces stand where the driver's should, shape (m,).
    elsewhere
        Pictures that show a face, but not the driver's, shape (m,).
    verdict
        ``failed`` if nobody can be told to be the driver: then there is no face at all.
    reasons
        Why it isn't ``ok``, in sentences.
    people
        Places at which people were seen.
    """

    face: NDArray[np.int64]
    contested: NDArray[np.bool_]
    elsewhere: NDArray[np.bool_]
    verdict: Verdict
    reasons: tuple[str, ...]
    people: int


def choose_driver(faces: VideoFaces, *, side: Side | None = None) -> DriverChoice:
    """Choose the driver's face of each picture.

    Parameters
    ----------
    faces
        All faces.
    side
        On which side of the picture the driver sits, seen beside the other person; None to find out.
    """
    row, boxes = faces.row, faces.boxes
    if np.any(np.diff(row) < 0):
        raise ValueError("faces have to be given picture by picture")
    track = link(row, boxes, faces.time_s)
    places = find_places(track, row, boxes)
    if not places:
        return _nobody(faces, "No face was found in the whole video.", 0)
    driver = _on_side(places, side) if side else places[0]
    if driver.count < _LEAST_COUNT:
        return _nobody(
            faces,
            f"In all of the video only {driver.count} picture(s) show a face at the same place: that may "
            "be chance.",
            len(places),
        )
    verdict: Verdict = "ok"
    reasons: list[str] = []
    for rival in places:
        share = rival.weight / driver.weight
        if rival is driver or share < NEARLY_AS_LARGE or side is not None:
            continue
        together = _together(row, track, driver, rival)
        if together < _TOGETHER:
            verdict = "doubtful"
            reasons.append(
                f"A face at {_where(rival)} is never seen together with the one at {_where(driver)}: the "
                "phone may have been moved. Its pictures have no face here."
            )
        elif share >= LIKE_AS_LARGE:
            return _nobody(
                faces,
                f"Two people are seen about as large and as often, at {_where(driver)} and "
                f"{_where(rival)}: nobody can tell which one drives. Say on which side of the picture the "
                "driver is: --side left or --side right.",
                len(places),
            )
        else:
            verdict = "doubtful"
            reasons.append(
                f"The driver is taken to be the person at {_where(driver)}; another one, at "
                f"{_where(rival)}, is nearly as large. If that is wrong, give --side."
            )
    face, contested = _in_each_picture(faces, track, driver)
    shown = np.zeros(len(faces.time_s), dtype=np.bool_)
    shown[row] = True
    return DriverChoice(
        face=face,
        contested=contested,
        elsewhere=shown & (face < 0),
        verdict=verdict,
        reasons=tuple(reasons),
        people=sum(place.count >= _LEAST_COUNT for place in places),
    )


def _in_each_picture(
    faces: VideoFaces, track: NDArray[np.int64], driver: Place
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    centre, size = centre_of(faces.boxes), size_of(faces.boxes)
    way = np.hypot(*(centre - driver.centre).T) / driver.size
    ratio = np.maximum(size / driver.size, driver.size / size)
    mine = np.isin(track, driver.tracks) & (way <= _LEAN) & (ratio <= _LEAN_RATIO)
    face = np.full(len(faces.time_s), -1, dtype=np.int64)
    contested = np.zeros(len(faces.time_s), dtype=np.bool_)
    before: int | None = None
    newest: int | None = None
    for place in np.flatnonzero(mine).tolist():
        row = int(faces.row[place])
        if newest is not None and faces.row[newest] != row:
            before = newest
        rival = int(face[row])
        if rival < 0:
            face[row] = place
        else:
            contested[row] = True
            near = driver.centre if before is None else centre[before]
            ways = np.hypot(*(centre[[rival, place]] - near).T)
            face[row] = (rival, place)[int(np.argmin(ways))]
        newest = int(face[row])
    return face, contested


def _on_side(places: list[Place], side: Side) -> Place:
    """Give who sits furthest to a side, of those who sit in front."""
    front = [each for each in places if each.weight >= _IN_FRONT * places[0].weight]
    sign = 1.0 if side == "left" else -1.0
    return min(front, key=lambda each: sign * float(each.centre[0]))


def _together(row: NDArray[np.int64], track: NDArray[np.int64], one: Place, other: Place) -> float:
    """Give the share of the other's pictures in which both are seen."""
    first = np.unique(row[np.isin(track, one.tracks)])
    second = np.unique(row[np.isin(track, other.tracks)])
    return float(np.isin(second, first).mean())


def _nobody(faces: VideoFaces, reason: str, people: int) -> DriverChoice:
    shown = np.zeros(len(faces.time_s), dtype=np.bool_)
    shown[faces.row] = True
    return DriverChoice(
        face=np.full(len(faces.time_s), -1, dtype=np.int64),
        contested=np.zeros(len(faces.time_s), dtype=np.bool_),
        elsewhere=shown,
        verdict="failed",
        reasons=(reason,),
        people=people,
    )


def _where(place: Place) -> str:
    return f"({place.centre[0]:.0f}, {place.centre[1]:.0f}) px"
