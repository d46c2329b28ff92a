"""The world video of a native folder: its parts and their stamps."""

from collections.abc import Sequence

import numpy as np

from dashgaze.errors import RecordingError

from .notes import NoteBook
from .parts import PartFiles, note_missing_numbers
from .recording import Kind
from .stamps import STAMP
from .untrusted import check_size, read_records
from .world_parts import PartSource

WORLD_PREFIX: dict[Kind, str] = {
    "pupil_invisible": "PI world v1",
    "neon": "Neon Scene Camera v1",
}
# A video of any length is welcome; it is never read whole.
_MAX_VIDEO_BYTES = 2**62
# In order of preference. On Neon .time is the hardware clock (.time_hw on the oldest devices) and
# .time_aux the moment of arrival, some 20 ms later.
_STAMP_EXTENSIONS = ("time", "time_hw", "time_aux")
_VIDEO_EXTENSIONS = ("mp4", "mjpeg")


def find_world_parts(files: PartFiles, kind: Kind, notes: NoteBook) -> Sequence[PartSource]:
    """List the parts of the world video with their stamps.

    Raises
    ------
    RecordingError
        If no part has any stamps.
    """
    prefix = WORLD_PREFIX[kind]
    numbers = files.numbers(prefix, _STAMP_EXTENSIONS + _VIDEO_EXTENSIONS)
    note_missing_numbers(prefix, numbers, notes)
    found = (_find_part(files, prefix, number, notes) for number in numbers)
    sources = [source for source in found if source is not None]
    if not sources:
        raise RecordingError(
            f"{files.folder} has no world video: there are no time stamps in '{prefix} ps*.time'.",
            stream="world",
            fix="Copy the whole recording again; check that the scene camera was attached.",
            path=files.folder,
        )
    return sources


def _find_part(files: PartFiles, prefix: str, number: int, notes: NoteBook) -> PartSource | None:
    videos = [
        files.files(prefix, extension)[number]
        for extension in _VIDEO_EXTENSIONS
        if number in files.files(prefix, extension)
    ]
    if len(videos) > 1:
        notes.add(
            "WORLD-PART-REFUSED",
            f"{prefix} ps{number} has both an .mp4 and an .mjpeg file, which is a fault of the "
            "copy; this part is left out.",
        )
        return None
    video = videos[0] if videos else None
    stamps = next(
        (
            files.files(prefix, extension)[number]
            for extension in _STAMP_EXTENSIONS
            if number in files.files(prefix, extension)
        ),
        None,
    )
    timestamp_ns = np.zeros(0, dtype=np.int64)
    if stamps is not None:
        timestamp_ns = read_records(stamps, STAMP, notes).astype(np.int64)
        if stamps.suffix != ".time":
            notes.add(
                "WORLD-STAMPS-SUBSTITUTE",
                f"{prefix} ps{number} has no .time file; {stamps.name} stands in for it.",
            )
    if len(timestamp_ns) == 0:
        if video is not None and check_size(video, _MAX_VIDEO_BYTES):
            notes.add(
                "WORLD-PART-REFUSED",
                f"{video.name} has no time stamps and can't be placed; it is left out.",
            )
        return None
    return PartSource(number=number, path=video, timestamp_ns=timestamp_ns)
