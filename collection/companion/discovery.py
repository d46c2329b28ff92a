"""Finding eye trackers on the local network."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any, NamedTuple

from dashgaze.errors import DeviceError, InputError

from .extra import import_extra
from .reasons import reason

DEFAULT_PORT = 8080
SEARCH_S = 5.0
"""How long to look for devices. They answer within a second where multicast works at all."""

_SERVICE_TYPE = "_http._tcp.local."
_INSTANCE = "PI monitor"  # of a Neon too
_SETTLE_S = 0.5
_REQUEST_MS = 2000
_LARGEST_PORT = 65_535


class Address(NamedTuple):
    """Where the app on the phone can be reached."""

    host: str
    port: int = DEFAULT_PORT

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, kw_only=True)
class FoundDevice:
    """A phone with the Companion app that announced itself.

    Attributes
    ----------
    phone_name, phone_id
        Of the phone, as set in the app.
    address
        Where it can be reached.
    """

    phone_name: str
    phone_id: str
    address: Address


def parse_address(text: str) -> Address:
    """Read ``HOST`` or ``HOST:PORT``, with or without ``http://``.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> parse_address("192.168.1.5")
    Address(host='192.168.1.5', port=8080)
    >>> str(parse_address("http://pi.local:8081/"))
    'pi.local:8081'
    """
    bare = text.strip().removeprefix("http://").rstrip("/")
    host, colon, port = bare.partition(":")
    valid = bool(host) and not set(host) & set("/?#@ ")
    if colon:
        valid = valid and port.isascii() and port.isdigit() and 0 < int(port) <= _LARGEST_PORT
    if not valid:
        raise InputError(
            f"{text!r} is no address of a phone; HOST or HOST:PORT is expected.",
            fix="The app shows it under Streaming, such as 192.168.1.5:8080.",
        )
    return Address(host, int(port) if colon else DEFAULT_PORT)


async def find_devices(
    search_s: float = SEARCH_S, *, stop_early: bool = False
) -> list[FoundDevice]:
    """Listen for devices that announce themselves (mDNS), sorted by name.

    Parameters
    ----------
    search_s
        How long to listen, s.
    stop_early
        Whether to end half a second after the first one: enough for others to answer too.

    Raises
    ------
    DeviceError
        If this computer can't listen.
    MissingExtraError
        If the optional packages are not installed.
    """
    zeroconf_asyncio = import_extra("zeroconf.asyncio")
    removed = import_extra("zeroconf").ServiceStateChange.Removed
    names: set[str] = set()
    any_seen = asyncio.Event()

    def on_change(*, name: str, state_change: Any, **_: Any) -> None:
        if name.split(":")[0] != _INSTANCE:
            return
        if state_change is removed:
            names.discard(name)
        else:
            names.add(name)
            any_seen.set()

    try:
        network = zeroconf_asyncio.AsyncZeroconf()
    except OSError as error:
        raise DeviceError(
            f"This computer can't search the network: {reason(error)}.",
            fix="Give the address that the app shows under Streaming: --address HOST:PORT.",
        ) from error
    try:
        browser = zeroconf_asyncio.AsyncServiceBrowser(
            network.zeroconf, _SERVICE_TYPE, handlers=[on_change]
        )
        if stop_early:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(any_seen.wait(), search_s)
                await asyncio.sleep(min(_SETTLE_S, search_s))
        else:
            await asyncio.sleep(search_s)
        asked = [_ask(zeroconf_asyncio, network.zeroconf, name) for name in sorted(names)]
        found = await asyncio.gather(*asked)
        await browser.async_cancel()
    finally:
        with contextlib.suppress(OSError):
            await network.async_close()
    return [device for device in found if device is not None]


async def find_one(search_s: float = SEARCH_S) -> FoundDevice:
    """Find the only device on the network.

    Raises
    ------
    DeviceError
        If there is none, or more than one.
    MissingExtraError
        If the optional packages are not installed.
    """
    found = await find_devices(search_s, stop_early=True)
    if not found:
        raise DeviceError(
            f"No eye tracker was found on the network within {search_s:g} s.",
            fix=(
                "Open the Companion app, with phone and computer in the same Wi-Fi. Many university "
                "and guest networks block the search: use the phone's hotspot, or give the address "
                "that the app shows under Streaming: --address HOST:PORT."
            ),
        )
    if len(found) > 1:
        listed = "; ".join(f"{one.phone_name} at {one.address}" for one in found)
        raise DeviceError(
            f"{len(found)} eye trackers were found: {listed}.",
            fix=f"Say which one: --address {found[0].address}",
        )
    return found[0]


async def _ask(zeroconf_asyncio: Any, zeroconf: Any, name: str) -> FoundDevice | None:
    info = zeroconf_asyncio.AsyncServiceInfo(_SERVICE_TYPE, name)
    if not await info.async_request(zeroconf, _REQUEST_MS):
        return None
    ipv4 = [".".join(map(str, raw)) for raw in info.addresses or () if len(raw) == 4]
    if not ipv4 or not info.port:
        return None
    # "PI monitor:<phone name>:<hardware id>"; a phone's name may itself hold a colon
    announced = name.removesuffix(f".{_SERVICE_TYPE}").removeprefix(f"{_INSTANCE}:")
    phone_name, _, phone_id = announced.rpartition(":")
    return FoundDevice(
        phone_name=phone_name or phone_id,
        phone_id=phone_id,
        address=Address(ipv4[0], info.port),
    )
