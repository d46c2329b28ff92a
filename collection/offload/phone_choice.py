"""Finding the drive's videos in a folder: a mounted phone, a memory card, an export of an app."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from dashgaze.errors import DashgazeError, InputError

from ..field.device import RemoteFile
from ..importing.sources import open_video
from ..importing.video_roles import assign_videos
from ..phone import CameraFiles
from ..phone.recorded_files import VIDEO_SUFFIXES, FoundFile, as_remote, natural
from .drive_times import DeviceTimes
from .folder_store import FolderStore, files_below
from .remote_store import vanished
from .tracker_choice import UnclearError

# A camera app closes its file some time after it was told to stop.
_AFTER_STOP_NS = 120 * 10**9
_TRACK_SUFFIXES = frozenset({".gpx", ".nmea"})
_TRACK_WORDS = ("location", "gps", "track")


@dataclass(frozen=True, kw_only=True)
class ChosenFiles:
    """Files of a folder that belong to the drive, each with its place, and what to know of them."""

    store: FolderStore
    notes: tuple[str, ...]


def choose_videos(
    folder: Path, times: DeviceTimes, take: Sequence[str], cameras: CameraFiles | None = None
) -> ChosenFiles:
    """Choose the drive's videos, and a track of the position if there is one.

    What the user names decides; else the names that the journal has together with the time of the
    drive, at which files of it were last written to.

    Parameters
    ----------
    folder
        Where to look, with all that is below.
    times
        When the phone recorded, and the names of its files.
    take
        Names of files.
    cameras
        How to tell the cameras apart; None for two, told by the words in their names.

    Raises
    ------
    UnclearError
        If it can't be told.
    InputError
        If there is no video.
    DeviceError
        If the folder can't be read.
    """
    names = files_below(folder)
    videos = [_look(folder, name) for name in names if _suffix(name) in VIDEO_SUFFIXES]
    if not videos:
        raise InputError(
            f"{folder} holds no video.",
            fix="Give the folder that the phone's videos are in, such as DCIM/Camera.",
            path=folder,
        )
    taken, notes = _of_drive(folder, videos, times, take)
    if cameras is None:
        told = len([name for name in times.recording_id.split("|") if name]) or len(taken)
        cameras = CameraFiles(folders=("/",), count=min(2, told))
    remote = as_remote(
        sorted(taken, key=lambda each: (each.modified_s, natural(each.name))), cameras
    )
    places = [(file.name.removeprefix("/"), file.target) for file in remote]
    if any("video_" in target for _, target in places):
        places, told_by_content = _by_content(folder, places)
        if not told_by_content:
            notes.append(
                "It can't be told which video shows the road: look at phone/video_*, name them in "
                "session.yaml under phone: road and driver."
            )
    tracks = [name for name in names if _is_track(name)]
    tracks = [name for name in tracks if len(tracks) == 1 or PurePosixPath(name).name in take]
    places += [(name, f"phone/location{_suffix(name)}") for name in tracks[:1]]
    return ChosenFiles(store=FolderStore(folder, places), notes=tuple(notes))


def _of_drive(
    folder: Path, videos: Sequence[FoundFile], times: DeviceTimes, take: Sequence[str]
) -> tuple[list[FoundFile], list[str]]:
    by_name = {PurePosixPath(each.name).name: each for each in videos}
    named = [by_name[name] for name in take if name in by_name]
    if named:
        return named, []
    told = {PurePosixPath(name).name for name in times.recording_id.split("|") if name}
    own = [each for name, each in by_name.items() if name in told]
    interval_ns = times.interval_ns
    timely = []
    if interval_ns is not None:
        start_ns, stop_ns = interval_ns
        timely = [
            each
            for each in videos
            if start_ns - 10**9 <= each.modified_s * 10**9 <= stop_ns + _AFTER_STOP_NS
        ]
    if own and len(own) == len(told):
        parts = [each for each in timely if each not in own]
        return [*own, *parts], []
    if timely:
        return timely, ["The videos were chosen by their times: the journal names none of them."]
    if interval_ns is None and not told and len(videos) <= 2:
        return list(videos), ["Nothing tells when the drive was: all videos there were taken."]
    raise UnclearError(
        f"{len(videos)} videos in {folder} may be the drive's: {', '.join(sorted(by_name)[:12])}.",
        choices=sorted(by_name),
        fix="Say which with --take NAME, once for each.",
        path=folder,
    )


def _by_content(
    folder: Path, places: Sequence[tuple[str, str]]
) -> tuple[list[tuple[str, str]], bool]:
    """Tell road and driver by sound and shape, where that leaves no doubt."""
    try:
        road, driver = assign_videos([open_video(folder / name) for name, _ in places], None, None)
    except DashgazeError:
        return list(places), False
    by_path = {road.path: "road"} | ({} if driver is None else {driver.path: "driver"})
    return [
        (name, f"phone/{by_path[folder / name]}{_suffix(name)}")
        if folder / name in by_path
        else (name, target)
        for name, target in places
    ], True


def _look(folder: Path, name: str) -> FoundFile:
    try:
        state = (folder / name).stat()
    except OSError as error:
        raise vanished(RemoteFile(name=name, target=name), str(folder)) from error
    return FoundFile(
        name=f"/{name}",
        path=f"/{name}",
        size_bytes=state.st_size,
        modified_s=int(state.st_mtime),
    )


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()


def _is_track(name: str) -> bool:
    if _suffix(name) in _TRACK_SUFFIXES:
        return True
    stem = PurePosixPath(name).stem.lower()
    return _suffix(name) == ".csv" and any(word in stem for word in _TRACK_WORDS)
