"""Drives in which something is killed at a given moment, and what became of them."""

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from whole_drive_commands import FORM, Command, free_port, journal_steps
from whole_drive_played_phone import PlayedPhone

from dashgaze.collection.companion import read_gaze_log
from dashgaze.collection.eye_tracker import open_recording
from dashgaze.collection.page.remux import read_part
from dashgaze.collection.record import (
    drive_status,
    read_events,
    read_journal,
    replay,
    send_stop,
)
from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator
from dashgaze.media import read_frame_times

STREAMS = ("road", "driver")
OFFSET_MS = 120.0
MOST_BACKLOG_S = 10.0
_UNDER_WAY = ("recording", "tracker_stopped", "stopped", "closed")


@dataclass
class Kill:
    """One row of the table.

    Attributes
    ----------
    victim, since, moment_s, phase
        What was killed, how long after which step, and how far the drive was.
    recorded_s
        How long the phone had recorded.
    lost_s
        What of it was not on the disk here at that moment, s, by stream; `gaze` is the safety log.
    lost_at_end_s
        What of it is missing when the drive is over.
    """

    victim: str
    moment_s: float
    phase: str = ""
    since: str = "recording"
    recorded_s: float = 0.0
    lost_s: dict[str, float] = field(default_factory=dict)
    lost_at_end_s: float = 0.0

    def line(self) -> str:
        lost = "  ".join(f"{name} {value:4.2f}" for name, value in sorted(self.lost_s.items()))
        return (
            f"{self.victim:<9} {self.moment_s:6.2f} s after {self.since:<15}  {self.phase:<15} {self.recorded_s:6.2f} s   "
            f"{self.lost_at_end_s:4.2f}   {lost}"
        )


TITLE = (
    "killed       moment                          phase            recorded "
    "  lost for good, s; not here yet at the kill, s"
)


async def until(true: Callable[[], bool], *, within_s: float = 30.0, what: str = "") -> None:
    end_s = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end_s, f"waited in vain: {what}"
        await asyncio.sleep(0.05)


def on_disk_s(session: Path, name: str) -> float:
    """Give how much of a part can be played from what is on the disk."""
    path = session / "field/page" / name
    content = read_part(path) if path.exists() and path.stat().st_size else None
    return 0.0 if content is None else content.end_s


def _look(kill: Kill, session: Path, phone: PlayedPhone, host_ns: int) -> None:
    """See what was on the disk when the kill came.

    What the phone had made and not yet been able to send, on a busy computer, is not lost: it keeps it.
    That is counted apart, and bounded too; `_look_at_end` sees that it comes.
    """
    kill.recorded_s = phone.recorded_s(host_ns)
    for part in phone.videos:
        ran_s = min((host_ns - part.began_ns) / 1e9, len(part.pieces) + 1.0)
        missing_s = max(0.0, ran_s - on_disk_s(session, f"{part.stream}_1.webm"))
        backlog_s = max(0.0, len(part.pieces) - part.sent - 1.0)
        assert backlog_s < MOST_BACKLOG_S, "the server takes nothing"
        kill.lost_s[part.stream] = max(0.0, missing_s - backlog_s)


def _look_at_end(kill: Kill, session: Path, phone: PlayedPhone) -> None:
    """See that all that the phone made is there, in order and once."""
    result = json.loads((session / "field/page/result.json").read_text())
    assert [part["complete"] for part in result["parts"]] == [True, True], result
    for part in phone.videos:
        assert part.done
        path = session / f"field/page/{part.stream}_1.webm"
        assert path.read_bytes() == b"".join(part.pieces)
        times_s = read_frame_times(session / f"phone/{part.stream}.webm").time_s
        assert np.diff(times_s).max() < 0.15, "no frame is missing"
        made_s = len(part.pieces) * 1.0
        kill.lost_at_end_s = max(kill.lost_at_end_s, made_s - float(times_s[-1]) - 0.1)


@contextlib.asynccontextmanager
async def _attended(command: Command) -> AsyncIterator[Command]:
    """Answer what a command asks while a block runs; the command is gone at its end."""
    answering = asyncio.create_task(command.answer())
    try:
        yield command
    finally:
        answering.cancel()
        await asyncio.gather(answering, return_exceptions=True)
        await command.kill()


class RecordedDrive:
    """A drive with the real commands, a made-up tracker and a played phone; the recorder is killed.

    Parameters
    ----------
    folder
        Where it lies.
    pieces
        The phone's video.
    """

    def __init__(self, folder: Path, pieces: list[bytes]) -> None:
        folder.mkdir(parents=True)
        self.session, self.exports = folder / "drives" / "s1", folder / "exports"
        self.form = folder / "form.yaml"
        self.form.write_text(FORM)
        self.pieces, self.port = pieces, free_port()

    async def run(
        self, moment_s: float, *, since: str = "ready", stop_after_s: float, live_s: float = 2.0
    ) -> Kill:
        """Record, kill the recorder a while after a step of its journal, take the drive up, end it."""
        kill = Kill("recorder", moment_s, since=since)
        options = DeviceOptions(
            record_to=self.exports, scene_size_px=(64, 64), scene_hz=10.0, clock_offset_ms=OFFSET_MS
        )
        async with (
            DeviceSimulator(options) as device,
            PlayedPhone(self.port, self.session, self.pieces) as phone,
        ):
            self.device = device
            await self._record_and_kill(kill, phone, stop_after_s)
            ran = device.recording_id
            # A laptop takes its time to come back; nothing stops meanwhile.
            await asyncio.sleep(1.0)
            assert device.recording_id == ran
            assert phone.state in ("ready", "recording", "sending", "done")
            await self._take_up(live_s)
            await until(lambda: all(part.done for part in phone.parts), what="the phone's rest")
            _look_at_end(kill, self.session, phone)
        self._look_at_tracker()
        return kill

    async def _record_and_kill(self, kill: Kill, phone: PlayedPhone, stop_after_s: float) -> None:
        async with _attended(await self._record()) as command:
            ask = asyncio.create_task(self._ask_to_stop(stop_after_s))
            pressing = asyncio.create_task(self._log_events(command))
            await until(lambda: self._reached(kill.since), within_s=150, what=kill.since)
            await asyncio.sleep(kill.moment_s)
            if not command.over:
                await command.kill()
            for task in (ask, pressing):
                task.cancel()
            await asyncio.gather(ask, pressing, return_exceptions=True)
        host_ns = command.killed_ns
        state = replay(read_journal(self.session))
        kill.phase = state.phase
        if host_ns is None:
            kill.phase += " (over)"
            return
        _look(kill, self.session, phone, host_ns)
        gaze = self.session / "field/gaze.bin"
        if gaze.exists() and state.tracker.activity in ("started", "running"):
            log = read_gaze_log(gaze)
            began_ns = state.tracker.started_ns
            last_ns = int(log.host_ns[-1]) if len(log) else began_ns
            kill.lost_s["gaze"] = (host_ns - max(last_ns, began_ns)) / 1e9
        told = sum("overtake logged" in line for line in command.lines)
        assert len(read_events(self.session)) >= told, "what the screen said is on the disk"

    async def _record(self) -> Command:
        return await Command.start(
            self.port,
            *("collect", "record", self.session, "--form", self.form, "--phone", "page"),
            *("--tracker", f"127.0.0.1:{self.device.port}", "--plain", "--silent"),
        )

    async def _ask_to_stop(self, after_s: float) -> None:
        await until(lambda: self._reached("ready"), within_s=90, what="ready")
        await asyncio.sleep(after_s)
        send_stop(self.session)

    async def _log_events(self, command: Command) -> None:
        while True:
            await asyncio.sleep(0.7)
            if "phone records" in command.text:
                command.press("o")

    async def _take_up(self, live_s: float) -> None:
        phase = drive_status(self.session).state.phase
        if phase == "closed":
            return
        arguments = ("collect", "resume", self.session, "--plain", "--silent")
        again = Command.start(self.port, *arguments) if phase != "new" else self._record()
        async with _attended(await again) as command:
            await until(
                lambda: command.over or self._state().phase in _UNDER_WAY,
                within_s=150.0,
                what=f"recording again:\n{command.text}",
            )
            await asyncio.sleep(live_s)
            if not command.over and not self._state().ending:
                send_stop(self.session)
            assert await command.ends() == 0, command.text
        assert self._state().phase == "closed"

    def _reached(self, step: str) -> bool:
        journal = self.session / "field/journal.jsonl"
        return journal.exists() and step in journal_steps(self.session)

    def _state(self):
        return replay(read_journal(self.session))

    def _look_at_tracker(self) -> None:
        """See that the tracker was started once, and recorded from then to its stop without a hole."""
        assert len(self.device.recordings) == 1, "one recording, one start"
        gaze = open_recording(self.device.recordings[0]).gaze
        assert np.diff(gaze.timestamp_ns).max() < 0.5e9
        steps = journal_steps(self.session)
        for role in ("phone", "tracker"):
            starts = steps.count(f"starting {role}") - steps.count(f"not_started {role}")
            assert starts <= 1 + steps.count(f"taken_over {role}"), steps


class ServedDrive:
    """A drive of `dashgaze collect serve` alone, started on the page; the server is killed."""

    def __init__(self, folder: Path, pieces: list[bytes]) -> None:
        self.session, self.pieces, self.port = folder / "s1", pieces, free_port()

    async def run(self, moment_s: float, *, then_s: float = 1.5) -> Kill:
        kill = Kill("server", moment_s)
        async with PlayedPhone(self.port, self.session, self.pieces) as phone:
            command = await self._serve()
            try:
                phone.wish = "start"
                await until(lambda: bool(phone.videos), what=command.text)
                await asyncio.sleep(moment_s)
            finally:
                await command.kill()
            kill.phase = "recording"
            _look(kill, self.session, phone, command.killed_ns)
            await asyncio.sleep(1.0)
            command = await self._serve()
            try:
                before = on_disk_s(self.session, "road_1.webm")
                await until(
                    lambda: on_disk_s(self.session, "road_1.webm") > before + 1.0,
                    what="the rest of the phone",
                )
                await asyncio.sleep(then_s)
                phone.wish = "stop"
                result = self.session / "field/page/result.json"
                await until(result.exists, what=f"the files\n{command.text}")
                _look_at_end(kill, self.session, phone)
                command.process.send_signal(signal.SIGINT)
                assert await command.ends(within_s=15) == 0, command.text
            finally:
                await command.kill()
            assert "Recorded." in command.text
        return kill

    async def _serve(self) -> Command:
        return await Command.start(
            self.port, "collect", "serve", self.session, "--port", self.port, "--no-open"
        )
