"""Looking for faces in a row of pictures: at the whole one now and then, else where faces were.

A search of a whole picture costs several times that of the surroundings of a face.
"""

import numpy as np

from .detector import FaceDetector, Faces, FloatArray, Picture
from .suppression import surest

LEAST_FACE_PER_HEIGHT = 1 / 12
"""Least height of a face / shorter side of the picture: 60 px at 720p. The phone is an arm's length away
from the driver, whose face takes a fifth to a half of the picture."""
WHOLE_EVERY = 15
"""One picture in so many is searched as a whole, so that a face that comes in is found."""

# Where no face is known to be, the whole picture is searched so often.
_EMPTY_EVERY = 3
# Side of the surroundings / longer side of the face's box.
_AROUND = 2.0
# While a face is lost it is looked for in wider surroundings, since its head moves meanwhile.
_AROUND_LOST = 3.0
# A face is looked for down to so much of its last size.
_SHRINKS = 0.7
# Where people sit close the surroundings of one hold the other's face as well.
_SAME = 0.4
_MOST_PLACES = 4
# After so many searches of the whole picture a face that stayed away is forgotten.
_FORGET = 8


class FaceScanner:
    """Looks at pictures one after the other.

    Parameters
    ----------
    detector
        What finds faces.
    whole_every
        One picture in so many is searched as a whole; 1 for each.
    """

    def __init__(self, detector: FaceDetector, *, whole_every: int = WHOLE_EVERY) -> None:
        if whole_every < 1:
            raise ValueError(f"one picture in {whole_every} can't be searched as a whole")
        self._detector, self._every = detector, whole_every
        self._since_whole: int | None = None
        self._places: FloatArray = np.zeros((0, 4))
        self._lost = False
        self._missed_searches = 0
        self.whole_count = 0

    def look(self, picture: Picture) -> Faces:
        """Find the faces of the next picture.

        When a face is gone the whole picture is searched at once. While it stays away its last surroundings
        are looked at, and the whole picture in its turn.
        """
        every = self._every if len(self._places) else min(self._every, _EMPTY_EVERY)
        due = self._since_whole is None or self._since_whole + 1 >= every
        if due:
            return self._whole(picture)
        self._since_whole = (self._since_whole or 0) + 1
        seen = self._near(picture)
        if len(seen) < len(self._places) and not self._lost:
            seen = self._whole(picture)
            self._lost = len(seen) < len(self._places)
            return seen
        if len(seen) and len(seen) >= len(self._places):
            self._lost = False
            self._places = _largest(seen.boxes)
        elif len(seen):
            self._follow(seen.boxes)
        return seen

    def _whole(self, picture: Picture) -> Faces:
        self.whole_count += 1
        self._since_whole = 0
        least = LEAST_FACE_PER_HEIGHT * min(picture.shape[:2])
        seen = self._detector.detect(picture, least_face_px=least)
        self._missed_searches = self._missed_searches + 1 if len(seen) < len(self._places) else 0
        if len(seen) >= len(self._places) or self._missed_searches > _FORGET:
            self._places = _largest(seen.boxes)
            self._lost = False
        elif len(seen):
            self._follow(seen.boxes)
        return seen

    def _follow(self, boxes: FloatArray) -> None:
        """Move the places of faces that are still seen; those of lost ones stay."""
        for box in boxes:
            distance = np.abs(self._places[:, :2] - box[:2]).sum(axis=1)
            self._places[np.argmin(distance)] = box

    def _near(self, picture: Picture) -> Faces:
        height, width = picture.shape[:2]
        found = []
        for left, top, box_width, box_height in self._places.tolist():
            side = (_AROUND_LOST if self._lost else _AROUND) * max(box_width, box_height)
            start_x = max(0, round(left + box_width / 2 - side / 2))
            start_y = max(0, round(top + box_height / 2 - side / 2))
            end_x = min(width, round(left + box_width / 2 + side / 2))
            end_y = min(height, round(top + box_height / 2 + side / 2))
            if end_x - start_x < 12 or end_y - start_y < 12:
                continue
            part = np.ascontiguousarray(picture[start_y:end_y, start_x:end_x])
            least = max(
                _SHRINKS * min(box_width, box_height),
                LEAST_FACE_PER_HEIGHT * min(picture.shape[:2]),
            )
            found.append(
                self._detector.detect(part, least_face_px=least).moved(
                    float(start_x), float(start_y)
                )
            )
        faces = Faces.join(found)
        corners = np.concatenate(
            [faces.boxes[:, :2], faces.boxes[:, :2] + faces.boxes[:, 2:]], axis=1
        )
        return faces.select(surest(corners, faces.confidence, most=_SAME))


def _largest(boxes: FloatArray) -> FloatArray:
    order = np.argsort(-boxes[:, 2] * boxes[:, 3], kind="stable")
    return np.array(boxes[order[:_MOST_PLACES]])
