"""A packed data set whose sessions are read one at a time."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashgaze.dataset.reading.card import read_card
from dashgaze.dataset.reading.place import is_packed, packed_folder
from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import (
    SPLITS,
    DatasetManifest,
    Split,
    read_dataset_manifest,
)
from dashgaze.schemas.manifest import MANIFEST_NAME

from ..contract.study import SessionData
from .session_arrays import frame_columns, session_data

if TYPE_CHECKING:
    import pyarrow as pa

SIMULATED = "simulated"
"""What simulated sessions have for the version of their consent, the phone's model and the start of the car's."""


@dataclass(frozen=True, kw_only=True)
class OpenDataset:
    """A packed data set, and which of its sessions are wanted; nothing but their rows is in memory.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        What it says of itself.
    title
        Of its card; its name where the card has none.
    rows
        Rows of the sessions table, by name of the session, sorted.
    """

    folder: Path
    manifest: DatasetManifest
    title: str
    rows: Mapping[str, Mapping[str, Any]]

    @property
    def simulated(self) -> bool:
        """Whether any of the wanted sessions is simulated: made-up numbers taint a study."""
        return any(is_simulated(row) for row in self.rows.values())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over path and SHA-256 of every shard and video; the build is its first 16 digits."""
        return _digest(self.manifest)

    def table(
        self, config: str, session_id: str, columns: Sequence[str] | None = None
    ) -> pa.Table | None:
        """Read the shard of a session of one of the configurations that are packed session by session.

        Parameters
        ----------
        config
            ``frames``, ``fixations``, ``gaze``, ``location`` or ``images``.
        session_id
            Which session.
        columns
            Those wanted; all if None.

        Returns
        -------
        pa.Table or None
            None where the data set has no such shard.

        Raises
        ------
        InputError
            If the shard is missing or can't be read.
        """
        path = self.shard(config, session_id)
        return None if path is None else _read(path, columns)

    def shard(self, config: str, session_id: str) -> Path | None:
        """Give the file of a session in a configuration; None where the data set has none."""
        path = self._paths.get(config, {}).get(session_id)
        return None if path is None else self.folder / path

    def session(self, session_id: str, columns: Sequence[str] | None = None) -> SessionData:
        """Read one session; `columns` as in `iter_sessions`.

        Raises
        ------
        InputError
            If it is not among the wanted ones, or its frames can't be read.
        """
        if session_id not in self.rows:
            raise InputError(
                f"{self.folder} has no session {session_id!r}.", fix=_some(tuple(self.rows))
            )
        frames = self.table("frames", session_id, frame_columns(columns))
        if frames is None:
            raise InputError(
                f"{self.folder} has no frames of {session_id}.",
                fix=f"`dashgaze validate {self.folder}` lists what is missing.",
                path=self.folder,
            )
        if "time_ns" not in frames.column_names:
            raise InputError(
                f"The frames of {session_id} in {self.folder} have no column time_ns.",
                fix=f"`dashgaze validate {self.folder}` lists what is wrong; copy or pack it again.",
                path=self.shard("frames", session_id),
            )
        return session_data(frames, self.rows[session_id])

    def without_lists(self) -> OpenDataset:
        """Give the same with a manifest that lists no files and no sessions: 4 kB for each session are most of it.

        Shards are found as before, and the digest is known.
        """
        return self._lean(self.rows, self._paths, {"files": (), "sessions": ()})

    def alone(self, session_id: str) -> OpenDataset:
        """Give what a process needs to read one session: to send it all the others would take longer than its work."""
        paths = {
            config: {session_id: found[session_id]}
            for config, found in self._paths.items()
            if session_id in found
        }
        lists = {"files": (), "sessions": (), "left_out": (), "withdrawn": ()}
        rows = {session_id: self.rows[session_id]}
        return self._lean(rows, paths, lists | {"folds": {}, "options": {}})

    def _lean(
        self,
        rows: Mapping[str, Mapping[str, Any]],
        paths: Mapping[str, Mapping[str, str]],
        lists: dict[str, Any],
    ) -> OpenDataset:
        lean = replace(self, rows=rows, manifest=self.manifest.model_copy(update=lists))
        lean.__dict__.update(_paths=paths, digest=self.digest)  # as `cached_property` does
        return lean

    @cached_property
    def _paths(self) -> Mapping[str, Mapping[str, str]]:
        """Paths of shards in the folder, by configuration and session; made once, as there may be 100,000 files."""
        paths: dict[str, dict[str, str]] = {}
        for file in self.manifest.files:
            if file.config is not None and file.session_id is not None:
                paths.setdefault(file.config, {})[file.session_id] = file.path
        return paths


def open_dataset(
    root: Path, *, split: str | None = None, sessions: Collection[str] | None = None
) -> OpenDataset:
    """Open a packed data set without reading any of its frames.

    Parameters
    ----------
    root
        The folder that `dashgaze pack` wrote.
    split
        ``train``, ``validation`` or ``test``; all if None.
    sessions
        Names of the sessions wanted; all if None.

    Raises
    ------
    InputError
        If it is no packed data set, or has not what is wanted. Folders of drives are told by name.
    """
    root = Path(root).expanduser()
    _refuse_drives(root)
    folder = packed_folder(root)
    manifest = read_dataset_manifest(folder)
    if split is not None and split not in SPLITS:
        raise InputError(f"There is no split {split!r}.", fix=f"Choose one of {', '.join(SPLITS)}.")
    rows = _rows(folder, manifest, split)
    if not rows:
        raise InputError(
            f"{folder} has no sessions" + (f" in {split}." if split else "."),
            fix="Leave out the split, or pack more drives.",
            path=folder,
        )
    if sessions is not None:
        unknown = sorted(set(sessions) - set(rows))
        if unknown:
            where = f"{folder}, split {split}," if split else f"{folder}"
            raise InputError(f"{where} has no session {unknown[0]!r}.", fix=_some(tuple(rows)))
        rows = {name: row for name, row in rows.items() if name in set(sessions)}
    return OpenDataset(folder=folder, manifest=manifest, title=_title(folder, manifest), rows=rows)


def is_simulated(row: Mapping[str, Any]) -> bool:
    """Tell by its row whether a session is simulated."""
    car = str(row.get("car") or "")
    return (
        row.get("consent_version") == SIMULATED
        or row.get("phone_model") == SIMULATED
        or car == SIMULATED
        or car.startswith(f"{SIMULATED},")
    )


def _refuse_drives(root: Path) -> None:
    """Say what to type where a folder of drives was given."""
    if not root.is_dir() or is_packed(root):
        return
    session = (root / MANIFEST_NAME).is_file()
    if session or next(root.glob(f"*/{MANIFEST_NAME}"), None) is not None:
        what = "a session folder" if session else "a folder of drives"
        raise InputError(
            f"{root} is {what}, not a packed data set; analyses read what may leave the lab.",
            fix=f"Type `dashgaze pack {root} -o dashgaze`, and give the folder dashgaze.",
            path=root,
        )


def _rows(
    folder: Path, manifest: DatasetManifest, split: Split | None
) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    for file in manifest.shards("sessions", split):
        table = _read(folder / file.path, None)
        found |= {str(row["session_id"]): _lean(row) for row in table.to_pylist()}
    return dict(sorted(found.items()))


def _lean(row: dict[str, Any]) -> dict[str, Any]:
    """Share words that are the same in many rows."""
    return {name: sys.intern(value) if type(value) is str else value for name, value in row.items()}


def _read(path: Path, columns: Sequence[str] | None) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            have = file.schema_arrow.names
            twice = next((name for name in have if have.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"it has the column {twice} twice")
            wanted = have if columns is None else [name for name in columns if name in have]
            return file.read(columns=wanted)
    except FileNotFoundError as error:
        raise InputError(
            f"{path} is not there, although manifest.json lists it.",
            fix="Copy the data set again; `dashgaze validate` lists all that is missing.",
            path=path,
        ) from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"{path} can't be read: {error}.",
            fix="Copy the data set again; `dashgaze validate` lists all that is damaged.",
            path=path,
        ) from error


def _title(folder: Path, manifest: DatasetManifest) -> str:
    try:
        title = read_card(folder).head.get("pretty_name")
    except InputError:
        # The numbers do not depend on the card, so that a card without a head is no reason to stop.
        title = None
    return str(title) if title else manifest.name


def _digest(manifest: DatasetManifest) -> str:
    digest = hashlib.sha256()
    for path, sha256 in sorted((file.path, file.sha256) for file in manifest.files if file.config):
        digest.update(f"{sha256}  {path}\n".encode())
    return digest.hexdigest()


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return f"It has {shown}."
