"""One session's row of the data set, but for its split and what of its pictures is packed."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dashgaze.dataset.consent import Release
from dashgaze.errors import InputError, ManifestError, RecordingError
from dashgaze.media import probe
from dashgaze.schemas.dataset_tables import DATASET_SESSION_TABLE, VIEWS
from dashgaze.schemas.session_table import SESSION_TABLE
from dashgaze.session import Session
from dashgaze.stages.align import ALIGN_RECORD_NAME, read_summary
from dashgaze.stages.frames import RECORD_NAME
from dashgaze.stages.session_clock import read_session_clock

from .column_values import flags, floats, integers

LATER_COLUMNS = (
    "split",
    "outward_pictures",
    "driver_pictures",
    *(f"{view}_video" for view in VIEWS),
)
"""What is decided when the data set is packed, and is not known here."""


def session_facts(
    session: Session,
    release: Release,
    frames: pa.Table,
    gaze: pa.Table | None,
    notes: list[str],
) -> dict[str, Any]:
    """Describe a session as `DATASET_SESSION_TABLE` wants it, without `LATER_COLUMNS`.

    Conditions are those of ``session.yaml`` as it is now; devices and clocks those of the record of
    the ``frames`` stage. Without a record they are taken from the tables and the recording, as far
    as these are at hand.

    Parameters
    ----------
    session
        The session.
    release
        What of it may be packed.
    frames
        After `DATASET_FRAME_TABLE`.
    gaze
        After `DATASET_GAZE_TABLE`; None if samples are unknown.
    notes
        Where it is added what a user should know of it.

    Raises
    ------
    ManifestError
        If ``session.yaml`` does not name the driver.
    InputError
        If the record, the time map or the road video is there and can't be read.
    """
    manifest = session.manifest
    if manifest.driver_id is None:
        raise ManifestError(
            f"{session.root / 'session.yaml'} does not name the driver, so that nobody's consent is "
            "known.",
            fix="Add the line `driver_id: D01` (a pseudonym).",
            path=session.root / "session.yaml",
        )
    recorded = _recorded(session.derived / RECORD_NAME)
    values = _measured(session, frames, gaze, notes) if recorded is None else recorded
    consent = manifest.consent
    values = values | {
        "session_id": manifest.session_id,
        "driver_id": manifest.driver_id,
        "car": manifest.car,
        "camera_position": manifest.camera_position,
        "weather": manifest.weather,
        "lighting": manifest.lighting,
        "eyewear": manifest.eyewear,
        "passengers": manifest.passengers,
        "consent_version": None if consent is None else consent.version,
        "consent_scope": release.scope,
        "phone_model": manifest.phone.model,
        "local_hour": _local_hour(manifest.recorded_at),
        **_road_size(session),
        **_driver_size(session),
        **_road_focal(session),
        **_shares(frames),
        **_counts(frames),
    }
    if gaze is not None:
        values["gaze_sample_count"] = gaze.num_rows
    return {
        name: values[name]
        for name in DATASET_SESSION_TABLE.column_names
        if name not in LATER_COLUMNS
    }


def _recorded(path: Path) -> dict[str, Any] | None:
    """Read the row that the ``frames`` stage left in its record; None if there is no record."""
    if not path.is_file():
        return None
    try:
        row = json.loads(path.read_text(encoding="utf-8"))["session"]
        return {name: row[name] for name in SESSION_TABLE.column_names}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"{path} does not describe the session as this version does ({error!r}).",
            fix="Make it again with `dashgaze frames --force`, then run `dashgaze align`.",
            path=path,
        ) from error


def _measured(
    session: Session, frames: pa.Table, gaze: pa.Table | None, notes: list[str]
) -> dict[str, Any]:
    """Say what is known of devices and clocks without a record; the rest is null."""
    kind, origin = session.manifest.eye_tracker.kind, "default"
    if session.eye_tracker_path.is_dir():
        try:
            recording = session.recording()
            kind, origin = recording.kind, recording.scene_camera.origin
        except RecordingError:
            notes.append("The recording of the eye tracker can't be read.")
    else:
        notes.append("There is no recording beside the tables: its camera is taken as typical.")
    times_ns, _ = integers(frames, "time_ns")
    clock = read_session_clock(session.derived)
    middle_s = float(times_ns[-1]) / 2e9
    return {
        "eye_tracker_kind": kind,
        "scene_camera_origin": origin,
        "gaze_sample_count": 0,
        "fixation_method": None,
        "blink_method": None,
        "sync_verdict": None if clock.document is None else clock.document.verdict,
        "sync_method": None if clock.document is None else clock.document.evidence.method,
        "sync_offset_se_ms": _or_none(clock.standard_error_ms(middle_s)),
        "sync_drift_ppm": _or_none(clock.drift_ppm),
    }


def _counts(frames: pa.Table) -> dict[str, Any]:
    times_ns, _ = integers(frames, "time_ns")
    return {
        "frame_count": frames.num_rows,
        "valid_frame_count": int(np.count_nonzero(flags(frames, "ego_frame_valid"))),
        "duration_s": int(times_ns[-1] - times_ns[0]) / 1e9,
    }


def _local_hour(recorded_at: str | None) -> int | None:
    return None if recorded_at is None else datetime.fromisoformat(recorded_at).hour


def _road_size(session: Session) -> dict[str, int | None]:
    """Give width and height of the road picture as players show it."""
    size = _shown_size(session.road_path)
    if size is None:
        # Sessions of tables only still say for which picture size the camera was calibrated.
        camera = session.manifest.phone.intrinsics
        return {
            "road_width_px": None if camera is None else camera.width_px,
            "road_height_px": None if camera is None else camera.height_px,
        }
    return {"road_width_px": size[0] or None, "road_height_px": size[1] or None}


def _driver_size(session: Session) -> dict[str, int | None]:
    """Give width and height of the driver picture as players show it."""
    path = session.driver_path
    width, height = (None if path is None else _shown_size(path)) or (None, None)
    return {"driver_width_px": width or None, "driver_height_px": height or None}


def _road_focal(session: Session) -> dict[str, float | str | None]:
    """Give the focal length of the road camera: of its calibration, or as `align` found it."""
    camera = session.manifest.phone.intrinsics
    if camera is not None:
        focal_px = (camera.matrix[0][0] + camera.matrix[1][1]) / 2
        return {"road_focal_px": focal_px, "road_focal_origin": "calibration"}
    if not (session.derived / ALIGN_RECORD_NAME).is_file():
        return {"road_focal_px": None, "road_focal_origin": None}
    found = read_summary(session.derived).get("road_focal_px")
    return {"road_focal_px": found, "road_focal_origin": None if found is None else "alignment"}


def _shown_size(path: Path) -> tuple[int, int] | None:
    """Give width and height of a video after its rotation; None if there is no video."""
    video = probe(path).video if path.is_file() else None
    if video is None:
        return None
    size = (video.width_px, video.height_px)
    return size[::-1] if video.rotation_deg in (90, 270) else size


def _shares(frames: pa.Table) -> dict[str, float | None]:
    valid = flags(frames, "ego_frame_valid")
    gaze, road = floats(frames, "gaze_ego_x_px"), floats(frames, "gaze_road_x_px")
    source = frames.column("homography_source")
    aligned = source.null_count < len(source)
    direct = np.array([name == "direct" for name in source.to_pylist()], dtype=np.bool_)
    error_px = floats(frames, "homography_error_px")
    known_px = error_px[np.isfinite(error_px)]
    return {
        "gaze_valid_share": _share(np.isfinite(gaze), valid),
        "gaze_road_share": _share(np.isfinite(road), valid) if aligned else None,
        "direct_share": _share(direct, valid) if aligned else None,
        "homography_error_median_px": float(np.median(known_px)) if len(known_px) else None,
    }


def _share(flag: NDArray[np.bool_], of: NDArray[np.bool_]) -> float | None:
    return float(np.mean(flag[of])) if of.any() else None


def _or_none(value: float) -> float | None:
    return value if np.isfinite(value) else None
