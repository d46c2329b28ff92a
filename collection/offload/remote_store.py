"""Where recordings lie before they are brought home: a phone, a card, an exported folder."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from dashgaze.errors import DeviceError

from ..field.device import RemoteFile

CHUNK_BYTES = 1 << 20
"""How much is read at a time."""

PLUG_IN_AGAIN = "Plug it in again and repeat the command: it goes on where it stopped."


@dataclass(frozen=True, kw_only=True)
class FileState:
    """What changes when somebody writes to a file.

    Attributes
    ----------
    size_bytes
        Its size.
    modified_ns
        When it was last written to, on the device's clock; None if the device does not tell.
    """

    size_bytes: int
    modified_ns: int | None = None


class FileGoneError(DeviceError):
    """A file is not there any more, while the device is."""


class FileChangedError(DeviceError):
    """A file changed while it was copied: it is still being written."""


class RemoteStore(Protocol):
    """A place that recordings are read from, and never written to.

    Attributes
    ----------
    label
        What a user calls it.
    """

    label: str

    async def list(self) -> list[RemoteFile]:
        """List the files of the drive.

        Raises
        ------
        DeviceError
            If it is not there.
        """

    async def state(self, file: RemoteFile) -> FileState:
        """Look at a file.

        Raises
        ------
        FileGoneError
            If the file is not there.
        DeviceError
            If the device is not there.
        """

    async def sha256(self, file: RemoteFile) -> str:
        """Compute a file's SHA-256 from the device's own bytes, apart from any copy.

        Raises
        ------
        DeviceError
            If it can't.
        """

    def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        """Give a file's bytes from an offset on.

        Raises
        ------
        DeviceError
            If the device goes away meanwhile.
        """


def vanished(file: RemoteFile, label: str) -> FileGoneError:
    """Say that a file is not there."""
    return FileGoneError(
        f"{file.name} is not on {label} any more.",
        fix="Look whether it was renamed or moved, and repeat the command.",
    )
