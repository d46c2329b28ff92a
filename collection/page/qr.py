"""A link as a picture for a phone's camera, in a terminal."""

import numpy as np

_QUIET = 2
# Upper and lower half of a character's place: light is drawn, as terminals are dark.
_HALVES = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}
# White on black, whatever colours the terminal has.
_COLOURS, _PLAIN = "\x1b[97;40m", "\x1b[0m"


def qr_lines(link: str) -> list[str]:
    """Give the lines of a QR code, two modules high each.

    Parameters
    ----------
    link
        What a phone reads from it.
    """
    import cv2

    picture = np.asarray(cv2.QRCodeEncoder.create().encode(link))
    # cut down to the code, and give it the same light margin on every version of OpenCV
    dark = np.argwhere(picture < 128)
    (top, left), (bottom, right) = dark.min(axis=0), dark.max(axis=0)
    light = np.pad(picture[top : bottom + 1, left : right + 1] >= 128, _QUIET, constant_values=True)
    if len(light) % 2:
        light = np.pad(light, ((0, 1), (0, 0)), constant_values=False)
    return [
        _COLOURS + "".join(_HALVES[bool(a), bool(b)] for a, b in zip(*rows, strict=True)) + _PLAIN
        for rows in zip(light[::2], light[1::2], strict=True)
    ]
