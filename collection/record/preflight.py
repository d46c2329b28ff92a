"""Everything that is looked at before a drive: ``field/preflight.json``."""

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import DashgazeError
from dashgaze.files import write_text

from ..field.check import Check, Level, worst
from ..field.device import DrivePlan, FieldDevice, Role
from .asking import CHECK_TIMEOUT_S, CONNECT_TIMEOUT_S, ask
from .drive_folder import DriveFolder
from .form_checks import form_checks
from .host_checks import host_checks
from .host_clock import HostClock

PREFLIGHT_SCHEMA = "dashgaze/preflight/1"


@dataclass(frozen=True, kw_only=True)
class Preflight:
    """What was found.

    Attributes
    ----------
    host_ns
        When, Unix time, ns.
    checks
        All of it: form, host, phone, tracker.
    """

    host_ns: int
    checks: tuple[Check, ...]

    @property
    def level(self) -> Level:
        """The worst of it."""
        return worst(self.checks)

    def codes(self, level: Level) -> tuple[str, ...]:
        """Give the codes of the checks of a level."""
        return tuple(check.code for check in self.checks if check.level == level)

    def to_json(self) -> dict[str, Any]:
        """Give it as one object, ready for JSON."""
        return {
            "schema": PREFLIGHT_SCHEMA,
            "host_ns": self.host_ns,
            "level": self.level,
            "checks": [asdict(check) for check in self.checks],
        }


async def preflight(
    root: Path,
    devices: Mapping[Role, FieldDevice],
    plan: DrivePlan,
    *,
    adb: bool = False,
    clock: HostClock | None = None,
) -> Preflight:
    """Look at form, host, phone and tracker at once; one that does not answer is red, and no more.

    Parameters
    ----------
    root
        The session folder; the result is written to its ``field/`` if that is there.
    devices
        Phone and tracker.
    plan
        The drive.
    adb
        Whether the phone hangs on adb.
    clock
        The host's clocks.
    """
    clock = clock or HostClock()
    folder = DriveFolder(root)
    looks = [_device_checks(role, device, plan) for role, device in devices.items()]
    # The disk test takes a moment: in a thread, while the devices answer.
    host = _host_checks(lambda: host_checks(folder.drives, plan, adb=adb, clock=clock))
    found = await asyncio.gather(host, *looks)
    checks = form_checks(root, plan)
    for each in found:
        checks += each
    result = Preflight(host_ns=clock.now_ns(), checks=tuple(checks))
    if folder.field.is_dir():
        text = json.dumps(result.to_json(), indent=2)
        write_text(folder.preflight, without_keys(text) + "\n")
    return result


def without_keys(text: str) -> str:
    """Blank the key in links to a phone's page: files of a session are handed on."""
    return re.sub(r"\btoken=[\w~.-]+", "token=hidden", text)


async def _host_checks(look: Callable[[], list[Check]]) -> list[Check]:
    try:
        return await ask("This computer was looked at", asyncio.to_thread(look), CHECK_TIMEOUT_S)
    except DashgazeError as error:
        fix = "Check the disk of the drives folder; a network disk that is gone hangs like this."
        return [
            Check(code="host.write", subject="host", level="red", what=error.what, fix=fix),
        ]


async def _device_checks(role: Role, device: FieldDevice, plan: DrivePlan) -> list[Check]:
    try:
        await ask(f"The {role} was looked for", device.connect(), CONNECT_TIMEOUT_S)
        return await ask(f"The {role} was looked at", device.check(plan), CHECK_TIMEOUT_S)
    except DashgazeError as error:
        return [
            Check(
                code=f"{role}.reachable",
                subject=role,
                level="red",
                what=error.what,
                fix=error.fix or f"Check the {role} and its cable or network, then look again.",
            )
        ]
