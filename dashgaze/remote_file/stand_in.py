"""A small file that stands for a large one far away."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError

from .address import public_options
from .store import RemoteState, Store

_MAGIC = b"This file stands for a remote one (dashgaze stand-in 1).\n"
_MOST_BYTES = 64 << 10


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """What a stand-in says.

    Attributes
    ----------
    url
        Address of the remote file.
    state
        How the remote file stood when the stand-in was made.
    options
        How to reach it, without keys or passwords.
    """

    url: str
    state: RemoteState
    options: dict[str, Any] = field(default_factory=dict)

    def store(self) -> Store:
        """Open the remote file's store; its name there is empty."""
        return Store(self.url, self.options)


def write_stand_in(
    path: Path, url: str, state: RemoteState, options: Mapping[str, Any] | None = None
) -> None:
    """Write a stand-in, in place."""
    content = {
        "url": url,
        "size_bytes": state.size_bytes,
        "version": state.version,
        "modified_s": state.modified_s,
        "options": public_options(options or {}),
    }
    path.write_bytes(_MAGIC + json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")


def read_stand_in(path: Path) -> StandIn | None:
    """Read a stand-in; None if the file is an ordinary one.

    Raises
    ------
    InputError
        If it is a stand-in that was changed by hand.
    OSError
        If the file can't be read.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return None
        text = file.read(_MOST_BYTES)
    try:
        content = json.loads(text)
        return StandIn(
            url=str(content["url"]),
            state=RemoteState(
                size_bytes=int(content["size_bytes"]),
                version=str(content["version"]),
                modified_s=content["modified_s"],
            ),
            options=dict(content["options"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{path} stands for a remote file, but can't be understood.",
            fix="Delete it, and run the command on the session's address again.",
            path=path,
        ) from error


def is_stand_in(path: Path) -> bool:
    """Whether a file stands for a remote one; False if it can't be read."""
    try:
        return read_stand_in(path) is not None
    except OSError:
        return False
