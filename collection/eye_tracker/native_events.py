"""Events of a native folder, and the eye events that Neon finds itself."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .notes import NoteBook, counted
from .parts import PartFiles
from .record_layout import BLINK_NEON, FIXATION_NEON, read_layout
from .recording import Event, Intervals
from .stamps import LATEST_NS, LONGEST_NS, STAMP, find_order
from .untrusted import is_file, read_records, read_text

NEON_METHOD = "neon_device"
_SACCADE, _FIXATION, _BLINK = 0, 1, 4
_FIELDS = ("event_type", "start_timestamp_ns", "end_timestamp_ns")


def read_events(files: PartFiles, notes: NoteBook) -> tuple[Event, ...]:
    """Read ``event.txt`` and ``event.time``, sorted by time.

    The app appends events as they arrive, which is not the order in which they happened.
    """
    text_path, time_path = files.folder / "event.txt", files.folder / "event.time"
    if not (is_file(text_path) and is_file(time_path)):
        if is_file(text_path) or is_file(time_path):
            notes.add("EVENTS-LENGTH", "Events have only one of event.txt and event.time.")
        return ()
    names = [line.removesuffix("\r") for line in read_text(text_path, notes).split("\n")]
    if names[-1] == "":
        names.pop()
    stamps = read_records(time_path, STAMP, notes)
    count = min(len(names), len(stamps))
    if len(names) != len(stamps):
        notes.add(
            "EVENTS-LENGTH",
            f"event.txt has {counted(len(names), 'line')} and event.time "
            f"{counted(len(stamps), 'stamp')}; the first {count} of both are used.",
        )
    return sorted_events(names[:count], stamps[:count].tolist(), notes)


def sorted_events(
    names: Iterable[str], stamps_ns: Iterable[int], notes: NoteBook
) -> tuple[Event, ...]:
    """Put named moments in order of time, leaving out those whose stamp is no date (noted)."""
    events = [Event(name=name, timestamp_ns=at) for name, at in zip(names, stamps_ns, strict=True)]
    dated = [event for event in events if 0 < event.timestamp_ns < LATEST_NS]
    if len(dated) < len(events):
        notes.add(
            "STAMPS-IMPLAUSIBLE",
            f"Events: {len(events) - len(dated)} of {len(events)} left out, with stamps that are "
            "no date.",
        )
    return tuple(sorted(dated, key=lambda event: event.timestamp_ns))


def read_neon_blinks(files: PartFiles, notes: NoteBook) -> Intervals | None:
    """Read the blinks that Neon found; None if the recording has no such files."""
    records = _read_eye_events(files, "blinks", BLINK_NEON, notes)
    return None if records is None else _of_type(records, _BLINK, "Blinks", notes)


def read_neon_fixations(
    files: PartFiles, notes: NoteBook
) -> tuple[Intervals | None, Intervals | None]:
    """Read the fixations and saccades that Neon found; None if there are no such files."""
    records = _read_eye_events(files, "fixations", FIXATION_NEON, notes)
    if records is None:
        return None, None
    return (
        _of_type(records, _FIXATION, "Fixations", notes),
        _of_type(records, _SACCADE, "Saccades", notes),
    )


def make_intervals(
    ids: NDArray[np.int64] | None,
    start_ns: NDArray[np.int64],
    end_ns: NDArray[np.int64],
    method: str,
    *,
    stream: str,
    notes: NoteBook,
) -> Intervals:
    """Put half-open intervals in order, leaving out what is none (noted); None counts from 1."""
    good = (start_ns > 0) & (end_ns > start_ns) & (end_ns < LATEST_NS)
    good[good] = end_ns[good] - start_ns[good] <= LONGEST_NS
    order = np.argsort(start_ns, kind="stable")
    order = order[good[order]]
    # two events of a kind can't start together
    order = order[find_order(start_ns[order]).keep]
    if len(order) < len(start_ns):
        notes.add(
            "INTERVALS-DROPPED",
            f"{stream}: {len(start_ns) - len(order)} of {len(start_ns)} left out; they end before "
            "they start, start with another one, or have stamps that are no date.",
        )
    return Intervals(
        id=np.arange(1, len(order) + 1, dtype=np.int64) if ids is None else ids[order],
        start_ns=start_ns[order],
        end_ns=end_ns[order],
        method=method,
    )


def _read_eye_events(
    files: PartFiles, name: str, usual: np.dtype[Any], notes: NoteBook
) -> NDArray[Any] | None:
    raws = files.files(name, "raw")
    if not raws:
        return None
    layout = read_layout(files.folder, name, usual, _FIELDS, notes)
    return np.concatenate([read_records(raws[number], layout, notes) for number in sorted(raws)])


def _of_type(records: NDArray[Any], event_type: int, stream: str, notes: NoteBook) -> Intervals:
    chosen = records[records["event_type"] == event_type]
    return make_intervals(
        None,
        chosen["start_timestamp_ns"].astype(np.int64),
        chosen["end_timestamp_ns"].astype(np.int64),
        NEON_METHOD,
        stream=stream,
        notes=notes,
    )
