"""The optional package that shows it all."""

import os
import sys
from importlib import import_module
from typing import Any

from dashgaze.errors import DashgazeError, MissingExtraError

OLDEST = (0, 41)
"""States on a time line came with it."""


def import_rerun() -> Any:
    """Give the module; untyped, as it need not be there.

    Raises
    ------
    MissingExtraError
        If it is not installed, or too old.
    """
    fix = 'Install it: pip install "dashgaze[view]"'
    try:
        rerun = import_module("rerun")
        import_module("rerun.blueprint")
        version = str(rerun.__version__)
    except (ImportError, AttributeError) as error:
        raise MissingExtraError(
            "`dashgaze view` needs the viewer Rerun, which is not installed.", fix=fix
        ) from error
    try:
        numbers = tuple(int(part) for part in version.split(".")[:2])
    except ValueError:
        return rerun  # a build of its developers
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise MissingExtraError(
            f"Rerun {version} is installed; {oldest} or newer is needed.", fix=fix
        )
    return rerun


def require_display(command: str) -> None:
    """Refuse to open a window where there is none to be seen.

    Parameters
    ----------
    command
        What to type instead.

    Raises
    ------
    DashgazeError
        If this is Linux without a display.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        raise DashgazeError(
            "This machine has no display to open the viewer on.",
            fix=f"Write a file, and open it where there is one with `rerun FILE`: {command}",
        )
