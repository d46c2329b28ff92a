"""A page played by hand, and real browsers with made-up cameras."""

import contextlib
import hashlib
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

import aiohttp
from aiohttp import web

from dashgaze.collection.page.server import PageServer

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--use-fake-ui-for-media-stream",
]


class PlayedPage:
    """What a page sends, sent by a test."""

    def __init__(self, session: aiohttp.ClientSession, server: PageServer, name: str = "a") -> None:
        self.session = session
        self.server = server
        self.base = f"http://localhost:{server.port}"
        self.page = hashlib.md5(f"page {name}".encode()).hexdigest()
        self.device = hashlib.md5(f"device {name}".encode()).hexdigest()
        self.headers = {
            "Origin": self.base,
            "Authorization": f"Bearer {server.folder.token}",
            "Sec-Fetch-Site": "same-origin",
        }

    async def post(self, path: str, *, headers=None, **arguments) -> tuple[int, dict]:
        given = {name: value for name, value in (self.headers | (headers or {})).items() if value}
        async with self.session.post(
            f"{self.base}/api/{path}", headers=given, **arguments
        ) as reply:
            return reply.status, await reply.json()

    def opening(self, key: str, stream: str = "road", **more) -> dict:
        mime = "application/jsonl" if stream == "log" else "video/webm"
        told = {"key": key, "page": self.page, "device": self.device, "stream": stream}
        return told | {"mime": mime, "start_ms": 1.7e12} | more

    async def open(self, key: str, stream: str = "road", **more) -> tuple[int, dict]:
        return await self.post("part", json=self.opening(key, stream, **more))

    async def piece(self, key: str, seq, content: bytes) -> tuple[int, dict]:
        return await self.post(
            f"piece?key={key}&seq={seq}",
            data=content,
            headers={"X-Sha256": hashlib.sha256(content).hexdigest()},
        )

    def report(self, **more) -> dict:
        told = {"page": self.page, "device": self.device, "role": "both", "state": "ready"}
        camera = {"live": True, "fps": 30.0, "width_px": 1920, "height_px": 1080}
        return told | {"road": camera, "driver": camera} | more

    async def beat(self, **more) -> str:
        _, reply = await self.post("beat", json=self.report(**more))
        return reply["command"]


@contextlib.asynccontextmanager
async def serving(folder: Path, **options) -> AsyncIterator[tuple[PageServer, PlayedPage]]:
    server = PageServer(folder, port=options.pop("port", 0), **options)
    await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield server, PlayedPage(session, server)
    finally:
        await server.close()


@contextlib.asynccontextmanager
async def browsing(profile: Path, *, cameras: int = 2, fps: int = 20, flags: tuple[str, ...] = ()):
    api = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
    program = next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)
    if program is None:
        pytest.skip(f"no browser here: looked for {', '.join(CHROMIUM_NAMES)}")
    fake = f"--use-fake-device-for-media-stream=device-count={cameras},fps={fps}"
    async with api.async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=program,
            args=[*CHROMIUM_FLAGS, fake, *flags],
            permissions=["camera", "microphone", "geolocation"],
            geolocation={"latitude": 48.137, "longitude": 11.575, "accuracy": 5},
            viewport={"width": 390, "height": 844},
        )
        try:
            yield context
        finally:
            with contextlib.suppress(api.Error):  # a test may have killed it
                await context.close()


@pytest.fixture
def tools() -> SimpleNamespace:
    return SimpleNamespace(serving=serving, browsing=browsing, PlayedPage=PlayedPage, web=web)
