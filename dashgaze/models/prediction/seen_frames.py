"""Frames of the driver video as networks take them: numbers, and pictures in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.pictures.crops import Picture, eye_patch, face_square, squeezed
from dashgaze.face_detection.detector import FloatArray
from dashgaze.media.colour import ColourPicture
from dashgaze.models.contract.pictures import PictureName
from dashgaze.models.contract.samples import Samples
from dashgaze.schemas.face_table import LANDMARKS

from .driver_tracking import TrackedFace

SESSION = "video"
"""What samples of a new video call their session."""

_LEFT, _RIGHT = LANDMARKS.index("left_eye"), LANDMARKS.index("right_eye")
_SIZES = ("gaze_road_px", "gaze_angle_deg", "vanishing_point_px")
_FLAGS = ("gaze_in_view", "fixation", "blink")


@dataclass(frozen=True, kw_only=True, eq=False)
class SeenFrame:
    """One frame that shows the driver's face.

    Attributes
    ----------
    index
        In the driver video.
    time_s
        When it is shown, on the video's own time line.
    face
        The face.
    pictures
        Red, green, blue, shape (3, height, width), in the size that the network takes, by name.
    head_pose_deg
        Yaw, pitch, roll, shape (3,); NaN where unknown.
    """

    index: int
    time_s: float
    face: TrackedFace
    pictures: dict[PictureName, NDArray[np.uint8]]
    head_pose_deg: FloatArray


def cut_out(
    picture: ColourPicture, face: TrackedFace, sizes_px: dict[PictureName, tuple[int, int]]
) -> dict[PictureName, NDArray[np.uint8]]:
    """Cut out the pictures of one frame as those of a data set are cut out, and shrink them.

    Parameters
    ----------
    picture
        The driver view.
    face
        The driver's face in it.
    sizes_px
        Width and height of each picture that is wanted.

    Returns
    -------
    dict
        Red, green, blue, shape (3, height, width), by name; those that can't be cut out are left out.
    """
    made = {}
    for name, size_px in sizes_px.items():
        cut = _cut(picture, face, name)
        if cut is not None:
            made[name] = _planes(cut, size_px)
    return made


class HeldPictures:
    """Pictures of frames in memory, as a `dashgaze.models.contract.pictures.PictureSource`.

    Parameters
    ----------
    frames
        The frames, row by row.
    """

    def __init__(self, frames: Sequence[SeenFrame]) -> None:
        self._frames = list(frames)

    def read(
        self, rows: NDArray[np.int64], name: PictureName, size_px: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Give one kind of picture of some rows, in the size it was cut out for."""
        held = [self._frames[row].pictures.get(name) for row in rows.tolist()]
        shapes = [each.shape for each in held if each is not None]
        width, height = size_px or (shapes[0][2], shapes[0][1]) if shapes or size_px else (1, 1)
        pictures = np.zeros((len(held), 3, height, width), np.uint8)
        for place, each in enumerate(held):
            if each is not None:
                pictures[place] = each
        return pictures, np.array([each is not None for each in held], dtype=np.bool_)

    def take(self, rows: NDArray[np.int64]) -> "HeldPictures":
        """Give the source that belongs to ``samples.take(rows)``."""
        return HeldPictures([self._frames[row] for row in rows.tolist()])


def samples_of(
    frames: Sequence[SeenFrame], *, road_size_px: tuple[int, int], driver_size_px: tuple[int, int]
) -> Samples:
    """Give the numbers of frames; nothing is known of true gaze."""
    count = len(frames)
    known: dict[str, NDArray[np.generic]] = {
        "session_id": np.full(count, SESSION),
        "frame_index": np.array([each.index for each in frames], dtype=np.int64),
        "time_s": np.array([each.time_s for each in frames]),
        "road_size_px": np.tile(np.array(road_size_px, dtype=np.float64), (count, 1)),
        "driver_size_px": np.tile(np.array(driver_size_px, dtype=np.float64), (count, 1)),
        "landmarks_px": np.array([each.face.landmarks for each in frames]),
        "face_box_px": np.array([each.face.box for each in frames]),
        "face_confidence": np.array([each.face.confidence for each in frames]),
        "head_pose_deg": np.array([each.head_pose_deg for each in frames]),
        "gaze_road_cov_px2": np.full((count, 3), np.nan),
        "speed_m_s": np.full(count, np.nan),
        "homography_error_px": np.full(count, np.nan),
    }
    known |= {name: np.full((count, 2), np.nan) for name in _SIZES}
    known |= {name: np.zeros(count, np.bool_) for name in _FLAGS}
    texts = {each.name: np.full(count, "") for each in fields(Samples) if each.name not in known}
    return Samples(**(texts | known))


def _cut(picture: ColourPicture, face: TrackedFace, name: PictureName) -> Picture | None:
    if name == "driver":
        return squeezed(picture)
    x, y, width, height = (float(each) for each in face.box)
    if name == "face":
        return face_square(picture, x_px=x, y_px=y, width_px=width, height_px=height)
    left, right = (
        (float(face.landmarks[place, 0]), float(face.landmarks[place, 1]))
        for place in (_LEFT, _RIGHT)
    )
    one, other = (left, right) if name == "left_eye" else (right, left)
    return eye_patch(picture, one, other, box_height_px=height)


def _planes(cut: Picture, size_px: tuple[int, int]) -> NDArray[np.uint8]:
    if (cut.shape[1], cut.shape[0]) != size_px:
        smaller = cut.shape[1] >= size_px[0] and cut.shape[0] >= size_px[1]
        way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        cut = np.asarray(cv2.resize(cut, size_px, interpolation=way), dtype=np.uint8)
    return np.ascontiguousarray(cut[:, :, ::-1].transpose(2, 0, 1))
