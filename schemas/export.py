"""The contracts as JSON Schema files, for readers that are not Python."""

import json
from pathlib import Path
from typing import Any

from .about import ABOUT_SCHEMA, About
from .dataset_manifest import DATASET_SCHEMA, DatasetManifest
from .dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LOCATION_TABLE,
)
from .face_table import FACE_TABLE
from .field import Table
from .frame_table import FRAME_TABLE
from .gaze_table import GAZE_TABLE
from .homography_table import HOMOGRAPHY_TABLE
from .image_table import IMAGE_TABLE
from .manifest import SESSION_SCHEMA, SessionManifest
from .session_table import SESSION_TABLE
from .time_map import TIME_MAP_SCHEMA, TimeMapDocument
from .vanishing_point_table import VANISHING_POINT_TABLE

_DRAFT = "https://json-schema.org/draft/2020-12/schema"

TABLES: tuple[Table, ...] = (
    FRAME_TABLE,
    GAZE_TABLE,
    HOMOGRAPHY_TABLE,
    FACE_TABLE,
    VANISHING_POINT_TABLE,
    SESSION_TABLE,
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    IMAGE_TABLE,
    LOCATION_TABLE,
)
"""All tables, those of a session first."""


def json_schemas() -> dict[str, dict[str, Any]]:
    """Give every contract as a JSON Schema, by file name."""
    schemas = {
        "session_v1.schema.json": _with_head(
            SESSION_SCHEMA, SessionManifest.model_json_schema(by_alias=True)
        ),
        "time_map_v1.schema.json": _with_head(
            TIME_MAP_SCHEMA, TimeMapDocument.model_json_schema(by_alias=True)
        ),
        "about_v1.schema.json": _with_head(ABOUT_SCHEMA, About.model_json_schema(by_alias=True)),
        "dataset_v1.schema.json": _with_head(
            DATASET_SCHEMA, DatasetManifest.model_json_schema(by_alias=True)
        ),
    }
    for table in TABLES:
        schemas[f"{table.name}_v{table.version}.schema.json"] = table.to_json_schema()
    return schemas


def write_json_schemas(folder: Path) -> list[Path]:
    """Write every contract into a folder; give the paths."""
    paths = []
    for name, schema in sorted(json_schemas().items()):
        path = folder / name
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8", newline="\n")
        paths.append(path)
    return paths


def _with_head(identifier: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"$schema": _DRAFT, "$id": identifier, **schema}
