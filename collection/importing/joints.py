"""Where on one time line each part of a split recording lies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Literal

from dashgaze.errors import InputError

from .part_scan import PartScan
from .sound_overlap import overlap_zero_s

Origin = Literal[
    "time_stamps", "sound_overlap", "sound_and_pictures", "creation_times", "file_names", "assumed"
]

# creation_time and names have whole seconds, and a file is closed some time after its last frame.
WHOLE_SECONDS_S = 2.5
LONGEST_PAUSE_S = 30.0
"""A longer pause is none between parts: the recording was stopped and started again."""
_CONTINUED_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Joint:
    """Where a part lies, and how it is known.

    Attributes
    ----------
    zero_s
        Time on the first part's time line at which the part's own time line is zero.
    pause_s
        What is missing between the part before and this one; negative if both have it.
    uncertainty_s
        The pause may be wrong by this much; None if that is not known.
    origin
        How the pause was found.
    keeps_lead_in
        Whether what the part's file hides as the encoder's lead-in is sound that goes on.
    note
        What a user should know; empty if nothing.
    """

    zero_s: Fraction
    pause_s: float
    uncertainty_s: float | None
    origin: Origin
    keeps_lead_in: bool = False
    note: str = ""


def check_same_format(paths: Sequence[Path], formats: Sequence[Mapping[str, object]]) -> None:
    """Check that parts can be joined without coding them anew.

    Parameters
    ----------
    paths, formats
        The parts, and what `part_format` gives of each.

    Raises
    ------
    InputError
        If they differ in anything that a joined file can have only once.
    """
    for path, form in zip(paths, formats, strict=True):
        for what, value in formats[0].items():
            if form[what] != value:
                raise InputError(
                    f"'{paths[0].name}' and '{path.name}' can't be parts of one recording: their "
                    f"{what} differs ({value}; {form[what]}).",
                    fix="Import them as sessions of their own, or name the right ones with --road "
                    "and --driver.",
                    path=path,
                )


def pauses_by_creation(
    created: Sequence[datetime | None], lengths_s: Sequence[float | None]
) -> list[float] | None:
    """Give the pauses between parts by their ``creation_time``, s; None if it does not tell.

    Android stamps it at the end of each part, other recorders at its start: the reading with the
    smaller pauses holds.
    """
    moments = [moment for moment in created if moment is not None]
    lengths = [length_s for length_s in lengths_s if length_s is not None]
    if len(moments) != len(created) or len(lengths) != len(lengths_s) or len(moments) < 2:
        return None
    steps_s = [(b - a).total_seconds() for a, b in pairwise(moments)]
    if not all(step_s > 0 for step_s in steps_s):
        return None
    at_end = [step_s - length_s for step_s, length_s in zip(steps_s, lengths[1:], strict=True)]
    at_start = [step_s - length_s for step_s, length_s in zip(steps_s, lengths[:-1], strict=True)]
    return min(at_end, at_start, key=lambda pauses_s: max(abs(pause_s) for pause_s in pauses_s))


def follow_each_other(pauses_s: Sequence[float]) -> bool:
    """Whether pauses are such as between parts of one recording."""
    return all(-WHOLE_SECONDS_S <= pause_s <= LONGEST_PAUSE_S for pause_s in pauses_s)


def place_parts(
    parts: Sequence[PartScan], *, started: Sequence[datetime | None] = ()
) -> list[Joint]:
    """Find where each part lies on the first one's time line.

    Where the parts' time stamps go on from one to the next they are taken. Else sound (which a
    recorder splits between two packets) and pictures adjoin, unless creation times or the times in
    the names show a pause.

    Parameters
    ----------
    parts
        In order.
    started
        When each started by its name; empty if the names don't tell.

    Returns
    -------
    list of Joint
        One for each part but the first.
    """
    by_creation = pauses_by_creation(
        [part.created_at for part in parts], [part.stated_s for part in parts]
    )
    by_name = _pauses_by_name(parts, started)
    zero_s = Fraction(0)
    joints = []
    for number, (before, part) in enumerate(pairwise(parts)):
        pause_s, origin = None, None
        if by_name is not None:
            pause_s, origin = by_name[number], "file_names"
        elif by_creation is not None:
            pause_s, origin = by_creation[number], "creation_times"
        joint = _joint(before, part, zero_s, pause_s, origin)
        zero_s = joint.zero_s
        joints.append(joint)
    return joints


def _pauses_by_name(
    parts: Sequence[PartScan], started: Sequence[datetime | None]
) -> list[float] | None:
    moments = [moment for moment in started if moment is not None]
    if len(moments) != len(parts):
        return None
    return [
        (b - a).total_seconds() - float(part.video.end_s - part.video.first_s)
        for (a, b), part in zip(pairwise(moments), parts[:-1], strict=True)
    ]


def _joint(
    before: PartScan,
    part: PartScan,
    zero_s: Fraction,
    pause_s: float | None,
    origin: str | None,
) -> Joint:
    own_s = part.video.first_s - before.video.end_s
    if part.video.first_s > 1 and abs(own_s) <= _CONTINUED_S:
        return Joint(
            zero_s=zero_s,
            pause_s=max(0.0, float(own_s)),
            uncertainty_s=float(part.video.interval_s),
            origin="time_stamps",
        )
    overlap = _overlap(before, part, zero_s)
    if overlap is not None:
        return overlap
    adjoining_s, apart_s, keeps_lead_in = _adjoining(before, part, zero_s)
    names = f"'{before.path.name}' and '{part.path.name}'"
    if pause_s is not None and pause_s > WHOLE_SECONDS_S:
        return Joint(
            zero_s=adjoining_s + Fraction(pause_s).limit_denominator(1000),
            pause_s=pause_s,
            uncertainty_s=WHOLE_SECONDS_S,
            origin="creation_times" if origin == "creation_times" else "file_names",
            note=f"Between {names} {pause_s:.0f} s are missing, by their "
            f"{(origin or '').replace('_', ' ')}, good to {WHOLE_SECONDS_S:.0f} s or so: sync each "
            "part on its own.",
        )
    if apart_s is not None and abs(apart_s) <= 1.5 * part.video.interval_s:
        return Joint(
            zero_s=adjoining_s,
            pause_s=0.0,
            uncertainty_s=None if pause_s is None else WHOLE_SECONDS_S,
            origin="sound_and_pictures",
            keeps_lead_in=keeps_lead_in,
            note=f"Between {names} no pause is assumed: sound and pictures end and begin alike"
            + (f", and their {(origin or '').replace('_', ' ')} agree." if origin else "."),
        )
    note = f"The pause between {names} can't be measured: none is assumed."
    if apart_s is not None:
        which = "the sound stops" if apart_s > 0 else "the pictures stop"
        note += f" There {which} {abs(float(apart_s)):.2f} s earlier than the other."
    return Joint(
        zero_s=adjoining_s,
        pause_s=0.0,
        uncertainty_s=None if pause_s is None else WHOLE_SECONDS_S,
        origin="assumed",
        note=note,
    )


def _overlap(before: PartScan, part: PartScan, zero_s: Fraction) -> Joint | None:
    """Give the joint of parts that have some sound in common, as many dash cams write them."""
    if before.audio is None or part.audio is None:
        return None
    own_zero_s = overlap_zero_s(
        before.path,
        part.path,
        before_end_s=before.audio.end_s,
        after_first_s=part.audio.first_s,
    )
    if own_zero_s is None:
        return None
    common_s = float(before.video.end_s - own_zero_s - part.video.first_s)
    return Joint(
        zero_s=zero_s + own_zero_s,
        pause_s=-common_s,
        uncertainty_s=0.001,
        origin="sound_overlap",
        note=f"'{before.path.name}' and '{part.path.name}' have {common_s:.2f} s in common, by their "
        "sound: the end of the first is left out.",
    )


def _adjoining(
    before: PartScan, part: PartScan, zero_s: Fraction
) -> tuple[Fraction, Fraction | None, bool]:
    """Give the part's zero if nothing is missing, how much later the pictures want it than the sound,
    and whether its lead-in is sound.

    Neither may overlap itself; where the two differ by less than a picture, the sound counts, whose
    samples follow each other exactly. An encoder that went on over the files has no lead-in, though
    the file may hide one: the pictures decide.
    """
    by_video_s = zero_s + before.video.end_s - part.video.first_s
    if before.audio is None or part.audio is None:
        return by_video_s, None, False
    end_s = zero_s + before.audio.end_s
    by_heard_s, by_stored_s = end_s - part.audio.first_s, end_s - part.audio.stored_s
    keeps_lead_in = abs(by_video_s - by_stored_s) < abs(by_video_s - by_heard_s)
    by_audio_s = by_stored_s if keeps_lead_in else by_heard_s
    apart_s = by_video_s - by_audio_s
    if abs(apart_s) <= 1.5 * part.video.interval_s:
        last_s = zero_s + before.video.last_s
        if by_audio_s + part.video.first_s > last_s + part.video.interval_s / 4:
            return by_audio_s, apart_s, keeps_lead_in
    return max(by_video_s, by_audio_s), apart_s, False
