"""The session's files, made of what the pages sent."""

import json
import math
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path

import numpy as np

from dashgaze.collection.field.device import ClockOffset
from dashgaze.collection.location_fix import Fix
from dashgaze.files import write_text

from .part_times import PartStart, part_start
from .parts import Part, Parts
from .phone_log import PhoneLog, read_logs
from .remux import PartContent, join, read_part
from .sound_apart import sound_apart_s

RESULT_NAME = "result.json"

# Frames that tell both starts.
_GOOD_MS = 2.0
# How well a browser keeps sound and pictures of one file together.
_SOUND_ERROR_MS = 15.0
# By how many frames two starts are wrong at most.
_MOST_FRAMES = 6


@dataclass(frozen=True, kw_only=True)
class PartReport:
    """What became of a part.

    Attributes
    ----------
    source
        Its file as it was sent, from the session folder.
    target
        The file that it is in; None if there is no whole frame in it.
    zero_in_target_s
        Where its zero lies in that file.
    complete
        Whether all that the page made of it arrived.
    wall_ns, host_ns, host_uncertainty_ms, start_from_frames, start_error_ms
        When it began, as in `PartStart`; None where there is no frame.
    """

    source: str
    target: str | None
    zero_in_target_s: float | None
    complete: bool
    frames: int
    length_s: float
    sound: bool
    wall_ns: int | None = None
    host_ns: int | None = None
    host_uncertainty_ms: float | None = None
    start_from_frames: bool | None = None
    start_error_ms: float | None = None


@dataclass(kw_only=True)
class PageResult:
    """The session's files, and what its manifest has to say under ``phone``.

    Attributes
    ----------
    road, driver, location
        Paths from the session folder; None if there is none.
    started_at_ns
        Time zero of the road video on the phone's wall clock.
    driver_offset_s
        Time zero of the driver's video on the road video's clock.
    driver_offset_error_ms
        How far that may be off: a frame or more, where neither frames nor sound tell it better.
    clock_before, clock_after
        How the clock of the phone that filmed the road stood, by the pings around its start and end.
    parts
        All parts of both cameras.
    notes
        What a user should know, in sentences.
    """

    road: str | None = None
    driver: str | None = None
    location: str | None = None
    started_at_ns: int | None = None
    driver_offset_s: float | None = None
    driver_offset_error_ms: float | None = None
    clock_before: ClockOffset | None = None
    clock_after: ClockOffset | None = None
    parts: list[PartReport] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def recorded_at(self) -> str | None:
        """``started_at_ns`` as the manifest's ``recorded_at``."""
        if self.started_at_ns is None:
            return None
        moment = datetime.fromtimestamp(self.started_at_ns / 1e9).astimezone()
        return moment.isoformat(timespec="milliseconds")


@dataclass(frozen=True, kw_only=True)
class _Piece:
    part: Part
    content: PartContent
    start: PartStart
    log: PhoneLog


def finish(session: Path, parts: Parts) -> PageResult:
    """Make phone/road.*, phone/driver.* and phone/location.csv; what was sent stays as it is.

    Parts of one kind are joined with their gaps between them. Of several kinds (another size, another
    codec) the longest is taken; the others become files of their own.

    Raises
    ------
    OutputError
        If a file can't be written.
    """
    result = PageResult()
    logs = read_logs(parts.of("log"))
    firsts: dict[str, _Piece] = {}
    for stream in ("road", "driver"):
        pieces = []
        for part in parts.of("road" if stream == "road" else "driver"):
            content = read_part(part.path) if part.path.exists() else None
            if content is None:
                result.parts.append(_empty(part, session))
                continue
            log = logs.get(part.opening.page, PhoneLog())
            start = part_start(part, log, content.pts_ms)
            pieces.append(_Piece(part=part, content=content, start=start, log=log))
        if pieces:
            target, firsts[stream] = _write(session, stream, pieces, result)
            if stream == "road":
                _tell_clocks(pieces, result)
            setattr(result, stream, target)
    if "road" in firsts:
        result.started_at_ns = firsts["road"].start.wall_ns
        if "driver" in firsts:
            offset_s, error_ms = _driver_offset(firsts["driver"], firsts["road"])
            result.driver_offset_s = round(offset_s, 6)
            result.driver_offset_error_ms = round(error_ms, 1)
    result.location = _write_location(session, logs, parts)
    _say_what_is_missing(result, parts)
    text = json.dumps(asdict(result) | {"made_ns": time.time_ns()}, indent=2) + "\n"
    write_text(session / "field" / "page" / RESULT_NAME, text)
    return result


def _write(
    session: Path, stream: str, pieces: list[_Piece], result: PageResult
) -> tuple[str, _Piece]:
    """Write the files of a camera; give the main one and the part that it begins with."""
    ordered = sorted(pieces, key=lambda piece: piece.start.host_ns or piece.start.wall_ns)
    kinds: dict[tuple[str | int, ...], list[_Piece]] = {}
    for piece in ordered:
        kinds.setdefault((piece.content.suffix, *piece.content.kind), []).append(piece)
    groups = sorted(
        kinds.values(), key=lambda group: sum(p.content.end_s for p in group), reverse=True
    )
    for place, group in enumerate(groups):
        name = stream if place == 0 else f"{stream}_other_{place}"
        target = f"phone/{name}{group[0].content.suffix}"
        starts = [_apart_s(piece, group[0]) for piece in group]
        zeros = join([piece.content for piece in group], starts, session / target)
        for piece, zero in zip(group, zeros, strict=True):
            result.parts.append(_report(piece, session, target, zero))
        if place:
            result.notes.append(
                f"{target} has another picture size or codec than phone/{stream}"
                f"{groups[0][0].content.suffix}, so it could not be joined to it."
            )
    if len(groups[0]) > 1:
        result.notes.append(
            f"The {stream} video is joined of {len(groups[0])} parts, each at its time; the page was "
            "loaded again, or a camera was lost, between them."
        )
    return f"phone/{stream}{groups[0][0].content.suffix}", groups[0][0]


def _driver_offset(driver: _Piece, road: _Piece) -> tuple[float, float]:
    """Give the driver's offset, s, and its error, ms.

    The frames of one page tell it to a millisecond, or but for whole frames where they came too evenly;
    then the sound, which both have from one microphone, tells how many.
    """
    apart_s = _apart_s(driver, road)
    error_ms = driver.start.error_ms + road.start.error_ms
    if driver.part.opening.page != road.part.opening.page:
        pings = (driver.start.host_uncertainty_ms, road.start.host_uncertainty_ms)
        return apart_s, error_ms + sum(ping or 0.0 for ping in pings)
    if error_ms <= _GOOD_MS or not (driver.content.has_sound and road.content.has_sound):
        return apart_s, error_ms
    heard_s = sound_apart_s(driver.part.path, road.part.path, about_s=apart_s)
    if heard_s is None:
        return apart_s, error_ms
    if not (driver.start.from_frames and road.start.from_frames):
        return heard_s, _SOUND_ERROR_MS
    steps = [float(np.median(np.diff(piece.content.pts_ms))) / 1000 for piece in (driver, road)]
    moved = [
        apart_s + count * step_s
        for step_s in steps
        for count in range(-_MOST_FRAMES, _MOST_FRAMES + 1)
    ]
    nearest_s = min(moved, key=lambda each: abs(each - heard_s))
    if abs(nearest_s - heard_s) * 1000 > _SOUND_ERROR_MS:
        return heard_s, _SOUND_ERROR_MS
    return nearest_s, max(_GOOD_MS, abs(nearest_s - heard_s) * 1000)


def _tell_clocks(pieces: list[_Piece], result: PageResult) -> None:
    first, last = pieces[0], pieces[-1]
    start_ms, end_s = first.part.opening.start_ms, last.content.end_s
    result.clock_before = _clock(first.log, start_ms)
    result.clock_after = _clock(last.log, last.part.opening.start_ms + end_s * 1000)


def _clock(log: PhoneLog, page_ms: float) -> ClockOffset | None:
    ping = log.offset_at(page_ms)
    if ping is None:
        return None
    return ClockOffset(
        host_ns=round((ping.page_ms - ping.offset_ms) * 1e6),
        offset_ms=ping.offset_ms,
        uncertainty_ms=ping.rtt_ms / 2,
    )


def _apart_s(later: _Piece, earlier: _Piece) -> float:
    """Give the time between two starts.

    Of one page by its own clock, that runs on evenly; of two by this computer's, as the phone's may have
    jumped.
    """
    if later.part.opening.page == earlier.part.opening.page:
        return (later.start.page_ms - earlier.start.page_ms) / 1e3
    if later.start.host_ns is not None and earlier.start.host_ns is not None:
        return (later.start.host_ns - earlier.start.host_ns) / 1e9
    return (later.start.wall_ns - earlier.start.wall_ns) / 1e9


def _report(piece: _Piece, session: Path, target: str, zero_s: float) -> PartReport:
    return PartReport(
        source=piece.part.path.relative_to(session).as_posix(),
        target=target,
        zero_in_target_s=zero_s,
        complete=piece.part.complete,
        frames=len(piece.content.pts_ms),
        length_s=piece.content.end_s,
        sound=piece.content.has_sound,
        wall_ns=piece.start.wall_ns,
        host_ns=piece.start.host_ns,
        host_uncertainty_ms=piece.start.host_uncertainty_ms,
        start_from_frames=piece.start.from_frames,
        start_error_ms=round(piece.start.error_ms, 1),
    )


def _empty(part: Part, session: Path) -> PartReport:
    return PartReport(
        source=part.path.relative_to(session).as_posix(),
        target=None,
        zero_in_target_s=None,
        complete=part.complete,
        frames=0,
        length_s=0.0,
        sound=False,
    )


def _write_location(session: Path, logs: dict[str, PhoneLog], parts: Parts) -> str | None:
    """Write the track of the phone that filmed the road, or of any phone that has one."""
    devices = {part.opening.device for part in parts.of("road")}
    pages = {part.opening.page for part in parts.of("log") if part.opening.device in devices}
    fixes = _once(fix for page in pages if page in logs for fix in logs[page].fixes)
    if not fixes:
        fixes = _once(fix for log in logs.values() for fix in log.fixes)
    if not fixes:
        return None
    lines = ["timestamp [ns],latitude,longitude,speed [m/s]"]
    for fix in fixes:
        speed = "" if math.isnan(fix.speed_m_s) else f"{fix.speed_m_s:.3f}"
        place = f"{fix.latitude_deg:.8f},{fix.longitude_deg:.8f}"
        lines.append(f"{fix.timestamp_ns},{place},{speed}")
    write_text(session / "phone" / "location.csv", "\n".join(lines) + "\n")
    return "phone/location.csv"


def _once(fixes: Iterable[Fix]) -> list[Fix]:
    ordered = sorted(fixes, key=lambda fix: fix.timestamp_ns or 0)
    return [next(same) for _, same in groupby(ordered, key=lambda fix: fix.timestamp_ns)]


def _say_what_is_missing(result: PageResult, parts: Parts) -> None:
    for part in parts:
        if part.stream != "log" and not part.complete:
            result.notes.append(
                f"The end of {part.path.name} did not arrive: the page was closed, or still holds it. "
                "If the phone is here, serve this session again and open the link there."
            )
    if result.road is None:
        result.notes.append("There is no road video.")
    if result.driver is None:
        result.notes.append("There is no driver video.")
    if result.location is None:
        result.notes.append("The phone told no position.")
