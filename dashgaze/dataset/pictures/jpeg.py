"""Pictures as JPEG."""

import cv2

from .crops import Picture

QUALITY = 90

# Every setting that OpenCV would else choose itself, so that a picture has the same bytes everywhere.
_FLAGS = (
    (cv2.IMWRITE_JPEG_QUALITY, QUALITY),
    (cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
    (cv2.IMWRITE_JPEG_OPTIMIZE, 1),
    (cv2.IMWRITE_JPEG_PROGRESSIVE, 0),
    (cv2.IMWRITE_JPEG_RST_INTERVAL, 0),
)


def jpeg_of(picture: Picture) -> bytes:
    """Encode a picture; the file has no metadata but its size.

    Parameters
    ----------
    picture
        Blue, green and red, shape (height, width, 3).
    """
    _, data = cv2.imencode(".jpg", picture, [number for flag in _FLAGS for number in flag])
    return data.tobytes()
