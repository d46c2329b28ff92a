"""The configuration `videos`: one row for each session, with the paths of its videos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from dashgaze.errors import InputError
from dashgaze.schemas.dataset_manifest import SPLITS, DatasetManifest, read_dataset_manifest

from .hub import fetch
from .place import Place

if TYPE_CHECKING:
    import pyarrow as pa
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

    Loaded: TypeAlias = Dataset | DatasetDict | IterableDataset | IterableDatasetDict

VIDEOS = "videos"
METADATA = "videos/metadata.parquet"
_SUFFIX = "_file_name"


def load_videos(folder: Path, manifest: DatasetManifest, **wanted: Any) -> Loaded:
    """Give the videos of a folder: what ``load_dataset("videofolder")`` gives, in the data set's splits.

    Raises
    ------
    InputError
        If the data set has no videos, or no such split or column.
    """
    path = folder / METADATA
    if not path.is_file():
        raise InputError(
            f"{folder} has no videos: {METADATA} is not there.",
            fix="Pack it with `--videos`, or download its folder videos/ as well.",
            path=path,
        )
    return _loaded(path, f"{folder}/{VIDEOS}", manifest, **wanted)


def load_hub_videos(place: Place, *, revision: str | None = None, **wanted: Any) -> Loaded:
    """Give the videos of a repository; their paths are addresses, nothing but the list is downloaded."""
    manifest = read_dataset_manifest(fetch(place, "manifest.json", revision).parent)
    at = f"@{revision}" if revision else ""
    base = f"hf://datasets/{place.hub_id}{at}/{VIDEOS}"
    return _loaded(fetch(place, METADATA, revision), base, manifest, **wanted)


def _loaded(
    path: Path,
    base: str,
    manifest: DatasetManifest,
    *,
    split: str | None,
    streaming: bool,
    columns: list[str] | None = None,
    filters: Any = None,
    **others: Any,
) -> Loaded:
    import datasets
    import pyarrow.parquet as pq

    if others:
        raise InputError(
            f"videos can't be loaded with {', '.join(sorted(others))}.",
            fix="Leave it out; the list of videos is read at once and never cached.",
        )
    table = pq.read_table(path, filters=filters)
    split_of = {session.session_id: session.split for session in manifest.sessions}
    splits = [split_of.get(session) for session in table["session_id"].to_pylist()]
    found: dict[str, Any] = {}
    for name in SPLITS:
        rows = [number for number, each in enumerate(splits) if each == name]
        if rows:
            found[name] = _dataset(table.take(rows), base, name, columns)
    if split is not None and split not in found:
        raise InputError(
            f"videos has no split {split!r}; it has {', '.join(found) or 'none'}.",
            fix="Choose one of them.",
        )
    if streaming:
        streams = {name: each.to_iterable_dataset() for name, each in found.items()}
        return streams[split] if split is not None else datasets.IterableDatasetDict(streams)
    return found[split] if split is not None else datasets.DatasetDict(found)


def _dataset(table: pa.Table, base: str, split: str, columns: list[str] | None) -> Dataset:
    import datasets
    import pyarrow as pa

    content: dict[str, pa.Array | pa.ChunkedArray] = {}
    features: dict[str, Any] = {}
    plain = datasets.Features.from_arrow_schema(table.schema.remove_metadata())
    for name in table.column_names:
        view = name.removesuffix(_SUFFIX)
        if view == name:
            content[name], features[name] = table[name], plain[name]
            continue
        content[view] = pa.array(
            [
                None if file is None else {"bytes": None, "path": f"{base}/{file}"}
                for file in table[name].to_pylist()
            ],
            type=pa.struct([("bytes", pa.binary()), ("path", pa.string())]),
        )
        features[view] = datasets.Video(decode=False)
    unknown = [name for name in columns or () if name not in content]
    if unknown:
        raise InputError(
            f"videos has no column {unknown[0]!r}; it has {', '.join(content)}.",
            fix="Choose among them.",
        )
    kept = columns if columns is not None else list(content)
    schema = datasets.Features({name: features[name] for name in kept})
    made = pa.table({name: content[name] for name in kept}).cast(schema.arrow_schema)
    return datasets.Dataset(
        made,
        info=datasets.DatasetInfo(features=schema),
        split=datasets.NamedSplit(split),
    )
