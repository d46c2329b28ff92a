"""The truth of a simulated session, as comparisons read it."""

import json
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.session import Session


def truth_of(session: Session) -> tuple[Path, dict[str, Any]]:
    """Give a session's folder of truth and what its truth.json says.

    Raises
    ------
    InputError
        If it has none: recorded sessions don't.
    """
    if session.truth is None:
        raise InputError(
            f"{session.root} has no truth/ folder.",
            fix="Compare a simulated session: dashgaze simulate drives/",
            path=session.root,
        )
    path = session.truth / "truth.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}.", path=path) from error
    return session.truth, dict(content)
