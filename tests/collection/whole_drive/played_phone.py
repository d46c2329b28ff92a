"""The page on a phone, played: real video in pieces, each sent until the server says it has it."""

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiohttp
import av
import numpy as np

from dashgaze.collection.simulation.media_writer import FileOptions, write_video
from dashgaze.media import Sound

PIECE_S = 1.0
FRAME_S = 0.1
_BEAT_S = 0.4
_AGAIN_S = 0.3
_WAIT_S = 3.0
_CAMERA = {"live": True, "fps": 30.0, "width_px": 1280, "height_px": 720}
_GOOD = {
    "battery_percent": 80,
    "charging": True,
    "wake_lock": True,
    "sound_dbfs": -30.0,
    "location_fix": True,
    "speed_m_s": 0.1,
    "spool_limit_bytes": 4 << 30,
}
_LOST = (aiohttp.ClientError, OSError, TimeoutError)


def make_pieces(path: Path, seconds: float) -> list[bytes]:
    """Make a video as a browser records it, and cut it where each second's data begins."""
    samples = np.random.default_rng(3).normal(0, 0.05, round(48_000 * seconds))
    write_video(
        path,
        times_s=np.arange(0, seconds, FRAME_S),
        sound=Sound(samples=samples.astype(np.float32), rate_hz=48_000, start_s=0.0),
        options=FileOptions(live=True, key_interval=10),
    )
    cuts = [0]
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is None or packet.pos is None or packet.pos < 0:
                continue
            if float(packet.pts * packet.time_base) >= len(cuts) * PIECE_S and packet.is_keyframe:
                cuts.append(packet.pos)
    content = path.read_bytes()
    ends = [*cuts[1:], len(content)]
    return [content[start:end] for start, end in zip(cuts, ends, strict=True)]


@dataclass
class SentPart:
    """A part as the phone knows it."""

    key: str
    stream: str
    opening: dict
    pieces: list[bytes] = field(default_factory=list)
    began_ns: int = 0
    sent: int = 0
    ended: bool = False
    closed: bool = False
    done: bool = False


class PlayedPhone:
    """A phone whose two cameras are files. Losing the server stops nothing: it keeps and sends again.

    Parameters
    ----------
    port
        Of the server, which need not be there.
    session
        The session folder, for the token in the link.
    pieces
        Of the video, one a second.
    """

    def __init__(self, port: int, session: Path, pieces: list[bytes]) -> None:
        self.base = f"http://localhost:{port}"
        self.session_folder, self._pieces = session, pieces
        self.parts: list[SentPart] = []
        self.state = "ready"
        self.wish: str | None = None
        self.page = hashlib.md5(str(session).encode()).hexdigest()
        self.device = hashlib.md5(b"device" + str(session).encode()).hexdigest()
        self._tasks: list[asyncio.Task] = []
        self._clock: dict | None = None
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_WAIT_S))
        self._tasks.append(asyncio.create_task(self._beat()))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        results = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    @property
    def videos(self) -> list[SentPart]:
        return [part for part in self.parts if part.stream != "log"]

    def recorded_s(self, host_ns: int) -> float:
        """For how long the first part had been recorded at a time; 0 before."""
        return max(0.0, (host_ns - self.videos[0].began_ns) / 1e9) if self.videos else 0.0

    async def _post(self, path: str, **arguments) -> tuple[int, dict]:
        token = (self.session_folder / "field/page/token").read_text().strip()
        headers = {
            "Origin": self.base,
            "Authorization": f"Bearer {token}",
            "Sec-Fetch-Site": "same-origin",
        } | arguments.pop("headers", {})
        async with self._http.post(
            f"{self.base}/api/{path}", headers=headers, **arguments
        ) as reply:
            return reply.status, await reply.json()

    async def _beat(self) -> None:
        while True:
            try:
                await self._measure_clock()
                if self.wish is not None:
                    await self._post("wish", json={"page": self.page, "what": self.wish})
                    self.wish = None
                status, reply = await self._post("beat", json=self._report())
                if status == 200:
                    self._obey(reply["command"])
            except _LOST:
                pass
            await asyncio.sleep(_BEAT_S)

    async def _measure_clock(self) -> None:
        t0 = time.time_ns() / 1e6
        _, reply = await self._post("ping", json={"page": self.page, "t0_ms": t0})
        t3 = time.time_ns() / 1e6
        rtt = (t3 - t0) - (reply["t2_ms"] - reply["t1_ms"])
        offset = ((t0 - reply["t1_ms"]) + (t3 - reply["t2_ms"])) / 2
        self._clock = {"offset_ms": offset, "rtt_ms": max(0.0, rtt), "host_ms": t3}

    def _report(self) -> dict:
        told = {"page": self.page, "device": self.device, "role": "both", "state": self.state}
        return told | _GOOD | {"road": _CAMERA, "driver": _CAMERA, "clock": self._clock}

    def _obey(self, command: str) -> None:
        if command == "record" and self.state in ("ready", "done"):
            self.state = "recording"
            for stream in ("road", "driver", "log"):
                self._begin(stream)
        elif command in ("stop", "done") and self.state == "recording":
            self.state = "sending"
            for part in self.parts:
                part.ended = True
        elif self.state == "sending" and all(part.done for part in self.parts):
            self.state = "done"

    def _begin(self, stream: str) -> None:
        number = len(self.parts)
        key = hashlib.md5(f"{self.page} {number}".encode()).hexdigest()
        began_ns = time.time_ns()
        mime = "application/jsonl" if stream == "log" else "video/webm"
        opening = {
            "key": key,
            "page": self.page,
            "device": self.device,
            "stream": stream,
            "mime": mime,
            "start_ms": began_ns / 1e6,
        }
        part = SentPart(key, stream, opening, began_ns=began_ns)
        self.parts.append(part)
        self._tasks.append(asyncio.create_task(self._record(part)))
        self._tasks.append(asyncio.create_task(self._send(part)))

    async def _record(self, part: SentPart) -> None:
        """Give a piece each second, as a recorder does."""
        pieces = self._log_pieces(part) if part.stream == "log" else self._pieces
        for number, piece in enumerate(pieces, start=1):
            while time.time_ns() < part.began_ns + number * PIECE_S * 1e9:
                if part.ended:
                    part.pieces.append(piece)  # what the recorder gives when it is stopped
                    part.closed = True
                    return
                await asyncio.sleep(0.05)
            part.pieces.append(piece)
        raise AssertionError("the video is too short for this test")

    def _log_pieces(self, part: SentPart) -> list[bytes]:
        """Tell fixes and the capture times of the frames, for as long as there is video."""
        key = next(each.key for each in self.parts if each.stream == "road")
        found = []
        for number in range(len(self._pieces)):
            begin_ms = part.began_ns / 1e6 + number * 1000
            times = begin_ms + np.arange(0, 1000, FRAME_S * 1000)
            lines = [
                {"k": "fix", "t": begin_ms, "lat": 48.137, "lon": 11.575, "speed": 0.1},
                {"k": "frames", "key": key, "rows": [[each, 0, 0, each] for each in times]},
            ]
            found.append("".join(json.dumps(line) + "\n" for line in lines).encode())
        return found

    async def _send(self, part: SentPart) -> None:
        expected: int | None = None
        while not part.done:
            try:
                if expected is None:
                    status, reply = await self._post("part", json=part.opening)
                    expected = reply.get("next") if status == 200 else None
                elif expected < len(part.pieces):
                    content = part.pieces[expected]
                    status, reply = await self._post(
                        f"piece?key={part.key}&seq={expected}",
                        data=content,
                        headers={"X-Sha256": hashlib.sha256(content).hexdigest()},
                    )
                    expected = reply.get("next") if status == 200 else None
                    part.sent = max(part.sent, expected or 0)
                elif part.closed:
                    count = len(part.pieces)
                    end = {"key": part.key, "count": count, "reason": "stopped"}
                    status, reply = await self._post("end", json=end)
                    part.done = status == 200 and reply["complete"]
                    expected = None
                else:
                    await asyncio.sleep(0.05)
                    continue
                if expected is None and not part.done:
                    await asyncio.sleep(_AGAIN_S)
            except _LOST:
                expected = None
                await asyncio.sleep(_AGAIN_S)
