"""The version that a data set gets, from what changed."""

from collections.abc import Mapping
from importlib import metadata

from dashgaze.schemas.dataset_manifest import DatasetManifest, Split

FIRST_VERSION = "1.0.0"
_PACKAGES = ("dashgaze", "numpy", "pyarrow")


def next_version(
    old: DatasetManifest | None,
    *,
    splits: Mapping[str, Split],
    tables: Mapping[str, str],
    build: str,
) -> str:
    """Find the version of a data set that was packed again.

    ===========================================================  ================
    what changed                                                 version
    ===========================================================  ================
    a session is gone or is in another split, or a table is gone  major: 2.0.0
    a session or a table was added, or a table has new columns    minor: 1.1.0
    values                                                       patch: 1.0.1
    nothing                                                      the same
    ===========================================================  ================

    Parameters
    ----------
    old
        The data set as it was; None for a new one.
    splits
        Split of each session now.
    tables
        Schema of each table now.
    build
        What identifies the data now.
    """
    if old is None:
        return FIRST_VERSION
    before = {entry.session_id: entry.split for entry in old.sessions}
    major, minor, patch = (int(part) for part in old.version.split("."))
    moved = any(splits.get(session) != split for session, split in before.items())
    if moved or set(old.tables) - set(tables):
        return f"{major + 1}.0.0"
    if set(splits) - set(before) or dict(tables) != old.tables:
        return f"{major}.{minor + 1}.0"
    if build != old.build:
        return f"{major}.{minor}.{patch + 1}"
    return old.version


def installed_versions() -> dict[str, str]:
    """Give the versions of dashgaze and of what its files depend on."""
    return {name: metadata.version(name) for name in _PACKAGES}
