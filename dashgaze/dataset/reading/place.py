"""Where a data set is: a folder, or a repository of the Hugging Face Hub."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DATASET_MANIFEST_NAME

from .card import CARD_NAME

ROOT_VARIABLE = "DASHGAZE_ROOT"
HUB_VARIABLE = "DASHGAZE_HUB"
FOLDER_NAME = "dashgaze"
DEFAULT_HUB_ID = "dashgaze/dashgaze"
"""Where the data set is looked for if nothing else was said."""

REPLACED_SUFFIX = ".replaced.part"
"""What the old data set is called for the moment in which a new one takes its place."""

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a data set is.

    Attributes
    ----------
    folder
        A folder that holds a packed data set; None if it is on the Hub.
    hub_id
        Otherwise, ``organisation/name`` of its repository.
    looked_at
        The places that were looked at, in words, in order.
    """

    folder: Path | None = None
    hub_id: str = ""
    looked_at: tuple[str, ...] = ()


def is_packed(folder: Path) -> bool:
    """Tell whether a folder is a packed data set, and no Python package of the same name, say."""
    return (folder / DATASET_MANIFEST_NAME).is_file() and (folder / CARD_NAME).is_file()


def find_place(root: str | Path | None = None) -> Place:
    """Find the data set: what was said, ``DASHGAZE_ROOT``, ``./dashgaze``, the Hub.

    Parameters
    ----------
    root
        A folder, or ``organisation/name`` of a repository of the Hub. A name with one slash that is a
        folder as well is taken for the folder.

    Raises
    ------
    InputError
        If a folder was said and it is no packed data set.
    """
    if root is not None:
        return _said(root, f"root={str(root)!r}")
    from_environment = os.environ.get(ROOT_VARIABLE, "")
    if from_environment:
        return _said(from_environment, f"{ROOT_VARIABLE}={from_environment}")
    looked_at = [f"{ROOT_VARIABLE} (not set)"]
    folder = Path(FOLDER_NAME)
    if is_packed(folder):
        return Place(folder=folder.absolute(), looked_at=(*looked_at, str(folder.absolute())))
    _refuse_left_in_between(folder)
    what = "no packed data set" if folder.is_dir() else "not there"
    looked_at.append(f"{folder.absolute()} ({what})")
    hub_id = os.environ.get(HUB_VARIABLE, "")
    if hub_id and not _HUB_ID.fullmatch(hub_id):
        raise InputError(
            f"{HUB_VARIABLE} is {hub_id!r}; a repository of the Hub is called organisation/name.",
            fix=f"Mend it, or set {ROOT_VARIABLE} to the data set's folder.",
        )
    looked_at.append(f"{hub_id or DEFAULT_HUB_ID} on the Hub")
    return Place(hub_id=hub_id or DEFAULT_HUB_ID, looked_at=tuple(looked_at))


def packed_folder(folder: Path) -> Path:
    """Give the absolute path of a folder that is a packed data set.

    Raises
    ------
    InputError
        If it is none; the message says what was found in its place.
    """
    folder = folder.expanduser()
    if is_packed(folder):
        return folder.absolute()
    _refuse_left_in_between(folder)
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not there.",
            fix="Give the folder that `dashgaze pack` wrote, or organisation/name of a repository.",
            path=folder,
        )
    if is_packed(folder / FOLDER_NAME):
        raise InputError(
            f"{folder} is no packed data set, but {folder / FOLDER_NAME} is.",
            fix=f"Give {folder / FOLDER_NAME}.",
            path=folder,
        )
    if (folder / "__init__.py").is_file():
        raise InputError(
            f"{folder} is a Python package, not a packed data set.",
            fix="Give the folder that `dashgaze pack` wrote.",
            path=folder,
        )
    missing = [n for n in (DATASET_MANIFEST_NAME, CARD_NAME) if not (folder / n).is_file()]
    raise InputError(
        f"{folder} is no packed data set: it has no {' and no '.join(missing)}.",
        fix="Give the folder that `dashgaze pack` wrote.",
        path=folder,
    )


def _said(root: str | Path, said: str) -> Place:
    folder = Path(root).expanduser()
    if isinstance(root, str) and not folder.exists() and _HUB_ID.fullmatch(root):
        return Place(hub_id=root, looked_at=(f"{said}: no folder here", f"{root} on the Hub"))
    return Place(folder=packed_folder(folder), looked_at=(said,))


def _refuse_left_in_between(folder: Path) -> None:
    """Say how to go on where packing was killed between taking the old folder away and putting the new."""
    if not folder.name or folder.exists():
        return
    replaced = folder.with_name(f"{folder.name}{REPLACED_SUFFIX}")
    if is_packed(replaced):
        raise InputError(
            f"{folder} is not there, but {replaced} is: packing was killed in its last moment.",
            fix=f"Run `dashgaze pack` again, which mends it, or rename {replaced.name} to {folder.name}.",
            path=folder,
        )
