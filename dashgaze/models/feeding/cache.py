"""Pictures decoded once and kept at the size that a network takes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from tokenize import TokenError

import numpy as np
from numpy.typing import NDArray

from dashgaze.errors import InputError
from dashgaze.files import replacing, write_text
from dashgaze.progress import Progress, silent
from dashgaze.schemas.dataset_manifest import read_dataset_manifest

from ..contract.pictures import PictureName, PictureSource
from .packed_pictures import PackedPictures

IndexArray = NDArray[np.int64]

_VERSION = 1
"""Counted up when decoding gives other pictures."""
_BLOCK_ROWS = 256


class CachedPictures:
    """A `PictureSource` that reads decoded pictures from memory maps; other sizes from the data set.

    Parameters
    ----------
    source
        The data set's pictures.
    maps, known
        By name: pictures, shape (rows of the shard, 3, height, width), and whether there is one, for each
        shard of `source`.
    """

    def __init__(
        self,
        source: PackedPictures,
        maps: Mapping[PictureName, list[NDArray[np.uint8]]],
        known: Mapping[PictureName, list[NDArray[np.bool_]]],
    ) -> None:
        self.source, self.maps, self.known = source, maps, known

    def read(
        self, rows: IndexArray, name: PictureName, size_px: tuple[int, int] | None = None
    ) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        """Give one kind of picture of some rows (`PictureSource.read`)."""
        maps = self.maps.get(name)
        if not maps or size_px is None or maps[0].shape[2:] != size_px[::-1]:
            return self.source.read(rows, name, size_px)
        pictures = np.empty((len(rows), *maps[0].shape[1:]), np.uint8)
        present = np.empty(len(rows), np.bool_)
        shards, places = self.source.shard_of_row[rows], self.source.row_in_shard[rows]
        for number in np.unique(shards).tolist():
            here = shards == number
            pictures[here] = maps[number][places[here]]
            present[here] = self.known[name][number][places[here]]
        return pictures, present

    def take(self, rows: IndexArray) -> CachedPictures:
        """Give the source that belongs to ``samples.take(rows)``."""
        return CachedPictures(self.source.take(rows), self.maps, self.known)


def cached(
    pictures: PictureSource,
    root: Path,
    folder: Path,
    sizes_px: Mapping[PictureName, tuple[int, int]],
    *,
    progress: Progress = silent,
) -> CachedPictures:
    """Decode all pictures of the shards in use, or find them decoded already.

    Each file belongs to one shard, by the SHA-256 that the manifest states of it, and is checked against a
    checksum of its own when it is opened; one that does not fit is made again. 1 GB holds some 20,000 frames
    at 112 px.

    Parameters
    ----------
    pictures
        As `open_samples` gave it.
    root
        The data set's folder.
    folder
        Where decoded pictures lie; it is made. Several data sets and sizes may share it.
    sizes_px
        Width and height wanted.
    progress
        Where to report to.

    Raises
    ------
    InputError
        If a picture is damaged, or the pictures are not those of a packed data set.
    OutputError
        If the folder can't be written.
    """
    if not isinstance(pictures, PackedPictures):
        raise InputError(
            "Only pictures of a packed data set can be kept decoded.", fix="Leave the cache out."
        )
    digests = {root / file.path: file.sha256 for file in read_dataset_manifest(root).files}
    maps: dict[PictureName, list[NDArray[np.uint8]]] = {name: [] for name in sizes_px}
    known: dict[PictureName, list[NDArray[np.bool_]]] = {name: [] for name in sizes_px}
    total, done = len(pictures.shards) * len(sizes_px), 0
    for shard in pictures.shards:
        for name, size_px in sizes_px.items():
            progress("decoding pictures", done / total)
            path = (
                folder
                / digests[shard.path][:24]
                / f"{name}_{size_px[0]}x{size_px[1]}_v{_VERSION}.npy"
            )
            found = _opened(path)
            if found is None:
                alone = PackedPictures(
                    [shard],
                    np.zeros(shard.row_count, np.int64),
                    np.arange(shard.row_count, dtype=np.int64),
                )
                _write(path, alone, name, size_px)
                found = _opened(path)
                if found is None:
                    raise InputError(
                        f"{path} was written and does not read back as it was written.",
                        fix="Check the disk, or give another folder for the cache.",
                        path=path,
                    )
            maps[name].append(found[0])
            known[name].append(found[1])
            done += 1
    progress("decoding pictures", 1.0)
    return CachedPictures(pictures, maps, known)


def _write(path: Path, source: PackedPictures, name: PictureName, size_px: tuple[int, int]) -> None:
    count = len(source)
    checksum = 0
    present = np.zeros(count, np.bool_)
    with replacing(path) as temporary:
        kept = np.lib.format.open_memmap(
            temporary, mode="w+", dtype=np.uint8, shape=(count, 3, size_px[1], size_px[0])
        )
        for start in range(0, count, _BLOCK_ROWS):
            rows = np.arange(start, min(count, start + _BLOCK_ROWS))
            kept[rows], present[rows] = source.read(rows, name, size_px)
            checksum = zlib.crc32(kept[rows].tobytes(), checksum)
        kept.flush()
        del kept
    said = {
        "crc32": checksum,
        "shape": [count, 3, size_px[1], size_px[0]],
        "absent": np.flatnonzero(~present).tolist(),
    }
    write_text(path.with_suffix(".json"), json.dumps(said) + "\n")


def _opened(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.bool_]] | None:
    """Open a file of decoded pictures; None if it is not there whole."""
    try:
        said = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        kept = np.load(path, mmap_mode="r")
        if kept.dtype != np.uint8 or list(kept.shape) != said["shape"]:
            return None
        checksum = 0
        for start in range(0, len(kept), _BLOCK_ROWS):
            checksum = zlib.crc32(kept[start : start + _BLOCK_ROWS].tobytes(), checksum)
        if checksum != said["crc32"]:
            return None
        present = np.ones(len(kept), np.bool_)
        present[said["absent"]] = False
    except (
        *(OSError, ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError),
        *(SyntaxError, TokenError, MemoryError),
    ):
        return None
    return kept, present
