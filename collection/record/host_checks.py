"""What could spoil a drive on this computer."""

import os
import shutil
import time
from pathlib import Path

from ..field.check import Check
from ..field.device import DrivePlan
from .host_clock import HostClock

BYTES_PER_MINUTE = 450e6
"""Of a drive: two phone videos of 17 to 20 Mbit/s, and the tracker's three."""

_TEST_BYTES = 4 << 20
_SLOW_BYTES_S = 5e6
_CLOCKS_APART_S = 3.0
_LOW_BATTERY_PERCENT = 30
# No computer that runs this has a clock that is right and shows an earlier time: 2026-01-01.
_EARLIEST_NS = 1_767_225_600 * 10**9
_POWER = Path("/sys/class/power_supply")


def host_checks(
    drives: Path, plan: DrivePlan, *, adb: bool = False, clock: HostClock | None = None
) -> list[Check]:
    """Look at disk, clock and programs.

    Parameters
    ----------
    drives
        The folder that the session will lie in.
    plan
        The drive.
    adb
        Whether the phone hangs on adb.
    clock
        The host's clocks.
    """
    place = drives.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    checks = [
        _space(place, plan),
        *_writing(place),
        _clock_sanity(clock or HostClock()),
        *_battery(),
    ]
    if adb:
        checks.append(_adb())
    return checks


def _space(place: Path, plan: DrivePlan) -> Check:
    need = plan.minutes * BYTES_PER_MINUTE
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return _red("space", f"{place} can't be looked at: {error.strerror or error}.", "Check it.")
    what = (
        f"{free / 1e9:.0f} GB are free on the drives folder's disk; a drive of {plan.minutes:.0f} min "
        f"needs about {need / 1e9:.0f} GB."
    )
    if free >= 2 * need:
        return Check(code="host.space", subject="host", level="green", what=what)
    fix = f"Make room, or take another disk: twice the drive, {2 * need / 1e9:.0f} GB, is safe."
    level = "amber" if free >= need else "red"
    return Check(
        code="host.space",
        subject="host",
        level="amber" if level == "amber" else "red",
        what=what,
        fix=fix,
    )


def _writing(place: Path) -> list[Check]:
    """Write some megabytes as the journal and the safety logs will, and look at the time they get."""
    path = place / f".dashgaze-write-test-{os.getpid()}"
    block = os.urandom(1 << 20)
    try:
        began = time.perf_counter()
        with path.open("wb") as file:
            for _ in range(_TEST_BYTES // len(block)):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        took_s = max(time.perf_counter() - began, 1e-9)
        disk_s, host_s = path.stat().st_mtime, time.time()
    except OSError as error:
        return [
            _red(
                "write",
                f"{place} can't be written: {error.strerror or error}.",
                "Give a folder on a disk of your own, with space left.",
            )
        ]
    finally:
        path.unlink(missing_ok=True)
    speed = _TEST_BYTES / took_s
    what = f"The drives folder takes {speed / 1e6:.0f} MB a second."
    checks = [
        Check(code="host.write", subject="host", level="green", what=what)
        if speed >= _SLOW_BYTES_S
        else Check(
            code="host.write",
            subject="host",
            level="amber",
            what=what,
            fix="Take a faster disk than this one, best the computer's own.",
        )
    ]
    if abs(disk_s - host_s) > _CLOCKS_APART_S:
        checks.append(
            Check(
                code="host.disk_clock",
                subject="host",
                level="amber",
                what=f"The disk's clock is {disk_s - host_s:+.0f} s away from this computer's.",
                fix="Take a disk of this computer; times of files are used to tell drives apart.",
            )
        )
    return checks


def _clock_sanity(clock: HostClock) -> Check:
    now_ns = clock.now_ns()
    shown = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now_ns / 1e9))
    if now_ns < _EARLIEST_NS:
        return _red(
            "clock",
            f"This computer's clock shows {shown}, which can't be.",
            "Set it: let it ask a time server, or take the phone's time.",
        )
    return Check(
        code="host.clock", subject="host", level="green", what=f"This computer's clock: {shown}."
    )


def _battery() -> list[Check]:
    """Look at a laptop's battery, where the system tells (Linux)."""
    for folder in sorted(_POWER.glob("BAT*")) if _POWER.is_dir() else []:
        try:
            percent = int((folder / "capacity").read_text())
            charging = (folder / "status").read_text().strip() != "Discharging"
        except (OSError, ValueError):
            continue
        what = f"The computer's battery has {percent} %" + (" and charges." if charging else ".")
        if percent >= _LOW_BATTERY_PERCENT or charging:
            return [Check(code="host.battery", subject="host", level="green", what=what)]
        fix = "Plug it in; recordings outlive it, the screen and the event keys don't."
        return [Check(code="host.battery", subject="host", level="amber", what=what, fix=fix)]
    return []


def _adb() -> Check:
    found = shutil.which("adb")
    if found is None:
        return _red(
            "adb",
            "The program adb is not installed.",
            "Install Android's platform-tools, or use --phone page or --phone hand.",
        )
    return Check(code="host.adb", subject="host", level="green", what=f"adb is at {found}.")


def _red(code: str, what: str, fix: str) -> Check:
    return Check(code=f"host.{code}", subject="host", level="red", what=what, fix=fix)
