"""Deciding which video shows the road and which the driver; never by guess."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from dashgaze.errors import InputError

from .formats import DRIVER_WORDS, ROAD_WORDS, VIDEO_SUFFIXES, part_number, words_of
from .sources import Video, open_video


def assign_videos(
    videos: Sequence[Video], road: Video | None, driver: Video | None
) -> tuple[Video, Video | None]:
    """Give the road video and, if there is one, the driver video.

    Name, sound and shape of each video have a say; where they contradict each other or leave a
    choice, the user is asked.

    Parameters
    ----------
    videos
        Those found among the sources, without the ones that the user has named.
    road, driver
        Those that the user has named.

    Raises
    ------
    InputError
        If it is not clear which is which, or one is a part of several.
    """
    if road is None and driver is None:
        _refuse_parts(videos)
    among = [*videos, *(video for video in (road, driver) if video is not None)]
    votes = {video.path: _votes(video, among) for video in videos}
    drivers = [video for video in videos if votes[video.path] == {"driver"}]
    if road is None:
        roads = [video for video in videos if votes[video.path] == {"road"}]
        if not roads and len(videos) == 1 and driver is not None and not votes[videos[0].path]:
            roads = list(videos)  # nothing speaks against the only one left
        if len(roads) != 1:
            raise _ambiguous(videos, "road")
        road = roads[0]
        if driver is None and len(drivers) != len(videos) - 1:
            raise _ambiguous(videos, "driver")
    if driver is None:
        if len(drivers) > 1:
            raise _ambiguous(videos, "driver")
        driver = drivers[0] if drivers else None
    taken = [video.path for video in (road, driver) if video is not None]
    for video in (road, driver):
        if video is not None:
            _refuse_parts([video, *_siblings(video, taken)])
    return road, driver


def _votes(video: Video, among: Sequence[Video]) -> set[str]:
    """Give what the name, the sound and the shape say that a video is."""
    votes: set[str] = set()
    words = words_of(video.path)
    if words & ROAD_WORDS:
        votes.add("road")
    if words & DRIVER_WORDS:
        votes.add("driver")
    if len(among) == 1 or len({_has_sound(each) for each in among}) == 2:
        votes.add("road" if _has_sound(video) else "driver")
    if len({_is_upright(each) for each in among}) == 2:
        votes.add("driver" if _is_upright(video) else "road")
    return votes


def _has_sound(video: Video) -> bool:
    return video.info.audio is not None


def _is_upright(video: Video) -> bool:
    track = video.info.video
    if track is None:
        return False
    return (track.height_px > track.width_px) != (track.rotation_deg in (90, 270))


def _siblings(video: Video, taken: Sequence[Path]) -> list[Video]:
    """Give the videos beside this one that may be other parts of the same recording."""
    siblings = []
    for path in sorted(video.path.parent.iterdir()):
        if (
            path.suffix.lower() in VIDEO_SUFFIXES
            and part_number(path)[0] == part_number(video.path)[0]
            and not is_one_of(path, taken)
        ):
            try:
                siblings.append(open_video(path))
            except InputError:
                continue  # nothing that could be joined
    return siblings


def _refuse_parts(videos: Sequence[Video]) -> None:
    alike: dict[tuple[object, ...], list[Path]] = {}
    for video in videos:
        alike.setdefault(_kin(video), []).append(video.path)
    for paths in alike.values():
        if len(paths) > 1:
            listed = ", ".join(f"'{path.name}'" for path in sorted(paths))
            raise InputError(
                f"{listed} in {paths[0].parent} look like parts of one recording. Split "
                "recordings can't be imported yet, and one part alone would lose the rest of the "
                "drive.",
                fix="Join them without encoding them anew; or, if they are no parts, name both "
                "with --road and --driver, or move the one you want into a folder of its own.",
                path=paths[0],
            )


def _kin(video: Video) -> tuple[object, ...]:
    """Give what all parts of one recording have in common."""
    track = video.info.video
    size = None if track is None else (track.width_px, track.height_px, track.rotation_deg)
    return (part_number(video.path)[0], video.path.parent, size, _has_sound(video))


def _ambiguous(videos: Sequence[Video], role: str) -> InputError:
    if not videos:
        return InputError(
            f"None of the given files can be the {role} video.", fix=f"Name it with --{role} FILE."
        )
    listed = "; ".join(f"{video.path} ({_describe(video)})" for video in videos[:10])
    return InputError(
        f"It is not clear which is the {role} video: {listed}.",
        fix="Say which is which with --road FILE and --driver FILE.",
        path=videos[0].path,
    )


def _describe(video: Video) -> str:
    shape = "upright" if _is_upright(video) else "landscape"
    return f"{shape}, {'with sound' if _has_sound(video) else 'no sound'}"


def is_one_of(path: Path, others: Iterable[Path]) -> bool:
    """Whether a path leads to the same file as one of the others."""
    return any(path.samefile(other) for other in others)
