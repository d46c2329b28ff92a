"""Recordings brought home, and proven to be whole.

`offload` copies, `verify` compares again later. Devices are only ever read.
"""

from .attached_phone import open_phone
from .copy_record import CopiedFile, CopyRecord, SecondCopy
from .drive_times import DeviceTimes, DriveTimes, read_drive_times
from .folder_store import FolderStore
from .offload import offload
from .remote_store import FileChangedError, FileGoneError, FileState, RemoteStore
from .result import OffloadResult
from .resumable_copy import CopyDiffersError, copy_file
from .tracker_choice import UnclearError
from .verify import CopyCheck, verify

__all__ = [
    "CopiedFile",
    "CopyCheck",
    "CopyDiffersError",
    "CopyRecord",
    "DeviceTimes",
    "DriveTimes",
    "FileChangedError",
    "FileGoneError",
    "FileState",
    "FolderStore",
    "OffloadResult",
    "RemoteStore",
    "SecondCopy",
    "UnclearError",
    "copy_file",
    "offload",
    "open_phone",
    "read_drive_times",
    "verify",
]
