"""Deciding which file is which."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.fingerprint import fingerprint

from .part_groups import gather_parts
from .sources import Sources, Video, check_exists, is_tracker, open_video
from .unzip import is_recording_zip
from .video_roles import assign_videos, is_one_of, only_video, with_parts_beside

# Pictures of the Pupil Invisible's scene camera; no phone has this size.
_WORLD_SIZE_PX = (1088, 1080)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Which file is which.

    Attributes
    ----------
    road, driver
        The phone's videos; there may be none of the driver.
    location
        The phone's track, if there is one.
    tracker
        A folder, or a zip archive.
    left_out
        Files among the sources that are not taken.
    """

    road: Video
    driver: Video | None
    location: Path | None
    tracker: Path
    left_out: tuple[Path, ...]


def assign_roles(
    sources: Sources,
    *,
    road: Path | None,
    driver: Path | None,
    eye_tracker: Path | None,
    location: Path | None,
    composite: bool = False,
    trust_names: bool = False,
) -> Roles:
    """Decide which file is which.

    Parameters
    ----------
    sources
        What was found.
    road, driver, eye_tracker, location
        Files that the user has named; None to find them among the sources.
    composite
        Whether one video shows road and driver; it becomes the road.
    trust_names
        Whether like names are enough to take files for parts of one recording.

    Raises
    ------
    InputError
        If something is missing, ambiguous, perhaps one part of several, or the same file twice.
    """
    named = {"--road": road, "--driver": driver, "--location": location}
    _refuse_same_path(named | {"--eye-tracker": eye_tracker})
    given = [path for path in (road, driver, eye_tracker, location) if path is not None]
    found = [video for video in sources.videos if not is_one_of(video.path, given)]
    _refuse_same_content([*(path for path in named.values() if path), *_paths(found)])
    road_named = None if road is None else open_video(road)
    driver_named = None if driver is None else open_video(driver)
    named_paths = [path for path in (road, driver) if path is not None]
    if road_named is not None:
        road_named = with_parts_beside(road_named, named_paths, trust_names=trust_names)
        named_paths += road_named.paths
    if driver_named is not None:
        driver_named = with_parts_beside(driver_named, named_paths, trust_names=trust_names)
        named_paths += driver_named.paths
    known = [
        *named_paths,
        *(path for video in (road_named, driver_named) if video for path in video.broken),
    ]
    videos = gather_parts(
        [video for video in found if not _is_world(video) and not is_one_of(video.path, known)],
        broken=[(path, error) for path, error in sources.broken if not is_one_of(path, known)],
        trust_names=trust_names,
    )
    driver_video: Video | None = None
    if composite:
        if driver is not None:
            raise InputError(
                "A composite has road and driver in one video, but a driver video was named.",
                fix="Leave out --driver, or --layout.",
                path=driver,
            )
        road_video = only_video(videos, road_named, trust_names=trust_names)
    else:
        road_video, driver_video = assign_videos(
            videos, road_named, driver_named, trust_names=trust_names
        )
    location = location or _only(sources.locations, "tracks", "--location")
    tracker = eye_tracker or _only(sources.trackers, "eye tracker recordings", "--eye-tracker")
    if tracker is None:
        raise InputError(
            "None of the given files is an eye tracker recording.",
            fix="Name its folder with --eye-tracker, as the device or Pupil Cloud made it.",
        )
    _check_tracker(tracker)
    taken = [tracker]
    for video in (road_video, driver_video):
        if video is not None:
            taken += [*video.paths, *video.broken]
    if location is not None:
        taken.append(location)
    candidates = [*_paths(sources.videos), *sources.locations, *sources.trackers]
    return Roles(
        road=road_video,
        driver=driver_video,
        location=location,
        tracker=tracker,
        left_out=tuple(
            path for path in (*candidates, *sources.left_out) if not is_one_of(path, taken)
        ),
    )


def _paths(videos: Sequence[Video]) -> list[Path]:
    return [video.path for video in videos]


def _is_world(video: Video) -> bool:
    track = video.info.video
    return track is not None and (track.width_px, track.height_px) == _WORLD_SIZE_PX


def _only(paths: Sequence[Path], what: str, option: str) -> Path | None:
    if len(paths) > 1:
        listed = ", ".join(str(path) for path in paths[:10])
        raise InputError(
            f"There are {len(paths)} {what}: {listed}.",
            fix=f"Say which one it is with {option}.",
            path=paths[0],
        )
    return paths[0] if paths else None


def _check_tracker(path: Path) -> None:
    if path.is_dir() and is_tracker(path):
        return
    if path.is_file() and path.suffix.lower() == ".zip" and is_recording_zip(path):
        return
    raise InputError(
        f"{path} is no eye tracker recording.",
        fix="Give the folder as the device or Pupil Cloud made it, or the downloaded zip archive.",
        path=path,
    )


def _refuse_same_path(named: dict[str, Path | None]) -> None:
    seen: dict[Path, str] = {}
    for option, path in named.items():
        if path is None:
            continue
        check_exists(path)
        other = seen.setdefault(path.resolve(), option)
        if other != option:
            raise InputError(
                f"{path} was given twice: as {other} and as {option}.",
                fix="Each file has one role.",
                path=path,
            )


def _refuse_same_content(paths: Sequence[Path]) -> None:
    seen: dict[str, Path] = {}
    for path in paths:
        other = seen.setdefault(str(fingerprint(path)), path)
        if other is not path:
            raise InputError(
                f"{path} and {other} are the same file.", fix="Leave one of them out.", path=path
            )
