"""The data set that is packed again: what can be kept of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashgaze.errors import InputError, OutputError
from dashgaze.schemas.dataset_manifest import (
    DATASET_MANIFEST_NAME,
    DatasetFile,
    DatasetManifest,
    DatasetSession,
    Split,
    read_dataset_manifest,
)

from .digests import sha256_of
from .layout import SESSIONS, VIDEOS
from .session_work import PackedSession, SessionFile


@dataclass(frozen=True, kw_only=True)
class OldDataset:
    """A packed data set on the disk.

    Attributes
    ----------
    folder
        Its folder.
    manifest
        Its manifest.
    rows
        The rows of its sessions table, by session, but for the split.
    """

    folder: Path
    manifest: DatasetManifest
    rows: Mapping[str, Mapping[str, Any]]

    @property
    def splits(self) -> dict[str, Split]:
        """Split of each session."""
        return {entry.session_id: entry.split for entry in self.manifest.sessions}

    def entry(self, session_id: str) -> DatasetSession | None:
        """Give what the manifest says of a session; None if it is not in the data set."""
        entries = self.manifest.sessions
        return next((entry for entry in entries if entry.session_id == session_id), None)

    def files(self, session_id: str) -> list[DatasetFile]:
        """Give the shards and videos of a session."""
        return [
            file
            for file in self.manifest.files
            if file.session_id == session_id and file.config not in (None, SESSIONS)
        ]

    def damage(self, session_id: str, *, verify: bool) -> str:
        """Say what is wrong with a session's files; empty if nothing is.

        Parameters
        ----------
        session_id
            The session.
        verify
            Whether to read them; otherwise only their sizes are compared.
        """
        if session_id not in self.rows:
            return f"it has no row in {self.folder / SESSIONS}"
        found = (damage_of(self.folder, file, verify=verify) for file in self.files(session_id))
        return next((problem for problem in found if problem), "")

    def packed(self, entry: DatasetSession) -> PackedSession:
        """Give a session as it is, to be packed again without writing it."""
        return PackedSession(
            session_id=entry.session_id,
            driver_id=entry.driver_id,
            digest=entry.source_digest,
            scope=entry.consent_scope,
            row=self.rows[entry.session_id],
            files=tuple(
                SessionFile(
                    config=file.config or "",
                    view=Path(file.path).stem if file.config == VIDEOS else "",
                    size_bytes=file.size_bytes,
                    sha256=file.sha256,
                    rows=file.rows,
                    source=self.folder / file.path,
                )
                for file in self.files(entry.session_id)
            ),
            notes=entry.notes,
        )


def damage_of(folder: Path, file: DatasetFile, *, verify: bool) -> str:
    """Say what is wrong with a file of a data set; empty if nothing is."""
    path = folder / file.path
    try:
        size = path.stat().st_size
        if size != file.size_bytes:
            return f"{path} has {size} bytes; {file.size_bytes} were written"
        if verify and sha256_of(path) != file.sha256:
            return f"{path} is not what was written"
    except OSError as error:
        return f"{path} can't be read: {error.strerror or error}"
    return ""


def find_old_dataset(out: Path) -> OldDataset | None:
    """Look at what is in the place of a data set.

    Parameters
    ----------
    out
        Folder of the data set.

    Returns
    -------
    OldDataset or None
        None if there is nothing yet, or an empty folder.

    Raises
    ------
    OutputError
        If there is something that is no data set.
    InputError
        If there is a data set that can't be read.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if not (out / DATASET_MANIFEST_NAME).is_file():
        raise OutputError(
            f"{out} exists and is no packed data set; nothing of others is ever overwritten.",
            fix="Choose another folder.",
            path=out,
        )
    manifest = read_dataset_manifest(out)
    return OldDataset(folder=out, manifest=manifest, rows=_read_rows(out, manifest))


def _read_rows(folder: Path, manifest: DatasetManifest) -> dict[str, dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = {}
    for file in manifest.shards(SESSIONS):
        path = folder / file.path
        try:
            with pq.ParquetFile(path) as shard:
                listed = shard.read().to_pylist()
        except (OSError, ValueError, pa.ArrowException) as error:
            raise InputError(
                f"{path} can't be read: {error}.",
                fix="Pack into another folder, or bring this data set back from a copy.",
                path=path,
            ) from error
        for row in listed:
            row.pop("split", None)
            rows[row["session_id"]] = row
    return rows
