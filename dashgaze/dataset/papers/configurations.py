"""The configurations that `datasets` reads from the card's head, in the order it needs."""

from typing import Any

from dashgaze.schemas.dataset_manifest import SPLITS, DatasetFile, DatasetManifest
from dashgaze.schemas.dataset_tables import (
    DATASET_FRAME_TABLE,
    DATASET_GAZE_TABLE,
    DATASET_SESSION_TABLE,
    FIXATION_TABLE,
    LIGHT_COLUMNS,
    LOCATION_TABLE,
)
from dashgaze.schemas.field import Table
from dashgaze.schemas.image_table import IMAGE_TABLE

LIGHT = "gaze_light"

CONFIGURATION_TABLES: dict[str, Table] = {
    "frames": DATASET_FRAME_TABLE,
    "fixations": FIXATION_TABLE,
    "sessions": DATASET_SESSION_TABLE,
    "gaze": DATASET_GAZE_TABLE,
    "images": IMAGE_TABLE,
    "location": LOCATION_TABLE,
}
"""What each configuration holds; `frames` is first, for the library takes the form of all from it."""


def present_tables(manifest: DatasetManifest) -> dict[str, Table]:
    """Give the tables that a data set has files of."""
    return {name: table for name, table in CONFIGURATION_TABLES.items() if manifest.shards(name)}


def configurations(manifest: DatasetManifest) -> list[dict[str, Any]]:
    """Describe all configurations for the card's head.

    Every one carries the version and the build: a folder on disk is cached by name and head alone, so that
    edited data would be served stale without them.
    """
    found = []
    for name in present_tables(manifest):
        data_files = [
            {"split": split, "path": f"{name}/{split}.parquet"}
            if name == "sessions"
            else {"split": split, "path": f"{name}/{split}/*.parquet"}
            for split in SPLITS
            if manifest.shards(name, split)
        ]
        found.append(_configuration(manifest, name, data_files, default=name == "frames"))
        if name == "frames":
            found.append(_configuration(manifest, LIGHT, data_files, columns=list(LIGHT_COLUMNS)))
    return found + _folds(manifest)


def _configuration(
    manifest: DatasetManifest,
    name: str,
    data_files: list[dict[str, Any]],
    *,
    default: bool = False,
    columns: list[str] | None = None,
) -> dict[str, Any]:
    head: dict[str, Any] = {"config_name": name}
    if default:
        head["default"] = True
    head["version"] = manifest.version
    head["description"] = f"build-{manifest.build}"
    if columns is not None:
        head["columns"] = columns
    # A list of its own for each: YAML would write the second as a reference to the first.
    return {**head, "data_files": [dict(entry) for entry in data_files]}


def _folds(manifest: DatasetManifest) -> list[dict[str, Any]]:
    """Give each fold as a configuration that lists files: it costs no space."""
    shards: dict[str | None, DatasetFile] = {
        file.session_id: file for file in manifest.shards("frames")
    }
    found = []
    for name, fold in sorted(manifest.folds.items()):
        data_files = []
        for split in SPLITS:
            paths = [
                shards[session].path for session in sorted(fold.get(split, [])) if session in shards
            ]
            if paths:
                data_files.append({"split": split, "path": paths})
        if data_files:
            found.append(_configuration(manifest, f"frames-{name}", data_files))
    return found
