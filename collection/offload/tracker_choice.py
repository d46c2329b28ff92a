"""Finding the drive's eye tracker recording among those of an exported folder."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dashgaze.errors import DeviceError, InputError, RecordingError

from ..eye_tracker import Kind
from ..eye_tracker.info import INFO_NAME, kind_of, parse_info
from ..eye_tracker.notes import NoteBook
from ..eye_tracker.untrusted import read_json_object
from .drive_times import DeviceTimes
from .remote_store import PLUG_IN_AGAIN

_DEEPEST = 4
# A recording that only touches the drive is that of the drive before or after it.
_SHARE_OF_DRIVE = 0.5


class UnclearError(InputError):
    """Several things could be the drive's; ``choices`` names them as `take` expects them."""

    def __init__(self, what: str, *, choices: Sequence[str], fix: str, path: Path) -> None:
        super().__init__(what, fix=fix, path=path)
        self.choices = tuple(choices)


@dataclass(frozen=True, kw_only=True)
class FoundRecording:
    """A native recording in a folder; None for what its ``info.json`` does not say."""

    folder: Path
    kind: Kind | None
    recording_id: str | None
    start_ns: int | None
    duration_ns: int | None

    def overlap_ns(self, interval_ns: tuple[int, int]) -> int:
        """Give how much of an interval it covers."""
        if self.start_ns is None:
            return 0
        end_ns = self.start_ns + (self.duration_ns or 0)
        return max(0, min(end_ns, interval_ns[1]) - max(self.start_ns, interval_ns[0]))

    def __str__(self) -> str:
        when = "at an unknown time"
        if self.start_ns is not None:
            when = f"{datetime.fromtimestamp(self.start_ns / 1e9, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"
        length = "" if self.duration_ns is None else f", {self.duration_ns / 60e9:.1f} min"
        return f"'{self.folder.name}' ({when}{length})"


def find_recordings(folder: Path) -> list[FoundRecording]:
    """Find all native recordings in a folder and below, sorted by time.

    Raises
    ------
    DeviceError
        If the folder can't be read.
    InputError
        If there is none.
    """
    found = []
    for place in _with_info(folder):
        try:
            content = read_json_object(place / INFO_NAME)
        except RecordingError:
            continue
        kind, info = kind_of(content), parse_info(content, NoteBook())
        if kind is None and info.recording_id is None:
            continue
        found.append(
            FoundRecording(
                folder=place,
                kind=kind,
                recording_id=info.recording_id,
                start_ns=info.start_time_ns,
                duration_ns=info.duration_ns,
            )
        )
    if not found:
        raise InputError(
            f"{folder} holds no eye tracker recording: there is no {INFO_NAME} in it.",
            fix="Export the recording in the Companion app, and give the folder it exported to.",
            path=folder,
        )
    return sorted(found, key=lambda each: (each.start_ns or 0, each.folder.name))


def choose_recording(
    found: Sequence[FoundRecording], times: DeviceTimes, take: Sequence[str], *, among: Path
) -> tuple[FoundRecording, tuple[str, ...]]:
    """Choose the drive's recording, and say in sentences what to know of the choice.

    What the user names decides; else the id that the journal has; else the time of the drive.

    Parameters
    ----------
    found
        At least one.
    times
        When the tracker recorded, and its id.
    take
        Names of folders, or beginnings of ids.
    among
        Where they were found, for messages.

    Raises
    ------
    UnclearError
        If it can't be told.
    """
    named = [each for each in found if any(_is_named(each, name) for name in take)]
    if len(named) == 1:
        return named[0], ()
    if not named and times.recording_id:
        own = [each for each in found if each.recording_id == times.recording_id]
        if len(own) == 1:
            return own[0], tuple(_others(found, own[0], times.interval_ns))
    interval_ns = times.interval_ns
    if not named and interval_ns is not None:
        least = _SHARE_OF_DRIVE * (interval_ns[1] - interval_ns[0])
        covering = [each for each in found if each.overlap_ns(interval_ns) >= least]
        if len(covering) == 1:
            notes = _others(found, covering[0], interval_ns)
            if times.recording_id:
                notes.insert(
                    0, f"{covering[0]} was taken by its time: the journal's id is not there."
                )
            return covering[0], tuple(notes)
    elif not named and len(found) == 1 and not times.recording_id:
        return found[0], ("Nothing tells when the drive was: the only recording there was taken.",)
    raise UnclearError(
        f"{len(named or found)} recordings in {among} may be the drive's: "
        f"{', '.join(map(str, (named or found)[:12]))}.",
        choices=[each.folder.name for each in named or found],
        fix="Say which one with --take NAME.",
        path=among,
    )


def _is_named(found: FoundRecording, name: str) -> bool:
    if found.folder.name == name:
        return True
    return len(name) >= 4 and (found.recording_id or "").startswith(name.lower())


def _others(
    found: Sequence[FoundRecording], taken: FoundRecording, interval_ns: tuple[int, int] | None
) -> list[str]:
    """Name recordings that also lie in the drive: the app may have been started twice."""
    if interval_ns is None:
        return []
    return [
        f"{each} lies in the time of the drive, too, and was not taken."
        for each in found
        if each is not taken and each.overlap_ns(interval_ns) > 0
    ]


def _with_info(folder: Path, depth: int = 0) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DeviceError(
            f"{folder} can't be read: {error.strerror or error}.", fix=PLUG_IN_AGAIN
        ) from error
    if any(entry.name == INFO_NAME for entry in entries):
        yield folder
        return
    for entry in entries:
        hidden = entry.name.startswith(".")
        if depth < _DEEPEST and not hidden and entry.is_dir(follow_symlinks=False):
            yield from _with_info(folder / entry.name, depth + 1)
