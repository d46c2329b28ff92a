"""Accuracy, where it was measured: the driver looked at known places."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

OFFSET_FILE = "field/gaze_offset.json"


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """How far gaze lies from where the driver was asked to look.

    Attributes
    ----------
    error_deg
        Length of the mean difference, deg.
    scatter_deg
        Of single targets around that, both axes together, deg; None with fewer than two.
    targets
        That it rests on.
    """

    error_deg: float
    scatter_deg: float | None
    targets: int


def read_accuracy(drives: Path) -> dict[str, Accuracy]:
    """Read what lab sessions measured: ``field/gaze_offset.json`` of the session folders in a folder.

    Offsets that were refused, or are in pixels of a film, are no accuracy and are left out.

    Parameters
    ----------
    drives
        A folder of session folders, as they were recorded.

    Returns
    -------
    By name of the session folder; empty if nothing was measured.

    Raises
    ------
    InputError
        If the folder is missing, or such a file can't be read.
    """
    if not drives.is_dir():
        raise InputError(
            f"{drives} is no folder.",
            fix="Give the folder that holds the session folders.",
            path=drives,
        )
    found = {}
    for path in sorted(drives.glob(f"*/{OFFSET_FILE}")):
        accuracy = _accuracy(_content(path), path)
        if accuracy is not None:
            found[path.parent.parent.name] = accuracy
    return found


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{path} can't be read: {error}.",
            fix="Measure the offset again: dashgaze collect targets.",
            path=path,
        ) from error
    return content if isinstance(content, dict) else {}


def _accuracy(content: dict[str, Any], path: Path) -> Accuracy | None:
    if content.get("verdict") != "ok" or content.get("unit") != "deg":
        return None
    try:
        scatter = content.get("scatter")
        return Accuracy(
            error_deg=math.hypot(*(float(each) for each in content["offset"])),
            scatter_deg=None if scatter is None else math.hypot(*(float(each) for each in scatter)),
            targets=int(content["used"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{path} says ok and has no offset.",
            fix="Measure the offset again: dashgaze collect targets.",
            path=path,
        ) from error
