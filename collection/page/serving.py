"""Serving the page by itself, without the rest of a field session."""

import asyncio
from collections.abc import Callable

from .clocks import add_clocks
from .finishing import PageResult
from .handing_over import hand_over
from .server import PageServer

_LOOK_S = 0.2


async def serve(
    server: PageServer,
    *,
    told: Callable[[str], None],
    made: Callable[[PageResult], None],
    until: asyncio.Event,
) -> None:
    """Serve the page until told to end; make the session's files each time a drive is stopped.

    Parameters
    ----------
    server
        The server, listening.
    told
        Gets a sentence when something changes.
    made
        Gets what was made.
    until
        Set to end. The drive goes on: phones keep recording until this runs again.
    """
    last: tuple[object, ...] = ()
    complete = _complete(server)
    while not until.is_set():
        drive = server.drive
        late = drive.state == "finished" and _complete(server) > complete
        if drive.state == "stopping" or late:
            told("Stopped; taking what the phones still hold …" if not late else "More arrived.")
            result = await hand_over(server, why="stopped on the page")
            add_clocks(server.folder.session, result)
            made(result)
            complete = _complete(server)
        now = (drive.state, *sorted((v.beat.role, v.beat.state) for v in drive.here()))
        if now != last:
            last = now
            told(_sentence(server))
        try:
            async with asyncio.timeout(_LOOK_S):
                await until.wait()
        except TimeoutError:
            continue


def _complete(server: PageServer) -> int:
    return sum(part.complete for part in server.parts if part.stream != "log")


def _sentence(server: PageServer) -> str:
    pages = [f"{_films(v.beat.role)}: {v.beat.state}" for v in server.drive.here()]
    return f"{server.drive.state} · {'; '.join(pages) if pages else 'no page is open'}"


def _films(role: str) -> str:
    return "road and driver" if role == "both" else role
