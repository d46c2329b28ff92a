"""The driver's face in frame after frame: found now and then, followed in between."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dashgaze.face_detection.detector import FaceDetector, Faces, FloatArray
from dashgaze.face_detection.face_file import FaceFile
from dashgaze.face_detection.scanning import FaceScanner
from dashgaze.face_detection.video_scan import bgr_of
from dashgaze.media.colour import ColourPicture

from .driver_place import DriverPlace, drivers_face
from .face_following import FaceFollower
from .stopwatch import Stopwatch

NoFace = Literal["no_face", "others_only", "lost", "too_old", "not_looked_at"]
"""Why there is no face: none is seen; only somebody else's; it moved too fast to be followed; it was found
too long ago; a file of faces says nothing of this frame or of any before."""

# A face that is gone is looked for so much more often.
_SOONER = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackedFace:
    """The driver's face in one frame.

    Attributes
    ----------
    box
        Left, top, width, height, shape (4,), px.
    landmarks
        In the order of `dashgaze.schemas.face_table.LANDMARKS`, shape (5, 2), px.
    confidence
        Of the detector, when it was last seen by it.
    age_frames
        How many frames ago that was; 0 if in this one.
    """

    box: FloatArray
    landmarks: FloatArray
    confidence: float
    age_frames: int


class DriverTracker:
    """Takes the frames of a video in their order.

    Parameters
    ----------
    detector
        What finds faces; a file's faces count for the frames that it names, whatever `every` is.
    place
        Where the driver sits; None if that is unknown.
    every
        One frame in so many is looked at.
    follow
        Whether the face is followed in between, or stays where it was found.
    most_age_s
        A face that was found longer ago counts no more.
    watch
        Told how long detecting and following take.
    """

    def __init__(
        self,
        detector: FaceDetector | FaceFile,
        place: DriverPlace | None,
        *,
        every: int,
        follow: bool,
        most_age_s: float,
        watch: Stopwatch,
    ) -> None:
        self._file = detector if isinstance(detector, FaceFile) else None
        self._scanner = None if isinstance(detector, FaceFile) else FaceScanner(detector)
        self._place, self._every, self._most_age_s = place, every, most_age_s
        self._follower = FaceFollower() if follow else None
        self._watch = watch
        self._face: TrackedFace | None = None
        self._reason: NoFace = "not_looked_at"
        self._last_box: FloatArray | None = None
        self._found_s = -math.inf
        self._looked_s = -math.inf
        self._since: int | None = None
        self.looks = 0

    def step(self, picture: ColourPicture, time_s: float) -> TrackedFace | NoFace:
        """Give the driver's face in the next frame, or why there is none."""
        self._since = None if self._since is None else self._since + 1
        if self._due(picture.index, time_s):
            return self._look(picture, time_s)
        if self._face is None:
            return self._reason
        if time_s - self._found_s > self._most_age_s:
            return self._without("too_old")
        if self._follower is not None:
            with self._watch.measuring("follow"):
                followed = self._follower.follow(picture.y)
            if not followed:
                return self._look(picture, time_s) if self._scanner else self._without("lost")
            box, landmarks = self._follower.box, self._follower.landmarks
        else:
            box, landmarks = self._face.box, self._face.landmarks
        self._face = TrackedFace(
            box=box,
            landmarks=landmarks,
            confidence=self._face.confidence,
            age_frames=self._face.age_frames + 1,
        )
        self._last_box = box
        return self._face

    def skip(self) -> None:
        """Pass over a frame that can't be decoded."""
        self._since = None if self._since is None else self._since + 1
        if self._face is not None:
            self._face = TrackedFace(
                box=self._face.box,
                landmarks=self._face.landmarks,
                confidence=self._face.confidence,
                age_frames=self._face.age_frames + 1,
            )

    def _due(self, index: int, time_s: float) -> bool:
        if self._file is not None:
            return index in self._file.faces
        if self._since is None or time_s - self._looked_s > self._most_age_s:
            return True
        every = self._every if self._face is not None else max(1, self._every // _SOONER)
        return self._since >= every

    def _look(self, picture: ColourPicture, time_s: float) -> TrackedFace | NoFace:
        self.looks += 1
        self._since, self._looked_s = 0, time_s
        with self._watch.measuring("detect"):
            faces = self._faces(picture)
        mine = drivers_face(faces, self._place, self._last_box, time_s - self._found_s)
        if mine is None:
            return self._without("others_only" if len(faces) else "no_face")
        # Tables of faces keep 32 bits, so pictures of a data set were cut out by that.
        box, landmarks = (
            each[mine].astype(np.float32).astype(np.float64)
            for each in (faces.boxes, faces.landmarks)
        )
        self._face = TrackedFace(
            box=box, landmarks=landmarks, confidence=float(faces.confidence[mine]), age_frames=0
        )
        self._last_box, self._found_s = box, time_s
        if self._follower is not None:
            with self._watch.measuring("follow"):
                self._follower.start(picture.y, box, landmarks)
        return self._face

    def _faces(self, picture: ColourPicture) -> Faces:
        if self._file is not None:
            return self._file.faces[picture.index]
        if self._scanner is None:
            raise ValueError("there is nothing that finds faces")
        return self._scanner.look(bgr_of(picture))

    def _without(self, reason: NoFace) -> NoFace:
        self._face, self._reason = None, reason
        return reason
