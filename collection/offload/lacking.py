"""What the drive recorded by its own journal, and is not in the session."""

import json
from pathlib import Path
from typing import Any

from .drive_times import DriveTimes
from .session_files import recordings_here

_RESULT = Path("field") / "page" / "result.json"


def lacking(session: Path, times: DriveTimes) -> list[str]:
    """Say what is not here yet, in sentences; files that were never listed can't fail to come home.

    Parameters
    ----------
    session
        The session folder.
    times
        What the journal tells; devices that it does not name are not asked for.
    """
    here = recordings_here(session)
    found: list[str] = []
    page = session / _RESULT.parent
    filmed = sorted(path.name for path in page.glob("road_*")) if page.is_dir() else []
    if times.phone.start_ns is not None and not any(name.startswith("phone/") for name in here):
        if filmed:
            found.append(
                "The phone's videos were not made of what its page sent (field/page): "
                f"`dashgaze collect serve {session}` makes them once the drive is stopped there."
            )
        else:
            found.append("The phone's videos are not here: give --from-phone adb, or a folder.")
    if filmed and (rest := _still_on_the_phone(session)):
        found.append(
            f"The end of {', '.join(rest)} did not come from the phone's page: with the phone here, "
            f"`dashgaze collect serve {session}` takes it."
        )
    if times.tracker.start_ns is not None and not any(
        name.startswith("eye_tracker/") for name in here
    ):
        found.append(
            "The eye tracker's recording is not here: export it in the app, and give the folder with "
            "--from-tracker."
        )
    return found


def _still_on_the_phone(session: Path) -> list[str]:
    """List the parts of which the page still held something when the files were made."""
    try:
        content: Any = json.loads((session / _RESULT).read_text(encoding="utf-8"))
        return [
            str(part["source"]).rpartition("/")[2]
            for part in content["parts"]
            if part["complete"] is False
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
