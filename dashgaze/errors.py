"""Every error dashgaze raises on purpose.

::

    DashgazeError
    ├── InputError            a file, folder or argument is not what it has to be
    │   ├── ManifestError     session.yaml
    │   ├── MediaError        a sound or video file
    │   │   └── NoSoundError  … that has no sound track, where one is needed
    │   └── RecordingError    an eye tracker recording
    ├── DeviceError           an eye tracker or phone refused, or did not answer
    ├── RemoteError           a file on a remote store can't be read or written (dashgaze.remote_file)
    │   └── RemoteChangedError  … was replaced meanwhile
    ├── OutputError           a result can't be written where it belongs
    ├── WorkerError           a process that helped was killed
    └── MissingExtraError     an optional package is not installed

Each message says what is, what was expected and what to do next. The command line prints it as one
paragraph and exits with code 1. Doubt is not an error: estimators return a verdict instead.
"""

from pathlib import Path


class DashgazeError(Exception):
    """Base of all errors that dashgaze raises on purpose.

    Parameters
    ----------
    what
        What was found, in one sentence that names the file, stream or argument.
    fix
        What to do next, as a sentence or a command to type; empty if nothing can be done.
    path
        The file or folder at fault, where there is one.
    """

    def __init__(self, what: str, *, fix: str = "", path: Path | None = None) -> None:
        super().__init__(what if not fix else f"{what} {fix}")
        self.what = what
        self.fix = fix
        self.path = path


class InputError(DashgazeError):
    """A file, folder or argument is not what it has to be."""


class ManifestError(InputError):
    """``session.yaml`` is missing, can't be read, or says something that it must not.

    ``problems`` lists every fault found, so that a user mends them in one go.
    """

    def __init__(
        self, what: str, *, problems: tuple[str, ...] = (), fix: str = "", path: Path | None = None
    ) -> None:
        super().__init__(what, fix=fix, path=path)
        self.problems = problems


class MediaError(InputError):
    """A sound or video file can't be opened, is not finished, or holds no usable stream."""


class NoSoundError(MediaError):
    """A file has no sound track, where sound is needed."""


class RecordingError(InputError):
    """An eye tracker recording is incomplete or contradicts itself beyond repair.

    ``stream`` names the stream at fault (``gaze``, ``world`` …), where it is one.
    """

    def __init__(
        self, what: str, *, stream: str = "", fix: str = "", path: Path | None = None
    ) -> None:
        super().__init__(what, fix=fix, path=path)
        self.stream = stream


class DeviceError(DashgazeError):
    """An eye tracker or phone refused what it was asked for, or did not answer in time.

    ``unknown`` says that it may have done it all the same: ask for its state before asking again.
    """

    def __init__(
        self, what: str, *, unknown: bool = False, fix: str = "", path: Path | None = None
    ) -> None:
        super().__init__(what, fix=fix, path=path)
        self.unknown = unknown


class OutputError(DashgazeError):
    """A result can't be written where it belongs (read-only folder, full disk, existing file)."""


class WorkerError(DashgazeError):
    """A process that did a part of the work was killed from outside, most often for want of memory."""


class MissingExtraError(DashgazeError):
    """A command needs an optional package that is not installed."""
