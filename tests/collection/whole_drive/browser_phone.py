"""A real browser with made-up cameras, whose microphone hears a file."""

import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-ui-for-media-stream", "--disable-dev-shm-usage"),
]
# Small pictures: the coding of two videos has to fit beside everything else on two cores.
QUERY = "probe=1&road=320x240&driver=320x240&fps=20&min_fps=6"
PLACE = {"latitude": 48.137, "longitude": 11.575, "accuracy": 5}


def find_chromium() -> str | None:
    """Give the browser of this system; None if there is none."""
    return next((path for name in CHROMIUM_NAMES if (path := shutil.which(name))), None)


@contextlib.asynccontextmanager
async def browsing(profile: Path, *, hears: Path | None = None) -> AsyncIterator:
    """Start a browser with two cameras; skips, saying so, where there is none."""
    api = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
    program = find_chromium()
    if program is None:
        pytest.skip(f"no browser here: looked for {', '.join(CHROMIUM_NAMES)}")
    flags = [*FLAGS, "--use-fake-device-for-media-stream=device-count=2,fps=20"]
    if hears is not None:
        flags.append(f"--use-file-for-fake-audio-capture={hears}")
    async with api.async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path=program,
            args=flags,
            permissions=["camera", "microphone", "geolocation"],
            geolocation=PLACE,
            viewport={"width": 390, "height": 844},
        )
        try:
            yield context
        finally:
            with contextlib.suppress(api.Error):  # a browser that was killed
                await context.close()


async def open_page(context, url: str):
    """Open the link as a team would, and collect what the page itself finds wrong."""
    page = await context.new_page()
    page.faults = []
    page.on("pageerror", lambda error: page.faults.append(str(error)))
    await page.goto(url.replace("/#", f"/?{QUERY}#"))
    return page


async def check_cameras(page) -> None:
    """Press the button, and wait until both cameras run."""
    await page.click("#begin", timeout=15_000)
    await page.wait_for_selector("#ready:not([hidden]), #failed:not([hidden])", timeout=45_000)
    assert await page.is_visible("#ready"), await page.inner_text("main")


def kill_browser(profile: Path) -> int:
    """Kill -9 all processes of the browser with this profile, which only one test has."""
    word = f"--user-data-dir={profile}".encode()
    killed = 0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                if word in (folder / "cmdline").read_bytes():
                    os.kill(int(folder.name), signal.SIGKILL)
                    killed += 1
            except OSError:
                continue
    for lock in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
        (profile / lock).unlink(missing_ok=True)
    return killed
