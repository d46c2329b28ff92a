"""Files, file sets and record sets of croissant.json."""

from pathlib import Path
from typing import Any

from dashgaze.schemas.dataset_manifest import SPLITS, DatasetFile, DatasetManifest
from dashgaze.schemas.dataset_tables import DATASET_SESSION_TABLE, VIEWS
from dashgaze.schemas.field import Field, FieldType, Table

from .configurations import present_tables
from .wording import sentence

MOST_FILE_OBJECTS = 2_000
"""With more files only sets are listed: readers take time that grows faster than their number."""

_PARQUET = "application/x-parquet"
_VIDEO = "video/mp4"
_VIDEO_INDEX = "videos/metadata.parquet"

_DATA_TYPES: dict[FieldType, str] = {
    "string": "sc:Text",
    "bool": "sc:Boolean",
    "int32": "cr:Int32",
    "int64": "cr:Int64",
    "float32": "cr:Float32",
    "float64": "cr:Float64",
    "float64[9]": "cr:Float64",
    "float32[36]": "cr:Float32",
    "image": "sc:ImageObject",
    "video": "sc:Text",
}
_LENGTHS: dict[FieldType, str] = {"float64[9]": "9", "float32[36]": "36"}
# How a picture or video lies in its column: a structure of bytes and path.
_MEDIA_PARTS: dict[FieldType, str] = {"image": "bytes", "video": "path"}

_SPLIT_IN_PATH = r"[^/]+/([^/]+)/[^/]+\.parquet"


def distribution(manifest: DatasetManifest) -> list[dict[str, Any]]:
    """Describe the files: a set for each configuration, and every file with its SHA-256."""
    found = [
        _file_set(name, f"{name}/*.parquet" if name == "sessions" else f"{name}/*/*.parquet")
        for name in present_tables(manifest)
    ]
    if any(file.path.endswith(".mp4") for file in manifest.files):
        found.append(_file_set("videos", "videos/*/*.mp4", _VIDEO))
    data = [file for file in manifest.files if file.config or file.path == _VIDEO_INDEX]
    if len(data) > MOST_FILE_OBJECTS:
        data = [file for file in data if file.path == _VIDEO_INDEX]
    return found + [_file_object(file) for file in data]


def record_sets(folder: Path, manifest: DatasetManifest) -> list[dict[str, Any]]:
    """Describe the tables, column by column, from the contracts in `schemas`."""
    found = [_splits()]
    found += [_record_set(name, table) for name, table in present_tables(manifest).items()]
    if any(file.path == _VIDEO_INDEX for file in manifest.files):
        found.append(_videos(folder))
    return found


def _file_set(name: str, includes: str, encoding: str = _PARQUET) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{name}-files",
        "name": f"{name}-files",
        "description": f"Files of `{name}`; checksums are in checksums.sha256.",
        "encodingFormat": encoding,
        "includes": includes,
    }


def _file_object(file: DatasetFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.size_bytes} B",
        "encodingFormat": _VIDEO if file.path.endswith(".mp4") else _PARQUET,
        "sha256": file.sha256,
    }


def _splits() -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": "splits",
        "name": "splits",
        "description": "The splits: whole sessions, and no driver in two of them.",
        "dataType": "cr:Split",
        "key": {"@id": "splits/name"},
        "field": [_field("splits", "name", "Name of the split.", "sc:Text")],
        "data": [{"splits/name": split} for split in SPLITS],
    }


def _record_set(name: str, table: Table) -> dict[str, Any]:
    fields = [_column(name, field) for field in table.fields]
    if "split" not in table.column_names:
        split = _field(name, "split", "Split that the row's session belongs to.", "sc:Text")
        split["source"] = {
            "fileSet": {"@id": f"{name}-files"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": _SPLIT_IN_PATH},
        }
        fields.append(split)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": table.meaning,
        "field": fields,
    }


def _column(record_set: str, field: Field) -> dict[str, Any]:
    parts = [sentence(field.meaning)]
    if field.values:
        parts.append(f"One of: {', '.join(field.values)}.")
    if field.unit:
        parts.append(f"Unit: {field.unit}.")
    if field.frame:
        parts.append(f"Frame of reference: {sentence(field.frame)}")
    if field.nullable:
        parts.append("May be null.")
    found = _field(record_set, field.name, " ".join(parts), _DATA_TYPES[field.type])
    if field.type in _LENGTHS:
        found |= {"isArray": True, "arrayShape": _LENGTHS[field.type]}
    found["source"] = {
        "fileSet": {"@id": f"{record_set}-files"},
        "extract": {"column": field.name},
    }
    if field.type in _MEDIA_PARTS:
        found["source"]["transform"] = {"jsonPath": _MEDIA_PARTS[field.type]}
    return found


def _field(record_set: str, name: str, description: str, data_type: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": name,
        "description": description,
        "dataType": data_type,
    }


def _videos(folder: Path) -> dict[str, Any]:
    """Describe the table of videos by the columns that it has."""
    import pyarrow.parquet as pq

    columns = {field.name: field for field in DATASET_SESSION_TABLE.fields} | {
        f"{view}_file_name": Field(
            name=f"{view}_file_name",
            type="string",
            nullable=True,
            meaning=f"Path of the {view} video from the folder videos; null if not packed.",
        )
        for view in VIEWS
    }
    fields = []
    for name in pq.read_schema(folder / _VIDEO_INDEX).names:
        if name in columns:
            field = _column("videos", columns[name])
            field["source"] = {"fileObject": {"@id": _VIDEO_INDEX}, "extract": {"column": name}}
            fields.append(field)
    return {
        "@type": "cr:RecordSet",
        "@id": "videos",
        "name": "videos",
        "description": "One row for each session that has videos.",
        "field": fields,
    }
