"""Looking for faces in a stretch of a video."""

import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.files import replacing
from dashgaze.media import FrameTimes
from dashgaze.media.colour import ColourPicture, ColourReader

from .detector import LANDMARK_COUNT, FaceDetector, Faces, Picture
from .mirroring import turned_back
from .scanning import FaceScanner

DRAFT = True
"""Whether the driver video is decoded as a draft; see `ColourReader`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stretch:
    """What is looked at.

    Attributes
    ----------
    path, times
        The video, and what `read_frame_times` gave for it.
    index
        The frames to be looked at, ascending, shape (m,).
    mirrored
        Whether its pictures are mirror images, to be turned back before they are looked at.
    """

    path: Path
    times: FrameTimes
    index: NDArray[np.int64]
    mirrored: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class FoundFaces:
    """What was found: n faces in m pictures.

    Attributes
    ----------
    picture
        Place in the m pictures of each face's, ascending, shape (n,).
    faces
        The faces.
    decoded
        Whether each picture could be decoded, shape (m,).
    """

    picture: NDArray[np.int64]
    faces: Faces
    decoded: NDArray[np.bool_]

    @classmethod
    def of(cls, pictures: "list[Faces | None]") -> "FoundFaces":
        """Put the faces of pictures together; None for one that can't be decoded."""
        counts = [0 if each is None else len(each) for each in pictures]
        return cls(
            picture=np.repeat(np.arange(len(pictures), dtype=np.int64), counts),
            faces=Faces.join(each for each in pictures if each is not None),
            decoded=np.array([each is not None for each in pictures], dtype=np.bool_),
        )

    @classmethod
    def join(cls, parts: "list[FoundFaces]") -> "FoundFaces":
        """Put what was found in consecutive stretches together."""
        starts = np.cumsum([0, *(len(part.decoded) for part in parts)])
        return cls(
            picture=np.concatenate(
                [np.zeros(0, np.int64)]
                + [part.picture + start for part, start in zip(parts, starts[:-1], strict=True)]
            ),
            faces=Faces.join(part.faces for part in parts),
            decoded=np.concatenate([np.zeros(0, np.bool_), *(part.decoded for part in parts)]),
        )

    def save(self, path: Path) -> None:
        """Write it, in one step."""
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file,
                picture=self.picture,
                boxes=self.faces.boxes,
                confidence=self.faces.confidence,
                landmarks=self.faces.landmarks,
                decoded=self.decoded,
            )

    @classmethod
    def load(cls, path: Path, *, count: int) -> "FoundFaces | None":
        """Read what `save` wrote for so many pictures; None if it is not there or is damaged."""
        try:
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                kept: dict[str, NDArray[Any]] = {name: file[name] for name in file.files}
            found = cls(
                picture=kept["picture"],
                faces=Faces(
                    boxes=kept["boxes"],
                    confidence=kept["confidence"],
                    landmarks=kept["landmarks"].reshape(-1, LANDMARK_COUNT, 2),
                ),
                decoded=kept["decoded"],
            )
        except (
            *(OSError, ValueError, KeyError, EOFError, RuntimeError, SyntaxError, MemoryError),
            *(TokenError, zipfile.BadZipFile, zlib.error),
        ):
            return None
        fits = len(found.decoded) == count and len(found.picture) == len(found.faces)
        return found if fits else None


def scan_stretch(
    stretch: Stretch,
    detector: FaceDetector,
    *,
    whole_every: int,
    report: Callable[[int], None] = lambda count: None,
) -> FoundFaces:
    """Look for faces in a stretch. The outcome depends on nothing that lies outside of it.

    Parameters
    ----------
    stretch
        What is looked at.
    detector
        What finds faces.
    whole_every
        One picture in so many is searched as a whole.
    report
        Is told how many more pictures are done.

    Raises
    ------
    MediaError
        If the video can't be read any more.
    """
    scanner = FaceScanner(detector, whole_every=whole_every)
    found: list[Faces | None] = []
    with ColourReader(stretch.path, stretch.times, thread_count=1, draft=DRAFT) as reader:
        for index in stretch.index.tolist():
            picture = reader.read(index)
            if not isinstance(picture, ColourPicture):
                found.append(None)
            else:
                shown = turned_back(picture) if stretch.mirrored else picture
                found.append(scanner.look(bgr_of(shown)))
            report(1)
    return FoundFaces.of(found)


def bgr_of(picture: ColourPicture) -> Picture:
    """Give a picture as blue, green and red, shape (height, width, 3).

    Colours are turned by the matrix of BT.601 where BT.709 is meant, in a fraction of the time: they are off
    by a few levels, which no detector minds.
    """
    height, width = picture.y.shape
    rows, columns = picture.u.shape
    if (height, width) == (2 * rows, 2 * columns):
        y = picture.y
    else:  # an odd size
        y = np.pad(picture.y, ((0, 2 * rows - height), (0, 2 * columns - width)), mode="edge")
    planes = np.concatenate([y.reshape(-1), picture.u.reshape(-1), picture.v.reshape(-1)]).reshape(
        3 * rows, 2 * columns
    )
    bgr = cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420)
    return np.ascontiguousarray(bgr[:height, :width], dtype=np.uint8)
