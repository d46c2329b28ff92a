"""The whole simulated device: glasses, phone and app, on this computer's network."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from dashgaze.errors import MissingExtraError
from dashgaze.media import Sound

from ...eye_tracker import GazePart
from .clock import DeviceClock
from .companion_app import CompanionApp
from .faults import FaultSwitches, parse_fault
from .gaze_path import MadeGazePath
from .microphone import Microphone
from .options import DeviceOptions
from .recording import DeviceRecording
from .rtsp_server import RtspServer
from .sensors import GazeSensor, SceneCamera, Sensing

if TYPE_CHECKING:
    from .ports import DevicePorts

_HOUSEKEEPING_S = 0.1
_STATUS_TICKS = 10
_NETWORK_FAULTS = ("gone", "app_asleep", "no_websocket")
_USUAL = DeviceOptions()


class DeviceSimulator:
    """A Pupil Invisible or Neon Companion device that records without hardware.

    An asynchronous context manager; it listens within it. A recording that still runs at its end is saved.
    What is switched in `faults` acts at once, but for ports that shut and open, which take a moment: `switch`
    waits for that.

    Parameters
    ----------
    options
        What kind of device, and where.

    Attributes
    ----------
    clock
        The device's clock; `DeviceClock.offset_ms` is the truth about it.
    faults
        The switches.
    recordings
        Folders of the recordings saved so far.

    Examples
    --------
    ::

        async with DeviceSimulator(DeviceOptions(record_to=folder)) as device:
            print(device.address, device.port)
            device.faults.turn_on("packet_loss", 10)
            await asyncio.sleep(60)
    """

    def __init__(self, options: DeviceOptions = _USUAL) -> None:
        self.options = options
        self.clock = DeviceClock(
            offset_ms=options.clock_offset_ms, drift_ppm=options.clock_drift_ppm
        )
        self.faults = FaultSwitches()
        self.recordings: list[Path] = []
        self._path = options.gaze or MadeGazePath(options.size_px, seed=options.seed)
        self._microphone = Microphone(self.clock, options.sound, seed=options.seed)
        self._recording: DeviceRecording | None = None
        self._app = CompanionApp(
            options, self.clock, self.faults, begin=self._begin, finish=self._finish
        )
        self._rtsp = RtspServer(
            options,
            self.clock,
            self.faults,
            parameter_sets=lambda: self._camera.parameter_sets(),
            on_play=self._on_play,
        )
        sensing = Sensing(options, self.clock, self.faults, self._app, self._rtsp)
        self._gaze = GazeSensor(sensing, self._path)
        self._camera = SceneCamera(sensing, self._path)
        self._ports: DevicePorts | None = None
        self._stack = AsyncExitStack()
        self.faults.forewarn(self._before_fault)
        self.faults.watch(self._on_fault)
        for text in options.faults:
            self.faults.turn_on(*parse_fault(text))

    async def __aenter__(self) -> Self:
        """Switch it on.

        Raises
        ------
        MissingExtraError
            If aiohttp or zeroconf is not installed.
        InputError
            If a port can't be had.
        """
        _refuse_without_extra()
        from .ports import DevicePorts

        async with AsyncExitStack() as stack:
            self._ports = DevicePorts(self, self._app, self._rtsp)
            stack.push_async_callback(self._ports.close)
            await self._ports.open()
            stack.callback(self._save_running)
            await stack.enter_async_context(
                _running(
                    self._gaze.run(),
                    self._camera.run(),
                    self._rtsp.run_reports(),
                    self._keep_house(),
                    self._ports.run(),
                )
            )
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Switch it off."""
        await self._stack.aclose()

    @property
    def address(self) -> str:
        """Where it says that it is."""
        return self._app.address

    @property
    def port(self) -> int:
        """Port of HTTP and the status WebSocket."""
        return self._opened().http.port

    @property
    def rtsp_port(self) -> int:
        """Port of the RTSP server."""
        return self._opened().rtsp.port

    @property
    def time_echo_port(self) -> int:
        """Port of the time echo server."""
        return self._opened().echo.port

    @property
    def control_port(self) -> int:
        """Port of ``/simulator`` that answers even while the device is gone."""
        return self._opened().control.port

    @property
    def recording_id(self) -> str | None:
        """Id of the recording that runs; None if none does."""
        return None if self._recording is None else self._recording.recording_id

    async def switch(self, name: str, *, on: bool = True, value: float | str | None = None) -> None:
        """Switch a fault and wait until it shows.

        Parameters
        ----------
        name
            One of `FAULTS`.
        on
            Whether it is to be on.
        value
            How bad it is; its usual value if not given.

        Raises
        ------
        InputError
            If there is no such fault, or it can't have this value.
        """
        if on:
            self.faults.turn_on(name, value)
        else:
            self.faults.turn_off(name)
        await self._opened().apply()

    def hear(self, sound: Sound, host_ns: int, *, gain: float = 1.0) -> None:
        """Play a sound near the microphone; a recording that runs then has it in its sound track.

        Parameters
        ----------
        sound
            What is played; its first sample `start_s` after its time zero.
        host_ns
            When its time zero is heard: this computer's Unix time, ns; now, soon, or up to a second ago.
        gain
            Factor.

        Raises
        ------
        InputError
            If that time has been recorded already.
        """
        self._microphone.play(sound, host_ns, gain=gain)

    def gaze_truth(self) -> GazePart:
        """Give all gaze samples since it was switched on (at most half a million)."""
        return self._gaze.truth()

    def frame_truth(self) -> dict[int, int]:
        """Give the device time, ns, of each picture by the number that `read_frame_number` reads."""
        return self._camera.truth()

    def describe(self) -> dict[str, object]:
        """Tell how it is, for the control page."""
        return {
            "kind": self.options.kind,
            "address": self.address,
            "port": self.port,
            "rtsp_port": self.rtsp_port,
            "time_echo_port": self.time_echo_port,
            "control_port": self.control_port,
            "clock_offset_ms": self.clock.offset_ms(),
            "battery_percent": self._app.battery_percent(),
            "recording_id": self.recording_id,
            "recorded_s": None if self._recording is None else self._recording.duration_ns() / 1e9,
            "recordings": [str(path) for path in self.recordings],
        }

    def _opened(self) -> "DevicePorts":
        if self._ports is None:
            raise ValueError("a DeviceSimulator listens within its `async with` block only")
        return self._ports

    def _begin(self, recording_id: str) -> DeviceRecording:
        self._recording = DeviceRecording(
            recording_id, self.options, self.clock, self.faults, self._microphone
        )
        return self._recording

    def _finish(self, save: bool) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        if not save:
            recording.discard()
        elif (folder := recording.save()) is not None:
            self.recordings.append(folder)

    def _save_running(self) -> None:
        self._app.recording = None
        self._finish(True)

    def _on_play(self, camera: str) -> None:
        if camera == "world":
            self._camera.want_keyframe()

    def _before_fault(self, name: str) -> None:
        self._gaze.catch_up()
        if self._recording is not None:
            self._recording.advance()
        if name in ("unplugged", "no_scene_camera"):
            self._camera.drop_unfinished()

    def _on_fault(self, name: str, on: bool, value: float | str | None) -> None:
        if name == "clock_jump" and isinstance(value, float):
            self.clock.jump(value if on else -value)
            self._rtsp.report()
        elif name in ("unplugged", "no_scene_camera") and on and self._recording is not None:
            self._recording.end_parts(gaze=name == "unplugged")
        elif name in _NETWORK_FAULTS and self._ports is not None:
            self._ports.changed.set()

    async def _keep_house(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(_HOUSEKEEPING_S)
            if self._recording is not None:
                self._recording.advance()
            ticks += 1
            if ticks % _STATUS_TICKS == 0:
                self._app.tick()


@asynccontextmanager
async def _running(*coroutines: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines beside the block; one that failed is raised at its end."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


def _refuse_without_extra() -> None:
    try:
        import aiohttp  # noqa: F401
        import zeroconf  # noqa: F401
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"A device can't be simulated without {error.name}, which is not installed.",
            fix="pip install 'dashgaze[collect]'",
        ) from error
