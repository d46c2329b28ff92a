"""Notes on stages that ended with an error, kept beside the output that they could not write."""

import json
from contextlib import suppress

from dashgaze.errors import OutputError
from dashgaze.files import write_text
from dashgaze.session import Session

FAILURES_NAME = ".failed.json"
_LONGEST = 2000


def read_failures(session: Session) -> dict[str, str]:
    """Give what ended each stage that failed when it was last tried, by the stage's name."""
    path = session.derived / FAILURES_NAME
    if not path.is_file():
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {str(name): str(what) for name, what in content.items()}


def note_failure(session: Session, stage: str, what: str) -> None:
    """Note that a stage failed. Where that can't be written, the run's own summary has to do."""
    noted = read_failures(session) | {stage: what[:_LONGEST]}
    with suppress(OutputError):
        _write(session, noted)


def forget_failure(session: Session, stage: str) -> None:
    """Take note that a stage has not failed this time."""
    noted = read_failures(session)
    if noted.pop(stage, None) is not None:
        with suppress(OutputError):
            _write(session, noted)


def _write(session: Session, noted: dict[str, str]) -> None:
    path = session.derived / FAILURES_NAME
    if noted:
        write_text(path, json.dumps(noted, indent=1, sort_keys=True) + "\n")
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)
