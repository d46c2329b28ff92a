"""Calling several readers of the same files."""

from collections.abc import Callable, Iterable
from pathlib import Path

from dashgaze.errors import DashgazeError

Read = Callable[[], object]


def every(calls: Iterable[Read]) -> None:
    """Make all calls; raise the last named error, and any other one at once."""
    refused: DashgazeError | None = None
    for call in calls:
        try:
            call()
        except DashgazeError as error:
            refused = error
    if refused is not None:
        raise refused


def files(folder: Path, *patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in folder.glob(pattern))
