from typing import Any

import pytest

from dashgaze.collection.companion.refusals import fix_for_refusal
from dashgaze.collection.companion.status import CompanionStatus, read_status

PHONE = {
    "model": "Phone",
    "data": {
        "battery_level": 39,
        "battery_state": "OK",
        "device_id": "1ee2",
        "device_name": "Companion",
        "ip": "10.0.0.5",
        "memory": 32_512_851_968,
        "memory_state": "OK",
        "time_echo_port": 12321,
    },
}


def sensor(name: str, *, conn_type: str = "DIRECT", **more: Any) -> dict[str, Any]:
    data = {
        "conn_type": conn_type,
        "connected": True,
        "ip": "10.0.0.5",
        "params": f"camera={name}",
        "port": 8086,
        "protocol": "rtsp",
        "sensor": name,
    }
    return {"model": "Sensor", "data": data | more}


def hardware(**data: str) -> dict[str, Any]:
    return {"model": "Hardware", "data": data}


def recording(action: str, message: str = "") -> dict[str, Any]:
    data = {"action": action, "id": "r1", "message": message, "rec_duration_ns": 2_500_000_000}
    return {"model": "Recording", "data": data}


def test_a_neon_is_read_as_it_answers() -> None:
    status = read_status(
        [
            sensor("world", conn_type="WEBSOCKET", port=8686),
            sensor("world"),
            sensor("gaze"),
            PHONE,
            hardware(
                glasses_serial="-1", module_serial="396621", version="2.0", world_camera_serial="-1"
            ),
        ]
    )
    assert status.kind == "Neon"
    assert status.glasses is not None
    assert (status.glasses.serial, status.glasses.scene_camera_serial) == ("396621", "")
    assert status.sensors["world"].url == "rtsp://10.0.0.5:8086/?camera=world"
    assert (status.phone.battery_percent, status.phone.time_echo_port) == (39, 12321)
    assert status.recording is None
    assert status.unreadable == ()


def test_a_pupil_invisible_is_told_by_its_version() -> None:
    status = read_status([PHONE, hardware(glasses_serial="mwbzd", version="1.0")])
    assert status.kind == "Pupil Invisible"
    assert status.glasses is not None
    assert status.glasses.serial == "mwbzd"


def test_no_sound_sensor_is_made_up() -> None:
    assert set(read_status([PHONE, sensor("world")]).sensors) == {"world"}


def test_an_app_that_tells_no_stream_error_has_none() -> None:
    assert read_status([sensor("gaze")]).sensors["gaze"].stream_error is None
    assert read_status([sensor("gaze", stream_error=True)]).sensors["gaze"].stream_error is True


@pytest.mark.parametrize(
    "broken",
    [
        {"model": "Recording", "data": {"action": "START"}},
        {"model": "Sensor", "data": {"connected": True}},
        {"model": "Phone"},
        {"model": "Hardware", "data": None},
        {"data": {}},
        None,
        "text",
    ],
)
def test_a_component_that_cannot_be_read_hides_no_other(broken: Any) -> None:
    status = read_status([broken, PHONE, sensor("gaze"), broken])
    assert status.phone.name == "Companion"
    assert "gaze" in status.sensors
    assert len(status.unreadable) == 1


def test_unknown_components_and_other_phones_are_passed_over() -> None:
    others = [
        {"model": "Weather", "data": {"sun": True}},
        {"model": "NetworkDevice", "data": {"ip": "10.0.0.9"}},
        {"model": "Event", "data": {"name": "x", "timestamp": 1, "recording_id": None}},
    ]
    assert read_status([*others, PHONE]) == read_status([PHONE])


def test_a_status_without_phone_is_one_that_does_not_know_its_battery() -> None:
    assert read_status([sensor("gaze")]).phone.battery_percent is None


def test_an_answer_without_any_component_is_no_status() -> None:
    with pytest.raises(ValueError, match="no component"):
        read_status([{"model": "Phone"}])


def test_a_recording_that_was_stopped_or_saved_does_not_run() -> None:
    status = CompanionStatus().with_component(recording("START"))
    assert status.recording is not None
    assert status.recording.length_s == 2.5
    for action in ("STOP", "SAVE", "DISCARD"):
        assert status.with_component(recording(action)).recording is None


def test_a_recording_with_an_error_runs_and_says_so() -> None:
    found = CompanionStatus().with_component(recording("ERROR", "Sensor failure")).recording
    assert found is not None
    assert found.trouble == "Sensor failure"


def test_a_sensor_that_comes_later_is_there() -> None:
    status = read_status([PHONE])
    assert status.connected("gaze") is None
    status = status.with_component(sensor("gaze"))
    assert status.connected("gaze") is not None
    assert status.with_component(sensor("gaze", connected=False)).connected("gaze") is None


@pytest.mark.parametrize(
    ("message", "word"),
    [
        ("Recording already running", "taken over"),
        ("Template has required fields", "template without required questions"),
        ("Low battery", "Charge"),
        ("Low storage", "Free space"),
        ("No wearer selected", "wearer"),
        ("No workspace selected", "workspace"),
        ("Setup bottom sheets not completed", "set-up sheets"),
        ("Something new", "phone's screen"),
    ],
)
def test_every_documented_refusal_has_its_own_fix(message: str, word: str) -> None:
    assert word in fix_for_refusal(message)
