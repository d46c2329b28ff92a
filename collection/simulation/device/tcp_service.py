"""A TCP server that can be shut and opened again, and leaves nothing behind."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from dashgaze.errors import InputError

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_BROKEN = (ConnectionError, asyncio.IncompleteReadError, TimeoutError)


class TcpService:
    """Listens on one port and serves each connection with a coroutine.

    Parameters
    ----------
    handler
        Serves one connection; ends when it likes, or is cancelled when the service shuts.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    async def open(self, address: str, port: int) -> None:
        """Listen; on the same port as before if it listened before and `port` is 0.

        Raises
        ------
        InputError
            If the port can't be had.
        """
        if self._server is not None:
            return
        try:
            self._server = await asyncio.start_server(self._serve, address, port or self.port)
        except OSError as error:
            raise port_taken(address, port, error) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """Stop listening and cut all connections."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self._server is None:
            writer.close()
            return
        self._tasks.add(task)
        try:
            await self._handler(reader, writer)
        except _BROKEN:
            pass  # the client is gone: nothing to answer, nothing to mend
        except asyncio.CancelledError:
            pass  # shut: the task ends, and its connection with it
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(*_BROKEN):
                await writer.wait_closed()


def port_taken(address: str, port: int, error: OSError) -> InputError:
    """Give the error for a port that can't be listened on."""
    return InputError(
        f"Port {port} of {address} can't be used: {error.strerror or error}.",
        fix="Choose another port, or 0 for a free one.",
    )
