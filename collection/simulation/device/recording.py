"""A recording that the simulated device makes."""

import shutil
from array import array
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from dashgaze.errors import OutputError

from ...eye_tracker import Event, GazePart, ImuPart, typical_camera, write_native_invisible
from .clock import DeviceClock
from .faults import FaultSwitches
from .gaze_path import GazePoint
from .head_motion import head_motion
from .microphone import Microphone
from .neon_folder import write_native_neon
from .options import DeviceOptions
from .scene_encoder import CodedFrame
from .world_part import WorldPart

SOUND_LAG_NS = 1_500_000_000
"""How long after it was heard sound is written: what the host plays may be told a little late."""

_MS = 10**6
_IMU_STEP_NS = 4_940_000
_GAZE_BYTES, _IMU_BYTES = 17, 32
_WORLD_NAME = {"pupil_invisible": "PI world v1", "neon": "Neon Scene Camera v1"}


class GazeLog:
    """Gaze samples one after the other."""

    def __init__(self) -> None:
        self._stamps_ns, self._points, self._worn = array("q"), array("f"), bytearray()

    def __len__(self) -> int:
        return len(self._stamps_ns)

    def add(self, stamp_ns: int, point: GazePoint) -> None:
        """Keep a sample."""
        self._stamps_ns.append(stamp_ns)
        self._points.extend((point.x_px, point.y_px))
        self._worn.append(point.worn)

    def samples(self) -> GazePart:
        """Give all samples; points rounded to float32, as they are sent and stored."""
        return GazePart(
            timestamp_ns=np.array(self._stamps_ns, dtype=np.int64),
            points_px=np.array(self._points, dtype=np.float32).reshape(-1, 2),
            worn=np.frombuffer(bytes(self._worn), dtype=np.uint8).astype(np.bool_),
        )


class DeviceRecording:
    """Keeps what the sensors give until the recording is saved as a native folder.

    Videos are written while they come, beside the place of the folder; the rest stays in memory. A sensor
    that is plugged in again begins a new part.

    Parameters
    ----------
    recording_id
        A UUID.
    options, clock, faults, microphone
        The device.
    """

    def __init__(
        self,
        recording_id: str,
        options: DeviceOptions,
        clock: DeviceClock,
        faults: FaultSwitches,
        microphone: Microphone,
    ) -> None:
        self.recording_id = recording_id
        self._options, self._clock, self._faults = options, clock, faults
        self._microphone = microphone
        self._begin_ns = clock.steady_ns()
        # The app's own times have the resolution of a millisecond.
        exact_ns = clock.stamp_ns(self._begin_ns)
        self._start_ns = exact_ns // _MS * _MS
        self._lost_ns = exact_ns - self._start_ns
        self._events = [Event(name="recording.begin", timestamp_ns=self._start_ns)]
        self._gaze: list[GazeLog] = []
        self._gaze_open = False
        self._imu: list[tuple[list[int], list[int]]] = []
        self._imu_next_ns = self._begin_ns + _ns(options.imu_lead_s)
        self._world: list[WorldPart] = []
        self._world_open: WorldPart | None = None
        self._part_folder: Path | None = None
        if options.record_to is not None:
            self._part_folder = options.record_to / f".{recording_id}.recording"
            _make(self._part_folder)

    @property
    def keeps_pictures(self) -> bool:
        """Whether pictures are saved at all."""
        return self._part_folder is not None

    @property
    def byte_count(self) -> int:
        """About how much has been recorded."""
        return (
            sum(part.byte_count for part in self._world)
            + sum(len(part) for part in self._gaze) * _GAZE_BYTES
            + sum(len(steady) for steady, _ in self._imu) * _IMU_BYTES
        )

    def duration_ns(self) -> int:
        """Give its length so far."""
        return self._clock.steady_ns() - self._begin_ns

    def add_event(self, name: str, stamp_ns: int) -> None:
        """Keep an event, in the order in which they arrive."""
        self._events.append(Event(name=" ".join(name.splitlines()), timestamp_ns=stamp_ns))

    def add_gaze(self, steady_ns: int, stamp_ns: int, point: GazePoint) -> None:
        """Keep a gaze sample."""
        if steady_ns < self._begin_ns + _ns(self._options.gaze_lead_s):
            return
        if not self._gaze_open:
            self._gaze.append(GazeLog())
            self._gaze_open = True
        self._gaze[-1].add(stamp_ns, point)

    def wants_keyframe(self, steady_ns: int) -> bool:
        """Whether a part of the video begins with a picture of this time, which others can't start."""
        return (
            self._part_folder is not None
            and self._world_open is None
            and steady_ns >= self._begin_ns + _ns(self._options.scene_lead_s)
        )

    def add_frame(self, frame: CodedFrame) -> None:
        """Keep a picture of the scene camera."""
        if self._world_open is not None:
            self._world_open.add(frame)
        elif frame.keyframe and self.wants_keyframe(frame.steady_ns) and self._part_folder:
            number = len(self._world) + 1
            path = self._part_folder / f"{_WORLD_NAME[self._options.kind]} ps{number}.mp4"
            sound = None if self._faults.is_on("no_sound") else self._microphone
            self._world_open = WorldPart(path, frame, sound)
            self._world.append(self._world_open)

    def advance(self) -> None:
        """Take inertial samples up to now, and the sound up to a little before."""
        now_ns = self._clock.steady_ns()
        plugged = not self._faults.is_on("unplugged")
        while self._imu_next_ns <= now_ns:
            if plugged:
                if not self._imu:
                    self._imu.append(([], []))
                self._imu[-1][0].append(self._imu_next_ns)
                self._imu[-1][1].append(self._clock.stamp_ns(self._imu_next_ns))
            self._imu_next_ns += _IMU_STEP_NS
        if self._world_open is not None:
            self._world_open.listen_until(now_ns - SOUND_LAG_NS)

    def end_parts(self, *, gaze: bool) -> None:
        """End the part of the scene camera, and those of gaze and motion: they were unplugged."""
        self.advance()
        if self._world_open is not None:
            self._world_open.close(self._clock.steady_ns())
            self._world_open = None
        if gaze:
            self._gaze_open = False
            if self._imu and self._imu[-1][0]:
                self._imu.append(([], []))

    def discard(self) -> None:
        """End it and keep nothing."""
        self.end_parts(gaze=True)
        if self._part_folder is not None:
            shutil.rmtree(self._part_folder, ignore_errors=True)

    def save(self) -> Path | None:
        """End it and write the native folder; gives it, or None if recordings go nowhere.

        Raises
        ------
        OutputError
            If it can't be written.
        """
        # Rounded up: what came in the last millisecond came before the end.
        end_ns = self._start_ns + -(-(self.duration_ns() + self._lost_ns) // _MS) * _MS
        self.end_parts(gaze=True)
        if self._part_folder is None or self._options.record_to is None:
            return None
        name = datetime.fromtimestamp(self._start_ns // 10**9, tz=UTC).strftime("%Y-%m-%d_%H-%M-%S")
        folder = self._options.record_to / f"{name}-{self.recording_id[:8]}"
        unfinished = self._part_folder / "native"
        self._events.append(Event(name="recording.end", timestamp_ns=end_ns))
        write = (
            write_native_invisible if self._options.kind == "pupil_invisible" else write_native_neon
        )
        write(
            unfinished,
            start_time_ns=self._start_ns,
            duration_ns=end_ns - self._start_ns,
            recording_id=self.recording_id,
            world_times_ns=[part.stamps_ns for part in self._world],
            gaze=[part.samples() for part in self._gaze],
            imu=[self._imu_part(steady, stamps) for steady, stamps in self._imu if steady],
            events=self._events,
            camera=typical_camera(self._options.kind, "cam01"),
            info={"android_device_name": self._options.phone_name},
            wearer_name=self._options.wearer_name,
        )
        try:
            for part in self._world:
                part.path.rename(unfinished / part.path.name)
            unfinished.rename(folder)
            self._part_folder.rmdir()
        except OSError as error:
            raise OutputError(
                f"{folder} can't be written: {error.strerror or error}.",
                fix="Check that the place is writable and has space left.",
                path=folder,
            ) from error
        return folder

    def _imu_part(self, steady_ns: list[int], stamps_ns: list[int]) -> ImuPart:
        gyro_deg_s, accel_g = head_motion(
            np.array(steady_ns, dtype=np.int64), self._options.kind, seed=self._options.seed
        )
        return ImuPart(
            timestamp_ns=np.array(stamps_ns, dtype=np.int64),
            gyro_deg_s=gyro_deg_s,
            accel_g=accel_g,
        )


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise OutputError(
            f"{folder} can't be made: {error.strerror or error}.",
            fix="Record to a folder that can be written.",
            path=folder,
        ) from error
