"""A recorder that was killed while it stopped the phone: the stop is gone through again."""

import asyncio
import time

import pytest
from whole_drive_commands import FORM, journal_steps
from whole_drive_observer import Observer

from dashgaze.collection.field.device import Health, Started
from dashgaze.collection.record import (
    DeviceOptions,
    RecorderOptions,
    begin_drive,
    read_form,
    run_drive,
)
from dashgaze.collection.record.drive_folder import DriveFolder
from dashgaze.collection.record.host_clock import HostClock
from dashgaze.collection.record.journal import Journal


class StoppingPhone:
    """A phone that has, or has not, heard of the stop; its files are made by `stop` alone."""

    name, role = "made-up phone", "phone"

    def __init__(self, *, records: bool) -> None:
        self.records = records
        self.starts = self.stops = 0

    async def connect(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def clock_offset(self) -> None:
        return None

    async def health(self) -> Health:
        return Health(
            host_ns=time.time_ns(), reachable=True, recording=self.records, growing=self.records
        )

    async def start(self, plan) -> Started:
        self.starts += 1
        return Started(recording_id="", host_ns=time.time_ns())

    async def stop(self) -> None:
        self.records = False
        self.stops += 1


@pytest.mark.parametrize("records", [True, False])
def test_a_phone_that_was_being_stopped_is_stopped_and_never_started(tmp_path, records):
    session = tmp_path / "drives" / "s1"
    (tmp_path / "form.yaml").write_text(FORM)
    begin_drive(session, read_form(tmp_path / "form.yaml"), DeviceOptions(tracker="none"))
    journal = Journal(DriveFolder(session), HostClock())
    for step in ("checked", "ready"):
        journal.write(step)
    for step in ("starting", "started", "growing"):
        journal.write(step, role="phone")
    journal.write("ending")
    journal.write("stopping", role="phone")
    phone = StoppingPhone(records=records)

    async def resume():
        options = RecorderOptions(title="s1", stop_only=True, go=True)
        make = {"make": lambda _observer: {"phone": phone}}
        return await run_drive(session, Observer(), options, resumed=True, **make)

    assert asyncio.run(resume()).end == "closed"
    assert phone.starts == 0, "a page would begin a second recording"
    assert phone.stops == 1
    assert journal_steps(session)[-3:] == ["stopping phone", "stopped phone", "closed"]
