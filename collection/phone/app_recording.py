"""One recording of a camera app, known by nothing but its growing files."""

import asyncio
import time
from collections.abc import Mapping

from dashgaze.errors import DeviceError

from .adb import SHELL_TIMEOUT_S, Adb
from .phone_sections import run_sections
from .recorded_files import CameraFiles, FileWatch, FoundFile, listing_command, parse_listing

POLL_S = 1.0
# Who records writes at least this often; what is older is no recording that runs.
_FRESH_S = 30
# Some recorders write in bursts; a start command that toggles would stop a recording missed here.
TAKE_OVER_S = 10.0
# A file may be closed some time after the app was told to stop.
_AFTER_STOP_S = 120


class AppRecording:
    """Finds, follows and outlasts a recording.

    Parameters
    ----------
    adb
        The phone.
    cameras
        Where the camera app writes, and how many files at once.

    Attributes
    ----------
    watch
        The files over time.
    is_known
        Whether it is known which files belong to the recording.
    since_s
        When it was known to run, on the monotonic clock; None before.
    """

    def __init__(self, adb: Adb, cameras: CameraFiles) -> None:
        self._adb, self._cameras = adb, cameras
        self.watch = FileWatch()
        self.is_known = False
        self.since_s: float | None = None

    async def look(self) -> int:
        """List the video files; give the phone's time, s."""
        sections = await run_sections(
            self._adb,
            {"files": listing_command(self._cameras.folders), "now": "date +%s"},
            timeout_s=SHELL_TIMEOUT_S,
        )
        now = sections.get("now", "").strip()
        if not now.isdigit():
            raise DeviceError(
                "The phone's answer is cut off.", unknown=True, fix="Plug it out and in again."
            )
        self.watch.observe(parse_listing(sections.get("files", "")), time.monotonic())
        return int(now)

    async def find_running(self) -> set[str] | None:
        """Give the files of a recording that runs; None if none does, whose files are then old.

        One that was seen to run is looked for whatever the times of its files say: a start command
        that toggles would stop it.

        Raises
        ------
        DeviceError
            If not the expected number of files grows (``unknown``).
        """
        seen = self.runs()
        self.watch = FileWatch()
        phone_s = await self.look()
        there = self.watch.found.values()
        fresh = [file for file in there if phone_s - file.modified_s <= _FRESH_S]
        grown: set[str] = set()
        deadline_s = time.monotonic() + TAKE_OVER_S
        while (
            (fresh or seen) and len(grown) < self._cameras.count and time.monotonic() < deadline_s
        ):
            await asyncio.sleep(POLL_S)
            await self.look()
            grown |= self.watch.growing() or set()
        self.watch.before = set(self.watch.found) - grown
        if not grown and not seen:
            return None
        if len(grown) != self._cameras.count:
            raise DeviceError(
                f"{_number(len(grown))} on the phone grow already; "
                f"{self._cameras.count} are expected.",
                unknown=True,
                fix="Stop the camera app, look at what it records, and start again.",
            )
        self._begin()
        return grown

    async def wait_for_growth(self, timeout_s: float, hint: str) -> set[str]:
        """Wait until exactly the expected number of new files grow; give them.

        Raises
        ------
        DeviceError
            If they don't in time (``unknown``).
        """
        deadline_s = time.monotonic() + timeout_s
        grown: set[str] = set()
        while time.monotonic() < deadline_s:
            await asyncio.sleep(POLL_S)
            earlier = self._sizes()
            await self.look()
            now = {
                file.name
                for file in self.watch.recorded()
                if file.name in earlier and file.size_bytes > earlier[file.name]
            }
            # A second look at the same: another file may begin a little later.
            if now and now <= grown and len(grown) == self._cameras.count:
                self._begin()
                return grown
            grown |= now
        raise DeviceError(
            f"After {timeout_s:.0f} s {_number(len(grown))} on the phone grow; "
            f"{self._cameras.count} are expected.",
            unknown=True,
            fix="Look at the camera app, and that it writes to "
            f"{', '.join(self._cameras.folders)}. {hint}".strip(),
        )

    def runs(self) -> bool | None:
        """Tell whether it runs, by what was seen so far; None if it is too early to say.

        One that an earlier run of this program started is not known here: then as many files as there
        should be have to grow, whichever they are.
        """
        growing = self.watch.growing()
        if self.is_known:
            return None if growing is None else len(growing) >= self._cameras.count
        if growing and len(growing) >= self._cameras.count:
            return True
        return False if self.watch.still_for(TAKE_OVER_S) else None

    async def grows(self) -> bool:
        """Whether files of the recording, or any if none is known, grow within some seconds."""
        earlier = self._sizes()
        await asyncio.sleep(2 * POLL_S)
        await self.look()
        own = self.watch.recorded() if self.is_known else list(self.watch.found.values())
        return any(file.size_bytes > earlier.get(file.name, 0) for file in own)

    def adopt(self, recording_id: str, started_s: float, stopped_s: float | None) -> None:
        """Know a recording of an earlier run by its name, and by times on the phone's clock."""
        self.watch = _Adopted(
            named=frozenset(recording_id.split("|")), started_s=started_s, stopped_s=stopped_s
        )
        self.is_known = True
        self.since_s = time.monotonic() - max(0.0, time.time() - started_s)

    def _begin(self) -> None:
        self.is_known = True
        self.since_s = time.monotonic()

    def _sizes(self) -> dict[str, int]:
        return {file.name: file.size_bytes for file in self.watch.found.values()}


class _Adopted(FileWatch):
    """Files of a recording that was started by an earlier run, told by name and time."""

    def __init__(self, *, named: frozenset[str], started_s: float, stopped_s: float | None) -> None:
        super().__init__()
        self._named, self._from_s = named, started_s
        self._to_s = float("inf") if stopped_s is None else stopped_s + _AFTER_STOP_S

    def observe(self, found: Mapping[str, FoundFile], at_s: float) -> list[str]:
        self.before = {
            name
            for name, file in found.items()
            if name not in self._named and not self._from_s <= file.modified_s <= self._to_s
        }
        return super().observe(found, at_s)


def _number(count: int) -> str:
    return {0: "no video file", 1: "1 video file"}.get(count, f"{count} video files")
