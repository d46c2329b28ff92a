"""What was copied from where: ``field/offload.json`` and ``manifest-sha256.txt``."""

import json
import re
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError
from dashgaze.files import write_text

from .session_files import is_rewritten

RECORD_NAME = "field/offload.json"
CHECKSUMS_NAME = "manifest-sha256.txt"
RECORD_SCHEMA = "dashgaze/offload/1"

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


@dataclass(frozen=True, kw_only=True)
class CopiedFile:
    """A file of the session.

    Attributes
    ----------
    target
        Its path from the session folder.
    origin
        Where it came from: a device or folder; ``session`` for what was made here.
    source
        Its path there; empty if it was made here.
    size_bytes, sha256
        Of the copy, read back from the disk.
    source_sha256
        As the device computed it; None for what was made here, of which there is nothing to compare.
    source_modified_ns
        When it was last written to there.
    verified
        Whether both are equal; None for what was made here.
    copied_ns
        When, Unix time on this computer.
    append_only
        Whether lines may be added to it later: only what was there counts.
    tries, resumed_from_bytes
        How it was copied.
    """

    target: str
    origin: str
    source: str
    size_bytes: int
    sha256: str
    copied_ns: int
    source_sha256: str | None = None
    source_modified_ns: int | None = None
    verified: bool | None = None
    append_only: bool = False
    tries: int = 1
    resumed_from_bytes: int = 0


@dataclass(frozen=True, kw_only=True)
class SecondCopy:
    """Another copy of the session, that was compared with this one.

    Attributes
    ----------
    path
        Its folder.
    verified_ns
        When.
    file_count
        How many files are in it.
    same_disk
        Whether it lies on the same disk: then one fault takes both.
    """

    path: str
    verified_ns: int
    file_count: int
    same_disk: bool


class CopyRecord:
    """All files of a session that were copied or looked at, on the disk after each change.

    Parameters
    ----------
    session
        The session folder.

    Raises
    ------
    InputError
        If there is a record that can't be understood.
    """

    def __init__(self, session: Path) -> None:
        self.session = session
        self.path = session / RECORD_NAME
        self.files: dict[str, CopiedFile] = {}
        self.second_copies: dict[str, SecondCopy] = {}
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            for each in content["files"]:
                self.files[each["target"]] = CopiedFile(**_known(CopiedFile, each))
            for each in content["second_copies"]:
                self.second_copies[each["path"]] = SecondCopy(**_known(SecondCopy, each))
        except FileNotFoundError:
            return
        except (
            *(OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError),
        ) as error:
            raise InputError(
                f"{self.path} can't be understood: {error}.",
                fix="Move it away and offload again: files that are there are compared, not copied.",
                path=self.path,
            ) from error

    def add(self, file: CopiedFile) -> None:
        """Take in a file, and write the record."""
        self.files[file.target] = file
        self.write()

    def add_second(self, copy: SecondCopy) -> None:
        """Take in a second copy, and write the record."""
        self.second_copies[copy.path] = copy
        self.write()

    def write(self) -> None:
        """Write it, as one step."""
        content: dict[str, Any] = {
            "schema": RECORD_SCHEMA,
            "files": [asdict(self.files[target]) for target in sorted(self.files)],
            "second_copies": [asdict(each) for each in self.second_copies.values()],
        }
        write_text(self.path, json.dumps(content, indent=2) + "\n")

    def write_checksums(self) -> None:
        """Write ``manifest-sha256.txt`` for ``sha256sum --check``; lines of other files stay."""
        lines = read_checksums(self.session)
        for file in self.files.values():
            if not file.append_only and not is_rewritten(file.target):
                lines[file.target] = file.sha256
        text = "".join(f"{lines[name]}  {name}\n" for name in sorted(lines))
        write_text(self.session / CHECKSUMS_NAME, text)


def read_checksums(session: Path) -> dict[str, str]:
    """Read ``manifest-sha256.txt``: SHA-256 by path; empty if there is none.

    Raises
    ------
    InputError
        If it can't be understood, or names a path outside of the session.
    """
    path = session / CHECKSUMS_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(f"{path} can't be read: {error}.", fix="Restore it.", path=path) from error
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is None or match[2].startswith("/") or ".." in match[2].split("/"):
            raise InputError(
                f"{path}, line {number} is no checksum of a file of the session.",
                fix="Restore it, or move it away and offload again.",
                path=path,
            )
        found[match[2]] = match[1]
    return found


def _known(kind: type, content: dict[str, Any]) -> dict[str, Any]:
    names = {each.name for each in fields(kind)}
    return {key: value for key, value in content.items() if key in names}
