"""A packed data set as exports see it: what its manifest lists, and nothing else."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent
from dashgaze.schemas.dataset_manifest import (
    CHECKSUMS_NAME,
    DATASET_MANIFEST_NAME,
    DatasetManifest,
    DatasetSession,
    read_dataset_manifest,
)

_AGAIN = "Pack it again with `dashgaze pack`, or fetch a whole copy."
_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class PackedDataset:
    """A folder that `dashgaze pack` wrote.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        What is in it.
    """

    folder: Path
    manifest: DatasetManifest

    def sessions(self, wanted: Sequence[str] | None = None) -> list[DatasetSession]:
        """Give its sessions, all or some, sorted by name.

        Raises
        ------
        InputError
            If one is not in it.
        """
        known = {session.session_id: session for session in self.manifest.sessions}
        names = sorted(known) if wanted is None else sorted(set(wanted))
        strange = [name for name in names if name not in known]
        if strange:
            raise InputError(
                f"{self.folder} has no session {_listed(strange)}.",
                fix=f"It has {_listed(sorted(known))}.",
                path=self.folder,
            )
        return [known[name] for name in names]

    def table(
        self, config: str, session_id: str, columns: list[str] | None = None
    ) -> pa.Table | None:
        """Read what a configuration holds of one session; None where it holds nothing of it.

        Raises
        ------
        InputError
            If a shard can't be read.
        """
        paths = [
            self.folder / file.path
            for file in self.manifest.shards(config)
            if file.session_id == session_id
        ]
        if not paths:
            return None
        return pa.concat_tables([_read(path, columns) for path in paths])

    def session_rows(self) -> dict[str, dict[str, Any]]:
        """Read the sessions table: a row for each session, by name.

        Raises
        ------
        InputError
            If a shard can't be read.
        """
        rows: dict[str, dict[str, Any]] = {}
        for file in self.manifest.shards("sessions"):
            for row in _read(self.folder / file.path, None).to_pylist():
                rows[row["session_id"]] = row
        return rows

    def file_names(self) -> list[str]:
        """Give the path of every file that belongs to it, sorted, with forward slashes."""
        listed = {file.path for file in self.manifest.files}
        return sorted(listed | {DATASET_MANIFEST_NAME, CHECKSUMS_NAME})

    def stray_files(self) -> list[str]:
        """Give what lies in the folder beside it: exports leave that where it is."""
        listed = set(self.file_names())
        found = (
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*")
            if path.is_file()
        )
        return sorted(name for name in found if name not in listed)


def open_packed(folder: Path) -> PackedDataset:
    """Open a packed data set.

    Raises
    ------
    InputError
        If it has no manifest, or one that names files outside of the folder.
    """
    manifest = read_dataset_manifest(folder)
    for file in manifest.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or "\\" in file.path:
            raise InputError(
                f"The manifest of {folder} lists {file.path}, which lies outside of the folder.",
                fix=_AGAIN,
                path=folder / DATASET_MANIFEST_NAME,
            )
    return PackedDataset(folder=folder, manifest=manifest)


def verify_packed(dataset: PackedDataset, *, progress: Progress = silent) -> None:
    """Refuse a data set whose files are not those that were packed.

    checksums.sha256 has to name just the files of the manifest and the manifest itself, and every
    file has to have its checksum there.

    Raises
    ------
    InputError
        If not; it names the first few files at fault.
    """
    sums = _read_checksums(dataset.folder)
    expected = {file.path: file.sha256 for file in dataset.manifest.files}
    names = set(dataset.file_names()) - {CHECKSUMS_NAME}
    faults = [f"{name} is not in {CHECKSUMS_NAME}" for name in sorted(names - set(sums))]
    faults += [f"{name} is not in the manifest" for name in sorted(set(sums) - names)]
    checked = sorted(names & set(sums))
    for number, name in enumerate(checked):
        progress("checksums", number / len(checked))
        path = dataset.folder / name
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            faults.append(f"{name} can't be read ({error.strerror or error})")
            continue
        if found != sums[name] or found != expected.get(name, found):
            faults.append(f"{name} has changed")
    progress("checksums", 1.0)
    if faults:
        raise InputError(
            f"{dataset.folder} is not as it was packed: {_listed(faults)}.",
            fix=_AGAIN,
            path=dataset.folder,
        )


def _read_checksums(folder: Path) -> dict[str, str]:
    path = folder / CHECKSUMS_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{folder} can't be verified: its {CHECKSUMS_NAME} is missing or can't be read.",
            fix=_AGAIN,
            path=path,
        ) from error
    sums: dict[str, str] = {}
    for line in lines:
        digest, _, name = line.partition("  ")
        if name:
            sums[name] = digest
    return sums


def _read(path: Path, columns: list[str] | None) -> pa.Table:
    try:
        # A single file: its folder's name must not become a column.
        return pq.ParquetFile(path).read(columns=columns)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path} can't be read: {error}.", fix=_AGAIN, path=path) from error


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    shown = ", ".join(every[:_NAMED])
    return shown if len(every) <= _NAMED else f"{shown} and {len(every) - _NAMED} more"
