"""The way over a cable: a phone's own localhost leads to this computer's port."""

import asyncio
import os
import shutil
from contextlib import suppress

ADB_S = 8.0


async def reverse_port(port: int, *, serial: str | None = None) -> str | None:
    """Let a phone on a cable reach a port of this computer under its own localhost.

    Parameters
    ----------
    port
        The port, the same on both sides.
    serial
        Which phone; needed only if several are connected.

    Returns
    -------
    str or None
        None if it is done; otherwise why not, in a sentence.
    """
    program = shutil.which("adb")
    if program is None:
        return "adb is not installed here."
    which = [] if serial is None else ["-s", serial]
    try:
        process = await asyncio.create_subprocess_exec(
            *(program, *which, "reverse", f"tcp:{port}", f"tcp:{port}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=dict(os.environ),
        )
    except OSError as error:
        return f"adb can't be run: {error.strerror}."
    try:
        async with asyncio.timeout(ADB_S):
            _, told = await process.communicate()
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        return f"adb did not answer within {ADB_S:.0f} s."
    if process.returncode == 0:
        return None
    words = told.decode("utf-8", "replace").strip().splitlines()
    return f"adb says: {words[-1] if words else 'nothing'}."
