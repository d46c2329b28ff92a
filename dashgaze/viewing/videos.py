"""The videos of a drive: H.264 as it is, anything else as single pictures."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import DashgazeError
from dashgaze.media import FrameTimes, probe, read_frame_times
from dashgaze.media.colour import ColourPicture, ColourReader
from dashgaze.progress import Progress

from .drive import Drive

PICTURES_HZ = 5.0
"""So many pictures a second are taken of a video that the viewer can't play itself."""

_JPEG_QUALITY = 80


@dataclass(frozen=True, kw_only=True)
class VideoFile:
    """A video file, and where its frames lie in time.

    Attributes
    ----------
    entity
        Where it is shown, such as ``ego/video``.
    path
        The file.
    times
        Its frames.
    on_clocks
        Gives the time columns of some of the frames.
    """

    entity: str
    path: Path
    times: FrameTimes
    on_clocks: Callable[[NDArray[np.intp]], Sequence[Any]]


def find_videos(rr: Any, drive: Drive) -> list[VideoFile]:
    """Find the videos that can be read; the drive notes the other ones."""
    session, found = drive.session, []
    places: list[tuple[str, Path, float]] = [("road/video", session.road_path, 0.0)]
    if session.driver_path is not None:
        offset_s = session.manifest.phone.driver_offset_s
        places.append(("driver/video", session.driver_path, offset_s))
    for entity, path, offset_s in places:
        times = _times(path, drive)
        if times is not None:
            found.append(
                VideoFile(
                    entity=entity,
                    path=path,
                    times=times,
                    on_clocks=_on_phone(rr, drive, times.time_s + offset_s),
                )
            )
    if drive.recording is not None:
        found += _ego_videos(rr, drive)
    return found


def log_video(rr: Any, recording: Any, file: VideoFile, drive: Drive, progress: Progress) -> None:
    """Log a video.

    Parameters
    ----------
    rr, recording
        Rerun and the recording.
    file
        The video.
    drive
        The drive; it notes what was changed.
    progress
        Where to report to.

    Raises
    ------
    MediaError
        If it can't be decoded here.
    """
    reason = _why_not_as_it_is(file)
    if not reason:
        asset = rr.AssetVideo(path=file.path)
        try:
            stamps = np.asarray(asset.read_frame_timestamps_nanos(), dtype=np.int64)
        except (RuntimeError, ValueError) as error:
            reason = f"Rerun can't read it ({error})"
        else:
            if len(stamps) == len(file.times.pts):
                _log_asset(rr, recording, file, asset, np.sort(stamps))
                return
            reason = f"Rerun counts {len(stamps)} frames of {len(file.times.pts)}"
    _log_pictures(rr, recording, file, progress)
    drive.notes.append(
        f"{file.path.name} is shown as {PICTURES_HZ:g} pictures a second: {reason}. H.264 in MP4, not "
        "turned, is shown as it is."
    )


def _ego_videos(rr: Any, drive: Drive) -> list[VideoFile]:
    recording, found = drive.recording, []
    if recording is None:
        return []
    for part in recording.world_parts:
        times = None if part.path is None else _times(part.path, drive)
        if part.path is None or times is None or not part.frame_count:
            continue
        rows = slice(part.first_frame, part.first_frame + part.frame_count)
        place = np.searchsorted(times.pts, recording.world.pts[rows])
        ok = np.take(times.pts, place, mode="clip") == recording.world.pts[rows]
        stamps = np.full(len(times.pts), -1, np.int64)
        stamps[place[ok]] = recording.world.timestamp_ns[rows][ok]
        if not (stamps >= 0).all():  # frames that the recording doesn't count
            known = np.flatnonzero(stamps >= 0)
            if not len(known):
                continue
            stamps = np.rint(np.interp(np.arange(len(stamps)), known, stamps[known])).astype(
                np.int64
            )
        number = "" if len(recording.world_parts) == 1 else f"_{part.number}"
        found.append(
            VideoFile(
                entity=f"ego/video{number}",
                path=part.path,
                times=times,
                on_clocks=_on_tracker(rr, drive, stamps),
            )
        )
    return found


def _times(path: Path, drive: Drive) -> FrameTimes | None:
    try:
        return read_frame_times(path)
    except DashgazeError as error:
        drive.notes.append(str(error))
        return None


def _why_not_as_it_is(file: VideoFile) -> str:
    info = probe(file.path)
    video = info.video
    if video is None or video.codec != "h264" or "mp4" not in info.container:
        return f"it is {'no video' if video is None else video.codec} in {info.container}"
    if video.rotation_deg or video.mirrored:
        return "its pictures are stored turned or mirrored"
    return ""


def _log_asset(
    rr: Any, recording: Any, file: VideoFile, asset: Any, stamps_ns: NDArray[np.int64]
) -> None:
    recording.log(file.entity, asset, static=True)
    recording.send_columns(
        file.entity,
        indexes=file.on_clocks(np.arange(len(stamps_ns))),
        columns=rr.VideoFrameReference.columns_nanos(stamps_ns),
    )


def _log_pictures(rr: Any, recording: Any, file: VideoFile, progress: Progress) -> None:
    times_s = file.times.time_s
    slot = np.floor((times_s - times_s[0]) * PICTURES_HZ + 1e-6).astype(np.int64)
    chosen = np.flatnonzero(np.diff(slot, prepend=-1) > 0)
    with ColourReader(file.path, file.times) as reader:
        for count, index in enumerate(chosen.tolist()):
            picture = reader.read(index)
            if isinstance(picture, ColourPicture):
                recording.send_columns(
                    file.entity,
                    indexes=file.on_clocks(np.array([index])),
                    columns=rr.EncodedImage.columns(
                        blob=[_jpeg(picture)], media_type=["image/jpeg"]
                    ),
                )
            progress(f"pictures of {file.path.name}", (count + 1) / len(chosen))


def _on_phone(
    rr: Any, drive: Drive, times_s: NDArray[np.float64]
) -> Callable[[NDArray[np.intp]], Sequence[Any]]:
    return lambda rows: drive.on_phone(rr, times_s[rows])


def _on_tracker(
    rr: Any, drive: Drive, stamps_ns: NDArray[np.int64]
) -> Callable[[NDArray[np.intp]], Sequence[Any]]:
    return lambda rows: drive.on_tracker(rr, stamps_ns[rows])


def _jpeg(picture: ColourPicture) -> bytes:
    height, width = (length // 2 * 2 for length in picture.y.shape)
    planes = (
        picture.y[:height, :width],
        *(plane[: height // 2, : width // 2] for plane in (picture.u, picture.v)),
    )
    i420 = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(-1, width)
    bgr = cv2.cvtColor(i420, cv2.COLOR_YUV2BGR_I420)
    done, content = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise RuntimeError("OpenCV could not write a JPEG")
    return content.tobytes()
