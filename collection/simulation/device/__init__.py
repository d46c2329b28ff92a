"""An eye tracker to train and test with, that needs no hardware.

It speaks the network interface of the Pupil Labs Companion app and makes native recordings. What is easier
than reality: pictures are drawn, eye videos and eye events are missing, and a Neon sends no IMU stream.
"""

from .clock import DeviceClock
from .faults import FAULTS, REFUSALS, Fault, FaultSwitches
from .gaze_path import GazePath, GazePoint, MadeGazePath
from .options import DeviceKind, DeviceOptions
from .scene_picture import read_frame_number
from .simulator import DeviceSimulator

__all__ = [
    "FAULTS",
    "REFUSALS",
    "DeviceClock",
    "DeviceKind",
    "DeviceOptions",
    "DeviceSimulator",
    "Fault",
    "FaultSwitches",
    "GazePath",
    "GazePoint",
    "MadeGazePath",
    "read_frame_number",
]
