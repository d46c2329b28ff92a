"""An HTTP port that can be shut and opened again."""

from collections.abc import Callable

from aiohttp import web

from .tcp_service import port_taken

_SHUTDOWN_S = 0.2


class HttpSite:
    """Serves applications on one port, a new one each time it is opened.

    Parameters
    ----------
    application
        Makes the application.
    """

    def __init__(self, application: Callable[[], web.Application]) -> None:
        self._application = application
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def open(self, address: str, port: int) -> None:
        """Listen; on the same port as before if it listened before and `port` is 0.

        Raises
        ------
        InputError
            If the port can't be had.
        """
        if self._runner is not None:
            return
        runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=_SHUTDOWN_S, handle_signals=False
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, address, port or self.port, reuse_address=True).start()
        except OSError as error:
            await runner.cleanup()
            raise port_taken(address, port, error) from error
        self._runner = runner
        self.port = runner.addresses[0][1]

    async def shut(self) -> None:
        """Stop listening and cut all connections."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
