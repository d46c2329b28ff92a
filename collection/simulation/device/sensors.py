"""The sensors of the glasses: gaze and scene camera, each at its own rate on the device's clock."""

import asyncio
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...eye_tracker import GazePart
from .clock import DeviceClock
from .companion_app import CompanionApp
from .faults import FaultSwitches
from .gaze_path import GazePath, GazePoint
from .gaze_payload import pack_gaze
from .options import DeviceOptions
from .recording import DeviceRecording, GazeLog
from .rtp import h264_payloads
from .rtp_sender import RtpSender
from .rtsp_server import RtspServer
from .scene_encoder import CodedFrame, SceneEncoder
from .scene_picture import ScenePicture

_KEPT_GAZE, _KEPT_FRAMES = 500_000, 100_000
_SHORTEST_WAIT_S = 0.001


@dataclass(frozen=True)
class Sensing:
    """What all sensors need to know."""

    options: DeviceOptions
    clock: DeviceClock
    faults: FaultSwitches
    app: CompanionApp
    rtsp: RtspServer

    @property
    def recording(self) -> DeviceRecording | None:
        """The recording that runs."""
        recording = self.app.recording
        return recording if isinstance(recording, DeviceRecording) else None


class GazeSensor:
    """Makes gaze samples, at even steps of steady time, and hands them to streams and recording."""

    def __init__(self, sensing: Sensing, path: GazePath) -> None:
        self._sensing, self._path = sensing, path
        self._truth = GazeLog()
        self._start_ns: int | None = None
        self._count = 0

    def truth(self) -> GazePart:
        """Give all samples since the device was switched on, up to half a million."""
        return self._truth.samples()

    async def run(self) -> None:
        """Make samples until cancelled; after a delay all that were missed are made up for."""
        self._start_ns, self._count = self._sensing.clock.steady_ns(), 0
        try:
            while True:
                await asyncio.sleep(max(_SHORTEST_WAIT_S, self.catch_up() / 1e9))
        finally:
            self._start_ns = None

    def catch_up(self) -> int:
        """Make all samples that are due; gives the time to the next one, ns. None are due while it does not run.

        Called too before anything is switched: what was due until then is sampled as things were then, however
        late the event loop is.
        """
        if self._start_ns is None:
            return 0
        sensing = self._sensing
        step_ns = 1e9 / sensing.options.gaze_hz
        now_ns = sensing.clock.steady_ns()
        while (at_ns := self._start_ns + round(self._count * step_ns)) <= now_ns:
            if sensing.app.plugged:
                self._sample(at_ns)
            self._count += 1
        return at_ns - now_ns

    def _sample(self, steady_ns: int) -> None:
        sensing = self._sensing
        stamp_ns = sensing.clock.stamp_ns(steady_ns)
        point = self._path(stamp_ns)
        if sensing.faults.is_on("not_worn"):
            point = point._replace(worn=False)
        if len(self._truth) < _KEPT_GAZE:
            self._truth.add(stamp_ns, point)
        if sensing.recording is not None:
            sensing.recording.add_gaze(steady_ns, stamp_ns, point)
        senders = sensing.rtsp.senders("gaze")
        if senders:
            payload = pack_gaze(GazePoint(*point), sensing.options.gaze_payload)
            for sender in senders:
                sender.send(payload, steady_ns)


class SceneCamera:
    """Makes pictures while someone wants them, and hands them to streams and recording."""

    def __init__(self, sensing: Sensing, path: GazePath) -> None:
        self._sensing = sensing
        options = sensing.options
        self._picture = ScenePicture(options.size_px, path)
        self._encoder = SceneEncoder(options.size_px, options.scene_hz)
        self._parameter_sets: tuple[bytes, bytes] | None = None
        self._frames: deque[tuple[int, int]] = deque(maxlen=_KEPT_FRAMES)
        self._started: set[RtpSender] = set()
        self._not_before_ns = sensing.clock.steady_ns()

    def parameter_sets(self) -> tuple[bytes, bytes]:
        """Give the H.264 parameter sets of its pictures."""
        if self._parameter_sets is None:
            self._parameter_sets = self._encoder.parameter_sets()
        return self._parameter_sets

    def truth(self) -> dict[int, int]:
        """Give the device time, ns, of each frame number, of the last frames up to 100 000."""
        return dict(self._frames)

    def drop_unfinished(self) -> None:
        """Give up the picture that is under way and those that are late: the camera comes or goes."""
        self._not_before_ns = self._sensing.clock.steady_ns()

    def want_keyframe(self) -> None:
        """Make the next picture one that decoding can start at."""
        self._encoder.want_keyframe()

    async def run(self) -> None:
        """Make pictures until cancelled; those that there is no time for are left out."""
        sensing = self._sensing
        step_ns, start_ns, count = 1e9 / sensing.options.scene_hz, sensing.clock.steady_ns(), 0
        while True:
            now_ns = sensing.clock.steady_ns()
            at_ns = start_ns + round(count * step_ns)
            if at_ns > now_ns:
                await asyncio.sleep(max(_SHORTEST_WAIT_S, (at_ns - now_ns) / 1e9))
                continue
            # A late picture is made late; of several missed ones only the newest is.
            count = max(count, int((now_ns - start_ns) / step_ns))
            at_ns = start_ns + round(count * step_ns)
            senders = sensing.rtsp.senders("world")
            kept = sensing.recording is not None and sensing.recording.keeps_pictures
            there = sensing.app.has_scene_camera and at_ns >= self._not_before_ns
            if there and (senders or kept):
                await self._take(count, at_ns)
            count += 1

    async def _take(self, number: int, steady_ns: int) -> None:
        sensing = self._sensing
        recording = sensing.recording
        if recording is not None and recording.wants_keyframe(steady_ns):
            self._encoder.want_keyframe()
        stamp_ns = sensing.clock.stamp_ns(steady_ns)
        # Coding takes 5 to 15 ms without the interpreter's lock; gaze and clock must not wait for it.
        frame = await asyncio.to_thread(self._code, number, steady_ns, stamp_ns)
        if not sensing.app.has_scene_camera or steady_ns < self._not_before_ns:
            return
        self._frames.append((number, stamp_ns))
        if sensing.recording is not None:
            sensing.recording.add_frame(frame)
        self._send(frame)

    def _send(self, frame: CodedFrame) -> None:
        senders = self._sensing.rtsp.senders("world")
        if frame.keyframe:
            self._started = set(senders)
        # What comes before a stream's first keyframe can't be decoded.
        ready = [sender for sender in senders if sender in self._started]
        if not ready:
            return
        payloads = [payload for unit in frame.nal_units() for payload in h264_payloads(unit)]
        for sender in ready:
            for number, payload in enumerate(payloads, start=1):
                sender.send(payload, frame.steady_ns, marker=number == len(payloads))

    def _code(self, number: int, steady_ns: int, stamp_ns: int) -> CodedFrame:
        return self._encoder.encode(
            self._draw(number, stamp_ns), number=number, steady_ns=steady_ns, stamp_ns=stamp_ns
        )

    def _draw(self, number: int, stamp_ns: int) -> NDArray[np.uint8]:
        scene = self._sensing.options.scene
        return self._picture.draw(number, stamp_ns) if scene is None else scene(stamp_ns)
