"""The clocks of a session, as the sync stage left them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from dashgaze.alignment.time_map import ClockLine, TimeMap
from dashgaze.errors import InputError
from dashgaze.schemas.time_map import Segment, TimeMapDocument

TIME_MAP_NAME = "time_map.json"

_NAN = float("nan")


@dataclass(frozen=True, kw_only=True)
class SessionClock:
    """How the phone's clock maps to the tracker's, if that is known.

    Attributes
    ----------
    document
        What the sync stage wrote; None before it has run.
    time_map
        The map to use; None before the sync stage has run, and where it failed.
    notes
        What a user of the map should know, in sentences.
    """

    document: TimeMapDocument | None
    time_map: TimeMap | None
    notes: tuple[str, ...]

    def standard_error_ms(self, tracker_s: float) -> float:
        """Give the standard error of the map at a tracker time, ms; NaN if unknown."""
        if self.time_map is None:
            return _NAN
        return float(self.time_map.standard_error_ms(self.time_map.phone_s(tracker_s)))

    @property
    def drift_ppm(self) -> float:
        """Drift of the tracker against the phone over all segments, ppm; NaN without a map."""
        if self.time_map is None:
            return _NAN
        length_s = [line.phone_end_s - line.phone_start_s for line in self.time_map.lines]
        drift = [line.drift_ppm for line in self.time_map.lines]
        return float(np.average(drift, weights=length_s if sum(length_s) > 0 else None))


def read_session_clock(derived: Path) -> SessionClock:
    """Read the time map in a session's folder of results.

    Raises
    ------
    InputError
        If there is a ``time_map.json`` that can't be read.
    """
    path = derived / TIME_MAP_NAME
    if not path.exists():
        note = "The clocks are not aligned yet: run `dashgaze sync`, then this stage again."
        return SessionClock(document=None, time_map=None, notes=(note,))
    try:
        if not path.is_file():  # to open a pipe is to wait without end
            raise ValueError("it is not a file")
        document = TimeMapDocument.model_validate_json(path.read_bytes())
        lines = [_to_line(segment) for segment in document.segments]
        time_map = TimeMap(lines) if lines and document.verdict != "failed" else None
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} is not a time map: {_reason(error)}.",
            fix="Make it again with `dashgaze sync --force`.",
            path=path,
        ) from error
    reasons = " ".join(document.reasons)
    notes: tuple[str, ...] = ()
    if time_map is None:
        notes = (f"The clocks could not be aligned, so nothing of the phone is here. {reasons}",)
    elif document.verdict == "doubtful":
        notes = (f"The alignment of the clocks is doubtful. {reasons}",)
    return SessionClock(document=document, time_map=time_map, notes=tuple(n.strip() for n in notes))


def _reason(error: OSError | ValueError) -> str:
    """Say in one line why a file can't be used."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return f"{place}: {first['msg']}" if place else first["msg"]
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _to_line(segment: Segment) -> ClockLine:
    return ClockLine(
        phone_start_s=segment.phone_start_s,
        phone_end_s=segment.phone_end_s,
        offset_s=segment.offset_s,
        drift_ppm=segment.drift_ppm,
        offset_se_ms=_NAN if segment.offset_se_ms is None else segment.offset_se_ms,
        drift_se_ppm=_NAN if segment.drift_se_ppm is None else segment.drift_se_ppm,
    )
