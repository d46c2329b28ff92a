"""Eye tracker recordings: Pupil Invisible and Neon, native folders and Cloud exports."""

from .native_writer import GazePart, ImuPart, write_native_invisible
from .opening import open_recording
from .recognition import recognise
from .recording import (
    Event,
    EyeTrackerRecording,
    GazeSamples,
    ImuSamples,
    Intervals,
    Kind,
    RecordingNote,
    SceneCamera,
    Source,
    WorldFrames,
    WorldPart,
)
from .scene_camera import typical_camera

__all__ = [
    "Event",
    "EyeTrackerRecording",
    "GazePart",
    "GazeSamples",
    "ImuPart",
    "ImuSamples",
    "Intervals",
    "Kind",
    "RecordingNote",
    "SceneCamera",
    "Source",
    "WorldFrames",
    "WorldPart",
    "open_recording",
    "recognise",
    "typical_camera",
    "write_native_invisible",
]
