"""Lab mode: a road film with targets to look at.

`TargetServer` shows it in a browser and takes down what was shown when (it is in `target_server`, as
aiohttp comes with the extra ``collect``); `pack_targets` makes a table of it, `store_gaze_offset` compares
gaze with it.
"""

from .gaze_offset import DEGREES, GazeOffset, OffsetLimits, estimate_offset
from .known_targets import KNOWN_NAME, pack_targets
from .session_offset import OFFSET_NAME, store_gaze_offset
from .target_track import Target, make_targets, read_targets, write_targets

__all__ = [
    "DEGREES",
    "KNOWN_NAME",
    "OFFSET_NAME",
    "GazeOffset",
    "OffsetLimits",
    "Target",
    "estimate_offset",
    "make_targets",
    "pack_targets",
    "read_targets",
    "store_gaze_offset",
    "write_targets",
]
