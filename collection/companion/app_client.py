"""Questions to the app on the phone, each with its own timeout and its errors in plain words.

The library's session would wait for five minutes, and its methods fail in a dozen ways when a portal,
an old app or a half-dead phone answers; all of them end here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

from dashgaze.errors import DeviceError

from .discovery import Address
from .extra import import_extra
from .reasons import reason
from .refusals import fix_for_refusal
from .status import CompanionStatus, read_status

STATUS_TIMEOUT_S = 3.0
START_TIMEOUT_S = 6.0
"""The app starts and stops within half a second; later answers are taken as unknown."""
STOP_TIMEOUT_S = 10.0
EVENT_TIMEOUT_S = 3.0
TEMPLATE_TIMEOUT_S = 3.0

_NOT_REACHED_FIX = (
    "See that the Companion app is open and in front, and that phone and computer are in the same "
    "network. A recording that runs goes on without this computer."
)
_PORTAL_FIX = (
    "Log in to the guest network, or use the phone's hotspot; then check the address that the app "
    "shows under Streaming."
)
_STRANGE_FIX = "Restart the Companion app; if it stays so, update it."
_ERROR_STATUS = 500

_T = TypeVar("_T")


class AppRefusedError(DeviceError):
    """The app answered that it will not; ``message`` is what it said, ``status`` the HTTP status."""

    def __init__(self, what: str, *, status: int, message: str, fix: str) -> None:
        super().__init__(what, fix=fix)
        self.status = status
        self.message = message


class SentEvent(NamedTuple):
    """What became of an event."""

    device_ns: int
    recording_id: str | None


class AppClient:
    """Speaks to the app over HTTP.

    Parameters
    ----------
    address
        Where it can be reached.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._device: Any = None
        self._library: Any = None
        self._aiohttp: Any = None

    @property
    def session(self) -> Any:
        """The open HTTP session, an ``aiohttp.ClientSession``."""
        return self._opened().active_session

    @property
    def websocket_url(self) -> str:
        """Where the status WebSocket is."""
        return f"ws://{self.address}/api/status"

    async def open(self) -> None:
        """Make a session; nothing is asked yet.

        Raises
        ------
        MissingExtraError
            If the optional packages are not installed.
        """
        if self._device is not None:
            return
        self._aiohttp = import_extra("aiohttp")
        self._library = import_extra("pupil_labs.realtime_api")
        self._device = self._library.Device(self.address.host, self.address.port)

    async def close(self) -> None:
        """End the session."""
        device, self._device = self._device, None
        if device is not None:
            await device.close()

    async def status(self) -> CompanionStatus:
        """Ask for the whole status.

        Raises
        ------
        DeviceError
            If it does not come, or is none.
        """

        async def get() -> CompanionStatus:
            async with self.session.get(f"http://{self.address}/api/status") as response:
                content = await response.json()
                if response.status != 200:
                    raise self._library.DeviceError(response.status, content["message"])
                return read_status(content["result"])

        return await self._ask("tell its status", get, STATUS_TIMEOUT_S)

    async def start_recording(self) -> str:
        """Ask to start a recording and give its id.

        Raises
        ------
        DeviceError
            If it is refused, or not known to be done.
        """
        recording_id = await self._ask(
            "start recording", self._opened().recording_start, START_TIMEOUT_S, changes=True
        )
        return str(recording_id)

    async def stop_recording(self) -> None:
        """Ask to stop and save.

        Raises
        ------
        DeviceError
            If it is refused, or not known to be done.
        """
        await self._ask(
            "stop and save", self._opened().recording_stop_and_save, STOP_TIMEOUT_S, changes=True
        )

    async def send_event(self, name: str, device_ns: int | None) -> SentEvent:
        """Send an event; the app stamps it on arrival if it has no time.

        Raises
        ------
        DeviceError
            If it is refused, or not known to be done.
        """

        async def send() -> SentEvent:
            event = await self._opened().send_event(name, device_ns)
            return SentEvent(int(event.timestamp), event.recording_id)

        return await self._ask("keep an event", send, EVENT_TIMEOUT_S, changes=True)

    async def unanswered_questions(self) -> list[str] | None:
        """Give the template's required questions without an answer; None if the app does not tell.

        Only a Neon tells. A Pupil Invisible says no more than "template has required fields" when it
        refuses to start.

        Raises
        ------
        DeviceError
            If it does not answer.
        """

        async def get() -> list[str]:
            answers = await self._opened().get_template_data(template_format="api")
            template = await self._opened().get_template()
            return [
                item.title
                for item in template.items
                if item.required and not any(answers.get(str(item.id)) or ())
            ]

        try:
            return await self._ask("show its template", get, TEMPLATE_TIMEOUT_S)
        except AppRefusedError:
            return None

    def _opened(self) -> Any:
        if self._device is None:
            raise DeviceError(
                f"The connection to {self.address} is not open.", fix="Connect to the device first."
            )
        return self._device

    async def _ask(
        self,
        to_do: str,
        ask: Callable[[], Awaitable[_T]],
        timeout_s: float,
        *,
        changes: bool = False,
    ) -> _T:
        """Ask, and turn whatever goes wrong into words.

        The order matters: aiohttp's timeouts are `TimeoutError`, its JSON errors `ValueError`.
        """
        self._opened()
        client = self._aiohttp
        try:
            async with asyncio.timeout(timeout_s):
                return await ask()
        except TimeoutError as error:
            raise DeviceError(
                f"The app at {self.address} did not answer within {timeout_s:g} s when asked to "
                f"{to_do}.",
                unknown=changes,
                fix=_NOT_REACHED_FIX,
            ) from error
        except self._library.DeviceError as error:
            raise self._refused(to_do, error) from error
        except client.ClientConnectorError as error:
            raise DeviceError(
                f"The app can't be reached at {self.address} ({reason(error.os_error)}).",
                fix=_NOT_REACHED_FIX,
            ) from error
        except client.ContentTypeError as error:
            raise DeviceError(
                f"What answers at {self.address} is not the Companion app, or a network stands "
                "between: a web page came.",
                unknown=changes,
                fix=_PORTAL_FIX,
            ) from error
        except (client.ClientError, OSError) as error:
            raise DeviceError(
                f"The connection to the app at {self.address} broke when it was asked to {to_do}.",
                unknown=changes,
                fix=_NOT_REACHED_FIX,
            ) from error
        except (
            *(KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError),
        ) as error:
            raise DeviceError(
                f"The app at {self.address} gave an answer that makes no sense when asked to {to_do} "
                f"({type(error).__name__}: {error}).",
                unknown=changes,
                fix=_STRANGE_FIX,
            ) from error

    def _refused(self, to_do: str, error: Exception) -> DeviceError:
        status, message = (*error.args, "")[:2] if len(error.args) > 1 else (0, str(error))
        text = str(message).strip().rstrip(".")
        if status == _ERROR_STATUS and text:
            return AppRefusedError(
                f'The app refused to {to_do}: "{text}".',
                status=status,
                message=text,
                fix=fix_for_refusal(text),
            )
        return AppRefusedError(
            f'The app at {self.address} could not {to_do}: HTTP {status} "{text}".',
            status=int(status),
            message=text,
            fix=_STRANGE_FIX,
        )
