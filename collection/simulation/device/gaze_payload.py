"""Gaze samples as they go over the network: big-endian, told apart by their length."""

import struct

from .gaze_path import GazePoint
from .options import GazePayload

_WORN = 255
_EYE_X_MM = 32.0
_EYE_DEPTH_MM = -40.0
_PUPIL_MM = 3.5
_EYELIDS = (0.6, -0.5, 9.0)


def pack_gaze(point: GazePoint, form: GazePayload) -> bytes:
    """Give the payload of a sample.

    Only ``gaze`` carries what was planted and nothing else; the other forms add typical eyes that look
    straight ahead.
    """
    head = struct.pack("!ffB", point.x_px, point.y_px, _WORN if point.worn else 0)
    if form == "gaze":
        return head
    if form == "binocular":
        return head + struct.pack("!4f", point.x_px - 2, point.y_px, point.x_px + 2, point.y_px)
    state: list[float] = []
    for x_mm in (-_EYE_X_MM, _EYE_X_MM):
        state += [_PUPIL_MM, x_mm, 0.0, _EYE_DEPTH_MM, 0.0, 0.0, 1.0]
    if form == "eyelids":
        state += [*_EYELIDS, *_EYELIDS]
    return head + struct.pack(f"!{len(state)}f", *state)
