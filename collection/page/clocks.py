"""``field/clocks.json``, where the page is served by itself and nobody else measures clocks."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dashgaze.files import write_text

from .finishing import PageResult

_SCHEMA = "dashgaze/clocks/1"


def add_clocks(session: Path, result: PageResult) -> None:
    """Add how the phone's clock stood before and after the drive; what is there stays.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    path = session / "field" / "clocks.json"
    new = [
        {"role": "phone", "when": when} | asdict(offset)
        for when, offset in (("before", result.clock_before), ("after", result.clock_after))
        if offset is not None
    ]
    content: dict[str, Any] = {
        "schema": _SCHEMA,
        "what": "device = host + offset; the true offset lies within the uncertainty",
        "measurements": [],
    }
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, dict) and isinstance(told.get("measurements"), list):
            content = told
    except FileNotFoundError:
        pass
    except (OSError, ValueError, RecursionError):
        return  # somebody else's to mend
    content["measurements"] += [line for line in new if line not in content["measurements"]]
    write_text(path, json.dumps(content, indent=2) + "\n")
