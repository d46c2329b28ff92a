import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.collect.devices import devices_command
from dashgaze.cli.command import SafeCommand
from dashgaze.collection.companion import DeviceGlance, extra
from dashgaze.collection.simulation.device import DeviceOptions, DeviceSimulator
from dashgaze.errors import MissingExtraError

application = typer.Typer()
application.command("devices", cls=SafeCommand)(devices_command)


@application.callback()
def collect() -> None:
    """Stand in for the group that the command belongs to."""


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(application, ["devices", *arguments])
    return result.exit_code, result.output


@contextmanager
def simulated(*faults: str) -> Iterator[str]:
    """Run a device in a thread of its own: the command has its own event loop."""
    opened, done = threading.Event(), threading.Event()
    addresses: list[str] = []

    async def serve() -> None:
        options = DeviceOptions(scene_size_px=(320, 320), faults=faults)
        async with DeviceSimulator(options) as simulator:
            addresses.append(f"{simulator.address}:{simulator.port}")
            opened.set()
            while not done.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert opened.wait(10)
        yield addresses[0]
    finally:
        done.set()
        thread.join(10)


def test_a_device_is_shown_with_what_matters() -> None:
    with simulated() as address:
        code, output = run("--address", address)
    assert code == 0
    assert output.splitlines() == [
        f"Simulated phone at {address}",
        "  Pupil Invisible sim01; sensors: gaze, world",
        "  battery 87 %, 64.0 GB free, not recording",
    ]


def test_a_device_without_glasses_is_shown_too() -> None:
    with simulated("unplugged") as address:
        code, output = run("--address", address, "--json")
    assert code == 0
    (found,) = json.loads(output)["devices"]
    assert (found["answers"], found["glasses"], found["sensors"]) == (True, None, [])
    assert (found["battery_percent"], found["recording_id"]) == (87, None)


def test_a_device_that_does_not_answer_says_why() -> None:
    code, output = run("--address", "127.0.0.1:9")
    assert code == 0
    assert (
        "does not answer: The app can't be reached at 127.0.0.1:9 (connection refused)." in output
    )


def test_a_wrong_address_is_one_line() -> None:
    code, output = run("--address", "http://a/b")
    assert code == 1
    assert output.startswith("error: 'http://a/b' is no address of a phone")


def test_nothing_found_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_around(_address: object, *, search_s: float) -> list[DeviceGlance]:
        assert search_s == 0.5
        return []

    monkeypatch.setattr("dashgaze.collection.companion.look_around", look_around)
    code, output = run("--wait", "0.5")
    assert code == 0
    assert "No eye tracker was found within 0.5 s." in output
    assert "--address HOST:PORT" in output


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(extra, "import_module", absent)
    with pytest.raises(MissingExtraError) as caught:
        extra.import_extra("zeroconf")
    assert caught.value.fix == "Install it: pip install 'dashgaze[collect]'"
    code, output = run("--address", "10.0.0.5")
    assert (code, "dashgaze[collect]" in output) == (1, True)


def test_importing_it_imports_no_optional_package() -> None:
    heavy = ("aiohttp", "zeroconf", "pupil_labs", "aiortsp", "av")
    code = (
        "import sys, dashgaze.collection.companion, dashgaze.cli.collect.devices;"
        f"print(sorted(set({heavy!r}) & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (result.stdout, result.stderr) == ("[]\n", "")
