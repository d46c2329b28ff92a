"""Finding the parts of split recordings among many videos; never by their names alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from dashgaze.errors import MediaError

from .joints import WHOLE_SECONDS_S, check_same_format, follow_each_other, pauses_by_creation
from .part_names import is_chapter, moment_key, part_keys
from .part_scan import part_format
from .sources import Video

# Time stamps that go on over the files, as some cameras write them.
_CONTINUED_S = 0.5


def gather_parts(
    videos: Sequence[Video],
    *,
    broken: Iterable[tuple[Path, MediaError]] = (),
    trust_names: bool = False,
) -> list[Video]:
    """Make one of the videos that are parts of one recording.

    Parts have like names, one format, and times that follow each other. Without such times they
    are left apart, unless the user says that names are enough.

    Parameters
    ----------
    videos
        Single files.
    broken
        Files that can't be read, and why; the last part often is one.
    trust_names
        Whether like names are enough, where times don't contradict.

    Raises
    ------
    InputError
        If files that are parts by name and time differ in format.
    MediaError
        If one that can't be read is no last part.
    """
    unread = list(broken)
    keys = part_keys([*(video.path for video in videos), *(path for path, _ in unread)])
    gathered: list[Video] = []
    for bucket in _alike(videos, keys):
        gathered += _joined(bucket, keys, trust_names=trust_names)
    gathered = _chained_by_moment(gathered)
    for path, error in unread:
        gathered = _with_broken(gathered, path, error, keys)
    order = {video.path: place for place, video in enumerate(videos)}
    return sorted(gathered, key=lambda video: order[video.path])


def why_apart(videos: Sequence[Video]) -> str | None:
    """Say why videos with like names are not taken for parts of one recording; None if they are.

    Parameters
    ----------
    videos
        In the order of their numbers.
    """
    keys = part_keys([video.path for video in videos])
    numbers = [number for _, number in keys.values() if number is not None]
    # The second part of "road" is "road_1" to some, "road_2" to others.
    after_none = len(numbers) < len(keys) and min(numbers, default=1) > 2
    if after_none or any(b - a != 1 for a, b in pairwise(numbers)):
        return "by their numbers one between them is missing"
    pauses_s = pauses_by_creation(
        [video.info.created_at for video in videos], [video.info.duration_s for video in videos]
    )
    if pauses_s is not None:
        if follow_each_other(pauses_s):
            return None
        longest_s = max(pauses_s, key=abs)
        return f"by their creation times {longest_s:.0f} s lie between them"
    if all(is_chapter(video.path) for video in videos) or _stamps_go_on(videos):
        return None
    return "nothing but their names says so"


def _alike(
    videos: Sequence[Video], keys: dict[Path, tuple[str, int | None]]
) -> Iterable[list[Video]]:
    """Put together what has like names, lies together, and has sound or none; by number."""
    buckets: dict[tuple[object, ...], list[Video]] = {}
    for video in videos:
        kind = keys[video.path][0], video.path.parent, video.info.audio is not None
        buckets.setdefault(kind, []).append(video)
    for bucket in buckets.values():
        yield sorted(bucket, key=lambda video: _number(keys[video.path][1]))


def _joined(
    bucket: list[Video], keys: dict[Path, tuple[str, int | None]], *, trust_names: bool
) -> list[Video]:
    numbers = [keys[video.path][1] for video in bucket]
    if len(bucket) < 2 or len(set(numbers)) < len(numbers):
        return bucket
    reason = why_apart(bucket)
    if reason is not None and not (trust_names and reason.startswith("nothing")):
        return bucket
    paths = [video.path for video in bucket]
    check_same_format(paths, [part_format(video.info) for video in bucket])
    first, *later = bucket
    return [replace(first, later=tuple(later))]


def _chained_by_moment(videos: list[Video]) -> list[Video]:
    """Join files whose names tell that each starts when the one before ends."""
    chains: list[list[Video]] = []
    rest: list[Video] = []
    named: dict[tuple[object, ...], list[tuple[datetime, Video]]] = {}
    for video in videos:
        key = None if video.later else moment_key(video.path)
        if key is None or video.info.duration_s is None:
            rest.append(video)
        else:
            kind = key[0], video.path.parent, video.info.audio is not None
            named.setdefault(kind, []).append((key[1], video))
    for timed in named.values():
        timed.sort(key=lambda pair: pair[0])
        chain: list[Video] = []
        for place, (moment, video) in enumerate(timed):
            if place:
                before, earlier = timed[place - 1]
                pause_s = (moment - before).total_seconds() - (earlier.info.duration_s or 0.0)
                if abs(pause_s) > WHOLE_SECONDS_S or _format(video) != _format(earlier):
                    chains.append(chain)
                    chain = []
            chain.append(video)
        chains.append(chain)
    for chain in chains:
        first, *later = chain
        rest.append(replace(first, later=tuple(later)))
    return rest


def _with_broken(
    videos: list[Video], path: Path, error: MediaError, keys: dict[Path, tuple[str, int | None]]
) -> list[Video]:
    """Add a file that can't be read to the recording whose last part it is by its name."""
    key, number = keys[path]
    for place, video in enumerate(videos):
        last = video.paths[-1]
        if (
            number is not None
            and last.parent == path.parent
            and keys[last][0] == key
            and _number(keys[last][1]) < number
        ):
            changed = replace(video, broken=(*video.broken, path))
            return [*videos[:place], changed, *videos[place + 1 :]]
    raise error


def _stamps_go_on(videos: Sequence[Video]) -> bool:
    for before, video in pairwise(videos):
        tracks = before.info.video, video.info.video
        if tracks[0] is None or tracks[1] is None:
            return False
        start_s, length_s, next_s = tracks[0].start_s, before.info.duration_s, tracks[1].start_s
        if start_s is None or length_s is None or next_s is None or next_s < 1:
            return False
        if abs(next_s - start_s - length_s) > _CONTINUED_S:
            return False
    return True


def _format(video: Video) -> tuple[object, ...]:
    track, audio = video.info.video, video.info.audio
    return (
        None if track is None else (track.width_px, track.height_px, track.rotation_deg),
        None if track is None else track.codec,
        None if audio is None else (audio.codec, audio.rate_hz, audio.channels),
    )


def _number(number: int | None) -> int:
    return -1 if number is None else number
