"""The eye tracker in the field: Pupil Invisible and Neon over the real-time interface of their app."""

from .device import CompanionDevice
from .discovery import Address, FoundDevice, find_devices, find_one, parse_address
from .gaze_log import GazeLog, GazeLogSamples, read_gaze_log
from .glance import DeviceGlance, look_around

__all__ = [
    "Address",
    "CompanionDevice",
    "DeviceGlance",
    "FoundDevice",
    "GazeLog",
    "GazeLogSamples",
    "find_devices",
    "find_one",
    "look_around",
    "parse_address",
    "read_gaze_log",
]
