"""Whether the videos are what their table says, and show and tell no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from dashgaze.dataset.tables.view_pts import TICKS_PER_S
from dashgaze.errors import MediaError
from dashgaze.media.opening import first_video, open_media

from .validate_report import DatasetFindings

MAX_GOP = 15
# What the container needs; all else may tell who, where and when.
_HARMLESS = frozenset(
    {
        "major_brand",
        "minor_version",
        "compatible_brands",
        "encoder",
        "language",
        "handler_name",
        "vendor_id",
    }
)
_PACK_AGAIN = "Pack the data set again."
_NEVER = "Don't publish it. Pack the data set again with this version of dashgaze."


@dataclass(frozen=True, eq=False)
class Packets:
    """When the pictures of a video are shown.

    Attributes
    ----------
    ticks
        Ascending, 1/90000 s.
    longest_gop
        Most pictures from one keyframe to the next.
    """

    ticks: NDArray[np.int64]
    longest_gop: int


def check_video(
    path: Path,
    file: str,
    session: Mapping[str, Any],
    wanted_ticks: NDArray[np.int64] | None,
    findings: DatasetFindings,
    *,
    sound_asked: bool,
) -> None:
    """Check one video.

    Parameters
    ----------
    path, file
        Where it is, and its path in the data set.
    session
        The session's row of the sessions table.
    wanted_ticks
        Times of all pictures that the frame table names; None for a look at the head of the file only.
    sound_asked
        Whether the data set was packed with sound.
    """

    def wrong(code: str, message: str, fix: str = _PACK_AGAIN) -> None:
        findings.add(code, message, file=file, fix=fix)

    try:
        with open_media(path) as container:
            video = first_video(container)
            if video is None or video.time_base is None:
                wrong("VIDEO_UNREADABLE", "It has no pictures.")
                return
            codec = getattr(video, "codec_context", None)
            if codec is None:  # which PyAV's types do not tell
                wrong(
                    "VIDEO_UNREADABLE", "Nobody knows how its pictures are coded.", "Copy it again."
                )
                return
            others = [stream for stream in container.streams if stream.index != video.index]
            sound = [stream for stream in others if stream.type == "audio"]
            if sound and not (sound_asked and path.name == "road.mp4"):
                wrong("VIDEO_SOUND", "It has sound, which was not asked for.", _NEVER)
            if len(sound) < len(others):
                kinds = sorted({str(stream.type) for stream in others} - {"audio"})
                wrong("VIDEO_DATA", f"It has a further track ({', '.join(kinds)}).", _NEVER)
            _check_metadata(container, wrong)
            if (codec.name, codec.pix_fmt) != ("h264", "yuv420p"):
                wrong("VIDEO_CODEC", f"It is {codec.name} {codec.pix_fmt}, not h264 yuv420p.")
            _check_size(path.stem, (codec.width, codec.height), session, wrong)
            packets = None if wanted_ticks is None else _packets(container, video, wrong)
    except (MediaError, av.FFmpegError) as error:
        wrong("VIDEO_UNREADABLE", f"It can't be read: {error}", "Copy it again.")
        return
    if packets is None or wanted_ticks is None:
        return
    if packets.longest_gop > MAX_GOP:
        wrong(
            "VIDEO_GOP",
            f"There are {packets.longest_gop} pictures from one keyframe to the next; up to {MAX_GOP} "
            "were expected, so that any picture is found quickly.",
        )
    lost = np.setdiff1d(wanted_ticks, packets.ticks)
    if len(lost):
        wrong(
            "VIDEO_PTS",
            f"Of {len(wanted_ticks)} pictures that the frame table names {len(lost)} are not in it, "
            f"the first at {lost[0]} ticks.",
        )


def _check_metadata(container: Any, wrong: Any) -> None:
    told: dict[str, str] = {}
    for holder in (container, *container.streams):
        told |= {str(key): str(value) for key, value in holder.metadata.items()}
    strange = sorted(key for key in told if key.lower() not in _HARMLESS)
    if strange:
        wrong("VIDEO_METADATA", f"Its metadata tell {', '.join(strange)}.", _NEVER)


def _check_size(
    view: str, size_px: tuple[int, int], session: Mapping[str, Any], wrong: Any
) -> None:
    said = session.get("road_width_px"), session.get("road_height_px")
    if view != "road" or said[0] is None or said[1] is None:
        return
    # H.264 has even sizes only: the last column or row may be there twice.
    if size_px != tuple(length + length % 2 for length in said if length is not None):
        wrong(
            "VIDEO_SIZE",
            f"Its pictures have {size_px[0]} × {size_px[1]} px; pixels of the tables are those of "
            f"{said[0]} × {said[1]} px.",
        )


def _packets(container: Any, video: Any, wrong: Any) -> Packets:
    """Read when each picture is shown, without decoding any."""
    factor = Fraction(TICKS_PER_S) * video.time_base
    ticks, gop, longest = [], 0, 0
    for packet in container.demux(video):
        if packet.pts is None:
            continue
        ticks.append(packet.pts * factor)
        gop = 1 if packet.is_keyframe else gop + 1
        longest = max(longest, gop)
    if any(each.denominator != 1 for each in ticks):
        wrong("VIDEO_PTS", f"It counts time in {video.time_base} s, not 1/{TICKS_PER_S} s.")
        ticks = [each for each in ticks if each.denominator == 1]
    return Packets(np.array(sorted(int(each) for each in ticks), dtype=np.int64), longest)
