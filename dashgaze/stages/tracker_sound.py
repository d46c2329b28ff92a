"""The eye tracker's sound on its own clock, over all parts of a recording."""

from dataclasses import replace

import numpy as np

from dashgaze.collection.eye_tracker import EyeTrackerRecording, WorldPart
from dashgaze.errors import NoSoundError
from dashgaze.media import Sound, join_sounds, read_sound
from dashgaze.progress import Progress, part_of, silent
from dashgaze.scratch import forget, zeros

_LEAST_STRETCH_S = 0.0005
_PIECE = 1 << 19


def read_tracker_sound(
    recording: EyeTrackerRecording, *, rate_hz: int, progress: Progress = silent
) -> tuple[Sound, tuple[str, ...]]:
    """Read the sound of all world videos on `t_tracker_s`.

    Parameters
    ----------
    recording
        The recording; sound lies in its world videos.
    rate_hz
        Sample rate of the result.
    progress
        Where to report to.

    Returns
    -------
    sound, notes
        Sound whose time zero is the first world frame's stamp, and what was left out or mended.

    Raises
    ------
    NoSoundError
        If no part has sound.
    """
    placed: list[tuple[Sound, float]] = []
    notes: list[str] = []
    parts = [part for part in recording.world_parts if part.path is not None]
    for index, part in enumerate(parts):
        if part.path is None or part.container_offset_ns is None:
            continue
        report = part_of(progress, index / len(parts), (index + 1) / len(parts))
        try:
            sound = read_sound(part.path, rate_hz=rate_hz, progress=report)
        except NoSoundError as error:
            notes.append(f"Part {part.number} is left out: {error.what}")
            continue
        zero_s = (part.container_offset_ns - recording.first_frame_ns) / 1e9
        placed.append((_on_device_clock(sound, part), zero_s))
    if not placed:
        raise NoSoundError(
            f"{recording.path} has no sound in its world video"
            + (f" ({' '.join(notes)})." if notes else "."),
            fix="Switch the microphone on in the tracker's app before the next drive. For this one, "
            "give the offset by hand: dashgaze sync SESSION --manual-offset SECONDS.",
            path=recording.path,
        )
    return join_sounds(placed), tuple(notes)


def _on_device_clock(sound: Sound, part: WorldPart) -> Sound:
    """Stretch a part's sound by how much the device's clock runs faster than the container's.

    The container's offset is a median over the part, so the stretch leaves its middle in place.
    """
    ppm = part.container_rate_ppm or 0.0
    if abs(ppm) * 1e-6 * sound.duration_s < _LEAST_STRETCH_S:
        return sound
    rate = 1 + ppm * 1e-6
    middle_s = sound.start_s + sound.duration_s / 2

    def moved(time_s: float) -> float:
        return middle_s + (time_s - middle_s) * rate

    count = int(len(sound.samples) * rate)
    start_s = moved(sound.start_s)
    samples = zeros(count, np.float32)
    for first in range(0, count, _PIECE):
        position = np.arange(first, min(first + _PIECE, count)) / rate
        whole = np.minimum(position.astype(np.int64), len(sound.samples) - 2)
        share = (position - whole).astype(np.float32)
        samples[first : first + _PIECE] = (
            sound.samples[whole] * (1 - share) + sound.samples[whole + 1] * share
        )
        forget(samples)
        forget(sound.samples)
    return replace(
        sound,
        samples=samples,
        start_s=start_s,
        gaps_s=tuple((moved(a), moved(b)) for a, b in sound.gaps_s),
    )
