"""How a camera app is told to start and stop, where it can be."""

import asyncio
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from dashgaze.errors import DeviceError, InputError

from .adb import Adb

HTTP_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 15.0
# `am` and `input` exit with 0 on many phones even if they did nothing.
_REFUSALS = (
    "Error:",
    "Error type",
    "Exception",
    "Permission denied",
    "not found",
    "SecurityException",
)


@dataclass(frozen=True, kw_only=True)
class CameraAppHooks:
    """What starts and stops the recording of the camera app.

    Each is a line for the phone's shell, such as ``am start -n org.example.cam/.Record`` or ``input
    keyevent 24``, or an address (``http://…``) that the app listens on. None: done by hand.

    Attributes
    ----------
    start, stop
        Run once each.
    """

    start: str | None = None
    stop: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("stop", self.stop)):
            if value is not None and (not value.strip() or "\n" in value):
                raise InputError(
                    f"The camera app's {name} command is {value!r}.",
                    fix="Give one line for the phone's shell, or an http address; or leave it out.",
                )

    @classmethod
    def from_mapping(cls, content: Mapping[str, Any]) -> "CameraAppHooks":
        """Make it of what stands in a YAML file.

        Raises
        ------
        InputError
            If there are other keys, or values that are no text.
        """
        unknown = sorted(set(content) - {"start", "stop"})
        if unknown:
            raise InputError(
                f"The camera app's commands have the unknown key {unknown[0]!r}.",
                fix="There are two: start and stop.",
            )
        for key, value in content.items():
            if value is not None and not isinstance(value, str):
                raise InputError(
                    f"The camera app's {key} command is {value!r}, not text.",
                    fix="Put it in quotes.",
                )
        return cls(**content)


async def run_hook(adb: Adb, command: str) -> None:
    """Run one command: on the phone, or over HTTP.

    Raises
    ------
    DeviceError
        If it fails; ``unknown`` if the app may have done it all the same.
    """
    if command.startswith(("http://", "https://")):
        await asyncio.to_thread(_get, command)
        return
    said = await adb.shell(f"{command} 2>&1", timeout_s=COMMAND_TIMEOUT_S)
    if any(refusal in said for refusal in _REFUSALS):
        raise DeviceError(
            f"The phone refused '{command}': {' '.join(said.split())[:200]}.",
            fix="Try the command with `adb shell`, and mend it.",
        )


def _get(address: str) -> None:
    """Ask for an address once; an answer of any content will do."""
    host = urlsplit(address).hostname
    try:
        with urllib.request.urlopen(address, timeout=HTTP_TIMEOUT_S):  # http(s) only, see above
            return
    except urllib.error.HTTPError as error:
        with error:
            raise DeviceError(
                f"The camera app at {host} refused with status {error.code}.",
                fix="Look at the app, and check the address.",
            ) from error
    except urllib.error.URLError as error:
        refused = isinstance(error.reason, ConnectionRefusedError)
        raise DeviceError(
            f"The camera app at {host} can't be reached: {error.reason}.",
            unknown=not refused,
            fix="Check that the app runs and that both are in the same network.",
        ) from error
    except (TimeoutError, OSError) as error:
        raise DeviceError(
            f"The camera app at {host} did not answer within {HTTP_TIMEOUT_S:.0f} s.",
            unknown=True,
            fix="Look at the phone: it may have done it.",
        ) from error
