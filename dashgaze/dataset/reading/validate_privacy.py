"""Whether a data set gives away what consent or the rules of the house keep in the lab."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dashgaze.dataset.consent import narrowest, release_under
from dashgaze.schemas.dataset_manifest import (
    DATASET_MANIFEST_NAME,
    DatasetManifest,
    DatasetSession,
)
from dashgaze.schemas.dataset_tables import VIEWS
from dashgaze.schemas.face_table import FACE_FIELDS
from dashgaze.schemas.image_table import PICTURES

from .validate_report import DatasetFindings

if TYPE_CHECKING:
    import pyarrow as pa

# Half a week: no drive is that long, and no clock on the wall shows so little since 1970.
_LONGEST_NS = 300_000 * 10**9
_EARLIEST_NS = -600 * 10**9
_GIVEAWAYS = (
    "latitude",
    "longitude",
    "gps",
    "gnss",
    "recorded_at",
    "timestamp",
    "wall_clock",
    "epoch",
    "utc",
    "date",
    "address",
    "email",
)
_DECIMALS = 3
# From what shows least of people to what shows most.
_OUTWARD = ("none", "anonymized", "as_recorded")
_DRIVER = ("none", "blurred", "raw")
_DRIVER_CROPS = ("face", "left_eye", "right_eye")
_NEVER = "Don't publish it. Pack the data set again with this version of dashgaze."


def check_consent(manifest: DatasetManifest, findings: DatasetFindings) -> None:
    """Check that what is packed of each session is what the driver's narrowest consent allows."""
    as_recorded = manifest.options.get("as_recorded") is True
    withdrawn = {each.driver_digest for each in manifest.withdrawn}
    for driver in sorted({session.driver_id for session in manifest.sessions}):
        if hashlib.sha256(driver.encode()).hexdigest()[:16] in withdrawn:
            findings.add(
                "DRIVER_WITHDRAWN",
                f"Driver {driver} withdrew, and has sessions in it.",
                file=DATASET_MANIFEST_NAME,
                fix=f"Don't publish it. Type `dashgaze withdraw {driver}` on the data set.",
            )
    scopes: dict[str, list[Any]] = {}
    for session in manifest.sessions:
        scopes.setdefault(session.driver_id, []).append(session.consent_scope)
    for driver, told in sorted(scopes.items()):
        if len(set(told)) > 1:
            findings.add(
                "CONSENT_DIFFERS",
                f"Sessions of driver {driver} say {' and '.join(sorted(set(told)))}; the narrowest holds "
                "for all of them.",
                file=DATASET_MANIFEST_NAME,
                fix=_NEVER,
            )
    for session in manifest.sessions:
        scope = narrowest(scopes[session.driver_id])
        allowed = release_under(scope, as_recorded=as_recorded)
        for view, packed, may, order in (
            ("outward", session.outward_pictures, allowed.outward, _OUTWARD),
            ("driver", session.driver_pictures, allowed.driver, _DRIVER),
        ):
            if order.index(packed) > order.index(may):
                findings.add(
                    "CONSENT_EXCEEDED",
                    f"{session.session_id}: {view} pictures are {packed.replace('_', ' ')}; consent "
                    f"({scope}) and options allow {may.replace('_', ' ')}.",
                    file=DATASET_MANIFEST_NAME,
                    fix=_NEVER,
                )
    for file in manifest.files:
        if file.path.endswith(".mp4") and file.session_id is not None:
            one = next((s for s in manifest.sessions if s.session_id == file.session_id), None)
            if one is not None and _state(one, file.path.rsplit("/", 1)[-1][:-4]) == "none":
                findings.add(
                    "CONSENT_EXCEEDED",
                    f"There is a video of {one.session_id}, whose pictures are said not to be in it.",
                    file=file.path,
                    fix=_NEVER,
                )


def check_columns(names: list[str], config: str, file: str, findings: DatasetFindings) -> None:
    """Check that no column by its name tells a place or the time of day."""
    for name in names:
        word = next((word for word in _GIVEAWAYS if word in name.split("_") or word == name), None)
        if word is None:
            word = next((w for w in _GIVEAWAYS if "_" in w and w in name), None)
        if word is not None and not (config == "location" and word in ("latitude", "longitude")):
            findings.add(
                "PRIVATE_COLUMN",
                f"Its column {name} tells what has to stay in the lab.",
                file=file,
                fix=_NEVER,
            )


def check_times(rows: pa.Table, file: str, findings: DatasetFindings) -> None:
    """Check that times count from the start of the drive."""
    import pyarrow.compute as pc

    for name in ("time_ns", "onset_ns", "offset_ns"):
        if name not in rows.column_names or not rows.num_rows:
            continue
        ends = pc.min_max(rows[name]).as_py()
        if ends["min"] is None:
            continue
        if ends["min"] < _EARLIEST_NS or ends["max"] > _LONGEST_NS:
            findings.add(
                "WALL_CLOCK",
                f"{name} goes from {ends['min']} to {ends['max']}: that is no time since the start of "
                "a drive but a clock on the wall.",
                file=file,
                fix=_NEVER,
            )


def check_face_numbers(
    session: DatasetSession, rows: pa.Table, file: str, findings: DatasetFindings
) -> None:
    """Check that a driver who agreed to gaze only has no numbers measured on the face."""
    if session.consent_scope != "gaze_only":
        return
    told = [
        field.name
        for field in FACE_FIELDS
        if field.name in rows.column_names and rows[field.name].null_count < rows.num_rows
    ]
    if told:
        findings.add(
            "CONSENT_EXCEEDED",
            f"{session.session_id} is of a driver who agreed to gaze only, and it has {told[0]}"
            + (f" and {len(told) - 1} more columns of the face." if len(told) > 1 else "."),
            file=file,
            fix=_NEVER,
        )


def forbidden_pictures(session: DatasetSession) -> tuple[str, ...]:
    """Name the columns of `images` that have to be null for a session."""
    if session.consent_scope == "gaze_only":
        return PICTURES
    kept: tuple[str, ...] = ()
    if session.outward_pictures == "none":
        kept += ("road_at_gaze", "road")
    if session.driver_pictures == "none":
        kept += ("driver",)
    return kept if session.driver_pictures == "raw" else (*kept, *_DRIVER_CROPS)


def check_location(
    manifest: DatasetManifest, rows: pa.Table, file: str, findings: DatasetFindings
) -> None:
    """Check that location was asked for, and is coarse."""
    if manifest.options.get("location") is not True:
        findings.add(
            "LOCATION_NOT_ASKED",
            "There is a track of the car, which the options of the data set don't ask for.",
            file=file,
            fix=_NEVER,
        )
    for name in ("latitude_deg", "longitude_deg"):
        if name in rows.column_names:
            values = rows[name].to_numpy()
            if (abs(values - values.round(_DECIMALS)) > 1e-9).any():
                findings.add(
                    "LOCATION_EXACT",
                    f"{name} has more than {_DECIMALS} decimals: it tells where the car was to the "
                    "metre.",
                    file=file,
                    fix=_NEVER,
                )


def check_session_row(
    session: DatasetSession, row: Mapping[str, Any], file: str, findings: DatasetFindings
) -> None:
    """Check that the sessions table and the manifest say the same of a session."""
    for name in ("driver_id", "split", "consent_scope", "outward_pictures", "driver_pictures"):
        if name in row and row[name] != getattr(session, name):
            findings.add(
                "SESSION_DIFFERS",
                f"{name} of {session.session_id} is {row[name]}; the manifest says "
                f"{getattr(session, name)}.",
                file=file,
                fix="Pack the data set again.",
            )
    for view in VIEWS:
        video = row.get(f"{view}_video")
        if video is None:
            continue
        path, content = video.get("path"), video.get("bytes")
        wanted = f"videos/{session.session_id}/{view}.mp4"
        if content is not None or path != wanted:
            findings.add(
                "VIDEO_PATH",
                f"{view}_video of {session.session_id} is {path!r}; {wanted!r} without bytes was "
                "expected.",
                file=file,
                fix="Pack the data set again.",
            )


def _state(session: DatasetSession, view: str) -> str:
    return session.driver_pictures if view == "driver" else session.outward_pictures
