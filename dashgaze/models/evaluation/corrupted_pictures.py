"""A source of pictures that are spoiled while they are read."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.models.contract.pictures import PictureName, PictureSource
from dashgaze.models.contract.samples import Samples

from .corruptions import (
    BLUR_OF_FACE,
    COVERED,
    JPEG_QUALITY,
    LIGHT,
    Box,
    Corruption,
    Picture,
    blurred,
    covered,
    darkened,
    from_bottom,
    from_top,
    squeezed,
)

FACE_MARGIN = 1.4
"""The face picture is a square around the box of so many times its longer side."""
EYE_SHARE = 0.8
"""An eye picture is as wide as this share of the distance between the eyes …"""
EYE_LEAST = 0.16
"""… and at least this share of the box's height (`schemas.image_table`)."""

_LEFT_EYE, _RIGHT_EYE, _NOSE, _LEFT_MOUTH, _RIGHT_MOUTH = range(5)


@dataclass(frozen=True, kw_only=True, eq=False)
class CorruptedPictures:
    """Pictures of `source`, spoiled; the same frame is always spoiled alike.

    Landmarks and boxes stay those of the clean pictures: what is measured is the network, not the
    detector of faces. Where no face is known, nothing is covered, and blur is that of a face a quarter as
    wide as the view.

    Attributes
    ----------
    source
        Where pictures come from.
    samples
        The rows that belong to it.
    corruption
        How they are spoiled.
    seed
        Of the noise.
    """

    source: PictureSource
    samples: Samples
    corruption: Corruption
    seed: int = 0

    def take(self, rows: NDArray[np.int64]) -> "CorruptedPictures":
        """Give the source that belongs to ``samples.take(rows)``."""
        return CorruptedPictures(
            source=self.source.take(rows),
            samples=self.samples.take(rows),
            corruption=self.corruption,
            seed=self.seed,
        )

    def read(
        self, rows: NDArray[np.int64], name: PictureName, size_px: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Give pictures of some rows, spoiled at their stored size, then shrunk (see `PictureSource`)."""
        stored, present = self.source.read(rows, name)
        spoiled = [
            self._spoil(picture.transpose(1, 2, 0), int(row), name)
            if there
            else picture.transpose(1, 2, 0)
            for picture, row, there in zip(stored, rows, present, strict=True)
        ]
        if size_px is not None:
            spoiled = [_shrunk(picture, size_px) for picture in spoiled]
        width, height = size_px or (stored.shape[3], stored.shape[2])
        result = np.zeros((len(rows), 3, height, width), dtype=np.uint8)
        for place, picture in enumerate(spoiled):
            result[place] = picture.transpose(2, 0, 1)
        return result, present

    def _spoil(self, picture: Picture, row: int, name: PictureName) -> Picture:
        kind, step = self.corruption.kind, self.corruption.step
        if kind == "low_light":
            return darkened(picture, LIGHT[step], self._rng(row, name))
        if kind == "jpeg":
            return squeezed(picture, JPEG_QUALITY[step])
        if kind == "blur":
            return blurred(picture, BLUR_OF_FACE[step] * self._face_px(picture, row, name))
        if not self.samples.has_face[row]:
            return picture
        for box in self._regions(picture, row, name):
            picture = covered(picture, box)
        return picture

    def _rng(self, row: int, name: PictureName) -> np.random.Generator:
        """Give noise that depends on the frame, not on where it stands in a table."""
        text = f"{self.seed} {self.samples.session_id[row]} {self.samples.frame_index[row]} {name}"
        digest = hashlib.sha256(text.encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little"))

    def _face_px(self, picture: Picture, row: int, name: PictureName) -> float:
        """Give how long the longer side of the face's box is in this picture, px."""
        width = float(picture.shape[1])
        if not self.samples.has_face[row]:
            return width / 4 if name == "driver" else width / FACE_MARGIN
        side = self._side(row)
        if name == "driver":
            # The whole view is squeezed: its width stands for both axes.
            return side / float(self.samples.driver_size_px[row, 0]) * width
        if name == "face":
            return width / FACE_MARGIN
        return side / self._eye_width(row) * width

    def _side(self, row: int) -> float:
        return float(self.samples.face_box_px[row, 2:].max())

    def _eye_width(self, row: int) -> float:
        eyes = self.samples.landmarks_px[row, [_LEFT_EYE, _RIGHT_EYE]]
        apart = float(np.hypot(*(eyes[0] - eyes[1])))
        return max(EYE_SHARE * apart, EYE_LEAST * float(self.samples.face_box_px[row, 3]))

    def _regions(self, picture: Picture, row: int, name: PictureName) -> list[Box]:
        """Give what is covered, px of the picture."""
        share = COVERED[self.corruption.step]
        kind = self.corruption.kind
        if name in ("left_eye", "right_eye"):
            return self._regions_of_eye(picture, row, name, share)
        places = self._landmarks_in(picture, row, name)
        eyes = places[[_LEFT_EYE, _RIGHT_EYE]]
        apart = max(1.0, float(np.hypot(*(eyes[0] - eyes[1]))))
        if kind == "cover_eyes":
            box = _around(eyes, 0.5 * apart, 0.35 * apart)
            return [from_top(box, share)]
        if kind == "cover_mouth":
            box = _around(places[[_LEFT_MOUTH, _RIGHT_MOUTH]], 0.35 * apart, 0.4 * apart)
            return [from_bottom(box, share)]
        left, top, right, bottom = self._face_in(picture, row, name)
        middle = float(np.clip(places[_NOSE, 0], left, right))
        return [(left, top, left + (middle - left) * share, bottom)]

    def _regions_of_eye(
        self, picture: Picture, row: int, name: PictureName, share: float
    ) -> list[Box]:
        height, width = picture.shape[:2]
        if self.corruption.kind == "cover_mouth":
            return []
        if self.corruption.kind == "cover_eyes":
            return [from_top((0.0, 0.0, width, height), share)]
        eye = self.samples.landmarks_px[row, _LEFT_EYE if name == "left_eye" else _RIGHT_EYE]
        nose = self.samples.landmarks_px[row, _NOSE]
        box = self.samples.face_box_px[row]
        # The half on the left of the picture is covered up to this place of the view.
        edge = box[0] + (min(max(nose[0], box[0]), box[0] + box[2]) - box[0]) * share
        eye_width = self._eye_width(row)
        place = (edge - (eye[0] - eye_width / 2)) / eye_width * width
        return [(0.0, 0.0, float(np.clip(place, 0, width)), float(height))]

    def _to_picture(
        self, points_px: NDArray[np.float64], picture: Picture, row: int, name: PictureName
    ) -> NDArray[np.float64]:
        """Bring points of the driver view to the whole view or the face picture, shape (n, 2)."""
        height, width = picture.shape[:2]
        placed: NDArray[np.float64]
        if name == "driver":
            placed = (points_px + 0.5) / self.samples.driver_size_px[row] * [width, height] - 0.5
            return placed
        box = self.samples.face_box_px[row]
        centre = box[:2] + box[2:] / 2
        scale = width / (FACE_MARGIN * self._side(row))
        placed = (points_px - centre) * scale + [width / 2, height / 2]
        return placed

    def _landmarks_in(self, picture: Picture, row: int, name: PictureName) -> NDArray[np.float64]:
        return self._to_picture(self.samples.landmarks_px[row], picture, row, name)

    def _face_in(self, picture: Picture, row: int, name: PictureName) -> Box:
        box = self.samples.face_box_px[row]
        corners = np.array([box[:2], box[:2] + box[2:]])
        (left, top), (right, bottom) = self._to_picture(corners, picture, row, name).tolist()
        return (left, top, right, bottom)


def _around(points: NDArray[np.float64], x_margin: float, y_margin: float) -> Box:
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    return (left - x_margin, top - y_margin, right + x_margin, bottom + y_margin)


def _shrunk(picture: Picture, size_px: tuple[int, int]) -> Picture:
    if (picture.shape[1], picture.shape[0]) == size_px:
        return picture
    return np.asarray(cv2.resize(picture, size_px, interpolation=cv2.INTER_AREA), dtype=np.uint8)
