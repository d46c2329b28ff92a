"""What devices are there, and how they are, at a glance."""

import asyncio
from dataclasses import dataclass

from dashgaze.errors import DeviceError

from .app_client import AppClient
from .discovery import SEARCH_S, Address, find_devices
from .status import CompanionStatus


@dataclass(frozen=True, kw_only=True)
class DeviceGlance:
    """A device, and its state if it answered.

    Attributes
    ----------
    address
        Where it is.
    phone_name
        As the device says, or as it announced itself.
    status
        Its state; None if it did not answer.
    trouble
        Why it did not.
    """

    address: Address
    phone_name: str
    status: CompanionStatus | None = None
    trouble: DeviceError | None = None


async def look_around(
    address: Address | None = None, *, search_s: float = SEARCH_S
) -> list[DeviceGlance]:
    """Look at the device at an address, or at all on the network.

    Raises
    ------
    DeviceError
        If the network can't be searched. A device that does not answer is no error.
    MissingExtraError
        If the optional packages are not installed.
    """
    if address is not None:
        return [await _look(address, "")]
    found = await find_devices(search_s)
    return list(await asyncio.gather(*(_look(one.address, one.phone_name) for one in found)))


async def _look(address: Address, phone_name: str) -> DeviceGlance:
    client = AppClient(address)
    await client.open()
    try:
        status = await client.status()
    except DeviceError as error:
        return DeviceGlance(address=address, phone_name=phone_name, trouble=error)
    finally:
        await client.close()
    return DeviceGlance(address=address, phone_name=status.phone.name or phone_name, status=status)
