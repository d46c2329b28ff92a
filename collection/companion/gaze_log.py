"""The gaze safety log: every sample on this computer's disk within about a second.

If the phone is lost, breaks or forgets, gaze of the drive is still there.
"""

import asyncio
import contextlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from dashgaze.errors import OutputError
from dashgaze.files import sync_folder, write_text

from .gaze_log_format import (
    FORMAT,
    RECORD,
    RECORD_BYTES,
    GazeLogSamples,
    pack_record,
    read_gaze_log,
)
from .gaze_stream import GazeSample

__all__ = ["GazeLog", "GazeLogSamples", "read_gaze_log"]

SYNC_S = 1.0
"""How often samples are written and synced: what a crash of this computer can cost."""
SIDECAR_S = 10.0
GAP_NS = 100_000_000
"""A longer pause between two samples' device times is noted as a gap."""

_MOST_NOTES = 2000
_LARGEST_BACKLOG_BYTES = 64 * 1024 * 1024  # nearly three hours at 200 Hz, should the disk be full


class GazeLog:
    """Appends gaze samples to ``gaze.bin``, and what there is to say about them to ``gaze.json``.

    A log that is there already, of a computer that died, is continued.

    Parameters
    ----------
    folder
        The session's folder ``field``; it is made.
    device
        What the samples come from, for the reader of the file: name, serial and so on.

    Raises
    ------
    OutputError
        If the file can't be opened.
    """

    def __init__(self, folder: Path, *, device: dict[str, str | None] | None = None) -> None:
        self.path = folder / "gaze.bin"
        self.sidecar = folder / "gaze.json"
        self._device = dict(device or {})
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._descriptor: int | None = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            size = os.fstat(self._descriptor).st_size
            self._size = size - size % RECORD_BYTES
            os.ftruncate(self._descriptor, self._size)
            os.lseek(self._descriptor, self._size, os.SEEK_SET)
            sync_folder(folder)  # a power cut must not take its name
        except OSError as error:
            raise OutputError(
                f"{self.path} can't be written: {error.strerror or error}.",
                fix="Check that the session folder is writable and has space left.",
                path=self.path,
            ) from error
        before = self._before()
        self.connections_before = max(
            (entry["connection"] for entry in before["connections"]), default=0
        )
        self._connections: list[dict[str, Any]] = before["connections"]
        self._gaps: list[dict[str, Any]] = before["gaps"]
        self._gap_count: int = before["gap_count"]
        self._lost_before: int = before["lost"]
        self._lost = 0
        self._lost_at_last = 0
        self._count = self._size // RECORD_BYTES
        self._last: GazeSample | None = None
        # Where an earlier run ended: until the first sample of this one, nobody listened.
        self._ended_device_ns: int | None = before["last_device_ns"]
        self._pending = bytearray()
        self._appending = threading.Lock()
        self._dropped = 0
        self.trouble = ""

    @property
    def count(self) -> int:
        """How many samples it has taken, those before a crash included."""
        return self._count

    @property
    def byte_count(self) -> int:
        """How much of it is safe on disk."""
        return self._size

    def add(self, sample: GazeSample) -> None:
        """Take a sample; it is on disk when `sync` has run."""
        if len(self._pending) >= _LARGEST_BACKLOG_BYTES:
            self._dropped += 1
            return
        last = self._last
        before_ns = self._ended_device_ns if last is None else last.device_ns
        if before_ns is not None and sample.device_ns - before_ns > GAP_NS:
            self._note_gap(before_ns, sample)
        self._pending += pack_record(sample)
        self._count += 1
        self._lost_at_last = self._lost
        self._last = sample

    def lost(self, count: int) -> None:
        """Take note that the network lost samples."""
        self._lost += count

    def connection_began(self, connection: int, url: str) -> None:
        """Take note of a new connection to the device."""
        if len(self._connections) < _MOST_NOTES:
            self._connections.append(
                {"connection": connection, "url": url, "begin_host_ns": time.time_ns()}
            )

    def connection_ended(self, connection: int, why: str) -> None:
        """Take note that it ended."""
        if self._connections and self._connections[-1]["connection"] == connection:
            self._connections[-1] |= {"end_host_ns": time.time_ns(), "why": why}

    async def run(self) -> None:
        """Write and sync every second; ends only by being cancelled, and loses nothing then."""
        sidecar_s = 0.0
        try:
            while True:
                await self.sync()
                if time.monotonic() - sidecar_s > SIDECAR_S:
                    await self._write_sidecar()
                    sidecar_s = time.monotonic()
                await asyncio.sleep(SYNC_S)
        finally:
            self._append()

    async def sync(self) -> None:
        """Write what has come and wait until it is on disk. A full disk is told in ``trouble``.

        In a thread: a slow disk must not keep packets waiting, nor their host times.
        """
        if self._pending:
            await asyncio.to_thread(self._append)

    async def close(self) -> None:
        """Write all that is left, and the sidecar."""
        if self._descriptor is None:
            return
        await self.sync()
        await self._write_sidecar()
        descriptor, self._descriptor = self._descriptor, None
        os.close(descriptor)

    def summary(self) -> dict[str, Any]:
        """Give what the sidecar says."""
        return {
            "format": FORMAT,
            "record_bytes": RECORD_BYTES,
            "record": {name: RECORD[name].str for name in RECORD.names or ()},
            "device": self._device,
            "samples": self._count,
            "samples_lost_in_network": self._lost_before + self._lost,
            "samples_lost_to_full_disk": self._dropped,
            "reconnections": max(0, len(self._connections) - 1),
            "connections": self._connections,
            "gap_count": self._gap_count,
            "gaps": self._gaps,
            "trouble": self.trouble,
        }

    def _append(self) -> None:
        """Append what has come to the file; what does not fit leaves no part of it behind."""
        with self._appending:
            chunk = bytes(self._pending)
            if self._descriptor is None or not chunk:
                return
            try:
                written = 0
                while written < len(chunk):
                    written += os.write(self._descriptor, chunk[written:])
                os.fsync(self._descriptor)
            except OSError as error:
                self.trouble = (
                    f"gaze is not being saved on this computer: {error.strerror or error}"
                )
                with contextlib.suppress(OSError):
                    os.ftruncate(self._descriptor, self._size)
                    os.lseek(self._descriptor, self._size, os.SEEK_SET)
                return
            self._size += len(chunk)
            del self._pending[: len(chunk)]
            self.trouble = ""

    async def _write_sidecar(self) -> None:
        text = json.dumps(self.summary(), indent=1) + "\n"
        try:
            await asyncio.to_thread(write_text, self.sidecar, text)
        except OutputError as error:
            self.trouble = str(error)

    def _note_gap(self, before_ns: int, sample: GazeSample) -> None:
        self._gap_count += 1
        lost = self._lost - self._lost_at_last
        reconnected = self._last is None or sample.connection != self._last.connection
        if self._last is None:
            cause = "no recorder at work"
        elif reconnected:
            cause = "connection lost"
        else:
            cause = "lost in the network" if lost else "not sent by the device"
        if len(self._gaps) < _MOST_NOTES:
            self._gaps.append(
                {
                    "begin_device_ns": before_ns,
                    "end_device_ns": sample.device_ns,
                    "cause": cause,
                    "lost_in_network": lost,
                    "reconnected": reconnected,
                }
            )

    def _before(self) -> dict[str, Any]:
        """Give what an earlier run noted; the records themselves if its sidecar is gone or older."""
        found: dict[str, Any] = {
            "connections": [],
            "gaps": [],
            "gap_count": 0,
            "lost": 0,
            "last_device_ns": None,
        }
        if self._size == 0:
            return found
        with contextlib.suppress(
            *(OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError)
        ):
            content = json.loads(self.sidecar.read_text(encoding="utf-8"))
            found |= {
                "connections": [
                    {**entry, "connection": int(entry["connection"])}
                    for entry in content["connections"]
                ],
                "gaps": [
                    {**entry, "begin_device_ns": int(entry["begin_device_ns"])}
                    for entry in content["gaps"]
                ],
                "gap_count": int(content["gap_count"]),
                "lost": int(content["samples_lost_in_network"]),
            }
        samples = read_gaze_log(self.path)
        numbers = samples.connection
        if len(samples):
            found["last_device_ns"] = int(samples.device_ns[-1])
            _add_gaps(found, samples)
        last = int(numbers.max()) if len(numbers) else 0
        if last > max((entry["connection"] for entry in found["connections"]), default=0):
            found["connections"].append({"connection": last, "why": "this computer stopped"})
        return found


def _add_gaps(found: dict[str, Any], samples: GazeLogSamples) -> None:
    """Add the gaps that a run which was killed had no time to note."""
    noted = {entry.get("begin_device_ns") for entry in found["gaps"]}
    for place in np.flatnonzero(np.diff(samples.device_ns) > GAP_NS):
        begin_ns, end_ns = (int(each) for each in samples.device_ns[place : place + 2])
        if begin_ns in noted or len(found["gaps"]) >= _MOST_NOTES:
            continue
        reconnected = bool(samples.connection[place] != samples.connection[place + 1])
        found["gap_count"] += 1
        found["gaps"].append(
            {
                "begin_device_ns": begin_ns,
                "end_device_ns": end_ns,
                "cause": "not noted: the recorder was killed",
                "lost_in_network": None,
                "reconnected": reconnected,
            }
        )
    found["gaps"].sort(key=lambda entry: entry.get("begin_device_ns", 0))
