"""Whether all files of a data set are there, unchanged, and no others."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dashgaze.progress import Progress
from dashgaze.schemas.dataset_manifest import (
    CHECKSUMS_NAME,
    DATASET_MANIFEST_NAME,
    DatasetFile,
    DatasetManifest,
    build_digest,
)

from .validate_report import DatasetFindings

_COPY_AGAIN = "Copy it again from where the data set came from."
_HEAVY = ("images", "videos")
# Not of the data set: caches and the traces of file managers and of the Hub's client.
_NOT_OURS = frozenset({".cache", ".git", ".gitattributes", ".DS_Store", "Thumbs.db", "desktop.ini"})
_BLOCK_BYTES = 1 << 20


def check_files(
    folder: Path,
    manifest: DatasetManifest,
    findings: DatasetFindings,
    *,
    deep: bool,
    progress: Progress,
) -> set[str]:
    """Compare the files with the manifest and the checksums.

    The content of pictures and videos, which may be a hundred times the rest, is only read if `deep`;
    their size always.

    Returns
    -------
    set[str]
        Paths of the files that are there.
    """
    usable: set[str] = set()
    found: dict[str, str] = {}
    listed = {file.path for file in manifest.files}
    if len(listed) != len(manifest.files):
        findings.add(
            "FILE_LISTED_TWICE",
            "The manifest lists a file more than once.",
            file=DATASET_MANIFEST_NAME,
            fix="Pack the data set again.",
        )
    total = sum(file.size_bytes for file in manifest.files) or 1
    done = 0
    for file in manifest.files:
        if _is_there(folder, file, findings):
            usable.add(file.path)
            if deep or file.config not in _HEAVY or file.path.endswith("metadata.parquet"):
                found[file.path] = _sha256(folder / file.path)
                if found[file.path] != file.sha256:
                    findings.add(
                        "FILE_CHANGED",
                        "Its content is not what the manifest says: it was damaged, or changed by hand.",
                        file=file.path,
                        fix=_COPY_AGAIN,
                    )
        done += file.size_bytes
        progress("checksums", done / total)
    _check_build(manifest, findings)
    _check_checksums(folder, manifest, findings)
    for name in _unlisted(folder, listed):
        findings.add(
            "FILE_UNLISTED",
            "It does not belong to the data set.",
            file=name,
            fix="Move it away: what is not listed is neither checked nor withdrawn.",
        )
    return usable


def _is_there(folder: Path, file: DatasetFile, findings: DatasetFindings) -> bool:
    path = folder / file.path
    if ".." in Path(file.path).parts or Path(file.path).is_absolute():
        findings.add(
            "FILE_OUTSIDE",
            "It lies outside of the data set.",
            file=file.path,
            fix="Pack the data set again.",
        )
        return False
    if not path.is_file():
        findings.add(
            "FILE_MISSING",
            "It is not there.",
            file=file.path,
            fix=_COPY_AGAIN,
        )
        return False
    size = path.stat().st_size
    if size != file.size_bytes:
        findings.add(
            "FILE_SIZE",
            f"It has {size} bytes; the manifest says {file.size_bytes}.",
            file=file.path,
            fix=_COPY_AGAIN,
        )
    return True


def _check_build(manifest: DatasetManifest, findings: DatasetFindings) -> None:
    build = build_digest(manifest.files)
    if build != manifest.build:
        findings.add(
            "BUILD_WRONG",
            f"The manifest calls itself build {manifest.build}; its files make {build}.",
            file=DATASET_MANIFEST_NAME,
            fix="Pack the data set again.",
        )


def _check_checksums(folder: Path, manifest: DatasetManifest, findings: DatasetFindings) -> None:
    path = folder / CHECKSUMS_NAME
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        findings.add(
            "CHECKSUMS_MISSING",
            "It is not there or can't be read.",
            file=CHECKSUMS_NAME,
            fix=_COPY_AGAIN,
        )
        return
    # "<sha256>  <path>", with a star before the path where the tool read it as binary.
    said = {line[66:].lstrip("*"): line[:64] for line in lines if line.strip()}
    wanted = {file.path: file.sha256 for file in manifest.files}
    manifest_path = folder / DATASET_MANIFEST_NAME
    wanted[DATASET_MANIFEST_NAME] = _sha256(manifest_path)
    for name in sorted(said.keys() | wanted.keys()):
        if said.get(name) != wanted.get(name):
            what = (
                "says nothing of it"
                if name not in said
                else "lists it, but the manifest does not"
                if name not in wanted
                else "says another SHA-256 of it"
            )
            findings.add(
                "CHECKSUMS_DIFFER",
                f"{CHECKSUMS_NAME} {what}.",
                file=name,
                fix="Copy manifest and checksums from the same data set.",
            )


def _unlisted(folder: Path, listed: set[str]) -> list[str]:
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _NOT_OURS)
        for name in sorted(names):
            path = (Path(place) / name).relative_to(folder).as_posix()
            own = path in listed or path in (DATASET_MANIFEST_NAME, CHECKSUMS_NAME)
            if not own and name not in _NOT_OURS:
                found.append(path)
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
