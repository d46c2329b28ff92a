"""The protocols that sessions can be split under."""

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import Split

Lead = Literal["frames", "sessions"]

DEFAULT_PROTOCOL = "82-10-8"
DEFAULT_FOLDS = 5
FILE_SUFFIXES = (".yaml", ".yml", ".json", ".csv")

_FOLDS = "leave-drivers-out"
_KNOWN = ("82-10-8", "thesis-25-8", _FOLDS, f"{_FOLDS}-{DEFAULT_FOLDS}")


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """How sessions are split.

    Attributes
    ----------
    name
        What it is called, in the manifest too.
    targets
        Share that each split should hold.
    lead
        What that share is of before all else.
    fold_count
        Folds beside the split; 0 for none.
    """

    name: str
    targets: dict[Split, float]
    lead: Lead = "frames"
    fold_count: int = 0


_BY_FRAMES: dict[Split, float] = {"train": 0.82, "validation": 0.10, "test": 0.08}


def find_protocol(protocol: str | Path) -> Protocol | Path:
    """Give the protocol of a name, or the path if it is that of a file.

    Raises
    ------
    InputError
        If it is neither, or asks for fewer than two folds.
    """
    if isinstance(protocol, Path):
        return protocol
    if protocol == "82-10-8":
        return Protocol(name=protocol, targets=_BY_FRAMES)
    if protocol == "thesis-25-8":
        return Protocol(name=protocol, targets={"train": 25 / 33, "test": 8 / 33}, lead="sessions")
    match = re.fullmatch(rf"{_FOLDS}(?:-([0-9]{{1,6}}))?", protocol)
    if match:
        count = int(match[1]) if match[1] else DEFAULT_FOLDS
        if count < 2:
            raise InputError(
                f"{protocol} asks for {count} fold{'s' * (count != 1)}; expected two or more.",
                fix=f"Give {_FOLDS}-{DEFAULT_FOLDS}, say.",
            )
        return Protocol(name=f"{_FOLDS}-{count}", targets=_BY_FRAMES, fold_count=count)
    if protocol.lower().endswith(FILE_SUFFIXES):
        return Path(protocol)
    near = difflib.get_close_matches(protocol, _KNOWN, n=1, cutoff=0.4)
    meant = f" Did you mean {near[0]}?" if near else ""
    raise InputError(
        f"There is no split protocol {protocol!r}.{meant}",
        fix=f"Give 82-10-8, thesis-25-8, {_FOLDS}-K with a number of folds, or a file "
        f"({', '.join(FILE_SUFFIXES)}) that names the split of each session or driver.",
    )
