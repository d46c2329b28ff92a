"""One drive as its team lives it: the recorder, a made-up eye tracker, a browser as the phone."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

from whole_drive_browser_phone import browsing, check_cameras, open_page
from whole_drive_commands import FORM, free_port
from whole_drive_observer import Observer

from dashgaze.collection.companion import CompanionDevice
from dashgaze.collection.page import PagePhone, PageServer
from dashgaze.collection.record import (
    DeviceOptions,
    Outcome,
    RecorderOptions,
    begin_drive,
    read_form,
    run_drive,
    title_of,
)
from dashgaze.collection.simulation.device import DeviceOptions as SimulatedOptions
from dashgaze.collection.simulation.device import DeviceSimulator

# The planted truth about the eye tracker's clock.
OFFSET_MS, DRIFT_PPM = 183.0, 35.0


class Screenplay:
    """One drive, from its form on; a test says what happens in it.

    Parameters
    ----------
    folder
        Where all of it lies.
    hears
        WAV file that the phone's microphone hears; None for the browser's own beeps.
    loudspeaker
        Plays sync sounds.
    """

    def __init__(self, folder: Path, *, hears: Path | None = None, loudspeaker=None) -> None:
        self.session = folder / "drives" / "session_07"
        self.exports, self.profile = folder / "exports", folder / "profile"
        self.folder, self.hears, self.loudspeaker = folder, hears, loudspeaker
        self.observer = Observer()
        self.port = free_port()
        self.phone: PagePhone | None = None
        self.page = None
        self.context = None
        (folder / "form.yaml").write_text(FORM)
        form = read_form(folder / "form.yaml")
        begin_drive(self.session, form, DeviceOptions(tracker="auto", phone="page"))

    @contextlib.asynccontextmanager
    async def stage(self) -> AsyncIterator[DeviceSimulator]:
        """Switch on the eye tracker, and start the browser."""
        simulated = SimulatedOptions(
            record_to=self.exports,
            # Few and small pictures: a browser that codes two videos needs the processor, too.
            scene_size_px=(160, 160),
            scene_hz=10.0,
            clock_offset_ms=OFFSET_MS,
            clock_drift_ppm=DRIFT_PPM,
        )
        async with DeviceSimulator(simulated) as device:
            self.device = device
            async with browsing(self.profile, hears=self.hears) as context:
                self.context = context
                yield device

    @contextlib.asynccontextmanager
    async def recorder(self, *, resumed: bool = False) -> AsyncIterator["asyncio.Task[Outcome]"]:
        """Run the recorder beside a block; at its end it has come to its own."""
        options = RecorderOptions(title=title_of(self.session), loudspeaker=self.loudspeaker)
        task = asyncio.create_task(
            run_drive(self.session, self.observer, options, make=self._make, resumed=resumed)
        )
        try:
            yield task
            await asyncio.wait_for(asyncio.shield(task), 40)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _make(self, _observer):
        self.phone = PagePhone(PageServer(self.session, port=self.port), over_cable=False)
        tracker = CompanionDevice(
            f"127.0.0.1:{self.device.port}", field_folder=self.session / "field"
        )
        return {"phone": self.phone, "tracker": tracker}

    async def prepare(self) -> None:
        """Open the page while it is waited for, and accept what is amber."""
        see, press = self.observer.sees, self.observer.press
        screen = await see("Waiting for the phone", "look now", within_s=30)
        assert self.phone.url in re.sub(r"\s", "", screen), "the link is on the screen"
        self.page = await open_page(self.context, self.phone.url)
        await see("Press “Check the cameras”")
        await check_cameras(self.page)
        screen = await see("0 red", "accept amber and start", within_s=40)
        assert "Gaze comes at" in screen
        assert "Road camera: 320 × 240" in screen
        assert "Sound at -" in screen
        press("a")
        await see("PHONE RECORDS", "TRACKER RECORDS", "GAZE VALID", within_s=45)
        assert await self.page.is_visible("#black"), "the driver sees nothing"
