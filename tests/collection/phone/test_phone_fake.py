"""The public fake behaves as a phone does, with failures to plan."""

import asyncio
import hashlib

import pytest

from dashgaze.collection.field.device import DrivePlan, FieldDevice
from dashgaze.collection.phone import FakePhone
from dashgaze.errors import DeviceError

PLAN = DrivePlan(session_id="s07", minutes=30)


class Clock:
    now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    return Clock()


def test_a_drive(clock, tmp_path):
    phone = FakePhone(clock=clock, contents={"phone/road.mp4": b"road" * 1000})

    async def drive():
        await phone.connect()
        started = await phone.start(PLAN)
        assert (await phone.start(PLAN)).recording_id == started.recording_id
        clock.now_s = 2.0
        assert (await phone.health()).growing
        await phone.mark("overtake", 5)
        await phone.stop()
        await phone.stop()
        clock.now_s = 9.0
        assert (await phone.health()).growing is False
        return await phone.files()

    driver, road = asyncio.run(drive())
    assert (phone.starts, phone.stops, phone.marks) == (1, 1, [("overtake", 5)])
    assert (road.target, road.size_bytes) == ("phone/road.mp4", 4000)
    assert driver.size_bytes == 5_000_000
    local = tmp_path / "d.mp4"
    phone.fail_next("pull", DeviceError("pulled out"))
    with pytest.raises(DeviceError, match="pulled out"):
        asyncio.run(phone.pull(driver, local))
    assert local.stat().st_size == 2_500_000
    asyncio.run(phone.pull(driver, local, offset=local.stat().st_size))
    sha256 = asyncio.run(phone.sha256(driver))
    assert hashlib.sha256(local.read_bytes()).hexdigest() == sha256


def test_parts_and_a_file_that_freezes(clock):
    phone = FakePhone(clock=clock)

    async def drive():
        await phone.start(PLAN)
        clock.now_s = 1.0
        phone.begin_part()
        clock.now_s = 2.0
        assert (await phone.health()).growing
        phone.freeze("phone/driver_2.mp4")
        clock.now_s = 3.0
        health = await phone.health()
        return health, [file.target for file in await phone.files()]

    health, targets = asyncio.run(drive())
    assert health.growing is False
    assert "phone/driver_2.mp4" in health.note
    assert targets == [
        "phone/driver_1.mp4",
        "phone/driver_2.mp4",
        "phone/road_1.mp4",
        "phone/road_2.mp4",
    ]


def test_a_start_that_leaves_doubt_has_started(clock):
    phone = FakePhone(clock=clock)
    phone.fail_next("start", DeviceError("no answer", unknown=True))
    phone.fail_next("start", DeviceError("refused"))
    with pytest.raises(DeviceError, match="no answer"):
        asyncio.run(phone.start(PLAN))
    assert phone.recording
    with pytest.raises(DeviceError, match="refused"):
        asyncio.run(phone.start(PLAN))
    asyncio.run(phone.start(PLAN))
    assert phone.starts == 1


def test_losing_it_stops_nothing(clock):
    phone = FakePhone(clock=clock)
    asyncio.run(phone.start(PLAN))
    phone.reachable = False
    health = asyncio.run(phone.health())
    assert (health.reachable, health.growing) == (False, None)
    assert [check.code for check in asyncio.run(phone.check(PLAN))] == ["phone.reachable"]
    with pytest.raises(DeviceError):
        asyncio.run(phone.stop())
    assert phone.recording


def test_its_state_is_judged_like_a_real_one():
    phone = FakePhone()
    levels = {check.code: check.level for check in asyncio.run(phone.check(PLAN))}
    assert levels.pop("phone.stabilisation") == "amber"
    assert set(levels.values()) == {"green"}
    phone.change(battery_percent=12.0, charging=False, thermal_status=None)
    levels = {check.code: check.level for check in asyncio.run(phone.check(PLAN))}
    assert (levels["phone.battery"], levels["phone.thermal"]) == ("red", "amber")
    assert isinstance(phone, FieldDevice)
