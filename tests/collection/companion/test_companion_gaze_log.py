import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dashgaze.collection.companion import GazeLog, read_gaze_log
from dashgaze.collection.companion.gaze_log_format import RECORD, RECORD_BYTES
from dashgaze.collection.companion.gaze_stream import GazeSample
from dashgaze.errors import InputError, OutputError

START_NS = 1_700_000_000_000_000_000


def sample(number: int, *, connection: int = 1, worn: bool = True) -> GazeSample:
    stamp_ns = START_NS + number * 5_000_000
    return GazeSample(
        stamp_ns, stamp_ns + 999, number + 0.25, -1.5, worn, number % 65_536, connection
    )


def write(folder: Path, numbers: range) -> None:
    async def fill() -> None:
        log = GazeLog(folder)
        for number in numbers:
            log.add(sample(number, worn=number % 2 == 0))
        await log.close()

    asyncio.run(fill())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path, range(1000))
    found = read_gaze_log(tmp_path / "gaze.bin")
    assert len(found) == 1000
    assert found.bad_records == 0
    numbers = np.arange(1000)
    np.testing.assert_array_equal(found.device_ns, START_NS + numbers * 5_000_000)
    np.testing.assert_array_equal(found.host_ns, found.device_ns + 999)
    np.testing.assert_array_equal(found.points_px[:, 0], numbers + 0.25)
    np.testing.assert_array_equal(found.points_px[:, 1], np.full(1000, -1.5))
    np.testing.assert_array_equal(found.worn, numbers % 2 == 0)
    np.testing.assert_array_equal(found.sequence, numbers)
    assert set(found.connection) == {1}


def test_the_file_is_little_endian_records_of_32_bytes(tmp_path: Path) -> None:
    write(tmp_path, range(3))
    raw = (tmp_path / "gaze.bin").read_bytes()
    assert RECORD_BYTES == 32
    assert len(raw) == 96
    assert int.from_bytes(raw[:8], "little") == START_NS
    assert all(sum(raw[start : start + 32]) % 256 == 0xA5 for start in (0, 32, 64))
    sidecar = json.loads((tmp_path / "gaze.json").read_text())
    assert np.dtype(list(sidecar["record"].items())) == RECORD


@pytest.mark.parametrize("kept", [1, 31, 32, 33, 3199])
def test_a_torn_last_record_is_left_out(tmp_path: Path, kept: int) -> None:
    write(tmp_path, range(100))
    path = tmp_path / "gaze.bin"
    os.truncate(path, kept)
    found = read_gaze_log(path)
    assert len(found) == kept // 32
    assert found.bad_records == (kept % 32 != 0)


def test_zeros_that_a_power_cut_left_are_no_samples(tmp_path: Path) -> None:
    write(tmp_path, range(100))
    path = tmp_path / "gaze.bin"
    os.truncate(path, 3200 + 4096)
    found = read_gaze_log(path)
    assert len(found) == 100
    assert found.bad_records == 128


def test_a_log_is_continued_after_its_torn_end(tmp_path: Path) -> None:
    write(tmp_path, range(100))
    os.truncate(tmp_path / "gaze.bin", 3190)
    (tmp_path / "gaze.json").unlink()
    log = GazeLog(tmp_path)
    assert log.connections_before == 1
    assert log.count == 99

    async def go_on() -> None:
        log.connection_began(2, "rtsp://there")
        log.add(sample(500, connection=2))
        await log.close()

    asyncio.run(go_on())
    found = read_gaze_log(tmp_path / "gaze.bin")
    np.testing.assert_array_equal(found.sequence, [*range(99), 500])
    np.testing.assert_array_equal(found.connection[-2:], [1, 2])
    sidecar = json.loads((tmp_path / "gaze.json").read_text())
    assert sidecar["samples"] == 100
    assert sidecar["reconnections"] == 1


def test_a_sidecar_that_makes_no_sense_is_none(tmp_path: Path) -> None:
    write(tmp_path, range(10))
    (tmp_path / "gaze.json").write_text('{"connections": [{"connection": "x"}]}')
    log = GazeLog(tmp_path)
    assert log.connections_before == 1
    asyncio.run(log.close())


def test_gaps_and_what_was_lost_are_noted(tmp_path: Path) -> None:
    async def fill() -> None:
        log = GazeLog(tmp_path)
        log.connection_began(1, "rtsp://there")
        for number in (0, 1, 2):
            log.add(sample(number))
        log.lost(97)
        log.add(sample(100))  # 490 ms later, the network lost some
        log.connection_ended(1, "silent")
        log.connection_began(2, "rtsp://there")
        log.add(sample(300, connection=2))  # the device sent none
        await log.close()

    asyncio.run(fill())
    sidecar = json.loads((tmp_path / "gaze.json").read_text())
    first, second = sidecar["gaps"]
    assert (first["cause"], second["cause"]) == ("lost in the network", "connection lost")
    assert first["begin_device_ns"] == START_NS + 10_000_000
    assert first["end_device_ns"] == START_NS + 500_000_000
    assert (first["lost_in_network"], first["reconnected"]) == (97, False)
    assert (second["lost_in_network"], second["reconnected"]) == (0, True)
    assert sidecar["samples_lost_in_network"] == 97
    assert [entry.get("why") for entry in sidecar["connections"]] == ["silent", None]


def test_time_without_a_recorder_is_a_gap_with_its_cause(tmp_path: Path) -> None:
    write(tmp_path, range(100))
    write(tmp_path, range(700, 800))
    sidecar = json.loads((tmp_path / "gaze.json").read_text())
    (gap,) = sidecar["gaps"]
    assert gap["cause"] == "no recorder at work"
    assert gap["begin_device_ns"] == sample(99).device_ns
    assert gap["end_device_ns"] == sample(700).device_ns
    # a run that was killed before it wrote its notes: the samples themselves tell
    (tmp_path / "gaze.json").unlink()
    write(tmp_path, range(800, 900))
    sidecar = json.loads((tmp_path / "gaze.json").read_text())
    (again,) = sidecar["gaps"]
    assert sidecar["gap_count"] == 1
    assert again["begin_device_ns"] == gap["begin_device_ns"]
    assert "killed" in again["cause"]


def test_a_full_disk_is_told_and_loses_nothing_once_there_is_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_write, full = os.write, True

    def write_a_little(descriptor: int, data: bytes) -> int:
        if not full:
            return real_write(descriptor, data)
        if len(data) < 320:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, data[:300])

    async def fill() -> None:
        nonlocal full
        log = GazeLog(tmp_path)
        monkeypatch.setattr(os, "write", write_a_little)
        for number in range(100):
            log.add(sample(number))
        await log.sync()
        assert log.trouble == "gaze is not being saved on this computer: No space left on device"
        assert log.path.stat().st_size == 0
        full = False
        log.add(sample(100))
        await log.sync()
        assert log.trouble == ""
        await log.close()

    asyncio.run(fill())
    found = read_gaze_log(tmp_path / "gaze.bin")
    np.testing.assert_array_equal(found.sequence, np.arange(101))
    assert found.bad_records == 0


def test_being_cancelled_while_it_writes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async def fill() -> None:
        log = GazeLog(tmp_path)
        for number in range(500):
            log.add(sample(number))
        task = asyncio.create_task(log.run())
        await asyncio.sleep(0)  # it is writing now, in its thread
        for number in range(500, 600):
            log.add(sample(number))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await log.close()

    asyncio.run(fill())
    np.testing.assert_array_equal(read_gaze_log(tmp_path / "gaze.bin").sequence, np.arange(600))


_WRITER = """
import asyncio, sys, time
from pathlib import Path
from dashgaze.collection.companion import GazeLog
from dashgaze.collection.companion.gaze_stream import GazeSample

async def main():
    log = GazeLog(Path(sys.argv[1]))
    task = asyncio.create_task(log.run())
    number = 0
    while True:
        await asyncio.sleep(0.005)
        log.add(GazeSample(time.time_ns(), time.time_ns(), 1.0, 2.0, True, number % 65536, 1))
        number += 1
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("after_s", [0.3, 2.2])
def test_a_killed_writer_costs_less_than_two_seconds(tmp_path: Path, after_s: float) -> None:
    command = [sys.executable, "-c", _WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(after_s)
        writer.send_signal(signal.SIGKILL)
        killed_ns = time.time_ns()
        added = 1 + len(writer.stdout.read().splitlines())
    found = read_gaze_log(tmp_path / "gaze.bin")
    np.testing.assert_array_equal(found.sequence, np.arange(len(found)))
    assert len(found) <= added
    if after_s > 2:
        assert killed_ns - int(found.host_ns[-1]) < 2 * 10**9
    # What is there goes on where it ended.
    log = GazeLog(tmp_path)
    assert log.count == len(found)
    asyncio.run(log.close())


def test_a_log_that_is_not_there_or_can_not_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't be read"):
        read_gaze_log(tmp_path / "gaze.bin")
    (tmp_path / "gaze.bin").mkdir()
    with pytest.raises(OutputError, match="can't be written"):
        GazeLog(tmp_path)
