"""One offload of a session at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dashgaze.errors import OutputError


@contextmanager
def holding(session: Path) -> Iterator[None]:
    """Hold the session; a killed process lets go of it.

    Raises
    ------
    OutputError
        If another process holds it, or it can't be written.
    """
    path = session / "field" / "offload.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutputError(
            f"{path} can't be made: {error.strerror or error}.",
            fix="Check that the session folder can be written.",
            path=path,
        ) from error
    try:
        with suppress(ImportError):  # Windows has no such lock
            import fcntl

            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise OutputError(
                    f"Another `dashgaze collect offload` of {session} is at work.",
                    fix="Wait until it is done, or stop it: this one then goes on where it stopped.",
                    path=session,
                ) from error
        _tidy(session)
        yield
    finally:
        os.close(descriptor)


def _tidy(session: Path) -> None:
    """Remove what a killed offload left of its own notes while it wrote them."""
    left = [
        *(session / "field").glob(".offload.json.*.part"),
        *(session / "phone").glob(".*.part.json.*.part"),
        *(session / "eye_tracker").rglob(".*.part.json.*.part"),
    ]
    for path in left:
        path.unlink(missing_ok=True)
