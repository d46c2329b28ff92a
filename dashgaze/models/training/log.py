"""What a training tells while it runs: ``train.jsonl``, and events for TensorBoard."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashgaze.collection.field.json_lines import parse_lines
from dashgaze.errors import InputError, MissingExtraError, OutputError

LOG_NAME = "train.jsonl"


class TrainLog:
    """Appends one JSON object a line; a killed training leaves whole lines, but perhaps the last.

    Parameters
    ----------
    folder
        Of the run.
    kept_bytes
        Length up to which an earlier log stands; what was written after the state that is gone on from is
        cut off.
    tensorboard
        Write events to ``tensorboard/``, too.

    Raises
    ------
    MissingExtraError
        If TensorBoard is wanted and not installed.
    """

    def __init__(self, folder: Path, *, kept_bytes: int = 0, tensorboard: bool = False) -> None:
        self.path = folder / LOG_NAME
        self._events: Any = _events(folder) if tensorboard else None
        try:
            self._file = self.path.open("ab")
            self._file.truncate(min(kept_bytes, self.path.stat().st_size))
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def write(self, event: str, **says: Any) -> None:
        """Add a line; numbers that are none become null."""
        line = json.dumps({"event": event} | _plain(says), allow_nan=False) + "\n"
        try:
            self._file.write(line.encode())
            self._file.flush()
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        if self._events is not None and "step" in says:
            for name, value in _plain(says).items():
                if isinstance(value, int | float) and name != "step":
                    self._events.add_scalar(f"{event}/{name}", value, says["step"])

    def size_bytes(self) -> int:
        """Give its length, all of it being on the disk."""
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close it."""
        self._file.close()
        if self._events is not None:
            self._events.close()


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Read the lines of a run's log; what a crash tore is left out.

    Raises
    ------
    InputError
        If there is none.
    """
    path = folder / LOG_NAME
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Give the folder that `dashgaze train` wrote.",
            path=path,
        ) from error
    whole = content[: content.rfind(b"\n") + 1]
    return [line for line in parse_lines(whole).entries if isinstance(line.get("event"), str)]


def _plain(says: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in says.items():
        if isinstance(value, Mapping):
            plain[name] = _plain(value)
        elif isinstance(value, float):
            # Six digits are enough to plot, and lines stay short.
            plain[name] = float(f"{value:.6g}") if math.isfinite(value) else None
        else:
            plain[name] = value
    return plain


def _events(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError(
            "Events for TensorBoard need the package tensorboard, which is not installed.",
            fix="Install it: pip install 'dashgaze[tensorboard]', or leave them out.",
        ) from error
    return SummaryWriter(str(folder / "tensorboard"))


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{path} can't be written: {error.strerror or error}.",
        fix="Check that the disk has space left.",
        path=path,
    )
