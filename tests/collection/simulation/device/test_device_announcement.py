"""Being found over mDNS."""

import asyncio
import contextlib
import socket

import pytest

pytest.importorskip("aiohttp")
realtime = pytest.importorskip("pupil_labs.realtime_api")
discovery = pytest.importorskip("pupil_labs.realtime_api.discovery")
zeroconf = pytest.importorskip("zeroconf")

from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator

GROUP, PORT = "224.0.0.251", 5353


def _reason_against_multicast() -> str:
    """Say why a packet to the group does not come back on the loopback interface; empty if it does."""
    with contextlib.ExitStack() as stack:
        receiver = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        try:
            local = socket.inet_aton("127.0.0.1")
            receiver.bind(("", 0))
            receiver.settimeout(1)
            receiver.setsockopt(
                socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + local
            )
            sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, local)
            sender.sendto(b"test", (GROUP, receiver.getsockname()[1]))
            receiver.recv(16)
        except OSError as error:
            return f"no multicast on the loopback interface: {error}"
    return ""


@pytest.mark.parametrize("kind", ["pupil_invisible", "neon"])
def test_the_library_discovers_it(kind: str) -> None:
    if reason := _reason_against_multicast():
        pytest.skip(reason)

    async def check() -> None:
        options = DeviceOptions(
            kind=kind, announce=True, phone_name="Car phone", phone_id=f"id{kind[:4]}"
        )
        async with asyncio.timeout(15), DeviceSimulator(options) as device:
            async with discovery.Network() as network:
                # Others may run on this network; ours has its own id.
                while True:
                    found = await network.wait_for_new_device(timeout_seconds=8)
                    assert found is not None
                    if f"id{kind[:4]}" in found.name:
                        break
            assert found.name == f"PI monitor:Car phone:id{kind[:4]}._http._tcp.local."
            assert found.server == ("neon.local." if kind == "neon" else "pi.local.")
            assert (found.addresses, found.port) == (["127.0.0.1"], device.port)
            async with realtime.Device.from_discovered_device(found) as client:
                assert (await client.get_status()).phone.device_name == "Car phone"

    asyncio.run(check())
