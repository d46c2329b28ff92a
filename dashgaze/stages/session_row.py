"""One session's row of the sessions table."""

from typing import Any

import numpy as np

from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.schemas.manifest import SessionManifest
from dashgaze.schemas.session_table import SESSION_TABLE

from .eye_events import EyeEvents
from .session_clock import SessionClock


def session_row(
    manifest: SessionManifest,
    recording: EyeTrackerRecording,
    events: EyeEvents,
    clock: SessionClock,
) -> dict[str, Any]:
    """Describe a session as `SESSION_TABLE` wants it; values are ready for JSON, missing is None."""
    stamps_ns, valid = recording.world.timestamp_ns, recording.world.valid
    duration_s = int(stamps_ns[-1] - stamps_ns[0]) / 1e9
    consent, document = manifest.consent, clock.document
    values = {
        "session_id": manifest.session_id,
        "driver_id": manifest.driver_id,
        "recorded_at": manifest.recorded_at,
        "car": manifest.car,
        "camera_position": manifest.camera_position,
        "weather": manifest.weather,
        "lighting": manifest.lighting,
        "eyewear": manifest.eyewear,
        "passengers": manifest.passengers,
        "consent_version": None if consent is None else consent.version,
        "consent_scope": None if consent is None else consent.scope,
        "phone_model": manifest.phone.model,
        "eye_tracker_kind": recording.kind,
        "scene_camera_origin": recording.scene_camera.origin,
        "frame_count": len(stamps_ns),
        "valid_frame_count": int(np.count_nonzero(valid)),
        "duration_s": duration_s,
        "gaze_sample_count": len(recording.gaze.timestamp_ns),
        "fixation_method": events.fixations.method if len(events.fixations.id) else None,
        "blink_method": None if events.blinks is None else events.blinks.method,
        "sync_verdict": None if document is None else document.verdict,
        "sync_method": None if document is None else document.evidence.method,
        "sync_offset_se_ms": _or_none(clock.standard_error_ms(duration_s / 2)),
        "sync_drift_ppm": _or_none(clock.drift_ppm),
    }
    return {name: values[name] for name in SESSION_TABLE.column_names}


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
