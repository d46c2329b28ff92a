"""From stop to the session's files."""

import asyncio
import time

from . import limits
from .finishing import PageResult, finish
from .manifest_entry import enter_in_manifest
from .server import PageServer


def owing(server: PageServer) -> list[str]:
    """Say what is still with the phones that are here; empty if nothing is."""
    drive = server.drive
    found = [f"{part.path.name} is not complete" for part in drive.unfinished()]
    busy = [view for view in drive.here() if view.beat.state in ("recording", "sending")]
    return found + [f"a page is still {view.beat.state}" for view in busy]


async def hand_over(server: PageServer, *, why: str) -> PageResult:
    """Stop the drive, wait for what the phones still hold, and make the session's files.

    The files are made of what has arrived, even if a phone is away; ``parts`` of the result say which
    are complete. Calling it again makes them anew.

    Raises
    ------
    OutputError
        If a file can't be written.
    """
    drive = server.drive
    if drive.state in ("waiting", "recording"):
        await drive.enter("stopping", why)
    end_s = time.monotonic() + limits.STOP_S
    while time.monotonic() < end_s:
        left = owing(server)
        # What a page that is away still holds is waited for as long as a page takes to come back.
        lost = any(not part.complete for part in server.parts)
        if not left and (not lost or _silent(server)):
            break
        await asyncio.sleep(0.1)
    result = await asyncio.to_thread(finish, server.folder.session, server.parts)
    result.notes += enter_in_manifest(server.folder.session, result)
    await drive.enter("finished", "the files are made")
    await _farewell(server)
    return result


def _silent(server: PageServer) -> bool:
    """Whether nothing has come for longer than a page takes to come back."""
    newest = max((part.last_s for part in server.parts), default=0.0)
    newest = max(newest, server.listening_since_s)
    return time.monotonic() - newest > limits.PAGE_GONE_S


async def _farewell(server: PageServer) -> None:
    """Give the pages time to learn that they may be closed."""
    end_s = time.monotonic() + limits.FAREWELL_S
    while time.monotonic() < end_s and any(view.told != "done" for view in server.drive.here()):
        await asyncio.sleep(0.1)
