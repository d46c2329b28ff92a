"""A film whose frames tell their number, and a browser to show it."""

import shutil
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SIZE_PX = (320, 180)
RATE_HZ = 25
FRAMES = 125
BITS, BIT_PX = 8, 40
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM_OPTIONS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def frame_picture(number):
    """Grey, with the frame's number as white and black fields at the lower edge."""
    picture = np.full((SIZE_PX[1], SIZE_PX[0], 3), 60, dtype=np.uint8)
    for bit in range(BITS):
        left = bit * BIT_PX
        picture[-24:, left : left + BIT_PX] = 255 if number >> bit & 1 else 0
    return picture


@pytest.fixture(scope="session")
def film(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.webm"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = *SIZE_PX, "yuv420p"
        stream.bit_rate = 2_000_000
        stream.options = {"deadline": "realtime", "cpu-used": "8", "g": "25"}
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(frame_picture(number), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, RATE_HZ)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def open_page():
    """Give a function that opens a page in a headless Chromium."""
    api = pytest.importorskip("playwright.async_api", reason="Playwright is not installed")
    program = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if program is None:
        pytest.skip("no Chromium is installed")

    @asynccontextmanager
    async def opened(width=960, height=540):
        async with api.async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=program, args=list(CHROMIUM_OPTIONS)
            )
            try:
                page = await browser.new_page(viewport={"width": width, "height": height})
                yield page
            finally:
                await browser.close()

    return opened
