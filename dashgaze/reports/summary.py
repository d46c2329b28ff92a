"""The figures of a report, ready for JSON; missing is null."""

import math
from dataclasses import asdict
from typing import Any

from .density import Density
from .drive import Drive
from .verdict import Reason, verdict_of


def summarise(drive: Drive, reasons: tuple[Reason, ...], density: Density | None) -> dict[str, Any]:
    """Give verdict, reasons and all figures of a drive.

    ``verdict`` is null where something that decides has not been looked at: the reasons with the severity
    ``unknown`` say what.
    """
    manifest, document = drive.session.manifest, drive.time_map
    span = drive.span_s
    content = {
        "verdict": verdict_of(reasons),
        "reasons": [asdict(reason) for reason in reasons],
        "session": {
            "session_id": manifest.session_id,
            "driver_id": manifest.driver_id,
            "recorded_at": manifest.recorded_at,
            "duration_s": None if span is None else span[1] - span[0],
            "common_s": drive.common_s,
        },
        "sync": None
        if document is None
        else {
            "verdict": document.verdict,
            "reasons": list(document.reasons),
            "segments": [segment.model_dump(mode="json") for segment in document.segments],
            "evidence": document.evidence.model_dump(mode="json"),
            "correlation": None if drive.evidence is None else drive.evidence.to_json(),
        },
        "frames": None if drive.frames is None else drive.frames.to_json(),
        "gaze_samples": None if drive.samples is None else asdict(drive.samples),
        "align": drive.align,
        "gaze_density": None if density is None else density.to_json(),
        "pictures": [pair.to_json() for pair in drive.pictures],
        "streams": {stream.name: stream.to_json() for stream in drive.streams},
        "sounds": {name: health.to_json() for name, health in drive.sounds.items()},
        "exposures": {name: seen.to_json() for name, seen in drive.exposures.items()},
        "faces": drive.faces.to_json(),
        "events": [asdict(event) for event in drive.events],
        "stages": [state.to_json() for state in drive.stages],
    }
    finite: dict[str, Any] = _finite(content)
    return finite


def _finite(value: Any) -> Any:
    """Replace what JSON can't hold by null."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return value
