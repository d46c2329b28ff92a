"""What recording drives needs of a computer: free ports, adb and what hangs on it, a loudspeaker."""

import asyncio
import errno
import os
import socket

from dashgaze.collection.phone.adb import Adb, AttachedDevice, fault
from dashgaze.collection.record.loudspeaker import find_loudspeaker
from dashgaze.errors import DeviceError

from .finding import Finding, Level

PORTS = {
    8765: ("the phone's page", "dashgaze collect serve --port 0"),
    8766: ("the page of gaze targets", "dashgaze collect targets --port 0"),
}
"""Ports that commands take if none is given: what for, and what to type if they are taken."""


def collection_findings() -> list[Finding]:
    """Look at ports, adb and sound."""
    ports = [_port(number, *use) for number, use in PORTS.items()]
    return [*ports, *_adb(), _loudspeaker()]


def _port(number: int, use: str, command: str) -> Finding:
    try:
        with socket.socket() as taken:
            if os.name == "posix":  # elsewhere it would let two programs share a port
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("", number))
            taken.listen(1)
    except OSError as error:
        is_taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
        state = "taken by another program" if is_taken else f"closed ({error.strerror or error})"
        return _finding(
            f"port.{number}",
            "doubtful",
            f"Port {number}, for {use}, is {state}.",
            f"End that program, or take a free port: {command}",
        )
    return _finding(f"port.{number}", "good", f"Port {number}, for {use}, is free.")


def _adb() -> list[Finding]:
    try:
        adb = Adb()
    except DeviceError as error:
        what = "adb is not installed; without it the phone records by its page or by hand."
        return [_finding("adb", "note", what, error.fix)]
    try:
        attached = asyncio.run(adb.devices())
    except (DeviceError, OSError) as error:
        fix = error.fix if isinstance(error, DeviceError) else ""
        fix = fix or "Type `adb kill-server`, then `adb devices`."
        return [_finding("adb", "doubtful", f"{adb.program} does not work: {error}", fix)]
    what = f"adb is at {adb.program}; {len(attached) or 'no'} phone{'' if len(attached) == 1 else 's'} attached."
    return [_finding("adb", "good", what), *map(_phone, attached)]


def _phone(device: AttachedDevice) -> Finding:
    name = f"{device.model or 'Phone'} ({device.serial})"
    if device.state == "device":
        return _finding("phone", "good", f"{name} is attached and can be used.")
    told = fault(device.state)
    return _finding("phone", "doubtful", f"{name}: {told.what}", told.fix)


def _loudspeaker() -> Finding:
    found = find_loudspeaker()
    if found is None:
        what = "No loudspeaker: the computer can't play the sync sound; claps do as well."
        return _finding("loudspeaker", "note", what)
    return _finding("loudspeaker", "good", f"The sync sound is played by {found.name}.")


def _finding(code: str, level: Level, what: str, fix: str = "") -> Finding:
    return Finding(code=f"collection.{code}", group="collection", level=level, what=what, fix=fix)
