"""Pictures of the driver as a camera sees them, however they are stored."""

from dataclasses import replace

from dashgaze.face_detection.face_file import FaceFile
from dashgaze.face_detection.mirroring import turned_back
from dashgaze.media import LumaGap
from dashgaze.media.colour import ColourPicture, ColourReader


class DriverReader:
    """Reads the driver video; a mirror image is turned back.

    Parameters
    ----------
    reader
        The open video.
    mirrored
        Whether its pictures are mirror images.
    """

    def __init__(self, reader: ColourReader, *, mirrored: bool) -> None:
        self._reader, self._mirrored = reader, mirrored

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of all pictures."""
        return self._reader.size_px

    def read(self, index: int) -> ColourPicture | LumaGap:
        """Give a frame, or why it can't be had (`ColourReader.read`)."""
        picture = self._reader.read(index)
        if self._mirrored and isinstance(picture, ColourPicture):
            return turned_back(picture)
        return picture


def faces_turned_back(file: FaceFile, width_px: int) -> FaceFile:
    """Give faces that were found in mirror images so wide as they are in the pictures turned back."""
    return replace(
        file, faces={index: each.mirrored(width_px) for index, each in file.faces.items()}
    )
