"""``dashgaze collect serve``: to whom it serves, and how it ends."""

import asyncio
import contextlib
import json
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import aiohttp
import cv2
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from dashgaze.cli.collect.serve import serve_command
from dashgaze.cli.command import SafeCommand
from dashgaze.collection.page import PageServer, own_certificate, qr_lines
from dashgaze.errors import OutputError

SERVE = (
    "import typer; from dashgaze.cli.collect.serve import serve_command;"
    "app = typer.Typer(); app.command()(serve_command); app()"
)
KEY = "0123456789abcdef" * 2


def _run(*arguments: str):
    app = typer.Typer()
    app.command(cls=SafeCommand)(serve_command)
    return CliRunner().invoke(app, list(arguments))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "Add --lan"),
        (["--host", "192.168.1.5"], "Add --lan"),
        (["--certificate", "c.pem"], "comes with its key"),
        (["--certificate", "c.pem", "--key", "k.pem"], "is for --lan"),
    ],
)
def test_it_is_not_open_to_others_by_accident(tmp_path, arguments, words):
    result = _run(str(tmp_path / "drive"), *arguments)
    assert result.exit_code == 1
    assert words in result.output
    assert not (tmp_path / "drive").exists()


def test_a_taken_port_is_told(tools, tmp_path):
    async def run() -> None:
        async with tools.serving(tmp_path / "a") as (server, _page):
            second = PageServer(tmp_path / "b", port=server.port)
            with pytest.raises(OutputError, match="can't be used"):
                await second.start()
            await second.close()

    asyncio.run(run())


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_phones_on_the_network_get_https_under_its_own_name_only(tools, tmp_path):
    made = own_certificate(tmp_path, "127.0.0.1")
    assert made.key.stat().st_mode & 0o077 == 0
    assert own_certificate(tmp_path, "127.0.0.1") == made, "made once, so that phones know it again"
    trusting = ssl.create_default_context(cafile=str(made.path))

    async def run() -> None:
        names = ("127.0.0.1",)
        async with tools.serving(
            tmp_path / "drive", names=names, certificate=made.path, key=made.key
        ) as (server, page):
            assert server.url.startswith(f"https://127.0.0.1:{server.port}/#token=")
            page.base = f"https://127.0.0.1:{server.port}"
            page.headers["Origin"] = page.base
            assert (await page.post("hello", json={}, ssl=trusting))[0] == 200
            plain = {"Origin": page.base.replace("https", "http")}
            assert (await page.post("hello", json={}, ssl=trusting, headers=plain))[0] == 403
            with pytest.raises(aiohttp.ClientError):
                await page.session.get(f"http://127.0.0.1:{server.port}/")

    asyncio.run(run())


def test_a_phone_can_read_the_link_from_the_terminal():
    link = f"https://192.168.178.23:8765/#token={'aZ9_-x' * 6}"
    lines = [line.removeprefix("\x1b[97;40m").removesuffix("\x1b[0m") for line in qr_lines(link)]
    light = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
    halves = np.array([[light[sign] for sign in line] for line in lines], dtype=np.uint8)
    picture = halves.transpose(0, 2, 1).reshape(-1, halves.shape[1])
    large = np.kron(picture, np.ones((6, 6), dtype=np.uint8))
    text, _, _ = cv2.QRCodeDetector().detectAndDecode(large)
    assert text == link
    assert len(lines) < 30, "it has to fit into a terminal"


def test_it_serves_until_told_to_end_and_ends_no_drive(tools, tmp_path):
    drive = tmp_path / "drive"
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(drive), "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        link = ""
        while "#token=" not in link:
            link = server.stderr.readline().decode()
            assert link, "it ended early"
        port = int(link.split(":")[2].split("/")[0])
        assert link.strip().startswith(f"http://localhost:{port}/#token=")

        async def play() -> None:
            async with aiohttp.ClientSession() as session:
                base = f"http://localhost:{port}"
                token = link.strip().split("token=")[1]
                headers = {"Authorization": f"Bearer {token}", "Origin": base}
                wish = {"page": KEY, "what": "start"}
                async with session.post(f"{base}/api/wish", json=wish, headers=headers) as reply:
                    assert await reply.json() == {"state": "recording"}

        asyncio.run(play())
        server.send_signal(signal.SIGINT)
        out, told = server.communicate(timeout=20)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()
        server.stderr.close()
    assert server.returncode == 0
    assert json.loads(out) == {}
    assert b"The drive goes on" in told
    last = json.loads((drive / "field/page/journal.jsonl").read_text().splitlines()[-1])
    assert last["state"] == "recording"


@pytest.mark.slow
def test_a_server_that_is_killed_at_any_moment_loses_nothing_that_it_acknowledged(tools, tmp_path):
    """kill -9 six times while a page sends as fast as it can, each time the same command again."""
    drive = tmp_path / "drive"
    chance = random.Random(7)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-c", SERVE, str(drive), "--port", str(port), "--quiet"]
    pieces = [chance.randbytes(chance.randint(1, 200_000)) for _ in range(2000)]
    acknowledged = 0

    def start() -> subprocess.Popen:
        return subprocess.Popen(command, stderr=subprocess.DEVNULL)

    async def run() -> None:
        nonlocal acknowledged
        async with aiohttp.ClientSession() as session:
            for _ in range(6):
                server = start()
                end_s = None
                page = None
                try:
                    while end_s is None or time.monotonic() < end_s:
                        try:
                            if page is None:
                                told = (drive / "field/page/token").read_text().strip()
                                server_like = SimpleNamespace(
                                    port=port, folder=SimpleNamespace(token=told)
                                )
                                page = tools.PlayedPage(session, server_like)
                                wish = {"page": page.page, "what": "start"}
                                await page.post("wish", json=wish)
                                status, opened = await page.open(KEY)
                                assert status == 200
                                assert opened["next"] >= acknowledged, "it lost what it had"
                                acknowledged = opened["next"]
                                end_s = time.monotonic() + chance.uniform(0.0, 0.6)
                            status, answer = await page.piece(
                                KEY, acknowledged, pieces[acknowledged]
                            )
                            assert status == 200
                            acknowledged = answer["next"]
                        except (OSError, aiohttp.ClientError):
                            page = None
                            await asyncio.sleep(0.05)
                    # in the middle of one more
                    sending = asyncio.create_task(
                        page.piece(KEY, acknowledged, pieces[acknowledged])
                    )
                    await asyncio.sleep(chance.uniform(0.0, 0.01))
                    server.kill()
                    with contextlib.suppress(OSError, aiohttp.ClientError):
                        acknowledged = (await sending)[1]["next"]
                finally:
                    server.kill()
                    server.wait()

    asyncio.run(run())
    assert acknowledged > 6
    on_disk = (drive / "field/page/road_1.webm").read_bytes()
    assert on_disk.startswith(b"".join(pieces[:acknowledged]))
    assert b"".join(pieces[: acknowledged + 1]).startswith(on_disk)


def test_the_page_is_all_there_is_and_needs_nothing_from_elsewhere():
    """No address of another site in it, and no script that is written into the page."""
    folder = Path(PageServer.__init__.__code__.co_filename).parent / "static"
    from dashgaze.collection.page.server import _PAGE

    assert sorted(path.name for path in folder.iterdir()) == sorted(_PAGE)
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        for word in (
            "https://",
            "//cdn",
            "innerHTML",
            "eval(",
            "new Function",
            "onclick=",
            "style=",
        ):
            assert word not in text, f"{word} in {path.name}"
