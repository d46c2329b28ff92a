"""The manifest of a packed data set: ``manifest.json``, what is in it and where it came from."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashgaze.errors import InputError

from .manifest import ConsentScope

DATASET_MANIFEST_NAME = "manifest.json"
CHECKSUMS_NAME = "checksums.sha256"
"""The file with the SHA-256 of every other one, as ``sha256sum --check`` reads it."""

DATASET_SCHEMA: Literal["dashgaze/dataset/1"] = "dashgaze/dataset/1"

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Outward = Literal["none", "anonymized", "as_recorded"]
DriverPictures = Literal["none", "blurred", "raw"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class DatasetFile(_Model):
    """One file of the data set."""

    path: str = Field(description="Path from the data set's folder, with forward slashes.")
    size_bytes: int = Field(ge=0, description="Its size.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of its content.")
    config: str | None = Field(
        default=None, description="Configuration that it is a shard of; null for papers."
    )
    split: Split | None = Field(default=None, description="Split that it belongs to.")
    session_id: str | None = Field(default=None, description="Session that it is about.")
    rows: int | None = Field(default=None, ge=0, description="Rows, where it is a table.")


class DatasetSession(_Model):
    """One session that is in the data set."""

    session_id: str = Field(description="Name of the session.")
    driver_id: str = Field(description="Pseudonym of the driver.")
    split: Split = Field(description="Where it belongs.")
    source_digest: str = Field(
        description="What identifies everything that its files were made of, options included."
    )
    consent_scope: ConsentScope = Field(
        description="What of the driver may leave: the narrowest scope of all of the driver's sessions."
    )
    outward_pictures: Outward = Field(description="What of ego and road pictures is in it.")
    driver_pictures: DriverPictures = Field(description="What of the driver's picture is in it.")
    notes: tuple[str, ...] = Field(default=(), description="What a user should know of it.")


class LeftOut(_Model):
    """One session that was found and is not in the data set."""

    session_id: str = Field(description="Name of the session.")
    reason: str = Field(description="Why not.")


class Withdrawn(_Model):
    """One driver whose data were removed."""

    driver_digest: str = Field(
        description="First 16 hexadecimal digits of SHA-256 of the pseudonym: enough to refuse the "
        "driver's sessions from now on."
    )
    date: str = Field(description="Day of the removal, ISO 8601.")
    session_count: int = Field(ge=0, description="Sessions removed.")
    row_count: int = Field(ge=0, description="Rows removed, over all tables.")
    file_count: int = Field(ge=0, description="Files removed.")


class DatasetManifest(_Model):
    """Content of ``manifest.json``."""

    schema_id: Annotated[
        Literal["dashgaze/dataset/1"],
        Field(alias="schema", description="Name and version of this format."),
    ]
    name: str = Field(description="Name of the data set; that of its folder.")
    version: str = Field(
        pattern=r"^\d+\.\d+\.\d+$",
        description="Semantic version of the data: major where ids or splits change, minor where "
        "sessions or columns are added, patch where values are mended.",
    )
    build: str = Field(
        pattern=r"^[0-9a-f]{16}$",
        description="What identifies the data: from path and SHA-256 of every shard and video.",
    )
    versions: dict[str, str] = Field(description="Versions of dashgaze and what it rests on.")
    options: dict[str, Any] = Field(description="What was asked for.")
    protocol: str = Field(description="Name of the split protocol.")
    folds: dict[str, dict[str, list[str]]] = Field(
        default_factory=dict,
        description="Further splits, by name: sessions of each split of each fold.",
    )
    tables: dict[str, str] = Field(
        description="Schema of each configuration that is a table: dashgaze/dataset_frames/2."
    )
    sessions: tuple[DatasetSession, ...] = Field(description="What is in it, sorted by name.")
    left_out: tuple[LeftOut, ...] = Field(default=(), description="What is not, and why.")
    withdrawn: tuple[Withdrawn, ...] = Field(default=(), description="Who withdrew.")
    files: tuple[DatasetFile, ...] = Field(
        description="Every file but manifest.json and checksums.sha256, sorted by path."
    )

    def shards(self, config: str, split: Split | None = None) -> list[DatasetFile]:
        """Give the shards of a configuration, in one split or in all, sorted by path."""
        return [
            file
            for file in self.files
            if file.config == config and (split is None or file.split == split)
        ]

    def rows(self, config: str) -> Mapping[Split, int]:
        """Give the rows of a configuration in each split that has any."""
        counts: dict[Split, int] = {}
        for file in self.shards(config):
            if file.split is not None and file.rows is not None:
                counts[file.split] = counts.get(file.split, 0) + file.rows
        return counts

    def to_json(self) -> str:
        """Write the manifest as JSON text, the same for the same content."""
        return self.model_dump_json(by_alias=True, indent=2) + "\n"


def build_digest(files: Iterable[DatasetFile]) -> str:
    """Give what identifies the data: from path and SHA-256 of every shard and video, 16 digits.

    Parameters
    ----------
    files
        Files of the data set; papers among them don't count.
    """
    digest = hashlib.sha256()
    for path, sha256 in sorted((file.path, file.sha256) for file in files if file.config):
        digest.update(f"{sha256}  {path}\n".encode())
    return digest.hexdigest()[:16]


def read_dataset_manifest(folder: Path) -> DatasetManifest:
    """Read the manifest of a packed data set.

    Parameters
    ----------
    folder
        The data set's folder.

    Raises
    ------
    InputError
        If there is none, or it can't be read, or is of another form.
    """
    path = folder / DATASET_MANIFEST_NAME
    try:
        return DatasetManifest.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} is no packed data set: it has no {DATASET_MANIFEST_NAME}.",
            fix="Give the folder that `dashgaze pack` wrote.",
            path=folder,
        ) from error
    except OSError as error:
        raise InputError(
            f"{path} can't be read: {error.strerror or error}.", fix="Check it.", path=path
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(
            f"{path} is not a manifest of this version: {where or 'the file'}: {first['msg']}.",
            fix="Pack the data set again with this version of dashgaze.",
            path=path,
        ) from error
