"""The JSON files of a native Pupil Invisible folder."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

# Versions of the app that wrote the recordings this format was learnt from.
_APP = {
    "android_device_id": "0000000000000000",
    "android_device_model": "OnePlus8T_EEA",
    "android_device_name": "OnePlus 8T",
    "app_version": "1.4.30-prod",
    "calib_version": 1,
    "data_format_version": "1.4",
    "gaze_offset": [0.0, 0.0],
    "glasses_serial_number": "00000",
    "os_version": "11",
    "pipeline_version": "1.10.0",
}
_TEMPLATE_VERSION = "2022-09-13T08:47:51.145927Z"


def invisible_info(
    *,
    start_time_ns: int,
    duration_ns: int,
    recording_id: str,
    camera_serial: str | None,
    changes: Mapping[str, Any],
) -> dict[str, Any]:
    """Give the content of ``info.json``.

    Ids that are not given are derived from `recording_id`, so that the same call writes the same
    bytes.

    Parameters
    ----------
    start_time_ns, duration_ns
        Device time at the start, and length.
    recording_id
        A UUID.
    camera_serial
        Serial number of the scene camera, if known.
    changes
        Keys to add or replace.
    """
    started = datetime.fromtimestamp(start_time_ns // 10**9, tz=UTC)
    content: dict[str, Any] = {
        **_APP,
        "duration": int(duration_ns),
        "recording_id": recording_id,
        "scene_camera_serial_number": camera_serial or "default",
        "start_time": int(start_time_ns),
        "template_data": {
            "data": {_derived(recording_id, "item"): [""]},
            "id": _derived(recording_id, "template"),
            "recording_name": started.strftime("%Y-%m-%d_%H:%M:%S"),
            "version": _TEMPLATE_VERSION,
        },
        "wearer_id": _derived(recording_id, "wearer"),
        "workspace_id": _derived(recording_id, "workspace"),
    }
    content.update(changes)
    return dict(sorted(content.items()))


def invisible_wearer(info: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give the content of ``wearer.json`` that belongs to an ``info.json``."""
    return {"uuid": info.get("wearer_id"), "name": name}


def invisible_template(info: Mapping[str, Any]) -> dict[str, Any]:
    """Give the content of ``template.json``, a form with one free text, for an ``info.json``."""
    data = info.get("template_data")
    data = data if isinstance(data, Mapping) else {}
    answers = data.get("data")
    return {
        "id": data.get("id"),
        "name": "Default",
        "description": None,
        "is_default_template": True,
        "recording_name_format": ["%Y-%m-%d_%H:%M:%S"],
        "created_at": _TEMPLATE_VERSION,
        "updated_at": _TEMPLATE_VERSION,
        "published_at": _TEMPLATE_VERSION,
        "archived_at": None,
        "items": [
            {
                "id": item,
                "title": "Notes",
                "widget_type": "PARAGRAPH",
                "input_type": "any",
                "required": False,
                "choices": None,
                "help_text": "",
            }
            for item in (answers if isinstance(answers, Mapping) else ())
        ],
    }


def _derived(recording_id: str, what: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{recording_id}/{what}"))
