"""The phone's videos of a session: copied as they are, or made of parts and composites."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from dashgaze.files import write_text
from dashgaze.progress import Progress, part_of

from .composite import part_composite
from .joining import join_parts
from .layouts import Layout
from .roles import Roles
from .sources import Video

PHONE_FOLDER = PurePosixPath("phone")
ORIGINALS_FOLDER = PHONE_FOLDER / "original"
IMPORT_RECORD = PHONE_FOLDER / "import.json"
IMPORT_SCHEMA = "dashgaze/import/1"

_MATROSKA = (".mkv", ".webm")
_CHUNK_BYTES = 4 << 20

Copy = tuple[Path, PurePosixPath]
_Step = Callable[[Path, Progress], "_Outcome"]


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file of a session that was made of others; `target` is its path from the session folder."""

    target: PurePosixPath
    sources: tuple[Path, ...]
    size_bytes: int
    sha256: str


@dataclass
class _Outcome:
    made: dict[PurePosixPath, tuple[Path, ...]]
    record: dict[str, Any]
    notes: tuple[str, ...]


@dataclass
class PhonePlan:
    """What is to be done for the phone's files.

    Attributes
    ----------
    names
        Place in the session of each role: ``road``, ``driver``, ``location``.
    copies
        Files to copy, and where to.
    made_bytes
        Space that made files need, about.
    notes
        What a user should know before.
    """

    names: dict[str, PurePosixPath] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    made_bytes: int = 0
    notes: list[str] = field(default_factory=list)
    steps: list[_Step] = field(default_factory=list)

    def make(self, folder: Path, progress: Progress) -> tuple[list[Made], list[str]]:
        """Make what can't be copied, in a folder that has the copies; give it, and notes.

        What was done stands in ``phone/import.json`` as well.

        Raises
        ------
        InputError
            If parts don't fit to each other, or a layout not to its picture.
        OutputError
            If a file can't be written.
        """
        made: dict[PurePosixPath, tuple[Path, ...]] = {}
        record: dict[str, Any] = {"schema": IMPORT_SCHEMA}
        notes = list(self.notes)
        for number, step in enumerate(self.steps):
            share = 1 / len(self.steps)
            outcome = step(folder, part_of(progress, number * share, (number + 1) * share))
            made |= outcome.made
            record |= outcome.record
            notes += outcome.notes
        if not self.steps:
            return [], notes
        record["originals"] = [
            str(place) for _, place in self.copies if place.is_relative_to(ORIGINALS_FOLDER)
        ]
        record["notes"] = notes
        text = json.dumps(record, indent=2, allow_nan=False, ensure_ascii=False)
        write_text(folder / IMPORT_RECORD, text + "\n")
        made[IMPORT_RECORD] = ()
        finished = [
            _hashed(folder, place, sources)
            for place, sources in made.items()
            if (folder / place).exists()
        ]
        return finished, notes


def plan_phone(roles: Roles, layout: Layout | None, *, keep_originals: bool) -> PhonePlan:
    """Plan the phone's files.

    Parameters
    ----------
    roles
        Which file is which.
    layout
        How road and driver share a picture; None if they don't.
    keep_originals
        Whether files that others are made of are copied as well.
    """
    plan = PhonePlan()
    if layout is not None:
        _plan_composite(plan, roles.road, layout, keep_originals=keep_originals)
    else:
        _plan_camera(plan, "road", roles.road, keep_originals=keep_originals)
        if roles.driver is not None:
            _plan_camera(plan, "driver", roles.driver, keep_originals=keep_originals)
    if roles.location is not None:
        plan.names["location"] = PHONE_FOLDER / f"location{roles.location.suffix.lower()}"
        plan.copies.append((roles.location, plan.names["location"]))
    return plan


def _plan_camera(plan: PhonePlan, role: str, video: Video, *, keep_originals: bool) -> None:
    """Copy a camera's video, or join its parts."""
    place = PHONE_FOLDER / f"{role}{video.path.suffix.lower()}"
    plan.names[role] = place
    _plan_broken(plan, role, video, keep_originals=keep_originals)
    if not video.later:
        plan.copies.append((video.path, place))
        return
    copies = [_free_place(plan, role, path) for path in video.paths if keep_originals]
    plan.made_bytes += sum(path.stat().st_size for path in video.paths)

    def join(folder: Path, progress: Progress) -> _Outcome:
        parts = [folder / copy for copy in copies] or list(video.paths)
        joined = join_parts(parts, folder / place, progress=progress)
        return _Outcome({place: video.paths}, {role: joined.to_json()}, joined.notes)

    plan.steps.append(join)


def _plan_composite(plan: PhonePlan, video: Video, layout: Layout, *, keep_originals: bool) -> None:
    suffix = ".mkv" if video.path.suffix.lower() in _MATROSKA else ".mp4"
    own_suffix = video.path.suffix.lower()
    whole_road = layout.inset is not None
    road = PHONE_FOLDER / f"road{own_suffix if whole_road else suffix}"
    driver = PHONE_FOLDER / f"driver{suffix}"
    plan.names |= {"road": road, "driver": driver}
    _plan_broken(plan, "road", video, keep_originals=keep_originals)
    size_bytes = sum(path.stat().st_size for path in video.paths)
    # The two together are about as large as the composite, coded anew a little larger.
    plan.made_bytes += 2 * size_bytes
    if whole_road and not video.later:
        plan.copies.append((video.path, road))
        copies = [road]
    else:
        copies = [_free_place(plan, "road", path) for path in video.paths if keep_originals]
    # A composite in parts is joined first: into the road itself where that is the whole picture.
    between = road if whole_road else PHONE_FOLDER / f".composite{own_suffix}"
    if video.later:
        plan.made_bytes += size_bytes

    def part(folder: Path, progress: Progress) -> _Outcome:
        parts = [folder / copy for copy in copies] or list(video.paths)
        composite, notes = parts[0], list[str]()
        record: dict[str, Any] = {}
        made: dict[PurePosixPath, tuple[Path, ...]] = {}
        start = 0.0
        if len(parts) > 1:
            start = 0.2
            composite = folder / between
            joined = join_parts(parts, composite, progress=part_of(progress, 0.0, start))
            record = {"composite": joined.to_json()}
            notes += joined.notes
            if whole_road:
                made[road] = video.paths
        parted = part_composite(
            composite,
            layout,
            road=None if whole_road else folder / road,
            driver=folder / driver,
            progress=part_of(progress, start, 1.0),
        )
        made[driver] = video.paths
        if not whole_road:
            made[road] = video.paths
            if len(parts) > 1:
                composite.unlink()
        notes += parted.notes
        record |= {"road": parted.to_json(), "driver": parted.to_json()}
        return _Outcome(made, record, tuple(notes))

    plan.steps.append(part)


def _plan_broken(plan: PhonePlan, role: str, video: Video, *, keep_originals: bool) -> None:
    for path in video.broken:
        note = (
            f"'{path.name}' is the last part of the {role} video and can't be read: it is left out"
        )
        if keep_originals:
            _free_place(plan, role, path)
            note += ", and kept in phone/original"
        plan.notes.append(f"{note}. It may be recovered with untrunc and a good file of the phone.")


def _free_place(plan: PhonePlan, role: str, path: Path) -> PurePosixPath:
    """Plan the copy of an original under its own name, or with its role before it."""
    taken = {str(place).casefold() for _, place in plan.copies}
    place = ORIGINALS_FOLDER / path.name
    if str(place).casefold() in taken:
        place = ORIGINALS_FOLDER / f"{role}_{path.name}"
    plan.copies.append((path, place))
    return place


def _hashed(folder: Path, place: PurePosixPath, sources: tuple[Path, ...]) -> Made:
    digest, size = hashlib.sha256(), 0
    with (folder / place).open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return Made(target=place, sources=sources, size_bytes=size, sha256=digest.hexdigest())
