"""Files of one JSON object a line, to which a line is added so that a crash loses no other one."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError, OutputError
from dashgaze.files import sync_folder


@dataclass(frozen=True, kw_only=True)
class Lines:
    """What a file of lines holds.

    Attributes
    ----------
    entries
        The objects, in the order of the file.
    torn
        How many lines are no object: what a crash leaves while a line is written.
    """

    entries: tuple[dict[str, Any], ...]
    torn: int


def read_lines(path: Path) -> Lines:
    """Read a file of lines; one that does not exist is empty.

    Raises
    ------
    InputError
        If it can't be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return Lines(entries=(), torn=0)
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.",
            fix="Check its permissions.",
            path=path,
        ) from error
    return parse_lines(content)


def parse_lines(content: bytes) -> Lines:
    """Read lines; a torn one is left out and counted, wherever it stands."""
    entries, torn = [], 0
    for line in content.split(b"\n"):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict):
            entries.append(entry)
        else:
            torn += 1
    return Lines(entries=tuple(entries), torn=torn)


class LineFile:
    """A file that lines are added to; each is on the disk when `append` comes back.

    Parameters
    ----------
    path
        The file; it and its folder are made when the first line comes.
    private
        Whether nobody else on this computer may read it.
    """

    def __init__(self, path: Path, *, private: bool = False) -> None:
        self.path = path
        self._mode = 0o600 if private else 0o666

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add a line.

        Raises
        ------
        OutputError
            If it can't be written; no half of it stays that would spoil the next one.
        """
        line = json.dumps(dict(entry), allow_nan=False).encode("ascii") + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, self._mode)
            try:
                is_new = os.fstat(descriptor).st_size == 0
                if not _ends_with_newline(descriptor):
                    line = b"\n" + line  # a crash tore the line before; it stays, on its own
                write_all(descriptor, line)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if is_new:
                sync_folder(self.path.parent)  # a power cut must not take its name
        except OSError as error:
            raise OutputError(
                f"{self.path} can't be written: {error.strerror or error}.",
                fix="Check that the disk is there and has space left; recordings go on meanwhile.",
                path=self.path,
            ) from error


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it; the system may take less at a time."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _ends_with_newline(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    if size == 0:
        return True
    os.lseek(descriptor, size - 1, os.SEEK_SET)
    return os.read(descriptor, 1) == b"\n"
