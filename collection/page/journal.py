"""A file of JSON lines that a crash can only cut at its end."""

import json
import os
from pathlib import Path
from typing import Any

from dashgaze.collection.field.json_lines import parse_lines, write_all
from dashgaze.files import sync_folder


class Journal:
    """Lines that are on disk when `add` returns.

    What a crash left of a last line is cut off when the file is opened again.

    Parameters
    ----------
    path
        The file; made if missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        self.lines = list(parse_lines(content[:whole]).entries)
        os.ftruncate(self._descriptor, whole)
        os.lseek(self._descriptor, 0, os.SEEK_END)

    def add(self, line: dict[str, Any]) -> None:
        """Append a line and wait until it is on disk; on failure the file stays as it was."""
        start = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        try:
            write_all(self._descriptor, (json.dumps(line, allow_nan=False) + "\n").encode())
            os.fsync(self._descriptor)
            if start == 0:
                sync_folder(self.path.parent)  # a power cut must not take its name
        except OSError:
            os.ftruncate(self._descriptor, start)
            os.lseek(self._descriptor, start, os.SEEK_SET)
            raise

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
