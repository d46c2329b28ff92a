"""The windscreen phone as a place to copy from."""

import asyncio
import contextlib
import re
import shlex
from collections.abc import AsyncGenerator, Iterator

from dashgaze.errors import DeviceError

from ..field.device import RemoteFile
from ..phone import AdbPhone
from .remote_store import CHUNK_BYTES, PLUG_IN_AGAIN, FileState, vanished

STALL_TIMEOUT_S = 20.0
_END_TIMEOUT_S = 10.0


class AdbStore:
    """Files of a recording on a phone that is attached by USB.

    Parameters
    ----------
    phone
        Connected; it knows its recording (started, or taken over with `AdbPhone.adopt`).
    """

    def __init__(self, phone: AdbPhone) -> None:
        self.phone = phone
        self.label = f"the phone {phone.name}"

    async def list(self) -> list[RemoteFile]:
        """List the recording's files."""
        return await self.phone.files()

    async def state(self, file: RemoteFile) -> FileState:
        """Look at a file."""
        with _plugged_out():
            said = await self.phone.adb.shell(f"stat -c '%s %Y' {shlex.quote(file.name)} 2>&1")
        match = re.fullmatch(r"(\d+) (\d+)", said.strip())
        if match is None:
            raise vanished(file, self.label)
        return FileState(size_bytes=int(match[1]), modified_ns=int(match[2]) * 10**9)

    async def sha256(self, file: RemoteFile) -> str:
        """Let the phone compute it."""
        with _plugged_out():
            return await self.phone.sha256(file)

    async def read(self, file: RemoteFile, offset: int) -> AsyncGenerator[bytes, None]:
        """Give its bytes from an offset on."""
        # The phone's dd skips whole blocks only.
        skip, surplus = divmod(offset, CHUNK_BYTES)
        command = f"dd if={shlex.quote(file.name)} bs={CHUNK_BYTES} skip={skip} 2>/dev/null"
        with _plugged_out():
            async with self.phone.adb.reading(command) as process:
                if process.stdout is None:
                    return
                while chunk := await asyncio.wait_for(
                    process.stdout.read(CHUNK_BYTES), STALL_TIMEOUT_S
                ):
                    taken, surplus = chunk[surplus:], max(0, surplus - len(chunk))
                    if taken:
                        yield taken
                if await asyncio.wait_for(process.wait(), _END_TIMEOUT_S):
                    raise DeviceError(f"The connection to {self.label} broke off.")


@contextlib.contextmanager
def _plugged_out() -> Iterator[None]:
    """Say of every lost connection that the copy can be gone on with."""
    try:
        yield
    except TimeoutError:
        raise DeviceError(
            f"The phone sent nothing for {STALL_TIMEOUT_S:.0f} s.", fix=PLUG_IN_AGAIN
        ) from None
    except DeviceError as error:
        raise DeviceError(error.what, unknown=error.unknown, fix=PLUG_IN_AGAIN) from error
