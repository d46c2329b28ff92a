"""`dashgaze collect serve --lan`, reached by this computer's address on its network, with https."""

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
import time
from types import SimpleNamespace

import aiohttp
import pytest

from dashgaze.collection.page import lan_address, own_certificate
from dashgaze.collection.page.remux import read_part
from dashgaze.errors import InputError

SERVE = (
    "import typer; from dashgaze.cli.collect.serve import serve_command;"
    "app = typer.Typer(); app.command()(serve_command); app()"
)
QUERY = "probe=1&road=320x240&driver=320x240&fps=20&min_fps=6"
KEY = "0123456789abcdef" * 2


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Serve a drive to the network; gives its link, its certificate and its folder."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    try:
        address = lan_address()
    except InputError as error:
        pytest.skip(str(error))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with socket.socket() as free:
        free.bind((address, 0))
        port = free.getsockname()[1]
    drive = tmp_path / "drive"
    command = [sys.executable, "-c", SERVE, str(drive), "--lan", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    token = drive / "field/page/token"
    try:
        end_s = time.monotonic() + 30
        while True:
            assert server.poll() is None
            assert time.monotonic() < end_s
            with contextlib.suppress(OSError), socket.create_connection((address, port), 1.0):
                break
            time.sleep(0.1)
        yield SimpleNamespace(
            base=f"https://{address}:{port}",
            token=token.read_text().strip(),
            certificate=tmp_path / f"config/dashgaze/certificate_{address}.pem",
            drive=drive,
        )
    finally:
        server.kill()
        server.wait()


def test_who_checks_the_certificate_gets_in_with_the_token_only(served, tools):
    trusting = ssl.create_default_context(cafile=str(served.certificate))

    async def run() -> None:
        connector = aiohttp.TCPConnector(ssl=trusting)
        async with aiohttp.ClientSession(connector=connector) as session:
            async with session.get(f"{served.base}/") as reply:
                assert reply.status == 200
                assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
            server = SimpleNamespace(port=0, folder=SimpleNamespace(token=served.token))
            page = tools.PlayedPage(session, server)
            page.base = page.headers["Origin"] = served.base
            assert (await page.post("hello", json={}, headers={"Authorization": ""}))[0] == 401
            assert (await page.post("hello", json={}, headers={"Origin": "https://e.vil"}))[
                0
            ] == 403
            assert (await page.post("hello", json={}, headers={"Host": "e.vil"}))[0] == 421
            assert (await page.post("wish", json={"page": page.page, "what": "start"}))[0] == 200
            assert (await page.open(KEY))[0] == 200
            assert (await page.piece(KEY, 0, b"a piece"))[1] == {"next": 1}
        async with aiohttp.ClientSession() as stranger:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await stranger.get(f"{served.base}/")

    asyncio.run(run())
    assert (served.drive / "field/page/road_1.webm").read_bytes() == b"a piece"


@pytest.mark.slow
def test_a_browser_in_the_network_records_to_this_computer(served, tools, tmp_path):
    def sent_s(name: str) -> float:
        path = served.drive / f"field/page/{name}_1.webm"
        content = read_part(path) if path.exists() and path.stat().st_size else None
        return 0.0 if content is None else content.end_s

    async def run() -> None:
        flags = ("--ignore-certificate-errors",)
        async with tools.browsing(tmp_path / "profile", flags=flags) as context:
            page = await context.new_page()
            await page.goto(f"{served.base}/?{QUERY}#token=wrong")
            await page.wait_for_selector("text=open the link", timeout=10_000)
            await page.close()
            page = await context.new_page()
            await page.goto(f"{served.base}/?{QUERY}#token={served.token}")
            assert await page.evaluate("isSecureContext")
            await page.click("#begin", timeout=15_000)
            await page.wait_for_selector("#ready:not([hidden])", timeout=45_000)
            await page.click("#start")
            end_s = time.monotonic() + 30
            while min(sent_s("road"), sent_s("driver")) < 2.0:
                assert time.monotonic() < end_s
                await asyncio.sleep(0.2)

    asyncio.run(run())


def test_a_certificate_that_ends_is_made_anew(tmp_path, monkeypatch):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    lan = "dashgaze.collection.page.lan"
    with monkeypatch.context() as patch:
        patch.setattr(f"{lan}._VALID_DAYS", 1)
        first = own_certificate(tmp_path, "192.0.2.7")
    before = first.path.read_bytes()
    again = own_certificate(tmp_path, "192.0.2.7")
    assert again.path.read_bytes() != before, "it would have ended during a drive"
    assert again.key.stat().st_mode & 0o077 == 0
    kept = again.path.read_bytes()
    assert own_certificate(tmp_path, "192.0.2.7").path.read_bytes() == kept
