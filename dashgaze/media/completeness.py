"""Whether a media file is as long as its own headers say, judged without FFmpeg.

FFmpeg reads what is there and often does not tell that something is missing.
"""

import re
from pathlib import Path
from typing import BinaryIO

from dashgaze.remote_file import open_binary

_MAX_BOXES = 1_000_000
# More of them are fragments.
_MOST_TOP_BOXES = 64
# An empty list of keyframes: FFmpeg then looks into the pictures for them.
_NO_KEYFRAMES = re.compile(rb"stss.{4}\0{4}", re.DOTALL)
_EBML_HEADER, _EBML_SEGMENT = 0x1A45DFA3, 0x18538067
_MP4_BOXES = {b"ftyp", b"moov", b"mdat", b"moof", b"free", b"skip", b"wide", b"styp", b"sidx"}
_RIFF_LENGTH_UNKNOWN = (0, 0xFFFFFFFF)


def lacks_index(path: Path) -> bool:
    """Whether a file is an MP4 or QuickTime movie whose index (moov) is missing or cut off."""
    with open_binary(path) as file:
        boxes, cut = _mp4_boxes(file)
    if b"ftyp" not in boxes and b"mdat" not in boxes:
        return False
    return b"moov" not in boxes or (cut and boxes[-1] == b"moov")


def is_cut_short(path: Path) -> bool:
    """Whether a file ends before the length that its outermost headers state.

    Known for MP4 and QuickTime, Matroska and WebM, WAV and AVI. False where the format states no
    length (a live recording, for example), so False is no proof of a whole file.
    """
    with open_binary(path) as file:
        head = file.read(12)
        if head[4:8] in _MP4_BOXES:
            return _mp4_boxes(file)[1]
        if head[:4] == _EBML_HEADER.to_bytes(4, "big"):
            return _matroska_cut(file)
        if head[:4] == b"RIFF":
            length = int.from_bytes(head[4:8], "little")
            # One byte of slack: writers disagree on whether the last padding byte counts.
            return length not in _RIFF_LENGTH_UNKNOWN and 8 + length > _size(file) + 1
    return False


def mp4_payload(path: Path) -> list[tuple[int, int]]:
    """Give the stretches [start, end) of an MP4 or QuickTime movie that hold pictures and sound only.

    Empty where they can't be told from the rest at once: in fragmented movies, in damaged ones and in
    other formats.
    """
    with open_binary(path) as file:
        if file.read(12)[4:8] not in _MP4_BOXES:
            return []
        end, position = _size(file), 0
        payload: list[tuple[int, int]] = []
        kinds: set[bytes] = set()
        for _ in range(_MOST_TOP_BOXES):
            if position >= end:
                whole = b"moov" in kinds and b"moof" not in kinds
                return payload if whole and position == end else []
            file.seek(position)
            head = file.read(16)
            size, kind, begin = int.from_bytes(head[:4], "big"), head[4:8], 8
            if size == 1:
                size, begin = int.from_bytes(head[8:16], "big"), 16
            if size < begin:
                return []
            if kind == b"mdat":
                payload.append((position + begin, position + size))
            elif kind == b"moov":
                file.seek(position)
                if _NO_KEYFRAMES.search(file.read(size)):
                    return []
            kinds.add(kind)
            position += size
    return []


def _size(file: BinaryIO) -> int:
    return file.seek(0, 2)


def _mp4_boxes(file: BinaryIO) -> tuple[list[bytes], bool]:
    """Give the types of the outermost boxes, and whether the last one is cut off."""
    end, position = _size(file), 0
    boxes: list[bytes] = []
    while position < end and len(boxes) < _MAX_BOXES:
        file.seek(position)
        head = file.read(16)
        if len(head) < 8:
            return boxes, True
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if boxes and size and not kind.isascii():
            return boxes, False  # not a box: something was appended
        boxes.append(kind)
        if size == 0:  # up to the end of the file
            return boxes, False
        if size < 8:
            return boxes, False
        position += size
    return boxes, position > end


def _matroska_cut(file: BinaryIO) -> bool:
    file.seek(0)
    end = _size(file)
    file.seek(4)
    header_size = _ebml_number(file)
    if header_size is None:
        return False
    file.seek(header_size, 1)
    if int.from_bytes(file.read(4), "big") != _EBML_SEGMENT:
        return False
    segment_size = _ebml_number(file)
    return segment_size is not None and file.tell() + segment_size > end


def _ebml_number(file: BinaryIO) -> int | None:
    """Read a length of one to eight bytes; None if it is marked as unknown or damaged."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    value = int.from_bytes(first + rest, "big") - (1 << (7 * width))
    if len(rest) < width - 1 or value == (1 << (7 * width)) - 1:
        return None
    return value
