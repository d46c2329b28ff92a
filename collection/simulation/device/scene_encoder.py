"""Pictures of the scene camera as H.264."""

from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

TICK_HZ = 90_000
_KEY_INTERVAL = 60
_START_CODE = b"\x00\x00\x01"
_SPS, _PPS = 7, 8
_TYPE_MASK = 0x1F


@dataclass(frozen=True, kw_only=True)
class CodedFrame:
    """One coded picture.

    Attributes
    ----------
    number
        Counts frames since the device was switched on.
    steady_ns
        When it was taken, steady time of `DeviceClock`.
    stamp_ns
        When the device says it was taken.
    keyframe
        Whether decoding can start here; then the parameter sets come first.
    data
        NAL units with start codes (Annex B).
    """

    number: int
    steady_ns: int
    stamp_ns: int
    keyframe: bool
    data: bytes

    def nal_units(self) -> list[bytes]:
        """Give its NAL units, without start codes."""
        return split_nal_units(self.data)


class SceneEncoder:
    """Codes pictures one by one, without delay."""

    def __init__(self, size_px: tuple[int, int], rate_hz: float) -> None:
        self._size_px, self._rate_hz = size_px, rate_hz
        self._codec = self._open()
        self._want_key = False
        self._count = 0

    def want_keyframe(self) -> None:
        """Make the next picture one that decoding can start at."""
        self._want_key = True

    def encode(
        self, picture: NDArray[np.uint8], *, number: int, steady_ns: int, stamp_ns: int
    ) -> CodedFrame:
        """Code one picture, I420, shape (3 height / 2, width)."""
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts, frame.time_base = self._count, self._codec.time_base
        self._count += 1
        frame.pict_type = PictureType.I if self._want_key else PictureType.NONE
        self._want_key = False
        packets = self._codec.encode(frame)
        return CodedFrame(
            number=number,
            steady_ns=steady_ns,
            stamp_ns=stamp_ns,
            keyframe=any(packet.is_keyframe for packet in packets),
            data=b"".join(bytes(packet) for packet in packets),
        )

    def parameter_sets(self) -> tuple[bytes, bytes]:
        """Give the sequence and the picture parameter set, as a stream's description tells them."""
        width, height = self._size_px
        grey = np.full((height * 3 // 2, width), 128, dtype=np.uint8)
        packets = self._open().encode(av.VideoFrame.from_ndarray(grey, format="yuv420p"))
        units = split_nal_units(b"".join(bytes(packet) for packet in packets))
        by_type = {unit[0] & _TYPE_MASK: unit for unit in units}
        return by_type[_SPS], by_type[_PPS]

    def _open(self) -> VideoCodecContext:
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = self._size_px
        codec.pix_fmt = "yuv420p"
        codec.framerate = Fraction(self._rate_hz).limit_denominator(1001)
        codec.time_base = 1 / codec.framerate
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "g": str(_KEY_INTERVAL),
            "crf": "26",
            # Slices would be decoded as pictures of their own by clients that know one NAL each.
            "threads": "1",
        }
        return codec


def split_nal_units(data: bytes) -> list[bytes]:
    """Split coded data at its start codes of three or four bytes."""
    return [unit.rstrip(b"\x00") for unit in data.split(_START_CODE)[1:]]
