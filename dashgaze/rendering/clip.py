"""A video that can be shown, in one or more files, and what to say of one that can't."""

from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import DashgazeError
from dashgaze.media import FrameTimes, read_frame_times
from dashgaze.media.colour import ColourReader
from dashgaze.progress import Progress, silent


@dataclass(frozen=True)
class Missing:
    """Something that can't be shown.

    Attributes
    ----------
    what
        Why, in a sentence.
    fix
        What to do about it; empty if nothing can be done.
    """

    what: str
    fix: str = ""

    def __str__(self) -> str:
        return f"{self.what} {self.fix}".strip()


@dataclass(frozen=True, kw_only=True)
class ClipFile:
    """One file of a clip."""

    path: Path
    times: FrameTimes


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A video.

    Attributes
    ----------
    files
        Its files, in order of time.
    size_px
        Width and height of its pictures as shown.
    """

    files: tuple[ClipFile, ...]
    size_px: tuple[int, int]

    @property
    def aspect(self) -> float:
        """Width / height."""
        return self.size_px[0] / self.size_px[1]


def open_clip(path: Path, progress: Progress = silent) -> Clip | Missing:
    """Find out whether a file can be shown."""
    try:
        times = read_frame_times(path, progress=progress)
        size_px = ColourReader(path, times).size_px
    except DashgazeError as error:
        return Missing(error.what, error.fix)
    return Clip(files=(ClipFile(path=path, times=times),), size_px=size_px)
