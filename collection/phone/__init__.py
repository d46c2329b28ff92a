"""The windscreen phone with any camera app, controlled and verified over adb."""

from .adb import Adb, AttachedDevice, find_adb
from .adb_phone import AdbPhone
from .camera_hooks import CameraAppHooks
from .fake_phone import FakePhone
from .phone_checks import phone_checks
from .phone_state import PhoneState
from .recorded_files import CameraFiles

__all__ = [
    "Adb",
    "AdbPhone",
    "AttachedDevice",
    "CameraAppHooks",
    "CameraFiles",
    "FakePhone",
    "PhoneState",
    "find_adb",
    "phone_checks",
]
