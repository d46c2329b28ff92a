"""Words that hold for a session wherever its folder lies."""

import re
import shlex
from pathlib import Path

from .drive import Drive


def command(name: str, drive: Drive) -> str:
    """Give the command that runs a stage on the session, as a user types it beside the folder."""
    return f"dashgaze {name} {shlex.quote(drive.session.root.absolute().name)}"


def without_root(text: str, root: Path) -> str:
    """Name files from the session folder: a report is shown to people who have it elsewhere."""
    for form in dict.fromkeys((str(root.absolute()), str(root))):
        if form == ".":
            continue
        # Only as a path of its own: a folder may be called like a word, or like the end of another path.
        place = rf"(?<![\w./\\-]){re.escape(form)}"
        text = re.sub(rf"{place}[/\\]", "", text)
        if Path(form).is_absolute():
            text = re.sub(rf"{place}(?![\w-])", "the session folder", text)
    return text
