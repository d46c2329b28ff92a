"""Whether the shards of each configuration have the one schema, and as many rows as was said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dashgaze.schemas.dataset_manifest import DATASET_MANIFEST_NAME, DatasetFile, DatasetManifest
from dashgaze.schemas.export import TABLES
from dashgaze.schemas.field import Table

from .validate_report import DatasetFindings

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMAS_NAME = "schemas"
_PACK_AGAIN = "Pack the data set again."
_FEATURES = b"huggingface"


def tables_of(manifest: DatasetManifest, findings: DatasetFindings) -> dict[str, Table]:
    """Give the schema of each configuration; those of another version of dashgaze are left out."""
    known = {table.id: table for table in TABLES}
    tables: dict[str, Table] = {}
    for config, schema in manifest.tables.items():
        if schema in known:
            tables[config] = known[schema]
        else:
            findings.add(
                "SCHEMA_UNKNOWN",
                f"{config} follows {schema}, which this version of dashgaze does not know.",
                file=DATASET_MANIFEST_NAME,
                fix="Validate it with the version of dashgaze that packed it.",
            )
    for config in sorted({file.config for file in manifest.files if file.config}):
        if config not in manifest.tables and config != "videos":
            findings.add(
                "SCHEMA_UNKNOWN",
                f"There are shards of {config}, but the manifest tells no schema of it.",
                file=DATASET_MANIFEST_NAME,
                fix=_PACK_AGAIN,
            )
    return tables


def check_schema_files(folder: Path, tables: dict[str, Table], findings: DatasetFindings) -> None:
    """Compare the JSON Schemas in the data set with the contract."""
    for table in tables.values():
        name = f"{SCHEMAS_NAME}/{table.name}_v{table.version}.schema.json"
        try:
            said = json.loads((folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            findings.add(
                "SCHEMA_FILE", "It is not there or can't be read.", file=name, fix=_PACK_AGAIN
            )
            continue
        if said != table.to_json_schema():
            findings.add(
                "SCHEMA_FILE", f"It is not the schema {table.id}.", file=name, fix=_PACK_AGAIN
            )


def check_shard(
    path: Path, file: DatasetFile, table: Table, findings: DatasetFindings
) -> list[str] | None:
    """Compare a shard with the schema of its configuration, and its length with the manifest.

    Returns
    -------
    list[str] or None
        The columns that are as they have to be; None if it can't be read.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as shard:
            schema, row_count = shard.schema_arrow, shard.metadata.num_rows
        _ = schema.names  # names that are no UTF-8 show here
    except (pa.ArrowException, OSError, ValueError) as error:
        findings.add(
            "SHARD_UNREADABLE",
            f"It can't be read as parquet: {error}.",
            file=file.path,
            fix="Copy it again from where the data set came from.",
        )
        return None
    if file.rows != row_count:
        findings.add(
            "SHARD_ROWS",
            f"It has {row_count} rows; the manifest says {file.rows}.",
            file=file.path,
            fix=_PACK_AGAIN,
        )
    return _compare(schema, file, table, findings)


def _compare(
    schema: pa.Schema, file: DatasetFile, table: Table, findings: DatasetFindings
) -> list[str]:
    wanted = table.to_arrow()

    def wrong(message: str) -> None:
        findings.add(
            "SHARD_SCHEMA",
            message,
            file=file.path,
            fix=f"All shards have to follow {table.id}: pack the data set again.",
        )

    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        wrong(f"It has {', '.join(twice)} twice.")
    missing = [name for name in wanted.names if name not in schema.names]
    extra = [name for name in schema.names if name not in wanted.names]
    if missing:
        wrong(f"It lacks {', '.join(missing)}: a loader would fill in nulls without a word.")
    if extra:
        wrong(f"It has columns of its own: {', '.join(extra)}.")
    if not missing and not extra and schema.names != wanted.names:
        wrong("Its columns are in another order.")
    fine = []
    for name in wanted.names:
        if name in missing or name in twice:
            continue
        is_, should = schema.field(name), wanted.field(name)
        if is_.type != should.type:
            wrong(f"{name} is {is_.type}; {should.type} was expected.")
            continue
        fine.append(name)
        if is_.nullable and not should.nullable:
            wrong(f"{name} may be null there; by the schema it may not.")
    said = (schema.metadata or {}).get(b"schema")
    if said is not None and said.decode() != table.id:
        wrong(f"It calls itself {said.decode()}.")
    _check_media(schema, table, wrong)
    return fine


def _check_media(schema: pa.Schema, table: Table, wrong: Callable[[str], None]) -> None:
    """Check that media columns are told to `datasets`, videos as paths that are not decoded."""
    media = {field.name: field.type for field in table.fields if field.type in ("image", "video")}
    if not media:
        return
    try:
        features = json.loads((schema.metadata or {})[_FEATURES])["info"]["features"]
    except (KeyError, ValueError, TypeError, RecursionError):
        features = None
    if not isinstance(features, dict):
        wrong("It does not tell `datasets` which columns are pictures or videos.")
        return
    for name, kind in media.items():
        feature = features.get(name)
        feature = feature if isinstance(feature, dict) else {}
        if feature.get("_type") != kind.capitalize():
            wrong(f"{name} is not told to `datasets` as {kind}.")
        elif kind == "video" and feature.get("decode") is not False:
            wrong(f"{name} would be decoded in each row, which needs torchcodec.")
