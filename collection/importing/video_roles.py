"""Deciding which video shows the road and which the driver; never by guess."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from dashgaze.errors import InputError, MediaError

from .formats import DRIVER_WORDS, ROAD_WORDS, VIDEO_SUFFIXES, words_of
from .part_groups import gather_parts, why_apart
from .part_names import part_key, part_keys
from .sources import Video, open_video


def assign_videos(
    videos: Sequence[Video],
    road: Video | None,
    driver: Video | None,
    *,
    trust_names: bool = False,
) -> tuple[Video, Video | None]:
    """Give the road video and, if there is one, the driver video, with all parts of each.

    Name, sound and shape of each video have a say; where they contradict each other or leave a
    choice, the user is asked.

    Parameters
    ----------
    videos
        Those found among the sources, without the ones that the user has named; parts gathered.
    road, driver
        Those that the user has named, parts gathered (see `with_parts_beside`).
    trust_names
        Whether like names are enough to take files for parts of one recording.

    Raises
    ------
    InputError
        If it is not clear which is which, or one may be a part of several.
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
    taken = [path for video in (road, driver) if video is not None for path in video.paths]
    road = with_parts_beside(road, taken, trust_names=trust_names)
    if driver is not None:
        driver = with_parts_beside(driver, taken, trust_names=trust_names)
    return road, driver


def only_video(videos: Sequence[Video], named: Video | None, *, trust_names: bool) -> Video:
    """Give the one video of a composite, with all its parts.

    Raises
    ------
    InputError
        If there are several.
    """
    if named is None and len(videos) != 1:
        raise _ambiguous(videos, "road")
    video = videos[0] if named is None else named
    return with_parts_beside(video, video.paths, trust_names=trust_names)


def with_parts_beside(video: Video, taken: Sequence[Path], *, trust_names: bool) -> Video:
    """Give a video with those other parts of its recording that lie beside it.

    Parameters
    ----------
    video
        With the parts that are known already.
    taken
        Files that have a role.

    Raises
    ------
    InputError
        If files beside it may be parts, and it is not clear whether they are.
    """
    beside, broken = _siblings(video, taken)
    if not beside and not broken:
        return video
    known = [replace(video, later=(), broken=()), *video.later, *beside]
    given = [(path, error) for path, error in broken if not is_one_of(path, video.broken)]
    for found in gather_parts(known, broken=given, trust_names=trust_names):
        if video.path in found.paths and set(video.paths) <= set(found.paths):
            _refuse_parts([found, *(each for each in beside if each.path not in found.paths)])
            return replace(found, broken=(*video.broken, *found.broken))
    _refuse_parts(known)
    return video


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


def _siblings(
    video: Video, taken: Sequence[Path]
) -> tuple[list[Video], list[tuple[Path, MediaError]]]:
    """Give the videos beside this one that may be other parts of it, and those that can't be read."""
    paths = [
        path
        for path in sorted(video.path.parent.iterdir())
        if path.suffix.lower() in VIDEO_SUFFIXES and not path.name.startswith(".")
    ]
    keys = part_keys(paths)
    own = next((keys[path] for path in paths if path.samefile(video.path)), part_key(video.path))
    siblings, broken = [], []
    for path in paths:
        if keys[path][0] == own[0] and not is_one_of(path, [*taken, *video.paths]):
            try:
                siblings.append(open_video(path))
            except MediaError as error:
                # Only a later part is missed; others are nothing that could be joined.
                if (keys[path][1] or 0) > max(part_key(each)[1] or 0 for each in video.paths):
                    broken.append((path, error))
    return siblings, broken


def _refuse_parts(videos: Sequence[Video]) -> None:
    alike: dict[tuple[object, ...], list[Video]] = {}
    keys = part_keys([video.path for video in videos])
    for video in videos:
        alike.setdefault(_kin(video, keys[video.path][0]), []).append(video)
    for group in alike.values():
        if len(group) > 1:
            group.sort(key=lambda video: -1 if (n := keys[video.path][1]) is None else n)
            names = ", ".join(f"'{video.path.name}'" for video in group)
            reason = why_apart(group) or "only some of them can be joined"
            raise InputError(
                f"{names} in {group[0].path.parent} look like parts of one recording, but {reason}. "
                "One part alone would lose the rest of the drive.",
                fix="If they follow each other without a pause, say --join-parts. If they are no "
                "parts, name both with --road and --driver, or move the one you want into a folder "
                "of its own.",
                path=group[0].path,
            )


def _kin(video: Video, key: str) -> tuple[object, ...]:
    """Give what all parts of one recording have in common."""
    track = video.info.video
    size = None if track is None else (track.width_px, track.height_px, track.rotation_deg)
    return (key, video.path.parent, size, _has_sound(video))


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
