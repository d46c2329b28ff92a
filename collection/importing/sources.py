"""Finding out what the given files and folders hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dashgaze.errors import InputError, MediaError, RecordingError
from dashgaze.media import MediaInfo, probe
from dashgaze.schemas.manifest import MANIFEST_NAME

from ..eye_tracker.recognition import find_recording
from .formats import VIDEO_SUFFIXES, looks_like_location
from .unzip import is_recording_zip

_TRACKER_FILES = frozenset({"gaze.csv", "world_timestamps.csv", "info.player.json"})
_DOWNLOAD_FILES = frozenset({"enrichment_info.txt", "sections.csv"})
_INFO_FILE = "info.json"


@dataclass(frozen=True, kw_only=True)
class Video:
    """A video file and what its headers say.

    Attributes
    ----------
    path, info
        The file; of a split recording its first part.
    later
        The other parts, in order.
    broken
        Last parts that can't be read.
    """

    path: Path
    info: MediaInfo
    later: tuple["Video", ...] = ()
    broken: tuple[Path, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """All parts that can be read, in order."""
        return (self.path, *(part.path for part in self.later))


@dataclass(kw_only=True)
class Sources:
    """What was found.

    Attributes
    ----------
    videos
        Video files outside of eye tracker recordings.
    trackers
        Folders, or zip archives, of eye tracker recordings.
    locations
        Tracks of the phone.
    left_out
        Files that are none of these.
    broken
        Videos that can't be read, and why.
    """

    videos: list[Video] = field(default_factory=list)
    trackers: list[Path] = field(default_factory=list)
    locations: list[Path] = field(default_factory=list)
    left_out: list[Path] = field(default_factory=list)
    broken: list[tuple[Path, MediaError]] = field(default_factory=list)


def find_sources(paths: Sequence[Path]) -> Sources:
    """Look through files and folders, at any depth; hidden ones are passed over.

    Raises
    ------
    InputError
        If one does not exist or can't be read, is a session already, or holds an eye tracker
        recording that is not as the device made it.
    """
    sources = Sources()
    for path in paths:
        check_exists(path)
        if path.is_dir():
            _add_folder(path, sources)
        else:
            _add_file(path, sources, named=True)
    return sources


def open_video(path: Path) -> Video:
    """Read the headers of a video.

    Raises
    ------
    MediaError
        If it is none that can be read.
    """
    info = probe(path)
    if info.video is None:
        raise MediaError(
            f"{path} holds sound only; a video was expected.", fix="Name a video.", path=path
        )
    return Video(path=path, info=info)


def is_tracker(folder: Path) -> bool:
    """Whether a folder holds an eye tracker recording.

    Raises
    ------
    RecordingError
        If it holds one that can't be taken: several in one download, or rewritten by another
        program.
    """
    names = {entry.name for entry in _entries(folder)}
    if names & (_TRACKER_FILES | _DOWNLOAD_FILES):
        find_recording(folder)
        return True
    if _INFO_FILE not in names:
        return False
    try:
        find_recording(folder)
    except RecordingError:
        return False  # info.json is a common name
    return True


def _add_folder(folder: Path, sources: Sources) -> None:
    if (folder / MANIFEST_NAME).is_file():
        raise InputError(
            f"{folder} is a session already: it has a {MANIFEST_NAME}.",
            fix=f"Look at it with `dashgaze check {folder}`.",
            path=folder,
        )
    if is_tracker(folder):
        sources.trackers.append(folder)
        return
    for entry in _entries(folder):
        if entry.name.startswith(".") or entry.name == "__MACOSX":
            continue
        if entry.is_dir():
            if not entry.is_symlink():  # a link may lead back up
                _add_folder(entry, sources)
        else:
            _add_file(entry, sources, named=False)


def _add_file(path: Path, sources: Sources, *, named: bool) -> None:
    """Sort in one file; `named` tells whether the user named it or it lay in a folder."""
    if path.suffix.lower() == ".zip":
        if is_recording_zip(path):
            sources.trackers.append(path)
            return
    elif path.suffix.lower() in VIDEO_SUFFIXES:
        try:
            sources.videos.append(open_video(path))
        except MediaError as error:
            sources.broken.append((path, error))  # it may be the last part of a recording
        return
    elif looks_like_location(path):
        sources.locations.append(path)
        return
    if named:
        raise InputError(
            f"{path} is no video, no track (.csv, .gpx, .nmea), and no eye tracker recording.",
            fix="Leave it out, or say what it is with --road, --driver, --location or "
            "--eye-tracker.",
            path=path,
        )
    sources.left_out.append(path)


def check_exists(path: Path) -> None:
    """Check that a given file or folder is there.

    Raises
    ------
    InputError
        If it is not, or can't be looked at.
    """
    try:
        exists = path.exists()
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}.", fix="Check the path.") from error
    if not exists:
        raise InputError(f"{path} does not exist.", fix="Check the path.", path=path)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise InputError(
            f"{folder} can't be read: {error.strerror or error}.",
            fix="Check its permissions.",
            path=folder,
        ) from error
