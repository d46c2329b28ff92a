"""Sound on the time line of an overlay."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import DashgazeError
from dashgaze.media import Sound, read_sound
from dashgaze.progress import Progress
from dashgaze.session import Session
from dashgaze.stages.tracker_sound import read_tracker_sound

from .clip import Missing
from .material import Material
from .options import SoundSource

SOUND_RATE_HZ = 32_000
"""Enough for speech and cars; an hour takes 0.46 GB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OutputSound:
    """A sound, and how the phone's clock maps to its own.

    Attributes
    ----------
    sound
        The sound.
    own_s
        Takes times on the phone's clock to times of the sound, s.
    """

    sound: Sound
    own_s: Callable[[NDArray[np.float64]], NDArray[np.float64]]

    def between(self, start_s: float, count: int) -> NDArray[np.float32]:
        """Give samples from a time of the phone's clock on; silence where nothing was recorded.

        Parameters
        ----------
        start_s
            Time of the first one.
        count
            How many, at the sound's rate.
        """
        rate_hz = self.sound.rate_hz
        # the map is a line over so short a time
        ends = self.own_s(np.array([start_s, start_s + count / rate_hz]))
        place = (
            np.linspace(ends[0], ends[1], count, endpoint=False) - self.sound.start_s
        ) * rate_hz
        first = np.floor(place).astype(np.int64)
        part = (place - first).astype(np.float32)
        samples = self.sound.samples
        inside = (first >= 0) & (first + 1 < len(samples))
        low = np.where(inside, first, 0)
        mixed = samples[low] * (1 - part) + samples[np.minimum(low + 1, len(samples) - 1)] * part
        return np.where(inside, mixed, np.float32(0)).astype(np.float32)


def read_output_sound(
    source: SoundSource, session: Session, material: Material, progress: Progress
) -> OutputSound | Missing | None:
    """Read what is to be heard; None if nothing is.

    Parameters
    ----------
    source
        Whose sound.
    session, material
        The drive.
    progress
        Where to report to.
    """
    if source == "none":
        return None
    try:
        if source == "phone":
            sound = read_sound(session.road_path, rate_hz=SOUND_RATE_HZ, progress=progress)
            return OutputSound(sound=sound, own_s=lambda phone_s: phone_s)
        if isinstance(material.time_map, Missing) or material.recording is None:
            reason = material.time_map if isinstance(material.time_map, Missing) else material.ego
            return Missing(f"The eye tracker's sound has no place in the video: {reason}")
        sound, _ = read_tracker_sound(material.recording, rate_hz=SOUND_RATE_HZ, progress=progress)
        return OutputSound(sound=sound, own_s=material.time_map.tracker_s)
    except DashgazeError as error:
        return Missing(f"There is no sound: {error.what}", error.fix)
