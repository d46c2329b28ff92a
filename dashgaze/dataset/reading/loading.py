"""Loading a data set with the `datasets` library, from wherever it is."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import DatasetManifest, read_dataset_manifest

from .card import Card, data_files, read_card
from .hub import load_from_hub
from .place import find_place
from .video_table import VIDEOS, load_videos

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

    Loaded: TypeAlias = Dataset | DatasetDict | IterableDataset | IterableDatasetDict

_WILDCARD = re.compile(r"[*?[]")
_NO_ROWS = "corresponds to no data"
# No parquet file is shorter: its mark at both ends, and a length.
_LEAST_PARQUET_BYTES = 12


def load_dataset(
    name: str = "frames",
    root: str | Path | None = None,
    *,
    split: str | None = None,
    streaming: bool = False,
    columns: Sequence[str] | None = None,
    filters: Any = None,
    revision: str | None = None,
    **kwargs: Any,
) -> Loaded:
    """Load one configuration of the data set.

    The data set is taken from `root`, or else from the folder that ``DASHGAZE_ROOT`` names, from
    ``./dashgaze``, or from the Hub (``DASHGAZE_HUB``, or the project's own repository), whichever is the
    first. Of a folder, what is on the disk now is loaded, never an older copy from the cache.

    Parameters
    ----------
    name
        ``frames``, ``gaze_light``, ``fixations``, ``sessions``, and what else was packed: ``gaze``,
        ``images``, ``location``, ``videos``. The paths of ``videos`` are not decoded:
        ``.cast_column("road", datasets.Video())`` does that where torchcodec is installed, and
        `open_video` without it.
    root
        The data set's folder, or ``organisation/name`` of a repository of the Hub.
    split
        ``train``, ``validation`` or ``test``; without it a dictionary of all.
    streaming
        Read the files while iterating, without a copy in the cache.
    columns
        Only these columns are read.
    filters
        Only rows are read that fit, as `pyarrow.parquet.read_table` takes it:
        ``[("session_id", "==", "session_07")]``. Without `split`, splits in which no row fits are left
        out of the dictionary; while streaming they are there, and empty.
    revision
        Branch, tag or commit of the repository.
    **kwargs
        Anything else that `datasets.load_dataset` takes.

    Returns
    -------
    Dataset, DatasetDict, IterableDataset or IterableDatasetDict
        As `datasets.load_dataset` gives it.

    Raises
    ------
    InputError
        If there is no such data set, configuration, split or column; if no row fits `filters`; if the
        card does not belong to the data; or if the Hub is needed and can't be reached.
    """
    for taken in ("data_files", "data_dir"):
        if taken in kwargs:
            raise InputError(
                f"load_dataset was given {taken}; the name of the configuration says which files.",
                fix=f"Leave {taken} out, or use datasets.load_dataset itself.",
            )
    place = find_place(root)
    wanted: dict[str, Any] = {"split": split, "streaming": streaming} | kwargs
    if columns is not None:
        wanted["columns"] = list(columns)
    if filters is not None:
        wanted["filters"] = filters
    if place.folder is None:
        return load_from_hub(place, name, revision=revision, **wanted)
    if revision is not None:
        raise InputError(
            f"revision={revision!r} was given, but {place.folder} is a folder, which has none.",
            fix="Leave it out, or give organisation/name of a repository as root.",
        )
    return _from_folder(place.folder, name, wanted)


def _from_folder(folder: Path, name: str, wanted: dict[str, Any]) -> Loaded:
    manifest = read_dataset_manifest(folder)
    card = read_card(folder)
    _refuse_foreign_card(card, manifest)
    if name == VIDEOS:
        return load_videos(folder, manifest, **wanted)
    files = _files_of(folder, card, name)
    split = wanted["split"]
    if isinstance(split, str) and split.isidentifier() and split not in files:
        raise InputError(
            f"{name} has no split {split!r}; it has {', '.join(files)}.", fix="Choose one of them."
        )
    if "columns" in wanted:
        _refuse_unknown_columns(folder, card, name, manifest, wanted["columns"])
    if isinstance(split, str) and split in files:
        files = {split: files[split]}  # else the library would copy all splits into its cache
    _refuse_lost_shards(folder, manifest, name, files)
    # Given as data_files, a file's time of change is a part of the cache's key. The library's own key
    # for a folder is made of its name and the card only.
    if "filters" in wanted:
        files = _with_matches(folder, manifest, files, wanted["filters"])
    wanted = wanted | {"data_files": files}
    if "filters" not in wanted or wanted["streaming"]:
        return _load(folder, name, wanted)
    return _filtered(folder, name, wanted)


def _load(folder: Path, name: str, wanted: dict[str, Any]) -> Loaded:
    import datasets
    import pyarrow as pa
    from datasets.exceptions import DatasetGenerationError

    try:
        loaded: Loaded = datasets.load_dataset(str(folder), name, **wanted)
    except (OSError, pa.ArrowException, DatasetGenerationError) as error:
        why = error.__cause__ or error
        raise InputError(
            f"{name} of {folder} can't be read: {' '.join(str(why).split()).rstrip('.') or type(why).__name__}.",
            fix=f"`dashgaze validate {folder}` lists what is wrong; copy those files or pack it again.",
            path=folder,
        ) from error
    return loaded


def _filtered(folder: Path, name: str, wanted: dict[str, Any]) -> Loaded:
    """Load what fits; the library fails for a split in which nothing does."""
    import datasets

    split, files = wanted["split"], wanted["data_files"]
    found: dict[str, Any] = {}
    for each in [split] if split is not None else list(files):
        try:
            given = {each: files[each]} if isinstance(each, str) and each in files else files
            found[each] = _load(folder, name, wanted | {"split": each, "data_files": given})
        except ValueError as error:
            if _NO_ROWS not in str(error):
                raise
    if not found:
        where = f"split {split!r} of {name}" if split is not None else name
        raise InputError(
            f"No row of {where} fits filters={wanted['filters']!r}.",
            fix="Check the names and values; `load_dataset('sessions')` lists the sessions.",
        )
    return found[split] if split is not None else datasets.DatasetDict(found)


def _refuse_foreign_card(card: Card, manifest: DatasetManifest) -> None:
    """Refuse a card of another build: the plain library would take old data from its cache by it."""
    build = f"build-{manifest.build}"
    foreign = [
        str(config.get("config_name"))
        for config in card.configs
        if build not in str(config.get("description", ""))
    ]
    if foreign:
        raise InputError(
            f"{card.path} does not belong to these data: manifest.json is of {build}, and the "
            f"description of {', '.join(foreign)} is of another build or of none.",
            fix="Copy both from the same data set, or pack it again.",
            path=card.path,
        )


def _files_of(folder: Path, card: Card, name: str) -> dict[str, list[str]]:
    config = card.config(name)
    if config is None:
        names = list(card.names)
        if (folder / "videos" / "metadata.parquet").is_file() and VIDEOS not in names:
            names.append(VIDEOS)
        near = difflib.get_close_matches(name, names, n=1)
        raise InputError(
            f"{folder} has no configuration {name!r}; it has {', '.join(names)}.",
            fix=f"Did you mean {near[0]!r}?" if near else "Others have to be asked for in packing.",
        )
    return data_files(config)


def _refuse_lost_shards(
    folder: Path, manifest: DatasetManifest, name: str, files: dict[str, list[str]]
) -> None:
    """Refuse a folder that lacks some shards; the library would load the others without a word."""
    patterns = [path for paths in files.values() for path in paths]
    listed = _listed(manifest, patterns)
    lost = [path for path in listed if not (folder / path).is_file()]
    if lost:
        more = f" and {len(lost) - 1} more files" if len(lost) > 1 else ""
        raise InputError(
            f"{folder} lacks {lost[0]}{more} of {name}.",
            fix=f"Copy them again; `dashgaze validate {folder}` lists all that is missing. "
            "datasets.load_dataset loads what is there.",
            path=folder,
        )
    # A stream would find them only when it comes to them.
    empty = [path for path in listed if (folder / path).stat().st_size < _LEAST_PARQUET_BYTES]
    if empty:
        raise InputError(
            f"{folder / empty[0]} can't be read: it is empty.",
            fix=f"Copy it again; `dashgaze validate {folder}` lists all that is wrong.",
            path=folder / empty[0],
        )


def _listed(manifest: DatasetManifest, patterns: list[str]) -> list[str]:
    """Give the files of the data set that some patterns mean."""
    plain = {path for path in patterns if not _WILDCARD.search(path)}
    wild = re.compile("|".join(fnmatch.translate(p) for p in patterns if p not in plain) or r"(?!)")
    paths = (file.path for file in manifest.files)
    return [path for path in paths if path in plain or wild.match(path)]


def _with_matches(
    folder: Path, manifest: DatasetManifest, files: dict[str, list[str]], filters: Any
) -> dict[str, list[str]]:
    """Keep the shards in which some row may fit, by their statistics; of each split one at least.

    The library opens all of them, and makes an empty table of each.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds
    import pyarrow.parquet as pq
    from pyarrow.fs import LocalFileSystem

    kept: dict[str, list[str]] = {}
    form, disk = ds.ParquetFileFormat(), LocalFileSystem()
    try:
        fits = pq.filters_to_expression(filters) if isinstance(filters, list) else filters
        for split, patterns in files.items():
            paths = _listed(manifest, patterns)
            found = [
                path
                for path in paths
                if form.make_fragment(str(folder / path), disk).split_by_row_group(fits)
            ]
            kept[split] = found or paths[:1] or patterns
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise InputError(
            f"filters={filters!r} can't be used: {error}",
            fix="Write them as pyarrow takes them: [('session_id', '==', 'session_07')].",
        ) from error
    return kept


def _refuse_unknown_columns(
    folder: Path, card: Card, name: str, manifest: DatasetManifest, columns: list[str]
) -> None:
    import pyarrow.parquet as pq

    config = card.config(name) or {}
    files = data_files(config)
    first = next((path for paths in files.values() for path in paths), "")
    shards = [file.path for file in manifest.shards(first.split("/", 1)[0])]
    if not shards:
        return
    known: list[str] = config.get("columns") or pq.read_schema(folder / shards[0]).names
    for column in columns:
        if column not in known:
            near = difflib.get_close_matches(column, known, n=1)
            raise InputError(
                f"{name} has no column {column!r}.",
                fix=f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known)}.",
            )
