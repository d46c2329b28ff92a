"""Pictures of both views at the frames where gaze was carried over best, as usual, and worst."""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import MediaError
from dashgaze.media import FrameTimes, MediaInfo, probe, read_frame_times
from dashgaze.media.picture_finder import PictureFinder
from dashgaze.progress import Progress

from .frame_facts import FrameFacts
from .streams import PhoneVideo

WIDTH_PX = 480
"""Width of a thumbnail: sharp on a phone, and nine of them stay under half a megabyte."""

ELLIPSE_SCALE = float(np.sqrt(5.991))
"""Half axes of the ellipse that holds 95 % of a normal distribution in the plane, in σ."""

_JPEG_QUALITY = 78


@dataclass(frozen=True, kw_only=True)
class Thumbnail:
    """A small picture, and a place in it.

    Attributes
    ----------
    data_uri
        The picture as ``data:image/jpeg;base64,…``.
    width_px, height_px
        Its size.
    x_px, y_px
        The place, in its pixels, from its top left corner.
    """

    data_uri: str
    width_px: int
    height_px: int
    x_px: float
    y_px: float


@dataclass(frozen=True, kw_only=True)
class PicturePair:
    """One moment in both views.

    Attributes
    ----------
    which
        best, median or worst.
    frame_index
        Row of the frame table.
    time_s
        On the drive's clock, s.
    source
        How the map was obtained.
    error_px
        Stated error of the map, 1σ per axis, in the road video's pixels.
    half_axes_px
        Half axes of the 95 % ellipse there, the longer one first; None if unknown.
    angle_deg
        Turn of the longer one from right to down, degrees.
    ego, road
        The pictures; None where one can't be decoded.
    ellipse_px
        The same half axes in the thumbnail's pixels.
    """

    which: str
    frame_index: int
    time_s: float
    source: str
    error_px: float
    half_axes_px: tuple[float, float] | None
    angle_deg: float
    ego: Thumbnail | None
    road: Thumbnail | None
    ellipse_px: tuple[float, float] | None

    def to_json(self) -> dict[str, Any]:
        """Give the figures ready for JSON."""
        return {
            "which": self.which,
            "frame_index": self.frame_index,
            "time_s": self.time_s,
            "source": self.source,
            "error_px": self.error_px,
            "half_axes_px": None if self.half_axes_px is None else list(self.half_axes_px),
        }


def choose_frames(facts: FrameFacts) -> dict[str, int]:
    """Choose the frames with the least, the median and the largest stated error of gaze in view.

    Returns
    -------
    dict
        Rows of the frame table by ``best``, ``median`` and ``worst``; fewer for fewer frames, none
        where no gaze lies in the road picture.
    """
    good = np.isfinite(facts.error_px) & (facts.in_view == 1) & (facts.road_index >= 0)
    rows = np.flatnonzero(good & np.isfinite(facts.gaze_road_px[:, 0]) & facts.has_gaze)
    if not len(rows):
        return {}
    rows = rows[np.argsort(facts.error_px[rows], kind="stable")]
    chosen = {"best": rows[0], "median": rows[len(rows) // 2], "worst": rows[-1]}
    unique: dict[str, int] = {}
    for which, row in chosen.items():
        if int(row) not in unique.values():
            unique[which] = int(row)
    return unique


def take_pictures(
    facts: FrameFacts, recording: EyeTrackerRecording, road: PhoneVideo, progress: Progress
) -> tuple[PicturePair, ...]:
    """Decode both views at the chosen frames."""
    chosen = choose_frames(facts)
    if not chosen or road.times is None or road.info is None:
        return ()
    rows = sorted(chosen.values())
    progress("taking pictures", 0.0)
    road_indices = {row: int(facts.road_index[row]) for row in rows}
    road_pictures = _decode(road.path, road.times, road.info, road_indices.values())
    progress("taking pictures", 0.5)
    ego_pictures = _ego_pictures(recording, rows)
    pairs = []
    for which, row in chosen.items():
        picture = road_pictures.get(road_indices[row])
        road_thumbnail = _thumbnail(picture, facts.gaze_road_px[row])
        half_axes, angle_deg = _ellipse(facts.covariance_px2[row])
        scale = None
        if picture is not None and road_thumbnail is not None and half_axes is not None:
            factor = road_thumbnail.width_px / picture.shape[1]
            scale = (half_axes[0] * factor, half_axes[1] * factor)
        pairs.append(
            PicturePair(
                which=which,
                frame_index=row,
                time_s=float(facts.time_s[row]),
                source=("direct", "propagated", "none", "unknown")[int(facts.source[row])],
                error_px=float(facts.error_px[row]),
                half_axes_px=half_axes,
                angle_deg=angle_deg,
                ego=_thumbnail(ego_pictures.get(row), facts.gaze_ego_px[row]),
                road=road_thumbnail,
                ellipse_px=scale,
            )
        )
    return tuple(pairs)


def jpeg_uri(rgb: NDArray[np.uint8]) -> str:
    """Give a picture, shape (h, w, 3), as a data URI."""
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    if not done:
        raise ValueError("OpenCV can't write JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode("ascii")


def _ego_pictures(recording: EyeTrackerRecording, rows: list[int]) -> dict[int, NDArray[np.uint8]]:
    world = recording.world
    pictures: dict[int, NDArray[np.uint8]] = {}
    for number, part in enumerate(recording.world_parts):
        mine = [row for row in rows if row < len(world.pts) and world.part[row] == number]
        if part.path is None or not mine:
            continue
        try:
            times, info = read_frame_times(part.path), probe(part.path)
            places = {row: int(np.searchsorted(times.pts, world.pts[row])) for row in mine}
            places = {row: place for row, place in places.items() if place < len(times.pts)}
            found = _decode(part.path, times, info, places.values())
        except MediaError:
            continue
        pictures |= {row: found[place] for row, place in places.items() if place in found}
    return pictures


def _decode(
    path: Path, times: FrameTimes, info: MediaInfo, indices: Iterable[int]
) -> dict[int, NDArray[np.uint8]]:
    """Decode frames in colour, upright, in the size of the file; those that can't be had are left out."""
    pictures: dict[int, NDArray[np.uint8]] = {}
    video = info.video
    if video is None or not video.width_px:
        return pictures
    size, turns = (video.width_px, video.height_px), video.rotation_deg // 90
    finder = PictureFinder(path, times, thread_type="NONE", thread_count=1)
    try:
        for index in sorted(set(indices)):
            picture = finder.find(index)
            if picture is None or picture.is_corrupt or finder.damaged:
                continue
            # A camera may change its size on the way; places are given in that of the first picture.
            even = picture.reformat(width=size[0], height=size[1], format="rgb24")
            rgb = np.rot90(even.to_ndarray(), turns)
            pictures[index] = np.ascontiguousarray(
                rgb[:, ::-1] if video.mirrored else rgb, np.uint8
            )
    finally:
        finder.close()
    return pictures


def _thumbnail(
    picture: NDArray[np.uint8] | None, place_px: NDArray[np.float64]
) -> Thumbnail | None:
    if picture is None:
        return None
    height, width = picture.shape[:2]
    scale = min(1.0, WIDTH_PX / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    # Pixel centres lie at integers; drawings count from the corner of the first pixel.
    return Thumbnail(
        data_uri=jpeg_uri(small),
        width_px=size[0],
        height_px=size[1],
        x_px=float((place_px[0] + 0.5) * size[0] / width),
        y_px=float((place_px[1] + 0.5) * size[1] / height),
    )


def _ellipse(covariance_px2: NDArray[np.float64]) -> tuple[tuple[float, float] | None, float]:
    if not np.isfinite(covariance_px2).all():
        return None, 0.0
    xx, xy, yy = covariance_px2
    variance, axes = np.linalg.eigh(np.array([[xx, xy], [xy, yy]]))
    half = ELLIPSE_SCALE * np.sqrt(np.maximum(variance, 0.0))
    angle_deg = float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1])))
    return (float(half[1]), float(half[0])), angle_deg
