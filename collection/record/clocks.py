"""How the devices' clocks stood to this computer's: ``field/clocks.json``."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dashgaze.errors import InputError
from dashgaze.files import write_text

from ..field.device import ClockOffset, Role
from .drive_folder import DriveFolder

CLOCKS_SCHEMA = "dashgaze/clocks/1"

When = Literal["before", "resumed", "after"]


@dataclass(frozen=True, kw_only=True)
class ClockMeasurement:
    """One look at a device's clock.

    Attributes
    ----------
    role
        Whose.
    when
        Before the drive, as it was taken up again, or at its end.
    offset
        What was found.
    """

    role: Role
    when: When
    offset: ClockOffset


def read_clocks(session: Path) -> tuple[ClockMeasurement, ...]:
    """Read what was measured, oldest first; empty if nothing was.

    Raises
    ------
    InputError
        If the file is there and can't be understood.
    """
    path = DriveFolder(session).clocks
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return tuple(
            ClockMeasurement(
                role=each["role"],
                when=each["when"],
                offset=ClockOffset(
                    host_ns=int(each["host_ns"]),
                    offset_ms=float(each["offset_ms"]),
                    uncertainty_ms=float(each["uncertainty_ms"]),
                ),
            )
            for each in content["measurements"]
        )
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read: {error}.", fix="Move it away; it is a helper only.", path=path
        ) from error


def add_clocks(folder: DriveFolder, new: list[ClockMeasurement]) -> Path:
    """Add measurements to the file.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    try:
        old = read_clocks(folder.root)
    except InputError:
        folder.clocks.replace(folder.clocks.with_suffix(".broken.json"))
        old = ()
    content: dict[str, Any] = {
        "schema": CLOCKS_SCHEMA,
        "what": "device = host + offset; the true offset lies within the uncertainty",
        "measurements": [
            {
                "role": each.role,
                "when": each.when,
                "host_ns": each.offset.host_ns,
                "offset_ms": each.offset.offset_ms,
                "uncertainty_ms": each.offset.uncertainty_ms,
            }
            for each in (*old, *new)
        ],
    }
    return write_text(folder.clocks, json.dumps(content, indent=2) + "\n")
