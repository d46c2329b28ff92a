"""How the columns of a shard are stored: small, quick to filter, and readable by everything."""

from typing import Any

import pyarrow as pa

from dashgaze.schemas.field import Field, Table

# Numbers that grow from row to row; what is stored of them is how their steps differ.
_GROWING = frozenset(
    {
        "frame_index",
        "time_ns",
        "onset_ns",
        "offset_ns",
        "first_frame_index",
        "last_frame_index",
        *(f"{view}_pts" for view in ("ego", "road", "driver")),
        *(f"{view}_frame_index" for view in ("road", "driver")),
    }
)
_INTEGERS = ("int32", "int64")
_MEDIA = ("image", "video")


def shard_schema(schema: Table, features: bytes, *, key: bytes) -> pa.Schema:
    """Give the Arrow schema of a shard, with its id and the features for `datasets` in it.

    Parameters
    ----------
    schema
        The table.
    features, key
        The features and where `datasets` looks for them.
    """
    arrow = schema.to_arrow()
    return arrow.with_metadata({**(arrow.metadata or {}), key: features})


def writer_options(schema: Table) -> dict[str, Any]:
    """Give the options of `pyarrow.parquet.ParquetWriter` for the shards of a table.

    zstd over encodings that make it easy: floats with their bytes side by side, growing integers as
    differences, words and flags as short codes. Pictures are compressed already and are left as they
    are. Pages are cut where the content says, so that a changed shard shares most of its chunks with
    the old one where it is stored or sent.

    Parameters
    ----------
    schema
        The table.
    """
    encodings: dict[str, str] = {}
    words: list[str] = []
    compression: dict[str, str] = {}
    for field in schema.fields:
        for leaf in _leaves(field):
            compression[leaf] = "none" if leaf.endswith(".bytes") else "zstd"
        if field.type.startswith("float"):
            encodings[_leaves(field)[0]] = "BYTE_STREAM_SPLIT"
        elif field.type in _INTEGERS and field.name in _GROWING:
            encodings[field.name] = "DELTA_BINARY_PACKED"
        elif field.type == "string" or field.type in _INTEGERS:
            words.append(field.name)
    return {
        "compression": compression,
        "use_dictionary": words,
        "column_encoding": encodings,
        # The least and the greatest of coded pictures say nothing.
        "write_statistics": [leaf for leaf in compression if not leaf.endswith(".bytes")],
        "write_page_index": True,
        "write_page_checksum": True,
        "use_content_defined_chunking": True,
        "version": "2.6",
    }


def _leaves(field: Field) -> tuple[str, ...]:
    """Give the parquet columns that a field is stored in."""
    if field.type in _MEDIA:
        return f"{field.name}.bytes", f"{field.name}.path"
    if field.type.endswith("]"):
        return (f"{field.name}.list.element",)
    return (field.name,)
