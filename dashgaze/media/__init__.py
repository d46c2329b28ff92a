"""Sound and video files, read on the time line of their container.

Nothing here ever re-zeroes a stream: a time is a presentation time (pts × time base) as the
container has it, so that sound and pictures of one file stay where the recorder put them.
"""

from .container import AudioTrack, MediaInfo, VideoTrack, probe
from .frame_times import FrameTimes, read_frame_times
from .luma import LumaFrame, LumaGap, LumaReader
from .sound import Sound, join_sounds, read_sound

__all__ = [
    "AudioTrack",
    "FrameTimes",
    "LumaFrame",
    "LumaGap",
    "LumaReader",
    "MediaInfo",
    "Sound",
    "VideoTrack",
    "join_sounds",
    "probe",
    "read_frame_times",
    "read_sound",
]
