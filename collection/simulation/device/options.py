"""What kind of device is simulated."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError

from .gaze_path import GazePath

DeviceKind = Literal["pupil_invisible", "neon"]
GazePayload = Literal["gaze", "binocular", "eye_state", "eyelids"]

HeardSound = Callable[[int, int, int], NDArray[np.floating[Any]]]
"""What the microphone hears: given the device time of the first sample (Unix ns), how many samples, and
their rate (Hz), gives the samples, full scale ±1."""

Scene = Callable[[int], NDArray[np.uint8]]
"""What the scene camera sees at a device time (Unix ns): I420, shape (3 height / 2, width)."""

SCENE_SIZES_PX = {"pupil_invisible": (1088, 1080), "neon": (1600, 1200)}
_LARGEST_PORT = 65_535
_SIZE_STEP_PX = 8


@dataclass(frozen=True, kw_only=True)
class DeviceOptions:
    """What kind of device is simulated, and where it listens.

    Attributes
    ----------
    kind
        ``pupil_invisible`` or ``neon``.
    address
        Where to listen; only this computer can reach it by default.
    advertised_address
        What the device says its address is; if not given the one it listens on, or for 0.0.0.0 the one by
        which this computer reaches its network.
    port, rtsp_port, time_echo_port, control_port
        Ports to listen on; 0 takes a free one.
    announce
        Whether to announce itself over mDNS.
    phone_name, phone_id
        Of the Companion phone.
    record_to
        Folder in which recordings are saved; None records to nowhere.
    wearer_name
        Who wears the glasses.
    clock_offset_ms, clock_drift_ppm
        How the device's clock stands to this computer's at the start, and how it drifts.
    gaze_hz, gaze, gaze_payload
        Rate, true path (made up if not given) and form of gaze samples; only a Neon sends more than
        ``gaze``.
    scene_hz, scene_size_px, scene
        Rate, size (that of the device if not given) and content of the scene camera's pictures.
    gaze_lead_s, scene_lead_s, imu_lead_s
        How long after its start a recording has the first sample of each: sensors are slow to start.
    sound
        What the microphone hears besides its own noise and what `DeviceSimulator.hear` plays.
    battery_percent, battery_percent_per_hour
        Level at the start, and how fast it falls.
    storage_bytes
        Free space at the start.
    faults
        Faults that are on from the start, ``NAME`` or ``NAME=VALUE``.
    seed
        Of all that is random.
    """

    kind: DeviceKind = "pupil_invisible"
    address: str = "127.0.0.1"
    advertised_address: str | None = None
    port: int = 0
    rtsp_port: int = 0
    time_echo_port: int = 0
    control_port: int = 0
    announce: bool = False
    phone_name: str = "Simulated phone"
    phone_id: str = "00005a1d"
    record_to: Path | None = None
    wearer_name: str = "P00"
    clock_offset_ms: float = 0.0
    clock_drift_ppm: float = 0.0
    gaze_hz: float = 120.0
    gaze: GazePath | None = None
    gaze_payload: GazePayload = "gaze"
    scene_hz: float = 30.0
    scene_size_px: tuple[int, int] | None = None
    scene: Scene | None = None
    gaze_lead_s: float = 0.7
    scene_lead_s: float = 1.35
    imu_lead_s: float = 1.7
    sound: HeardSound | None = None
    battery_percent: float = 87.0
    battery_percent_per_hour: float = 30.0
    storage_bytes: int = 64_000_000_000
    faults: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for address in (self.address, self.advertised_address):
            if address is not None and not _is_ipv4(address):
                raise InputError(
                    f"{address!r} is no IPv4 address.",
                    fix="Use 127.0.0.1 for this computer only, 0.0.0.0 for everyone on the network.",
                )
        for name in ("port", "rtsp_port", "time_echo_port", "control_port"):
            if not 0 <= getattr(self, name) <= _LARGEST_PORT:
                raise InputError(f"{name} is {getattr(self, name)}; 0 to 65535 is expected.")
        for name in ("gaze_hz", "scene_hz"):
            if not 0 < getattr(self, name) <= 1000:
                raise InputError(f"{name} is {getattr(self, name)}; up to 1000 Hz can be sent.")
        if self.kind != "neon" and self.gaze_payload != "gaze":
            raise InputError(
                f"A Pupil Invisible sends no {self.gaze_payload} samples.", fix="Use kind='neon'."
            )
        if any(side < 64 or side % _SIZE_STEP_PX for side in self.size_px):
            raise InputError(
                f"Pictures of {self.size_px} px can't be made; multiples of {_SIZE_STEP_PX} are "
                "expected."
            )

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the scene camera's pictures."""
        return self.scene_size_px or SCENE_SIZES_PX[self.kind]


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True
