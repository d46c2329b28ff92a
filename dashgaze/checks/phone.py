"""The phone's videos."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dashgaze.errors import MediaError
from dashgaze.media import FrameTimes, MediaInfo, probe, read_frame_times
from dashgaze.media.completeness import lacks_index
from dashgaze.progress import Progress
from dashgaze.session import Session

from .files import file_is_there
from .frame_gaps import find_gaps, note_gaps
from .report import Findings, StreamSummary

# Pictures of the Pupil Invisible's scene camera; no phone has this size.
WORLD_SIZE_PX = (1088, 1080)
# Sound of less than this holds too few windows for the sync to be sure.
SHORTEST_S = 30.0
_LEAST_RATE_HZ = {"road": 20.0, "driver": 15.0}
_DRIVER_LENGTH_S = 5.0


@dataclass(frozen=True, kw_only=True)
class VideoLook:
    """A video of the phone, as far as it could be read."""

    path: Path
    info: MediaInfo
    times: FrameTimes | None

    @property
    def duration_s(self) -> float | None:
        """Length from the first to the last frame, else what the container states, s."""
        if self.times is not None and len(self.times.time_s) > 1:
            return float(self.times.time_s[-1] - self.times.time_s[0])
        return self.info.duration_s


def check_road(session: Session, findings: Findings, progress: Progress) -> VideoLook | None:
    """Look at the road video; None if it can't be read at all."""
    look = _look("road", session.road_path, findings, progress)
    if look is None:
        return None
    video = look.info.video
    if video is not None:
        if (video.width_px, video.height_px) == WORLD_SIZE_PX:
            findings.add(
                "error",
                "ROAD-IS-WORLD",
                "The road video has the scene camera's picture size, "
                f"{video.width_px}×{video.height_px}: it is a video of the eye tracker.",
                fix="Put the phone's rear camera video in its place.",
                path=look.path,
            )
        upright = video.rotation_deg in (90, 270)
        if (video.height_px > video.width_px) != upright:
            findings.add(
                "warning",
                "VIDEO-ROTATED",
                f"The road video is upright ({video.width_px}×{video.height_px}, turned by "
                f"{video.rotation_deg}°), which leaves out the sides of the road.",
                fix="Mount the phone lengthwise.",
                path=look.path,
            )
    duration_s = look.duration_s
    if duration_s is not None and duration_s < SHORTEST_S:
        findings.add(
            "warning",
            "RECORDING-SHORT",
            f"The road video is {duration_s:.1f} s long; the sync needs {SHORTEST_S:.0f} s.",
            path=look.path,
        )
    findings.add(
        "info",
        "STABILISATION-UNKNOWN",
        "Files don't say whether the picture was stabilised, which bends the road view.",
        fix="Make sure that video stabilisation is off in the camera app.",
        path=look.path,
    )
    return look


def check_driver(session: Session, findings: Findings, progress: Progress) -> VideoLook | None:
    """Look at the driver video; None if there is none, or it can't be read at all."""
    path = session.driver_path
    return None if path is None else _look("driver", path, findings, progress)


def check_phone_pair(road: VideoLook | None, driver: VideoLook | None, findings: Findings) -> None:
    """Look at what the two videos say together: which is which, and whether they fit."""
    if road is not None and road.info.audio is None:
        if driver is not None and driver.info.audio is not None:
            findings.add(
                "error",
                "ROAD-IS-DRIVER",
                f"{findings.relative(road.path)} has no sound, but "
                f"{findings.relative(driver.path)} has: the two seem to be exchanged.",
                fix="Exchange the paths at road: and driver: in session.yaml.",
                path=road.path,
            )
        else:
            findings.add(
                "error",
                "ROAD-NO-SOUND",
                "The road video has no sound, so it can't be synchronised with the eye tracker.",
                fix="Switch sound on in the camera app. For this drive, give the offset by hand: "
                "`dashgaze sync SESSION --manual-offset SECONDS`.",
                path=road.path,
            )
    if road is None or driver is None:
        return
    road_s, driver_s = road.duration_s, driver.duration_s
    if road_s is not None and driver_s is not None and abs(road_s - driver_s) > _DRIVER_LENGTH_S:
        findings.add(
            "warning",
            "DRIVER-LENGTH",
            f"The road video is {road_s:.1f} s long, the driver video {driver_s:.1f} s; both are "
            "taken to start at the same moment.",
            fix="If the driver video starts t seconds after the road video, add under phone: "
            "driver_offset_s: t",
            path=driver.path,
        )


def _look(
    name: Literal["road", "driver"], path: Path, findings: Findings, progress: Progress
) -> VideoLook | None:
    if not file_is_there(path, f"The {name} video", findings):
        return None
    try:
        info = probe(path)
    except MediaError as error:
        _note_unreadable(path, error, findings)
        return None
    if info.video is None:
        findings.add(
            "error",
            "VIDEO-WITHOUT-PICTURES",
            f"The {name} video holds sound only.",
            fix="Name the video in session.yaml.",
            path=path,
        )
        return VideoLook(path=path, info=info, times=None)
    try:
        times = read_frame_times(path, progress=progress)
    except MediaError as error:
        findings.add_error("VIDEO-UNREADABLE", error, path=path)
        return VideoLook(path=path, info=info, times=None)
    if info.video.mirrored:
        findings.add(
            "warning",
            "VIDEO-MIRRORED",
            f"The {name} video is to be shown mirrored: left and right are exchanged in it.",
            fix="Switch mirroring off in the camera app.",
            path=path,
        )
    _note_times(name, times, findings)
    look = VideoLook(path=path, info=info, times=times)
    gaps = find_gaps(times.time_s)
    if gaps is not None:
        note_gaps(
            gaps,
            findings,
            name=name,
            path=findings.relative(path),
            least_rate_hz=_LEAST_RATE_HZ[name],
        )
    findings.streams.append(
        StreamSummary(
            name=name,
            path=findings.relative(path),
            duration_s=look.duration_s,
            frame_count=len(times.time_s),
            frame_rate_hz=None if gaps is None else gaps.frame_rate_hz,
            width_px=info.video.width_px,
            height_px=info.video.height_px,
            has_sound=info.audio is not None,
        )
    )
    return look


def _note_unreadable(path: Path, error: MediaError, findings: Findings) -> None:
    try:
        unfinished = lacks_index(path)
    except OSError:
        unfinished = False
    code = "VIDEO-UNFINISHED" if unfinished else "VIDEO-UNREADABLE"
    findings.add_error(code, error, path=path)


def _note_times(name: str, times: FrameTimes, findings: Findings) -> None:
    if times.truncated:
        findings.add(
            "warning",
            "VIDEO-CUT",
            f"The {name} video ends before its own headers say: after {times.time_s[-1]:.1f} s.",
            fix="Copy it again from the phone.",
            path=times.path,
        )
    for count, code, what in (
        (times.duplicate_count, "TIMES-DUPLICATE", "the same time as another"),
        (times.missing_pts_count, "TIMES-MISSING", "no time"),
    ):
        if count:
            findings.add(
                "warning",
                code,
                f"{count} {'frame' if count == 1 else 'frames'} of the {name} video "
                f"{'has' if count == 1 else 'have'} {what}, and {'is' if count == 1 else 'are'} "
                "left out.",
                path=times.path,
            )
