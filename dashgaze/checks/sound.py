"""The sound of phone and eye tracker, decoded."""

from pathlib import Path

import numpy as np

from dashgaze.collection.eye_tracker import EyeTrackerRecording
from dashgaze.errors import MediaError, NoSoundError
from dashgaze.media import Sound, read_sound
from dashgaze.progress import Progress, part_of

from .phone import VideoLook
from .report import Findings

_RATE_HZ = 16_000
_CLIPPED_SHARE = 0.001
# Quieter than the own noise of any phone's microphone: another app had it.
_SILENT_RMS = 1e-5


def check_sound(
    road: VideoLook | None,
    recording: EyeTrackerRecording | None,
    findings: Findings,
    progress: Progress,
) -> None:
    """Decode the sound that the sync uses, and say what is wrong with it."""
    paths: list[tuple[str, Path]] = []
    if road is not None and road.info.audio is not None:
        paths.append(("road", road.path))
    if recording is not None:
        paths += [("world", part.path) for part in recording.world_parts if part.path is not None]
    for index, (name, path) in enumerate(paths):
        part = part_of(progress, index / len(paths), (index + 1) / len(paths))
        try:
            sound = read_sound(path, rate_hz=_RATE_HZ, progress=part)
        except NoSoundError:
            continue  # noted where the headers are looked at
        except MediaError as error:
            findings.add_error("SOUND-UNREADABLE", error, path=path)
            continue
        _note_faults(name, path, sound, findings)


def _note_faults(name: str, path: Path, sound: Sound, findings: Findings) -> None:
    if sound.clipped_share > _CLIPPED_SHARE:
        findings.add(
            "warning",
            "SOUND-CLIPPED",
            f"{sound.clipped_share:.1%} of the {name} video's sound is overdriven.",
            fix="Lower the microphone's gain, or keep it out of the wind.",
            path=path,
        )
    if sound.gaps_s:
        lost_s = sum(end_s - start_s for start_s, end_s in sound.gaps_s)
        count = "1 place" if len(sound.gaps_s) == 1 else f"{len(sound.gaps_s)} places"
        findings.add(
            "warning",
            "SOUND-GAPS",
            f"The {name} video lacks {lost_s:.2f} s of sound in {count}, first at "
            f"{sound.gaps_s[0][0]:.1f} s.",
            path=path,
        )
    if sound.truncated:
        findings.add(
            "warning",
            "SOUND-UNREADABLE",
            f"The {name} video's sound is damaged from {sound.end_s:.1f} s on.",
            fix="Copy the file again.",
            path=path,
        )
    if _rms(sound) < _SILENT_RMS:
        findings.add(
            "error",
            "SOUND-SILENT",
            f"The {name} video has a sound track, but it is silent.",
            fix="Close other apps that use the microphone; on Android only one at a time gets "
            "sound.",
            path=path,
        )


def _rms(sound: Sound) -> float:
    if not len(sound.samples):
        return 0.0
    return float(np.sqrt(np.mean(np.square(sound.samples, dtype=np.float64))))
