"""Finding sessions under an address."""

from collections.abc import Mapping
from typing import Any

from dashgaze.remote_file import RemoteError, Store
from dashgaze.schemas.manifest import MANIFEST_NAME


def find_remote_sessions(
    url: str, *, storage_options: Mapping[str, Any] | None = None
) -> list[str]:
    """Find all sessions under an address, at any depth; the address itself may be one.

    Hidden folders, unfinished imports (``*.part``) and the inside of sessions are not looked at.

    Parameters
    ----------
    url
        Such as ``s3://bucket/drives``.
    storage_options
        Settings for fsspec; what is not given is taken from the environment and fsspec's own file.

    Returns
    -------
    list of str
        Their addresses, sorted; empty if there are files but no session.

    Raises
    ------
    InputError
        If it is no address.
    MissingExtraError
        If the package for this kind of store is not installed.
    RemoteError
        If there is nothing, or it can't be listed.
    """
    store = Store(url, storage_options)
    names = store.files()
    if not names:
        raise RemoteError(
            f"There is nothing under {store.url}.",
            fix="Check the address, and that the keys in use may list it.",
        )
    folders = {name.rpartition("/")[0] for name in names if _is_manifest(name)}
    outermost = [
        folder
        for folder in folders
        if not any(above in folders for above in _above(folder)) and not _is_passed_over(folder)
    ]
    return sorted(store.address(folder) for folder in outermost)


def _is_manifest(name: str) -> bool:
    return name.rpartition("/")[2] == MANIFEST_NAME


def _above(folder: str) -> list[str]:
    """Give all folders that a folder lies in; the address itself is ``""``."""
    parts = folder.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts))] if folder else []


def _is_passed_over(folder: str) -> bool:
    parts = folder.split("/") if folder else []
    return any(part.startswith(".") or part.endswith(".part") for part in parts)
