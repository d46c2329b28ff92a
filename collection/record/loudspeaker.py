"""Playing the chirp, with whatever this computer has for it."""

import asyncio
import contextlib
import importlib
import shutil
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dashgaze.errors import DeviceError

_PROGRAMS = (("paplay",), ("aplay", "-q"), ("afplay",))
_START_AND_END_S = 5.0


class Loudspeaker(Protocol):
    """Something that plays a WAV file."""

    @property
    def name(self) -> str:
        """What it is called."""

    async def play(self, path: Path) -> None:
        """Play it to its end.

        Raises
        ------
        DeviceError
            If it can't be heard.
        """


@dataclass(frozen=True)
class PlayerProgram:
    """A program that is found on the computer.

    Parameters
    ----------
    command
        The program and its options; the file is added.
    """

    command: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the program."""
        return Path(self.command[0]).name

    async def play(self, path: Path) -> None:
        """Play a file."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self.command,
                str(path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            raise _silent(f"{self.name} can't be started: {error.strerror or error}.") from error
        try:
            code = await asyncio.wait_for(process.wait(), duration_s(path) + _START_AND_END_S)
        except TimeoutError as error:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise _silent(f"{self.name} does not come to an end.") from error
        if code != 0:
            raise _silent(f"{self.name} could not play it (code {code}).")


class SoundDevice:
    """The package sounddevice, which comes with the extra ``collect``."""

    name = "sounddevice"
    """What it is called."""

    async def play(self, path: Path) -> None:
        """Play a file."""
        import numpy as np

        sounddevice = importlib.import_module("sounddevice")
        with wave.open(str(path), "rb") as file:
            rate_hz = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        try:
            sounddevice.play(samples, rate_hz)
        except (sounddevice.PortAudioError, ValueError, OSError) as error:
            raise _silent(f"The sound card refused: {error}.") from error
        await asyncio.sleep(len(samples) / rate_hz + 0.3)
        sounddevice.stop()


def find_loudspeaker() -> Loudspeaker | None:
    """Find something that plays sound; None if there is nothing."""
    if _has_sound_card():
        return SoundDevice()
    for command in _PROGRAMS:
        program = shutil.which(command[0])
        if program is not None:
            return PlayerProgram((program, *command[1:]))
    return None


def _has_sound_card() -> bool:
    try:
        sounddevice = importlib.import_module("sounddevice")  # it has no type hints
    except (ImportError, OSError):  # OSError: PortAudio itself is not installed
        return False
    try:
        sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError):
        return False
    return True


def duration_s(path: Path) -> float:
    """Give the length of a WAV file, s."""
    with wave.open(str(path), "rb") as file:
        return file.getnframes() / file.getframerate()


def _silent(what: str) -> DeviceError:
    return DeviceError(what, fix="Clap three times instead, in view of both cameras.")
