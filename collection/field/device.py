"""The shape of a recording device in the field, real or made up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from .check import Check

Role = Literal["tracker", "phone"]


@dataclass(frozen=True, kw_only=True)
class DrivePlan:
    """What a drive is planned to be, as far as devices have to know.

    Attributes
    ----------
    session_id
        Name of the session.
    minutes
        How long it will take at the most, min.
    """

    session_id: str
    minutes: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Started:
    """That a recording runs.

    Attributes
    ----------
    recording_id
        The device's own name for it; empty if it has none.
    host_ns
        Unix time on this computer when it was known to run, ns.
    device_ns
        Unix time on the device's clock, ns; None if it does not tell.
    """

    recording_id: str
    host_ns: int
    device_ns: int | None = None


@dataclass(frozen=True, kw_only=True)
class Health:
    """How a device is at a moment; None for what is not known.

    Attributes
    ----------
    host_ns
        When, Unix time on this computer, ns.
    reachable
        Whether it answered.
    recording
        Whether it says that it records.
    growing
        Whether its files, or the data it sends, grew since the last time: the only proof of recording.
    recorded_s, recorded_bytes
        Length and size of the recording so far.
    battery_percent, temperature_c
        Of the device.
    storage_minutes
        For how long there is space.
    rates_hz
        Rate of each stream over the last seconds, by its name (``gaze``, ``scene``, ``road``, ``driver``).
    gaze_valid_share
        Share of the last ten seconds' gaze samples that were taken with the glasses worn.
    sound_dbfs
        Level of the sound, dB of full scale.
    location_fix, speed_m_s
        Whether the position is known, and the speed.
    note
        What a user should know, in a sentence.
    """

    host_ns: int
    reachable: bool
    recording: bool | None = None
    growing: bool | None = None
    recorded_s: float | None = None
    recorded_bytes: int | None = None
    battery_percent: float | None = None
    temperature_c: float | None = None
    storage_minutes: float | None = None
    rates_hz: Mapping[str, float] = field(default_factory=dict)
    gaze_valid_share: float | None = None
    sound_dbfs: float | None = None
    location_fix: bool | None = None
    speed_m_s: float | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ClockOffset:
    """How a device's clock stands to this computer's: ``device = host + offset``.

    Attributes
    ----------
    host_ns
        When it was measured, ns.
    offset_ms, uncertainty_ms
        The offset, and how far the true one may be from it: half of what several round trips leave open.
    """

    host_ns: int
    offset_ms: float
    uncertainty_ms: float


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file of the recording on the device.

    Attributes
    ----------
    name
        Path on the device, or from the root of its recording.
    target
        Path in the session folder that it belongs to, with forward slashes.
    size_bytes
        Its size; None if the device does not tell.
    """

    name: str
    target: str
    size_bytes: int | None = None


@runtime_checkable
class FieldDevice(Protocol):
    """A device that records on its own once started: losing the connection never stops it.

    Every call ends within its own timeout. What goes wrong is a
    `DeviceError`; its ``unknown`` says that the device may have done what it was asked for.
    """

    name: str
    role: Role

    async def connect(self) -> None:
        """Find the device and learn what it is."""

    async def check(self, plan: DrivePlan) -> list[Check]:
        """Look at everything that could spoil the drive."""

    async def clock_offset(self) -> ClockOffset | None:
        """Measure its clock; None if it can't be."""

    async def start(self, plan: DrivePlan) -> Started:
        """Start recording, and see that it does. One that runs already is taken over, not started again."""

    async def health(self) -> Health:
        """Look at it during the drive; never raises, says what is not known."""

    async def mark(self, name: str, host_ns: int) -> None:
        """Send an event; a device that takes none ignores it."""

    async def stop(self) -> None:
        """Stop and save. One that has stopped already is fine."""

    async def files(self) -> list[RemoteFile]:
        """List the recording's files; empty if they can't be fetched this way."""

    async def close(self) -> None:
        """Let go of it; a recording goes on."""
