"""Where in the driver video the driver sits: found in a few pictures, before all are read in their order."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.face_detection.detector import FaceDetector, Faces, FloatArray
from dashgaze.face_detection.driver_face import DriverChoice, Side, VideoFaces, choose_driver
from dashgaze.face_detection.face_file import FaceFile
from dashgaze.face_detection.scanning import LEAST_FACE_PER_HEIGHT
from dashgaze.face_detection.tracks import centre_of, size_of
from dashgaze.face_detection.video_scan import FoundFaces, bgr_of
from dashgaze.media import FrameTimes
from dashgaze.media.colour import ColourPicture
from dashgaze.progress import Progress

from .driver_reader import DriverReader

PICTURES = 24
"""So many pictures, evenly taken, tell who is large for most of the drive."""

# As the choice in whole videos has it: how far a driver leans, in sizes of the face, and how much nearer.
_LEAN, _LEAN_RATIO = 2.0, 1.8
_RECENT_S = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class DriverPlace:
    """Where the driver's face is.

    Attributes
    ----------
    centre
        Shape (2,), px.
    size
        Root of the area of the face's box, px.
    """

    centre: FloatArray
    size: float


def find_place(
    reader: DriverReader,
    times: FrameTimes,
    index: NDArray[np.int64],
    detector: FaceDetector | FaceFile,
    *,
    side: Side | None,
    progress: Progress,
) -> tuple[DriverPlace | None, tuple[str, ...]]:
    """Find the driver's place, and doubts about it; None where nobody is seen.

    Parameters
    ----------
    reader, times
        The open video.
    index
        Frames that will be answered.
    detector
        What finds faces.
    side
        On which side the driver sits; None to find out.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If two people are about as large, so that nobody can tell who drives.
    """
    if isinstance(detector, FaceFile):
        rows = np.array([each for each in index.tolist() if each in detector.faces], dtype=np.int64)
        found = FoundFaces.of([detector.faces[each] for each in rows.tolist()])
    else:
        rows = index[np.unique(np.linspace(0, len(index) - 1, PICTURES).round().astype(np.int64))]
        seen: list[Faces | None] = []
        for number, each in enumerate(rows.tolist()):
            seen.append(_faces(reader, each, detector))
            progress("finding the driver", (number + 1) / len(rows))
        found = FoundFaces.of(seen)
    if not len(found.faces):
        return None, ()
    choice = choose_driver(
        VideoFaces(row=found.picture, boxes=found.faces.boxes, time_s=times.time_s[rows]), side=side
    )
    if choice.verdict == "failed":
        if _crowded(found):
            raise InputError(
                f"{times.path}: {' '.join(choice.reasons)}",
                fix="Say where the driver sits in the picture: `--side left` or `--side right`.",
                path=times.path,
            )
        return None, ()
    return _place(found.faces.boxes, choice), choice.reasons


def drivers_face(
    faces: Faces, place: DriverPlace | None, before: FloatArray | None, apart_s: float
) -> int | None:
    """Tell which face of a picture is the driver's.

    Parameters
    ----------
    faces
        All of the picture.
    place
        Where the driver sits; None if that is unknown: then it is the largest face.
    before
        The driver's last box, shape (4,); None if there is none.
    apart_s
        How long ago that was, s.

    Returns
    -------
    int or None
        Its number; None if the driver is not among them.
    """
    if not len(faces):
        return None
    centre, size = centre_of(faces.boxes), size_of(faces.boxes)
    recent = before is not None and apart_s <= _RECENT_S
    if place is None:
        if not recent or before is None:
            return int(np.argmax(size))
        place = DriverPlace(centre=centre_of(before[None])[0], size=float(size_of(before[None])[0]))
    way = np.hypot(*(centre - place.centre).T) / place.size
    ratio = np.maximum(size / place.size, place.size / size)
    able = np.flatnonzero((way <= _LEAN) & (ratio <= _LEAN_RATIO))
    if not len(able):
        return None
    near = centre_of(before[None])[0] if recent and before is not None else place.centre
    return int(able[np.argmin(np.hypot(*(centre[able] - near).T))])


def _faces(reader: DriverReader, index: int, detector: FaceDetector) -> Faces | None:
    picture = reader.read(index)
    if not isinstance(picture, ColourPicture):
        return None
    least_px = LEAST_FACE_PER_HEIGHT * min(reader.size_px)
    return detector.detect(bgr_of(picture), least_face_px=least_px)


def _crowded(found: FoundFaces) -> bool:
    """Whether pictures with a face mostly have several."""
    _, counts = np.unique(found.picture, return_counts=True)
    return bool(len(counts) and (counts > 1).mean() >= 0.5)


def _place(boxes: FloatArray, choice: DriverChoice) -> DriverPlace:
    mine = boxes[choice.face[choice.face >= 0]]
    return DriverPlace(
        centre=np.median(centre_of(mine), axis=0), size=float(np.median(size_of(mine)))
    )
