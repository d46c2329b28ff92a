"""From what is known of a drive to reasons: clocks, frames and the way to the road view are judged here."""

from collections.abc import Iterator
from dataclasses import replace

from . import limits
from .check_rules import check_reasons
from .device_rules import face_and_speed_reasons, light_reasons, sound_reasons, streams_reasons
from .drive import Drive
from .texts import number, percent
from .verdict import Reason, Severity, sorted_reasons
from .wording import command, without_root

_LATER = frozenset({"ALIGN-NOT-RUN", "FRAMES-NOT-RUN", "STALE", "SYNC-NOT-RUN"})


def find_reasons(drive: Drive) -> tuple[Reason, ...]:
    """Find all that speaks against a drive, the worst first."""
    reasons = [
        *check_reasons(drive),
        *_of_sync(drive),
        *_of_frames(drive),
        *_of_align(drive),
        *streams_reasons(drive),
        *sound_reasons(drive),
        *light_reasons(drive),
        *face_and_speed_reasons(drive),
        *(Reason(severity="note", code="LEFT-OUT", message=note) for note in drive.notes),
    ]
    if any(reason.severity == "redo" for reason in reasons):
        # What has not run yet would not change the verdict: it is no news any more.
        reasons = [
            replace(each, severity="note") if each.code in _LATER else each for each in reasons
        ]
    return sorted_reasons(reasons)


def _of_sync(drive: Drive) -> Iterator[Reason]:
    document = drive.time_map
    if drive.clock_problem:
        yield Reason(
            severity="unknown",
            code="SYNC-UNREADABLE",
            message=without_root(drive.clock_problem, drive.session.root),
            fix=f"Run {command('sync', drive)} --force",
        )
        return
    if document is None:
        yield _not_run(
            "sync", "The clocks of phone and eye tracker have not been aligned yet.", drive
        )
        return
    if drive.stage("sync").stale:  # what it says may be wrong by now, be it good or bad
        yield _stale("sync", "time map", drive)
        return
    reasons = without_root(" ".join(document.reasons), drive.session.root)
    if document.verdict == "failed":
        yield Reason(
            severity="redo",
            code="SYNC-FAILED",
            message=f"The clocks of phone and eye tracker could not be aligned. {reasons}".strip(),
            fix="If the offset is known otherwise (a clap in both pictures), give it by hand: "
            f"{command('sync', drive)} --manual-offset SECONDS",
        )
        return
    if document.verdict == "doubtful":
        yield Reason(
            severity="flag",
            code="SYNC-DOUBTFUL",
            message=f"The alignment of the clocks is doubtful. {reasons}".strip(),
            fix="Look at the evidence under Clocks.",
        )
    error_ms = clock_error_ms(drive)
    if error_ms is not None and error_ms > limits.CLOCK_ERROR_MS:
        yield Reason(
            severity="flag",
            code="SYNC-INEXACT",
            message=f"The clocks are known to ± {number(error_ms, 1)} ms only: more than half a frame.",
        )


def clock_error_ms(drive: Drive) -> float | None:
    """Give the largest standard error of the map in the middle of a stretch, ms; None if unknown."""
    if drive.time_map is None:
        return None
    errors = [
        segment.offset_se_ms
        for segment in drive.time_map.segments
        if segment.offset_se_ms is not None
    ]
    return max(errors) if errors else None


def _of_frames(drive: Drive) -> Iterator[Reason]:
    if drive.frames_problem:
        yield Reason(
            severity="unknown",
            code="FRAMES-UNREADABLE",
            message=without_root(drive.frames_problem, drive.session.root),
            fix=f"Run {command('frames', drive)} --force",
        )
    facts = drive.frames
    what = "frames of the scene camera have"
    if facts is None:
        if not drive.frames_problem:
            yield _not_run("frames", "The streams have not been brought together yet.", drive)
        share = None if drive.samples is None else drive.samples.valid_share
        what = "gaze samples of the eye tracker have"
    else:
        share = facts.gaze_share
        if drive.stage("frames").stale:
            yield _stale("frames", "frame table", drive)
            return
    if share is not None:
        yield from _below(
            share,
            limits.GAZE_FLAG_SHARE,
            limits.GAZE_REDO_SHARE,
            "GAZE-MISSING",
            f"Only {percent(share)} of the {what} a gaze point.",
            "Check that the glasses sat well, the cables held and no low sun blinded them.",
        )
    if facts is None or not drive.clocks_known or facts.road_share is None:
        return
    yield from _below(
        facts.road_share,
        limits.OVERLAP_FLAG_SHARE,
        limits.OVERLAP_REDO_SHARE,
        "LITTLE-OVERLAP",
        f"Only {percent(facts.road_share)} of the scene camera's frames have a road frame at their time.",
        "Start the phone before the eye tracker, and stop it after.",
    )


def _of_align(drive: Drive) -> Iterator[Reason]:
    if drive.time_map is not None and not drive.clocks_known:
        return  # there is nothing to align; that is a reason to redo already
    summary = drive.align
    if summary is None:
        yield _not_run("align", "Gaze has not been brought to the road view yet.", drive)
        return
    if drive.stage("align").stale:
        yield _stale("align", "map to the road view", drive)
        return
    if drive.frames is not None and not drive.frames.aligned:
        yield _not_run("align", "The frame table was made anew and has no road gaze yet.", drive)
    verdict, reasons = summary.get("verdict"), " ".join(map(str, summary.get("reasons", ())))
    if verdict == "failed":
        yield Reason(
            severity="redo",
            code="ALIGN-FAILED",
            message=f"Gaze could not be brought to the road view. {reasons}".strip(),
            fix="Check that both videos are of this drive and the phone saw the road.",
        )
    elif verdict == "doubtful":
        yield Reason(
            severity="flag",
            code="ALIGN-DOUBTFUL",
            message=f"Gaze in the road view is doubtful. {reasons}".strip(),
        )
    share = None if drive.frames is None else drive.frames.in_view_share
    if share is not None and share < limits.IN_VIEW_FLAG_SHARE:
        yield Reason(
            severity="flag",
            code="GAZE-OUT-OF-VIEW",
            message=f"Only {percent(share)} of the gaze lies inside of the road picture.",
            fix="Check where the phone points before the next drive.",
        )


def _stale(stage: str, what: str, drive: Drive) -> Reason:
    names = ", ".join(drive.stage(stage).changed[:5])
    return Reason(
        severity="unknown",
        code="STALE",
        message=f"The {what} was computed before {names} changed.",
        fix=f"Run {command(stage, drive)}",
    )


def _not_run(stage: str, message: str, drive: Drive) -> Reason:
    return Reason(
        severity="unknown",
        code=f"{stage.upper()}-NOT-RUN",
        message=message,
        fix=f"Run {command(stage, drive)}",
    )


def _below(
    share: float, flag: float, redo: float, code: str, message: str, fix: str
) -> Iterator[Reason]:
    if share < flag:
        severity: Severity = "redo" if share < redo else "flag"
        yield Reason(severity=severity, code=code, message=message, fix=fix)
