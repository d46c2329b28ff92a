"""Copying a file off the phone, from where an earlier copy broke off."""

import asyncio
import os
import re
import shlex
from pathlib import Path

from dashgaze.errors import DeviceError, OutputError
from dashgaze.progress import Progress, silent

from .adb import Adb, fault, is_fault_of_adb

# The phone reads in blocks, and skips whole ones: a copy goes on at a multiple of this.
BLOCK_BYTES = 1 << 20
STALL_TIMEOUT_S = 20.0
_SLOWEST_HASH_BYTES_S = 20e6
_HASH_TIMEOUT_S = 30.0
_AGAIN = "Plug the phone in again and repeat: it goes on where it stopped."


async def size_of(adb: Adb, path: str) -> int:
    """Give a file's size on the phone.

    Raises
    ------
    DeviceError
        If it is not there.
    """
    said = (await adb.shell(f"stat -c %s {shlex.quote(path)} 2>&1")).strip()
    if not said.isdigit():
        raise DeviceError(
            f"The phone has no file {path}.", fix="It may have been renamed or moved: list again."
        )
    return int(said)


async def sha256_of(adb: Adb, path: str) -> str:
    """Let the phone compute a file's SHA-256.

    Raises
    ------
    DeviceError
        If it can't.
    """
    size_bytes = await size_of(adb, path)
    timeout_s = _HASH_TIMEOUT_S + size_bytes / _SLOWEST_HASH_BYTES_S
    said = await adb.shell(f"sha256sum {shlex.quote(path)} 2>&1", timeout_s=timeout_s)
    match = re.match(r"\\?([0-9a-f]{64})\s", said)
    if match is None:
        raise DeviceError(
            f"The phone gave no SHA-256 of {path}: {' '.join(said.split())[:200] or 'nothing'}.",
            fix="Compare two copies instead.",
        )
    return match[1]


async def pull(
    adb: Adb, path: str, local: Path, *, offset: int = 0, progress: Progress = silent
) -> int:
    """Copy a file off the phone.

    What is there of `local` up to `offset` (rounded down to a whole block) stays; the rest is written
    anew. If the copy breaks off, what arrived stays, so that its size is the next offset.

    Parameters
    ----------
    adb
        The phone.
    path
        The file on it.
    local
        Where to.
    offset
        How much of `local` is good already, bytes.
    progress
        Called with the share that is there.

    Returns
    -------
    size_bytes
        Of the whole file: that on the phone and that here.

    Raises
    ------
    DeviceError
        If the connection breaks off, stalls, or the file is not there.
    OutputError
        If it can't be written here.
    """
    total = await size_of(adb, path)
    try:
        local.parent.mkdir(parents=True, exist_ok=True)
        there = local.stat().st_size if local.exists() else 0
        start = max(0, min(offset, there, total)) // BLOCK_BYTES * BLOCK_BYTES
        with local.open("r+b" if there else "wb") as file:
            file.truncate(start)
            file.seek(start)
            async with adb.reading(
                f"dd if={shlex.quote(path)} bs={BLOCK_BYTES} skip={start // BLOCK_BYTES} 2>/dev/null"
            ) as process:
                done = start
                while chunk := await _next(process, path):
                    file.write(chunk)
                    done += len(chunk)
                    if done > total:
                        raise DeviceError(
                            f"{path} is longer than the {total} bytes that the phone told.",
                            fix="It is still being recorded: stop the recording first.",
                        )
                    progress(f"copying {local.name}", done / total)
                told = await _told(process)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(
            f"{local} can't be written: {error.strerror or error}.",
            fix="Check that the disk is there, writable, and has space left.",
            path=local,
        ) from error
    if done < total:
        if is_fault_of_adb(told):
            reason = fault(told).what
        else:
            reason = "The connection to the phone broke off."
        raise DeviceError(f"{reason} {done} of {total} bytes of {path} are copied.", fix=_AGAIN)
    progress(f"copying {local.name}", 1.0)
    return total


async def _next(process: asyncio.subprocess.Process, path: str) -> bytes:
    stream = process.stdout
    if stream is None:
        return b""
    try:
        return await asyncio.wait_for(stream.read(BLOCK_BYTES), STALL_TIMEOUT_S)
    except TimeoutError:
        raise DeviceError(
            f"The phone sent nothing of {path} for {STALL_TIMEOUT_S:.0f} s.", fix=_AGAIN
        ) from None


async def _told(process: asyncio.subprocess.Process) -> str:
    if process.stderr is None:
        return ""
    try:
        return (await asyncio.wait_for(process.stderr.read(), STALL_TIMEOUT_S)).decode(
            errors="replace"
        )
    except TimeoutError:
        return ""
