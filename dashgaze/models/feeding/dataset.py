"""A packed data set with pictures, opened for models."""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dashgaze.errors import InputError
from dashgaze.progress import Progress, silent
from dashgaze.schemas.dataset_manifest import (
    SPLITS,
    DatasetManifest,
    build_digest,
    read_dataset_manifest,
)

from ..contract.pictures import PictureSource
from ..contract.samples import Samples
from .image_shard import ImageShard
from .packed_pictures import PackedPictures
from .session_rows import SESSION_COLUMNS, SessionRow, read_columns, read_session

if TYPE_CHECKING:
    from dashgaze.schemas.dataset_manifest import DatasetFile, DatasetSession


def open_samples(
    root: Path,
    *,
    split: str | None = None,
    sessions: Sequence[str] | None = None,
    progress: Progress = silent,
) -> tuple[Samples, PictureSource]:
    """Open a packed data set: its frames that have pictures, with labels, and the pictures.

    Labels are read at once, pictures one by one as they are asked for.

    Parameters
    ----------
    root
        The data set's folder.
    split
        ``train``, ``validation`` or ``test``; all if None.
    sessions
        Only these.
    progress
        Where to report to.

    Returns
    -------
    samples
        Frames by session, ascending in time.
    pictures
        Theirs, row by row.

    Raises
    ------
    InputError
        If it was packed without pictures, or by another version; if a picture's size is unknown, there is
        no such split or session, or a file is damaged.
    """
    manifest = read_dataset_manifest(root)
    chosen = _chosen(root, manifest, split, sessions)
    facts = _facts(root, manifest, sorted({each.split for each in chosen}))
    images = {file.session_id: file for file in manifest.shards("images")}
    frames = {file.session_id: file for file in manifest.shards("frames")}
    parts: list[Samples] = []
    shards: list[ImageShard] = []
    places: list[np.ndarray] = []
    for done, session in enumerate(chosen):
        progress("reading labels", done / len(chosen))
        name = session.session_id
        if name not in images:
            continue
        part, place = read_session(
            root / _path(frames, name, root), root / images[name].path, _row(facts, name, root)
        )
        parts.append(part)
        places.append(place)
        shards.append(ImageShard(root / images[name].path))
    if not sum(len(part) for part in parts):
        where = f"split {split!r}" if split else "what was chosen"
        raise InputError(
            f"No frame of {where} in {root} has pictures.",
            fix="Choose another split, or pack again with sessions whose videos are at hand.",
            path=root,
        )
    samples = Samples(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in fields(Samples)
        }
    )
    counts = [len(place) for place in places]
    pictures = PackedPictures(
        shards, np.repeat(np.arange(len(shards)), counts), np.concatenate(places)
    )
    progress("reading labels", 1.0)
    return samples, pictures


def data_digest(root: Path) -> str:
    """Give what identifies the data: SHA-256 of paths and checksums of all shards and videos.

    Its first 16 digits are the manifest's ``build``.

    Raises
    ------
    InputError
        If it is no packed data set, or the manifest contradicts itself.
    """
    manifest = read_dataset_manifest(root)
    digest = hashlib.sha256()
    for path, sha256 in sorted((file.path, file.sha256) for file in manifest.files if file.config):
        digest.update(f"{sha256}  {path}\n".encode())
    if manifest.build != build_digest(manifest.files):
        raise InputError(
            f"The manifest of {root} says build {manifest.build}, and its files are of another.",
            fix="Copy the data set again, or pack it again.",
            path=root,
        )
    return digest.hexdigest()


def data_title(root: Path) -> str:
    """Give what the data set calls itself: name, version and build."""
    manifest = read_dataset_manifest(root)
    return f"{manifest.name} {manifest.version} (build {manifest.build})"


def _chosen(
    root: Path, manifest: DatasetManifest, split: str | None, sessions: Sequence[str] | None
) -> list[DatasetSession]:
    if not manifest.shards("images"):
        raise InputError(
            f"{root} was packed without pictures for models.",
            fix="Pack it again with `dashgaze pack DRIVES OUT --images`.",
            path=root,
        )
    if split is not None and split not in SPLITS:
        raise InputError(f"There is no split {split!r}.", fix=f"Choose one of {', '.join(SPLITS)}.")
    known = {each.session_id: each for each in manifest.sessions}
    for name in sessions or ():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise InputError(
                f"{root} has no session {name!r}.",
                fix=f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}.",
            )
    wanted = known if sessions is None else set(sessions)
    chosen = [
        each
        for name, each in sorted(known.items())
        if name in wanted and split in (None, each.split)
    ]
    if not chosen:
        found = sorted({each.split for each in manifest.sessions})
        raise InputError(
            f"{root} has no session in split {split!r}; it has {', '.join(found)}."
            if sessions is None
            else f"None of the sessions that were chosen is in split {split!r} of {root}.",
            fix="Choose another split, or pack it with `--split-protocol` and more sessions.",
            path=root,
        )
    return chosen


def _facts(root: Path, manifest: DatasetManifest, splits: Sequence[str]) -> dict[str, SessionRow]:
    facts: dict[str, SessionRow] = {}
    for file in manifest.shards("sessions"):
        if file.split in splits:
            for row in read_columns(root / file.path, SESSION_COLUMNS).to_pylist():
                facts[row["session_id"]] = row
    return facts


def _path(shards: dict[str | None, DatasetFile], name: str, root: Path) -> str:
    if name not in shards:
        raise InputError(
            f"{root} has pictures of {name} and no frames of it.",
            fix="Pack the data set again.",
            path=root,
        )
    return shards[name].path


def _row(facts: dict[str, SessionRow], name: str, root: Path) -> SessionRow:
    if name not in facts:
        raise InputError(
            f"The sessions table of {root} lacks {name}.",
            fix="Copy the data set again, or pack it again.",
            path=root,
        )
    return facts[name]
