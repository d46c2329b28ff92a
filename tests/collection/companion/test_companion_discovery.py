import asyncio
import errno
import uuid
from dataclasses import replace

import pytest

from dashgaze.collection.companion import Address, discovery, find_devices, find_one, parse_address
from dashgaze.collection.companion.discovery import FoundDevice
from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator
from dashgaze.errors import DeviceError, InputError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.168.1.5", Address("192.168.1.5", 8080)),
        (" http://pi.local:8081/ ", Address("pi.local", 8081)),
        ("phone:1", Address("phone", 1)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize(
    "text",
    ["", ":8080", "pi.local:", "pi.local:0", "pi.local:65536", "a b", "host/path", "h:x", "u@h"],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InputError, match="HOST or HOST:PORT is expected"):
        parse_address(text)


def options(device: FoundDevice) -> DeviceOptions:
    return DeviceOptions(
        announce=True,
        phone_name=device.phone_name,
        phone_id=device.phone_id,
        scene_size_px=(320, 320),
    )


# Ids of this process alone: a network is shared with whoever tests at the same time.
ID = uuid.uuid4().hex[:8]
ONE = FoundDevice(phone_name="Car: one", phone_id=f"1{ID}", address=Address("10.0.0.5"))
TWO = FoundDevice(phone_name="Car two", phone_id=f"2{ID}", address=Address("10.0.0.6", 8081))


def with_network(monkeypatch: pytest.MonkeyPatch, *devices: FoundDevice) -> None:
    async def find(_search_s: float, *, stop_early: bool) -> list[FoundDevice]:
        assert stop_early
        return list(devices)

    monkeypatch.setattr(discovery, "find_devices", find)


def test_devices_that_announce_themselves_are_found_and_goodbyes_heard() -> None:
    # Others may be on this computer's network while this runs: only the two count.
    async def search() -> None:
        async with DeviceSimulator(options(ONE)) as first:
            one = replace(ONE, address=Address("127.0.0.1", first.port))
            async with DeviceSimulator(options(TWO)) as second:
                two = replace(TWO, address=Address("127.0.0.1", second.port))
                found = await find_devices(1.0)
                assert one in found
                assert two in found
            found = await find_devices(5.0, stop_early=True)
            assert one in found
            assert two not in found

    asyncio.run(search())


def test_the_only_device_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with_network(monkeypatch, ONE)
    assert asyncio.run(find_one(5)) == ONE


def test_several_devices_have_to_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with_network(monkeypatch, ONE, TWO)
    with pytest.raises(DeviceError) as caught:
        asyncio.run(find_one(5))
    assert caught.value.what == (
        "2 eye trackers were found: Car: one at 10.0.0.5:8080; Car two at 10.0.0.6:8081."
    )
    assert caught.value.fix == "Say which one: --address 10.0.0.5:8080"


def test_no_device_names_the_usual_reasons(monkeypatch: pytest.MonkeyPatch) -> None:
    with_network(monkeypatch)
    with pytest.raises(
        DeviceError, match="No eye tracker was found on the network within 5 s"
    ) as e:
        asyncio.run(find_one(5))
    assert "block the search" in e.value.fix
    assert "--address HOST:PORT" in e.value.fix


def test_a_network_that_can_not_be_searched_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr("zeroconf.asyncio.AsyncZeroconf", refuse)
    with pytest.raises(DeviceError, match=r"can't search the network: network is unreachable") as e:
        asyncio.run(find_devices(0.1))
    assert "--address HOST:PORT" in e.value.fix
