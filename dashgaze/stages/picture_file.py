"""Still pictures in files: read as brightness, written in one step."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError, MediaError
from dashgaze.files import replacing
from dashgaze.media.opening import first_video, open_media
from dashgaze.media.picture_finder import MAX_PIXELS

SUFFIXES = (".png", ".jpg")
"""What a picture may be written as."""

# No picture takes more than four channels of 16 bits, uncompressed; a longer file is a video.
_MAX_BYTES = 8 * MAX_PIXELS
_HEIC_BRANDS = (b"ftypheic", b"ftypheix", b"ftypheim", b"ftypheis", b"ftypmif1")


def read_luma(path: Path) -> NDArray[np.uint8]:
    """Read a picture as brightness, upright as its EXIF orientation says.

    Parameters
    ----------
    path
        A picture of any format that OpenCV reads, in colour or grey; of an animation the first
        picture is taken.

    Returns
    -------
    NDArray[np.uint8]
        Brightness, shape (height, width).

    Raises
    ------
    InputError
        If there is no such file, it can't be read, is no picture, or is too large.
    """
    data = _read_bytes(path)
    try:
        luma = None if data is None else _decoded(data)
    except cv2.error as error:
        raise InputError(
            f"{path} is damaged, or larger than {MAX_PIXELS / 1e6:.0f} megapixels.",
            fix="Copy it again, or reduce it.",
            path=path,
        ) from error
    if data is None or luma is None or not luma.size:
        raise _no_picture(path, data)
    if luma.size > MAX_PIXELS:
        height, width = luma.shape
        raise InputError(
            f"{path} has {width} × {height} pixels; {MAX_PIXELS / 1e6:.0f} megapixels are the most "
            "that is read.",
            fix="Reduce it.",
            path=path,
        )
    return luma


def check_picture_name(path: Path) -> None:
    """Refuse a name for a new picture that has not one of `SUFFIXES`.

    Raises
    ------
    InputError
        If it has another one, or none.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{path} can't be drawn: its name ends in {path.suffix or 'no suffix'}, and "
            f"{' or '.join(SUFFIXES)} was expected.",
            fix=f"Call it {path.with_suffix('.png').name}." if path.name else "Give a file's name.",
            path=path,
        )


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a picture whole or not at all, in the format that its name tells.

    Parameters
    ----------
    path
        Where to; a file that is there is replaced.
    picture
        Blue, green and red, shape (height, width, 3).

    Raises
    ------
    InputError
        If the name has not one of `SUFFIXES`.
    OutputError
        If it can't be written.
    """
    check_picture_name(path)
    _, code = cv2.imencode(path.suffix.lower(), picture)
    with replacing(path) as temporary:
        temporary.write_bytes(code.tobytes())


def _read_bytes(path: Path) -> NDArray[np.uint8] | None:
    """Give a file's content; None if it is too long for a picture."""
    try:
        if path.is_dir():
            raise InputError(
                f"{path} is a folder; a picture was expected.", fix="Name a file in it.", path=path
            )
        size = path.stat().st_size
        if size == 0 and path.is_file():
            raise InputError(f"{path} is empty (0 bytes).", fix="Copy it again.", path=path)
        if not path.is_file():
            raise InputError(f"{path} is not a regular file; a picture was expected.", path=path)
        return None if size > _MAX_BYTES else np.fromfile(path, dtype=np.uint8)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist.", fix="Check the path.", path=path) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path} can't be read: {reason}.", fix="Check that it may be read.", path=path
        ) from error


def _decoded(data: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    before = cv2.utils.logging.getLogLevel()
    # What is wrong is told once, by us.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        luma = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    finally:
        cv2.utils.logging.setLogLevel(before)
    return None if luma is None else np.asarray(luma, dtype=np.uint8)


def _no_picture(path: Path, data: NDArray[np.uint8] | None) -> InputError:
    """Say what a file is instead of a picture."""
    if data is not None and data[4:12].tobytes() in _HEIC_BRANDS:
        return InputError(
            f"{path} is a HEIC picture, which OpenCV doesn't read.",
            fix="Save it as PNG or JPEG.",
            path=path,
        )
    try:
        with open_media(path) as container:
            if first_video(container) is not None:
                return InputError(
                    f"{path} is a video; a picture was expected.",
                    fix=f"Take one from it: ffmpeg -ss 10 -i '{path}' -frames:v 1 frame.png",
                    path=path,
                )
    except MediaError:
        pass  # it is no picture in any case
    return InputError(
        f"{path} is not a picture that can be read; it is of another kind, damaged or cut off.",
        fix="PNG, JPEG, TIFF, WebP, AVIF and BMP are understood.",
        path=path,
    )
